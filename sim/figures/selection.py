"""Figure of selection without a verifier: how far votes and best scores fall behind pass@k."""

import numpy as np
from matplotlib.figure import Figure

from sim.figures.panels import (
    ATTEMPTS,
    BLACK,
    BLUE,
    GREEN,
    VERMILLION,
    Pen,
    curve_of,
    finish,
    law_line,
    log_limits,
    panels,
    points,
    residuals,
)
from sim.figures.words import inference, number, plain, title

PENS = {
    "pass_at_k": Pen(BLACK, "o", "-"),
    "best_gaussian": Pen(GREEN, "^", "-."),
    "best_exponential": Pen(BLUE, "s", (0, (6, 1.5))),
    "majority": Pen(VERMILLION, "D", "--"),
}  # from the highest curve to the lowest
LEGEND = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.1}


def draw(run) -> Figure:
    """Shares of problems answered rightly by every way of choosing among k attempts, and by endless votes."""
    parameters = (("wrong answers", "selection.wrong"), ("score shift", "selection.shift"), *inference(run))
    figure, [[axis, foot]] = panels(title(run, "Selection without a verifier", parameters), (4.4,), (ATTEMPTS,))
    axis.set(xscale="log", yscale="log", ylabel="share of problems answered rightly")
    curves = {quantity: curve_of(run, quantity, "attempts") for quantity in PENS}
    drawn = []
    for quantity, pen in PENS.items():
        drawn.append(points(axis, curves[quantity], pen, _words(run, quantity), markersize=4.5))
        law_line(axis, curves[quantity], pen, None)
        residuals(foot, curves[quantity], pen, markersize=4)
    drawn.append(_endless(axis, run))
    log_limits(axis, drawn, [curve.law for curve in curves.values()])
    finish(axis, **LEGEND)
    return figure


def _endless(axis, run):
    """A line where endless votes end up, by the law or, where there is none, by the simulation: its height."""
    limit = curve_of(run, "majority_limit", "attempts")
    height = np.where(np.isfinite(limit.law), limit.law, limit.estimate)
    if height[0] > 0:
        style = {"color": PENS["majority"].colour, "linestyle": (0, (1, 1.5)), "linewidth": 1.2}
        axis.axhline(height[0], label=f"{number(float(f'{height[0]:.3g}'))}: {_words(run, 'majority_limit')}", **style)
    return height


def _words(run, quantity):
    """The law, the largest residual and the verdict in one line."""
    for entry in run.verdicts:
        if entry["quantity"] == quantity:
            return f"{plain(entry['law'])}; {entry['max_sigmas'] or 0:.1f} sigma, {entry['verdict']}"
    known = np.isfinite(run.table["law"][run.table["quantity"] == quantity]).any()
    words = "a law, but too few such problems for a verdict" if known else "simulation only: no law to test"
    return f"{quantity.replace('_', ' ')}, {words}"

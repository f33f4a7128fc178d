"""Figure of a noisy verifier: what it returns, and what that is worth."""

import numpy as np
from matplotlib.figure import Figure

from sim.figures.panels import (
    ATTEMPTS,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    Pen,
    curve_of,
    finish,
    law_line,
    mirrored,
    panels,
    points,
    residuals,
)
from sim.figures.words import inference, number, plain, title

PENS = {
    "right": Pen(BLUE, "o", "-"),
    "wrong": Pen(VERMILLION, "s", "--"),
    "unanswered": Pen(GREY, "D", (0, (1, 1))),
    "utility": Pen(GREEN, "^", "-."),
}
SETTINGS = ("true_positive", "false_positive", "penalty")
LEGEND = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.1}


def draw(run) -> Figure:
    """Shares right, wrong and unanswered one above the other, and the utility with its optimum, against attempts."""
    parameters = tuple((name.replace("_", " "), f"verification.{name}") for name in SETTINGS) + inference(run)
    figure, [[shares, utility, foot]] = panels(title(run, "A noisy verifier", parameters), (3.4, 2.4), (ATTEMPTS,))
    curves = {quantity: curve_of(run, quantity, "attempts") for quantity in PENS}
    shares.set(xscale="log", ylim=(0, 1), ylabel="share of problems,\nstacked")
    _stacked(shares, run, curves)
    _ceiling(shares, run)
    utility.set_ylabel("utility\n(right - penalty x wrong)")
    utility.axhline(0, color=BLACK, linewidth=0.8)
    _drawn(utility, curves["utility"], PENS["utility"], _words(run, "utility"))
    _optimum(utility, run)
    for quantity, curve in curves.items():
        residuals(foot, curve, PENS[quantity], markersize=4)
    finish(shares, **LEGEND)
    finish(utility, **LEGEND)
    return figure


def _stacked(axis, run, curves):
    """Right from 0, unanswered from 1, wrong between: borders by the law, points of the simulation on them."""
    right, answered = curves["right"], mirrored(curves["unanswered"])
    floor, top = np.zeros_like(right.grid), np.ones_like(right.grid)
    borders = [floor, *(_known(curve) for curve in (right, answered)), top]
    for quantity, below, above in zip(("right", "wrong", "unanswered"), borders, borders[1:], strict=False):
        axis.fill_between(right.grid, below, above, color=PENS[quantity].colour, alpha=0.2, linewidth=0)
    _drawn(axis, right, PENS["right"], _words(run, "right"))
    style = {"color": PENS["wrong"].colour, "marker": PENS["wrong"].marker, "linestyle": "none"}
    axis.errorbar([], [], [], label=_words(run, "wrong"), **style)  # lies between the others, with no border of its own
    _drawn(axis, answered, PENS["unanswered"], _words(run, "unanswered"))


def _known(curve):
    """The law, or the simulation where there is none."""
    return np.where(np.isfinite(curve.law), curve.law, curve.estimate)


def _drawn(axis, curve, pen, label):
    points(axis, curve, pen, label, clip_on=False)
    law_line(axis, curve, pen, None)


def _ceiling(axis, run):
    [height] = _known(curve_of(run, "ceiling", "attempts"))
    axis.axhline(height, color=BLACK, linestyle="--", linewidth=1.2, label=_words(run, "ceiling"))


def _optimum(axis, run):
    """Where the law has its optimum, in the grid; none of the attempts is no place on a log axis, but in words."""
    if not (run.table["quantity"] == "optimum").any():
        return
    best = curve_of(run, "optimum", "attempts")
    [found], [stderr], [law] = best.estimate, best.stderr, best.law
    words = f"best k: {number(float(found))} ± {stderr:.2g} simulated"
    words += f", {number(float(law))} by the law" if np.isfinite(law) else ""
    height = law if np.isfinite(law) else found
    if height > 0:
        axis.axvline(height, color=BLACK, linestyle=":", label=words)
    else:
        axis.plot([], [], linestyle="none", label=words)


def _words(run, quantity):
    """Quantity, law, largest residual and verdict in one line."""
    for entry in run.verdicts:
        if entry["quantity"] == quantity:
            return f"{quantity}: {plain(entry['law'])}; {entry['max_sigmas'] or 0:.1f} sigma, {entry['verdict']}"
    return f"{quantity}, simulation only: no law to test"

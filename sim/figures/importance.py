"""Figure of importance: what attempts leave of the problems and of their weight, and examples of that of features."""

import numpy as np
from matplotlib.figure import Figure

from sim.figures.panels import (
    ATTEMPTS,
    BLUE,
    EXAMPLES,
    GREEN,
    GREY,
    STYLE,
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
from sim.figures.words import LEARNING, inference, panel_words, setting, title

PROBLEMS = {  # the quantity, how it looks, its name, and how many attempts it takes to the target
    "failure": (Pen(BLUE, "o", "-"), "problems", "attempts_needed"),
    "weighted_failure": (Pen(VERMILLION, "s", "--"), "weight of problems", "weighted_attempts_needed"),
}
FEATURES = Pen(GREEN, "D", "-")
WORDS = ("hard problems", "problems"), ("rare features", "features"), ("lift", "lift")
SETTINGS = tuple((words, f"importance.{name}") for words, name in WORDS)


def draw(run) -> Figure:
    """Failure against attempts, of problems and of their weight, with the target; weighted error against examples."""
    heading = title(run, "Importance", LEARNING + inference(run) + SETTINGS)
    figure, [tries, examples] = panels(heading, (3.6,), (ATTEMPTS, EXAMPLES))
    tries[0].set(xscale="log", yscale="log", ylabel="share unsolved")
    examples[0].set(xscale="log", yscale="log", ylabel="share of weight not memorised")
    present = set(run.table["quantity"])
    curves = {quantity: curve_of(run, quantity, "attempts") for quantity in PROBLEMS if quantity in present}
    heights = [_drawn(tries, curve, *PROBLEMS[quantity][:2]) for quantity, curve in curves.items()]
    log_limits(tries[0], heights, [curve.law for curve in curves.values()])
    _target(run, tries[0], present)
    curve = curve_of(run, "weighted_error", "examples")
    log_limits(examples[0], [_drawn(examples, curve, FEATURES, "weight of features")], [curve.law])
    for stack, quantity in ((tries, "weighted_failure"), (examples, "weighted_error")):
        stack[0].set_title(panel_words(run, quantity), loc="left", fontsize=STYLE["legend.fontsize"])
        finish(stack[0])
        finish(stack[1])
    return figure


def _drawn(stack, curve, pen, label):
    """One curve over its residuals; the heights drawn."""
    axis, foot = stack
    if np.isfinite(curve.law).any():
        law_line(axis, curve, pen, "law")
        residuals(foot, curve, pen, markersize=4)
    return points(axis, curve, pen, label, markersize=4)


def _target(run, axis, present):
    """The share that may fail, and where each curve reaches it."""
    may_fail = 1 - setting(run, "importance.target")
    axis.axhline(may_fail, color=GREY, linestyle=":", linewidth=1, zorder=1)
    for pen, _, needed in PROBLEMS.values():
        if needed in present:
            [attempts] = run.table["estimate"][run.table["quantity"] == needed]
            reached = {"color": pen.colour, "marker": "*", "markersize": 11, "markeredgecolor": "white", "zorder": 4}
            axis.plot([attempts], [may_fail], linestyle="none", label=f"target at k = {attempts:,.0f}", **reached)

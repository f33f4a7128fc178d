"""Figure of the noise of learning curves: how it grows or falls with the examples, and how often it misleads."""

from collections import Counter

import numpy as np
from matplotlib.figure import Figure

from sim.figures.panels import (
    EXAMPLES,
    EXCESS,
    POINTS,
    RIVAL,
    STYLE,
    curve_of,
    finish,
    law_line,
    log_limits,
    panels,
    points,
    residuals,
)
from sim.figures.words import LEARNING, number, setting, title

CURVES = {  # what one run shows: words, and how it looks
    "instantaneous": ("is example n + 1 an error?", POINTS._replace(line=(0, (6, 1.5)))),
    "conditional": ("error to come", RIVAL._replace(line="-")),
    "time_average": ("errors so far / n", EXCESS),
}


def draw(run) -> Figure:
    """Standard deviation over mean of each of the three errors of one run, and how often it prefers the worse learner.

    Residuals are those of the variances.
    """
    lead = setting(run, "noise.lead")
    heading = title(run, "What one training run says", (*LEARNING, ("lead", "noise.lead")))
    figure, [[axis, below, foot]] = panels(heading, (2.7, 2.7), (EXAMPLES,))
    axis.set(xscale="log", yscale="log", ylabel="noise of one run\n(standard deviation / mean)")
    below.set(xscale="log", yscale="log", ylabel="probability to prefer\nthe worse of two learners")
    foot.set_ylabel("residual of the\nvariance (sigma)")
    for stack, curves in ((axis, [_noise(run, quantity) for quantity in CURVES]), (below, _wrong(run))):
        drawn = []
        for (label, pen), curve in zip(CURVES.values(), curves, strict=True):
            drawn.append(points(stack, curve, pen, label if stack is axis else None, markersize=4))
            if np.isfinite(curve.law).any():
                law_line(stack, curve, pen, None)
        log_limits(stack, drawn, [curve.law for curve in curves])
    for quantity, (_, pen) in CURVES.items():
        residuals(foot, curve_of(run, quantity, "examples"), pen, markersize=4)
    below.axhline(0.5, color="0.6", linewidth=0.8, zorder=1)
    axis.set_title(_verdicts(run), loc="left", fontsize=STYLE["legend.fontsize"])
    below.set_title(_beside(lead), loc="left", fontsize=STYLE["legend.fontsize"])
    finish(axis, loc="upper left")
    finish(below)
    return figure


def _noise(run, quantity):
    """Standard deviation over mean, with the error of the variance: that of the mean is far smaller."""
    scatter, mean = (curve_of(run, name, "examples") for name in (quantity, f"mean_{quantity}"))
    with np.errstate(divide="ignore", invalid="ignore"):
        noise, law = np.sqrt(scatter.estimate) / mean.estimate, np.sqrt(scatter.law) / mean.law
        return scatter._replace(estimate=noise, law=law, stderr=0.5 * noise * scatter.stderr / scatter.estimate)


def _wrong(run):
    return [curve_of(run, f"selection_{quantity}", "examples") for quantity in CURVES]


def _verdicts(run):
    """What the verdicts on the three variances are."""
    words = [entry["verdict"] for quantity in CURVES for entry in run.verdicts if entry["quantity"] == quantity]
    counted = ", ".join(f"{count} {word}" for word, count in Counter(words).items())
    return f"lines: laws; verdicts on the variances: {counted}" if words else "simulation only: no closed form"


def _beside(lead):
    beside = "" if lead is None else f", Zipf exponent higher by {number(lead)}"
    return f"one run of each{beside}; grey: a coin"

"""Figure of a replay of recorded attempts."""

from matplotlib.figure import Figure

from sim.figures.panels import (
    ATTEMPTS,
    LAW,
    POINTS,
    RIVAL,
    VERMILLION,
    curve_of,
    finish,
    law_line,
    panels,
    points,
    residuals,
)
from sim.figures.words import plain, title, verdict_words


def draw(run) -> Figure:
    """Replayed coverage against attempts, with the unbiased estimator and the Beta law fitted to the same counts."""
    source = plain(run.manifest.get("source") or "a pilot")
    figure, [[axis, foot]] = panels(title(run, f"Replay of {source}", ()), (3.4,), (ATTEMPTS,))
    axis.set(xscale="log", ylabel="coverage pass@k")
    replayed, fitted = (curve_of(run, quantity, "attempts") for quantity in ("coverage", "coverage_beta"))
    low, high = fitted.estimate - fitted.stderr, fitted.estimate + fitted.stderr
    band = {"color": VERMILLION, "alpha": 0.18, "linewidth": 0, "label": "± stderr from the choice of problems"}
    axis.fill_between(fitted.grid, low, high, **band)
    points(axis, replayed, POINTS, "simulation")
    law_line(axis, replayed, LAW, verdict_words(run, "coverage"))
    law_line(axis, fitted, RIVAL, verdict_words(run, "coverage_beta"))
    residuals(foot, replayed, POINTS, label="to the unbiased estimator")
    residuals(foot, fitted, RIVAL, label="to the Beta law, stderr from the choice of problems")
    finish(axis)
    finish(foot, loc="lower left", bbox_to_anchor=(0, 0.97), ncols=2, handlelength=1, borderpad=0, columnspacing=1)
    return figure

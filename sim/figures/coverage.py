"""Figure of coverage: failure and pass@k against attempts."""

from matplotlib.figure import Figure

from sim.figures.panels import (
    ABOVE,
    ATTEMPTS,
    EXCESS,
    LAW,
    POINTS,
    VERMILLION,
    curve_of,
    finish,
    law_line,
    log_limits,
    mirrored,
    one_curve,
    panels,
    points,
    window_bar,
)
from sim.figures.words import USUAL, inference, setting, title, verdict_words


def draw(run) -> Figure:
    """Failure 1 - pass@k and coverage pass@k against attempts; a floor 1 - ceiling is drawn when there is one."""
    heading = title(run, "Coverage under repeated attempts", inference(run))
    others = [setting(run, f"{group}.name") not in (None, *USUAL[group]) for group in ("dependence", "verifier")]
    ceiling = None if any(others) else setting(run, "difficulty.ceiling")  # their floor is another one
    floor = 1 - ceiling if ceiling is not None else 0
    figure, [[axis, below, foot]] = panels(heading, (4.2 if floor > 0 else 3.2, 1.9), (ATTEMPTS,))
    axis.set(xscale="log", yscale="log", ylabel="failure 1 - pass@k")
    below.set_ylabel("coverage pass@k")
    curve = curve_of(run, "failure", "attempts")
    one_curve([axis, foot], curve, verdict_words(run, "failure"))
    points(below, mirrored(curve), POINTS, None)
    law_line(below, mirrored(curve), LAW, None)
    if floor > 0:
        below.axhline(ceiling, color=VERMILLION, linestyle="--", label=f"ceiling {ceiling:.4g}")
        _excess(axis, curve, floor)
    window_bar(axis, run, "failure")
    finish(axis, **(ABOVE if floor > 0 else {}))
    finish(below)
    return figure


def _excess(axis, curve, floor):
    """The floor, and what lies above it: with a ceiling below 1 the excess, not the failure, is the power law."""
    axis.axhline(floor, color=VERMILLION, linestyle="--", label=f"floor 1 - ceiling = {floor:.4g}")
    excess = curve._replace(estimate=curve.estimate - floor, law=curve.law - floor)
    heights = points(axis, excess, EXCESS, "failure - floor", markerfacecolor="none", markersize=4)
    law_line(axis, excess, EXCESS, "law - floor")
    log_limits(axis, [heights, curve.estimate], [excess.law, curve.law])

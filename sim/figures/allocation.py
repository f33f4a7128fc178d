"""Figure of examples and attempts that share a budget."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from sim.figures.panels import (
    ABOVE,
    BLACK,
    EXAMPLES,
    SHADES,
    VERMILLION,
    Curve,
    curve_of,
    finish,
    law_line,
    log_limits,
    panels,
    points,
    residuals,
)
from sim.figures.words import inference, learning, number, setting, title

_PRICES = (("c_n", "allocation.example"), ("c_k", "allocation.attempt"), ("Q", "allocation.problems"))


def draw(run) -> Figure:
    """What splits of budgets leave unsolved, and the map of examples and attempts with the path of the best splits."""
    learnt = [("bias", "allocation.difficulty")] if setting(run, "allocation.difficulty") == "learnt" else []
    heading = title(run, "Examples and attempts share a budget", (*learning(run), *inference(run), *learnt, *_PRICES))
    figure, [[curves, chart, foot]] = panels(heading, (2.8, 2.8), (EXAMPLES,))
    found = (run.table["quantity"] == "best_examples").any()  # not where no budget has its best split inside
    budgets = _budgets(run)
    shades = np.linspace(4, 0, len(budgets)).round().astype(int)[::-1]
    curves.set(xscale="log", yscale="log", ylabel="unsolved")
    drawn = []
    for (budget, curve, _), shade in zip(budgets, shades, strict=True):
        pen = SHADES[shade]
        drawn.append(points(curves, curve, pen, f"budget {number(float(f'{budget:.2g}'))}"))
        law_line(curves, curve, pen, None)
        residuals(foot, curve, pen, markersize=4)
    log_limits(curves, drawn, [curve.law for _, curve, _ in budgets])
    if found:
        _stars(curves, curve_of(run, "best_examples", "examples"), curve_of(run, "best_failure", "examples"))
    finish(curves, **ABOVE | {"ncols": 4, "columnspacing": 1.0, "handlelength": 1.6})
    _map(figure, chart, run, budgets, found)
    finish(foot)
    return figure


def _budgets(run):
    """[(budget, Curve over n, attempts k)] of the splits, which stand in the table one budget after the other."""
    table = run.table
    rows = np.flatnonzero(table["quantity"] == "failure")
    n = table["examples"][rows]
    starts = np.flatnonzero(np.diff(n, prepend=np.inf) < 0)
    price, attempts = setting(run, "allocation.example"), setting(run, "allocation.attempt")
    each = float(attempts) * float(setting(run, "allocation.problems"))
    found = []
    for piece in np.split(rows, starts[1:]):
        curve = Curve(*(table[column][piece] for column in ("examples", *Curve._fields[1:])))
        k = table["attempts"][piece]
        found.append((float((curve.grid * float(price) + k * each).max()), curve, k))
    return found


def _stars(axis, where, height):
    style = {"color": VERMILLION, "zorder": 4}
    axis.plot(where.law, height.law, "--", label="best by the law", **style)
    axis.errorbar(
        where.estimate, height.estimate, xerr=where.stderr, fmt="*", markersize=9, label="best found", **style
    )


def _map(figure, axis, run, budgets, found):
    """Splits in the plane of n and k, coloured by what they leave unsolved."""
    n, k, left = (
        np.concatenate(x) for x in zip(*((curve.grid, k, curve.estimate) for _, curve, k in budgets), strict=True)
    )
    axis.set(xscale="log", yscale="log", ylabel="attempts per problem k")
    for _, curve, k_of_budget in budgets:
        axis.plot(curve.grid, k_of_budget, color=BLACK, linewidth=0.5, zorder=1)
    seen = left > 0
    norm = LogNorm(left[seen].min(), left[seen].max())
    dots = axis.scatter(n[seen], k[seen], c=left[seen], norm=norm, cmap="viridis", s=28, zorder=2)
    figure.colorbar(dots, ax=axis, label="unsolved", pad=0.02)
    if found:
        best = run.table["quantity"] == "best_examples"
        axis.plot(run.table["law"][best], run.table["attempts"][best], "--", color=VERMILLION, label="best by the law")
        where = run.table["estimate"][best], run.table["attempts"][best]
        axis.plot(*where, "*", color=VERMILLION, markersize=9, label="best found", zorder=4)
    finish(axis, loc="upper left")

"""Figure of a suite: problems solved by attempts shared, in turn or with resets, and what a finite suite leaves."""

import textwrap

import numpy as np
from matplotlib.figure import Figure

from sim.figures.panels import (
    EXCESS,
    LAW,
    POINTS,
    RIVAL,
    STYLE,
    Curve,
    curve_of,
    finish,
    law_line,
    log_limits,
    panels,
    points,
    residuals,
)
from sim.figures.words import inference, number, panel_words, setting, title

_SPENT, _COST = "attempts spent t, or at most $\\tau$ a problem", "attempts spent per problem t/N"
_LATE = 100  # attempts after which a problem is left, for comparison with one


def draw(run) -> Figure:
    """Problems solved against attempts spent, and per attempt; share unsolved against attempts spent per problem."""
    heading = title(run, "Attempts shared over a suite of problems", inference(run))
    figure, [left, right] = panels(heading, (2.9, 1.9), (_SPENT, _COST))
    left[0].set_xscale("log")
    for axis in (*left[:2], right[0]):
        axis.set_yscale("log")
    _solved(run, left)
    _unsolved(run, right)
    return figure


def _solved(run, stack):
    """In turn, and with resets after one attempt and after a hundred: problems solved, and solved per attempt."""
    axis, below, foot = stack
    turn, reset = (curve_of(run, quantity, "attempts") for quantity in ("solve_to_completion", "reset"))
    late = int(np.argmin(np.abs(np.log(reset.grid / _LATE))))
    drawn = [_line(axis, turn, POINTS, LAW, "each finished")]
    shown = [turn]
    for row, pen in dict(zip((0, late), (EXCESS, RIVAL), strict=True)).items():
        shown.append(
            turn._replace(**{name: getattr(reset, name)[row] * turn.grid for name in ("estimate", "stderr", "law")})
        )
        drawn.append(_line(axis, shown[-1], pen, pen, rf"left after $\tau$ = {number(float(reset.grid[row]))}"))
    log_limits(axis, drawn, [curve.law for curve in shown])
    axis.set_ylabel("problems solved")
    each = turn._replace(**{name: getattr(turn, name) / turn.grid for name in ("estimate", "stderr", "law")})
    drawn = [
        _line(below, each, POINTS, LAW, "finished, by t"),
        _line(below, reset, EXCESS, EXCESS, r"left after $\tau$"),
    ]
    log_limits(below, drawn, [each.law, reset.law])
    below.set_ylabel("solved per attempt")
    residuals(foot, turn, POINTS)
    residuals(foot, reset, EXCESS)
    _judged(run, axis, "solve_to_completion")
    _judged(run, below, "reset")


def _unsolved(run, stack):
    """Share unsolved after rounds over the unsolved, endless and finite, and how much more the finite suite leaves."""
    axis, below, foot = stack
    share, cost = (curve_of(run, quantity, "attempts") for quantity in ("round_robin", "round_robin_cost"))
    finite, size = curve_of(run, "finite_suite", "attempts"), setting(run, "suite.problems")
    law_line(axis, share._replace(grid=cost.law), LAW, "law")
    rounds = points(axis, share._replace(grid=cost.estimate), POINTS, "endless, k rounds")
    if cost.estimate[-1] > 10:  # attempts: else most are solved by the first, and powers of ten would label nothing
        axis.set_xscale("log")
    of_finite = points(axis, finite, RIVAL, f"N = {number(size)}", markerfacecolor="none")
    axis.plot([], [], EXCESS.marker, color=EXCESS.colour, label="their cost (below)")
    log_limits(axis, [rounds, of_finite], [share.law])
    axis.set_ylabel("share unsolved")
    some = (finite.estimate > 2 * finite.stderr) & (share.law > finite.estimate / 100)  # of next to nothing: no ratio
    law = share.law[some]
    more = Curve(finite.grid[some], finite.estimate[some] / law, finite.stderr[some] / law, law, law)
    below.axhline(1, color=LAW.colour, linewidth=STYLE["lines.linewidth"])
    points(below, more, RIVAL, None, markerfacecolor="none")
    below.set_ylabel(f"N = {number(size)} / law")
    residuals(foot, share._replace(grid=cost.estimate), POINTS)
    residuals(foot, cost._replace(grid=cost.estimate), EXCESS)
    _judged(run, axis, "round_robin")


def _line(axis, curve, pen, law, label):
    """Points and the line of their law; heights drawn."""
    law_line(axis, curve, law, None)
    return points(axis, curve, pen, label)


def _judged(run, axis, quantity):
    """Law and verdict above the panel, and its legend."""
    lines = [textwrap.fill(line, 36) for line in panel_words(run, quantity).splitlines()]  # characters: a column
    axis.set_title("\n".join(lines), loc="left", fontsize=STYLE["legend.fontsize"])
    finish(axis)

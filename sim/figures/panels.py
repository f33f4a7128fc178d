"""Panels and marks of a figure: points with error bars, the law as a line, residuals in sigma below."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from matplotlib.ticker import LogFormatterMathtext, LogLocator, MaxNLocator

from sim.figures.words import number

STYLE: Any = {
    "font.size": 10, "axes.labelsize": 10, "xtick.labelsize": 9, "ytick.labelsize": 9, "legend.fontsize": 9,
    "figure.titlesize": 10, "font.family": "DejaVu Sans", "text.usetex": False, "axes.spines.top": False,
    "axes.spines.right": False, "lines.linewidth": 1.6, "lines.markersize": 5, "errorbar.capsize": 2,
    "legend.frameon": False, "legend.handlelength": 2.6,
    "axes.formatter.use_mathtext": True, "savefig.dpi": 200, "pdf.fonttype": 42, "svg.fonttype": "none",
    "svg.hashsalt": "sim",
}  # fmt: skip
WIDTH = 6.5  # inches: the text width of a letter page, so that 9 points here are 9 points in print
BLUE, VERMILLION, GREEN, BLACK = "#0072B2", "#D55E00", "#009E73", "#000000"  # Okabe and Ito
GREY = "#7F7F7F"

EXAMPLES, ATTEMPTS = "examples seen n", "attempts per problem k"
ABOVE = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2}


class Curve(NamedTuple):
    """Rows of one quantity, in the order of the grid."""

    grid: np.ndarray
    estimate: np.ndarray
    stderr: np.ndarray
    law: np.ndarray
    sigmas: np.ndarray


class Pen(NamedTuple):
    """How a curve looks: colour, marker and line differ together, so that a grey print still tells curves apart."""

    colour: str
    marker: str
    line: object


POINTS, LAW = Pen(BLUE, "o", "none"), Pen(BLACK, "none", "-")
RIVAL, EXCESS = Pen(VERMILLION, "s", "--"), Pen(GREEN, "D", "-.")
SHADES = (
    Pen("#7FC6EF", "o", "-"),
    Pen("#3C9FDB", "s", (0, (6, 1.5))),
    Pen("#0072B2", "^", (0, (4, 1.5, 1, 1.5))),
    Pen("#004B76", "D", (0, (2, 1))),
    Pen("#001A2B", "v", (0, (1, 1))),
)  # light to dark around the blue of Okabe and Ito
VERDICT_PENS = {"confirmed": POINTS, "undecided": Pen(GREY, "s", "none"), "refuted": Pen(VERMILLION, "X", "none")}

# Markers that hang from their point: a bar with an arrow below it (an upper limit), and the arrow alone.
ARROW = ((0, 0), (0, -1), (-0.3, -0.65), (0, -1), (0.3, -0.65))
LIMIT = Outline([(-0.4, 0), (0.4, 0), *ARROW], [1, 2, 1, 2, 1, 2, 2])
EDGE = Outline(ARROW, [1, 2, 1, 2, 2])


def panels(title, heights, labels):
    """Stacks of panels over one x axis each, residuals at the foot: (figure, one list of axes for each label)."""
    figure = Figure(figsize=(WIDTH, 1.4 + sum(heights) + 1.2), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    grid = figure.add_gridspec(len(heights) + 1, len(labels), height_ratios=[*heights, 1.2])
    stacks = []
    for column, label in enumerate(labels):
        foot = figure.add_subplot(grid[-1, column])
        stack = [figure.add_subplot(grid[row, column], sharex=foot) for row in range(len(heights))]
        for axis in stack:
            axis.tick_params(axis="x", which="both", labelbottom=False)
        foot.axhspan(-2, 2, color="0.88", linewidth=0)
        foot.axhline(0, color=BLACK, linewidth=0.8)
        foot.set_ylim(-3.5, 3.5)
        foot.yaxis.set_major_locator(MaxNLocator(5, integer=True, symmetric=True))
        foot.set_xlabel(label)
        stacks.append([*stack, foot])
    stacks[0][-1].set_ylabel("residual (sigma)")
    figure.align_ylabels(figure.axes)
    return figure, stacks


def _between(low, high):
    """Labels between the powers of ten, where fewer than two decades would leave an axis with a single label."""
    digits = (2, 5) if high > 8 * low else range(1, 10)

    def label(value, position):
        power = int(np.floor(np.log10(value) + 1e-9))
        digit = float(f"{value / 10.0**power:.6g}")
        return rf"${digit:g}\times 10^{{{power}}}$" if high < 100 * low and (digit in digits or digit % 1) else ""

    return label


def finish(axis, **placed):
    """Log axes labelled in powers of ten, and the legend: what was simulated first, then the laws."""
    for direction in (axis.xaxis, axis.yaxis):
        if direction.get_scale() == "log":
            direction.set_major_formatter(LogFormatterMathtext())
            direction.set_minor_locator(LogLocator(subs=range(2, 10)))
            direction.set_minor_formatter(_between(*direction.get_view_interval()))
    handles = {label: handle for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    labels = sorted(handles, key=lambda label: not isinstance(handles[label], ErrorbarContainer))
    if labels:
        axis.legend([handles[label] for label in labels], labels, **placed)


def curve_of(run, quantity, grid, rows=True):
    """The rows of a quantity against one of the columns of the grid."""
    table = run.table
    chosen = (table["quantity"] == quantity) & rows
    if not chosen.any():
        present = ", ".join(sorted(set(table["quantity"])))
        raise ValueError(f"table.csv: need rows of quantity {quantity}, got {present}")
    if np.isnan(table[grid][chosen]).any():
        raise ValueError(f"table.csv: rows of quantity {quantity} need a value in column {grid}, got empty cells")
    order = np.flatnonzero(chosen)[np.argsort(table[grid][chosen], kind="stable")]
    return Curve(*(table[column][order] for column in (grid, *Curve._fields[1:])))


def mirrored(curve):
    """The curve of one minus the quantity."""
    return curve._replace(estimate=1 - curve.estimate, law=1 - curve.law, sigmas=-curve.sigmas)


def points(axis, curve, pen, label, **style):
    """Points with error bars; on a log axis an estimate of zero is an arrow down from estimate + 2 stderr.

    Returns the heights drawn. Without a standard error the arrow stands on the foot of the panel.
    """
    style = {"color": pen.colour, "linestyle": "none", "zorder": 3, **style}
    heights = [curve.estimate, curve.law, *(np.asarray(line.get_ydata(), float) for line in axis.lines)]
    if not any((height > 0).any() for height in heights):
        axis.set_yscale("linear")  # nothing to be seen on a log axis
    outside = (curve.estimate <= 0) & (axis.get_yscale() == "log")
    limit = np.where(outside, curve.estimate + 2 * np.nan_to_num(curve.stderr), np.nan)
    shown = np.where(outside, np.nan, curve.estimate)
    axis.errorbar(curve.grid, shown, curve.stderr, marker=pen.marker, label=label, **style)
    style |= {"markersize": 20, "markerfacecolor": "none", "markeredgewidth": 1.3, "clip_on": False}
    above, below = limit > 0, limit <= 0
    if above.any():
        words = "upper limit: estimate + 2 stderr"
        axis.plot(curve.grid[above], limit[above], marker=LIMIT, label=words, **style)
    if below.any():
        foot = {"transform": axis.get_xaxis_transform(), "label": "zero, without standard error"}
        axis.plot(curve.grid[below], np.full(below.sum(), 0.06), marker=EDGE, **foot, **style)
    return np.where(above, 0.5 * limit, shown)


def law_line(axis, curve, pen, label):
    axis.plot(curve.grid, curve.law, color=pen.colour, linestyle=pen.line, label=label, zorder=2)


def residuals(axis, curve, pen, **style):
    """Sigmas as points; one that is infinite is a triangle on the edge of the panel."""
    finite = np.isfinite(curve.sigmas)
    style = {"color": pen.colour, "linestyle": "none", "clip_on": False, "zorder": 3, **style}
    if finite.any():  # an empty line that is not clipped spoils the layout
        axis.plot(curve.grid[finite], curve.sigmas[finite], marker=pen.marker, **style)
    reach = max(axis.get_ylim()[1], 1.15 * np.max(np.abs(curve.sigmas[finite]), initial=0))
    axis.set_ylim(-reach, reach)
    for sign, marker in ((1, "^"), (-1, "v")):
        beyond = curve.sigmas == sign * np.inf
        if beyond.any():
            edge = {"transform": axis.get_xaxis_transform(), "marker": marker, "markersize": 8}
            axis.plot(curve.grid[beyond], np.full(beyond.sum(), 0.5 + 0.5 * sign), **{**style, **edge})


def one_curve(stack, curve, law):
    axis, foot = stack
    if not (curve.estimate > 0).any() and not (curve.law > 0).any():
        axis.set_yscale("linear")  # nothing is left to err on: a line at 0
    known = np.isfinite(curve.law).any()
    if known:
        law_line(axis, curve, LAW, law)
    drawn = points(axis, curve, POINTS, "simulation" if known else "simulation only: no closed form")
    log_limits(axis, [drawn], [curve.law])
    residuals(foot, curve, POINTS)


def log_limits(axis, drawn, laws):
    """Keep every point in view, and the law until it falls ten times below the lowest of them."""
    if axis.get_yscale() != "log":
        return
    drawn, laws = np.concatenate(drawn), np.concatenate(laws)
    drawn, laws = drawn[drawn > 0], laws[laws > 0]
    seen = np.concatenate([drawn, laws[laws > np.min(drawn, initial=np.inf) / 10] if drawn.size else laws])
    low, high = (seen.min(), seen.max()) if seen.size else (0.1, 1.0)
    margin = 1.2 * (high / low) ** 0.04
    axis.set_ylim(low / margin, high * margin)


def window_bar(axis, run, quantity):
    """A bar along the top over the grid values from which the exponent was measured."""
    for window in [entry.get("window") for entry in run.verdicts if entry["quantity"] == quantity][:1]:
        if window:
            style = {"color": GREY, "marker": "|", "markersize": 7, "linewidth": 1, "label": "window of the exponent"}
            axis.plot(window, [0.985, 0.985], transform=axis.get_xaxis_transform(), **style)


def family(run, stack, quantity, grid, by, symbol):
    """One curve for each of up to five values of the column `by`, light to dark; residuals of all the values."""
    axis, foot = stack
    values = np.unique(run.table[by][run.table["quantity"] == quantity])
    chosen = values[np.unique(np.linspace(0, len(values) - 1, min(len(values), len(SHADES))).round().astype(int))]
    curves = {value: curve_of(run, quantity, grid, run.table[by] == value) for value in values}
    others = np.setdiff1d(values, chosen)
    drawn = []
    for value in others:
        residuals(foot, curves[value], Pen(GREY, ".", "none"), markersize=3)
    for value, shade in zip(chosen, np.linspace(4, 0, len(chosen)).round().astype(int)[::-1], strict=True):
        pen = SHADES[shade]
        drawn.append(points(axis, curves[value], pen, None))
        law_line(axis, curves[value], pen, None)
        residuals(foot, curves[value], pen)
        line = pen.line if np.isfinite(curves[value].law).any() else "none"
        both = {"color": pen.colour, "marker": pen.marker, "linestyle": line}
        axis.plot([], [], label=f"{symbol} = {number(float(value))}", **both)
    if others.size:
        axis.plot([], [], ".", color=GREY, markersize=3, label=f"other {symbol} (below)")
    log_limits(axis, drawn, [curves[value].law for value in chosen])

"""Figures of a design: the error over problems and attempts, and many problems against many attempts."""

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullFormatter, NullLocator

from sim.figures import panels
from sim.figures.calibrate import STYLE, WIDTH
from sim.figures.panels import BLACK, GREY, POINTS, RIVAL

_MAP = "Blues_r"
_ABOVE = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.1, "ncols": 2, "columnspacing": 1.2}


@rc_context(STYLE)
def sizes(columns, wanted, chosen):
    """The error over numbers of problems and of attempts, the wanted one and the Fisher bound as contours.

    columns: problems, attempts, error, bound.  wanted: error.  chosen: (problems, attempts), framed if it is there.
    """
    problems, attempts = np.unique(columns["problems"]), np.unique(columns["attempts"])
    figure, axis = _figure(1.9 + 0.5 * len(problems))
    shape = len(problems), len(attempts)
    row = np.searchsorted(problems, columns["problems"]), np.searchsorted(attempts, columns["attempts"])
    error, bound = np.full(shape, np.nan), np.full(shape, np.nan)
    error[row], bound[row] = columns["error"], columns["bound"]
    seen = np.isfinite(error) & (error > 0)
    scale = LogNorm(*_ends(error[seen], wanted))
    shown = np.ma.masked_where(~seen, error)
    mesh = axis.pcolormesh(np.arange(shape[1]), np.arange(shape[0]), shown, norm=scale, cmap=_MAP, shading="nearest")
    for (y, x), value in np.ndenumerate(error):
        if seen[y, x]:
            dark = scale(value) < 0.4
            clear = [withStroke(linewidth=3, foreground=mesh.to_rgba(value))]  # of the lines that pass
            style = {"ha": "center", "va": "center", "fontsize": 9, "zorder": 5, "color": "w" if dark else BLACK}
            axis.text(x, y, f"{value:.2g}", path_effects=clear, **style)
    handles = _contours(axis, ((error, "-", "wanted: simulated"), (bound, "--", "by Fisher bound")), wanted)
    if chosen[0] in problems and chosen[1] in attempts:
        corner = np.searchsorted(attempts, chosen[1]) - 0.5, np.searchsorted(problems, chosen[0]) - 0.5
        axis.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=RIVAL.colour, linewidth=2.4, zorder=4))
    axis.set_xticks(np.arange(shape[1]), [f"{m:,.0f}" for m in attempts])
    axis.set_yticks(np.arange(shape[0]), [f"{p:,.0f}" for p in problems])
    axis.set(xlabel="attempts per problem", ylabel="problems")
    axis.tick_params(length=0)
    if handles:
        axis.legend(handles=handles, **_ABOVE)
    return figure


def _contours(axis, drawn, wanted):
    """Lines where a map passes the wanted error; handles of those that are there."""
    handles = []
    for values, line, label in drawn:
        whole = np.isfinite(values) & (values > 0)
        logs = np.ma.masked_where(~whole, np.log(np.where(whole, values, 1.0) / wanted))
        if min(values.shape) > 1 and whole.any() and logs.min() < 0 < logs.max():
            axis.contour(logs, levels=[0.0], colors=[BLACK], linestyles=[line], linewidths=1.6)
            handles.append(Line2D([], [], color=BLACK, linestyle=line, label=label))
    return handles


@rc_context(STYLE)
def allocations(columns, wanted):
    """Error against the number of problems at equal attempts in all: uniform, adaptive, and the Fisher bounds.

    columns: allocation, problems, attempts, total, error, stderr, bound, endless.  wanted: error.
    """
    table = {name: np.asarray(values) for name, values in columns.items()}
    figure, axis = _figure(3.9)
    heights = [np.array([wanted])]
    for name, pen in (("uniform", POINTS), ("adaptive", RIVAL)):
        chosen = table["allocation"] == name
        at, error, stderr = (table[column][chosen] for column in ("problems", "error", "stderr"))
        axis.errorbar(at, error, stderr, marker=pen.marker, color=pen.colour, linestyle="none", label=name, zorder=3)
        heights.append(error)
    chosen = table["allocation"] == "uniform"
    for column, line, label in (("bound", "--", "Fisher bound"), ("endless", ":", "any attempts")):
        values = table[column][chosen]
        if np.isfinite(values).any():
            axis.plot(table["problems"][chosen], np.where(np.isfinite(values), values, np.nan), line, color=BLACK,
                      label=label)  # fmt: skip
            heights.append(values)
    axis.axhline(wanted, color=GREY, linewidth=1.2, label="wanted")
    axis.set(xscale="log", yscale="log", xlabel="problems", ylabel="error")
    ticks = np.unique(table["problems"])
    axis.set_ylim(*_ends(np.concatenate(heights), wanted, margin=1.25))
    panels.finish(axis, **_ABOVE)
    axis.set_xticks(ticks, [f"{p:,.0f}" for p in ticks])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_minor_formatter(NullFormatter())
    return figure


def _ends(values, wanted, margin=1.0):
    """Lowest and highest of what a log axis is to show."""
    kept = values[np.isfinite(values) & (values > 0)]
    kept = kept if kept.size else np.array([wanted])
    low, high = kept.min() / margin, kept.max() * margin
    return (low, high) if high > low else (low / 1.1, high * 1.1)


def _figure(height):
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()

"""Figures of a recommendation: where another attempt stops paying, attempts in stages, and two models at equal spend.

As figures of a calibration they have labels and symbols but no titles, and are narrow, with large letters.
"""

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.figures.calibrate import STYLE, WIDE, WIDTH, in_plain_letters
from sim.figures.panels import ATTEMPTS, BLACK, POINTS, RIVAL
from sim.figures.words import plain

_FLAT = "#E4E4E4"


@rc_context(STYLE)
def payoff(columns, best, flat, currency):
    """Net value against k, the flat top shaded; below it what one more attempt is worth, against its price.

    columns: attempts k, ascending; net, net_low, net_high, gain, gain_low, gain_high (90 % intervals), price.
    best: k recommended, 0 if none.  flat: (first, last) number as good.
    """
    table = {name: np.asarray(values, float) for name, values in columns.items()}
    ks = table["attempts"]
    figure, (top, foot) = _figure(6.4, rows=2)
    _band(top, ks, table, "net", "mean")
    top.axhline(0, color=BLACK, linewidth=0.8)
    low = min(table["net"][ks <= max(flat[1], 1)].min(), 0)
    high = table["net_high"].max()
    top.set_ylim(low - 0.15 * max(high - low, 1e-9), high + 0.08 * max(high - low, 1e-9))
    top.set(xscale="log", ylabel=f"net value of a problem ({plain(currency)})")
    _band(foot, ks, table, "gain")
    foot.axhline(table["price"][0], color=RIVAL.colour, linestyle=RIVAL.line, label="price of an attempt")
    foot.set(xscale="log", yscale="log", xlabel=ATTEMPTS, ylabel=f"one more attempt ({plain(currency)})")
    positive = table["gain"][table["gain"] > 0]
    ends = np.append(positive, table["price"][0])
    foot.set_ylim(max(ends.min(), table["price"][0] / 100) / 1.5, ends.max() * 2)
    for axis in (top, foot):
        if best:
            label = {"label": "as good as the best"} if axis is top else {}
            axis.axvspan(flat[0], max(flat[1], flat[0] * 1.01), color=_FLAT, linewidth=0, zorder=0, **label)
            label = {"label": f"best: {best:,.0f}"} if axis is top else {}
            axis.axvline(best, color=BLACK, linestyle=":", linewidth=1.2, **label)
        axis.set_xlim(ks[0], max(ks[-1], ks[0] * 1.5))
    _finish(figure, top, foot)
    return figure


@rc_context(STYLE)
def stages(columns, currency):
    """What is solved after each stage, and what it has cost by then, against attempts at an unsolved problem.

    columns: attempts, solved, cost: one row a stage.
    """
    table = {name: np.asarray(values, float) for name, values in columns.items()}
    figure, (top, foot) = _figure(5.0, rows=2)
    ks = table["attempts"]
    style = {"marker": POINTS.marker, "color": POINTS.colour, "clip_on": False}
    top.plot(ks, table["solved"], **style)
    top.set(xscale="log", ylabel="share solved", ylim=(0, _top(table["solved"])))
    foot.plot(ks, table["cost"], **style)
    foot.set(xscale="log", xlabel="attempts by the end of the stage", ylabel=f"cost of a problem ({plain(currency)})")
    foot.set_ylim(0, 1.08 * table["cost"].max())
    for axis in (top, foot):
        axis.set_xlim(ks[0] / 1.3, ks[-1] * 1.3)
    _finish(figure, top, foot)
    return figure


@rc_context(STYLE)
def models(both, best, currency):
    """Share solved against money a problem, for two models; large marks: each at its best number of attempts.

    both: columns cost, solved, solved_low, solved_high (90 %) of each model.  best: cost of the best number of each.
    """
    figure, (axis,) = _figure(4.2)
    seen = []
    for columns, spend, pen, name in zip(both, best, (POINTS, RIVAL), ("first model", "second model"), strict=True):
        cost, solved, low, high = (
            np.asarray(columns[n], float) for n in ("cost", "solved", "solved_low", "solved_high")
        )
        axis.fill_between(cost, low, high, color=pen.colour, alpha=0.18, linewidth=0)
        axis.plot(cost, solved, color=pen.colour, linestyle="-" if pen is POINTS else pen.line, label=name)
        if spend > 0:
            at = np.interp(np.log(spend), np.log(cost), solved)
            label = f"{name} at its best"
            axis.plot(
                spend, at, pen.marker, color=pen.colour, markersize=9, markeredgecolor=BLACK, label=label, zorder=4
            )
        seen.append((cost, high))
    ends, highs = np.concatenate(seen, axis=1)
    last = min(ends.max(), 20 * max(*best, ends.min()))
    axis.set(xscale="log", xlabel=f"cost of a problem ({plain(currency)})", ylabel="share solved")
    axis.set(xlim=(ends.min(), last), ylim=(0, _top(highs[ends <= last])))
    _finish(figure, axis)
    return figure


def _band(axis, ks, table, name, label=None):
    axis.fill_between(ks, table[f"{name}_low"], table[f"{name}_high"], color=WIDE, linewidth=0, zorder=1,
                      label=label and "90 % interval")  # fmt: skip
    axis.plot(ks, table[name], color=POINTS.colour, label=label, zorder=2)


def _top(shares):
    """Upper end of an axis of shares."""
    return 1.02 if shares.max() > 0.8 else max(1.15 * shares.max(), 1e-9)


def _finish(figure, *axes):
    """Round numbers on all axes, and one legend above all panels."""
    handles = {}
    for axis in axes:
        for direction in (axis.xaxis, axis.yaxis):
            if direction.get_scale() != "log":
                direction.set_major_locator(MaxNLocator(5))
            in_plain_letters(direction)
        handles |= {label: handle for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.align_ylabels(figure.axes)
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=2, columnspacing=1.2)


def _figure(height, rows=1):
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(rows, 1, squeeze=False, sharex=True).flat)

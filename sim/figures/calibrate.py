"""Figures of a calibration: how coverage will grow, where the pilot departs from the model, a backtest, two models.

They stand in reports of several languages, so they have labels and symbols but no titles, and are narrow, with large
letters, for telephones.
"""

import io

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

from sim.figures import panels
from sim.figures.panels import ATTEMPTS, BLACK, GREY, POINTS, RIVAL, SHADES, Curve, Pen
from sim.figures.words import number, plain

GROWTH = (
    *("attempts", "observed", "observed_stderr", "median", "low90", "low50", "high50", "high90"),
    *("new_low90", "new_high90"),
)
WIDTH = 5.2  # inches: at half size letters are still 5 points high
STYLE = panels.STYLE | {
    "font.size": 11, "axes.labelsize": 11, "xtick.labelsize": 10, "ytick.labelsize": 10, "legend.fontsize": 10,
    "svg.fonttype": "path",
}  # fmt: skip
NARROW, WIDE = "#8CBFDF", "#D3E6F2"  # bands of 50 % and 90 %: the blue of the pilot, lighter
SPAN = "#E4E4E4"  # of numbers of attempts
NEW = Pen("#004B76", "none", (0, (6, 1.5)))
_MODELS = POINTS._replace(line="-"), RIVAL
OTHERS = (
    Pen("#E69F00", "none", (0, (4, 1.5, 1, 1.5))),
    Pen("#CC79A7", "none", (0, (2, 1))),
    Pen("#009E73", "none", (0, (4, 1, 1, 1, 1, 1))),
    Pen("#56B4E9", "none", (0, (1, 1))),
)  # of Okabe and Ito; curves of further laws
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_TICKS = np.outer(10.0 ** np.arange(9), (1, 2, 5)).ravel()  # of numbers of problems


@rc_context(STYLE)
def svg(figure):
    """The text of a figure as SVG: no date, no random names, letters as outlines. The same figure, the same text."""
    if figure.get_layout_engine() is not None:
        figure.get_layout_engine().execute(figure)  # once, not for every file
        figure.set_layout_engine("none")
    stream = io.StringIO()
    FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    return stream.getvalue()


@rc_context(STYLE)
def png(figure, path):
    """Write a figure that has been laid out as PNG, 200 dots an inch."""
    figure.dpi = STYLE["savefig.dpi"]
    FigureCanvasAgg(figure).print_png(path)


@rc_context(STYLE)
def coverage(columns, laws=None):
    """pass@k and 1 - pass@k against k: the pilot, the prediction for its problems, and for new ones.

    columns: attempts k, ascending; observed and observed_stderr (NaN beyond the pilot); median, low90, low50, high50,
    high90 (these problems); new_low90, new_high90.  laws: name -> pass@k of further laws at these k, up to four.
    """
    table = _arrays(columns, GROWTH)
    figure, (rising, falling) = _figure(6.8, rows=2)
    _curves(rising, table, laws or {}, named=True)
    lost = {name: values if name in ("attempts", "observed_stderr") else 1 - values for name, values in table.items()}
    heights = _curves(falling, lost, {name: 1 - np.asarray(values, float) for name, values in (laws or {}).items()})
    top = np.nanmax([table["high90"], table["new_high90"], table["observed"]], initial=0)
    rising.set(ylabel="coverage pass@k", ylim=(0, 1.02 if top > 0.9 else max(1.1 * top, 1e-9)))
    rising.tick_params(which="both", labelbottom=False)
    for axis in (rising, falling):
        axis.set_xlim(table["attempts"][0] / 1.4, table["attempts"][-1] * 1.4)
    falling.set(xlabel=ATTEMPTS, ylabel="inference loss 1 - pass@k")
    panels.log_limits(falling, [heights, lost["median"]], [lost["low90"], lost["high90"], lost["new_high90"]])
    _legend(rising)
    _finish(falling)
    return figure


def _curves(axis, table, laws, named=False):
    """Bands, lines and points of one panel, with labels where named; the heights of the pilot's points."""
    ks, loss = table["attempts"], np.stack([table["low90"], table["new_low90"], table["observed"]])
    axis.set(xscale="log", yscale="linear" if named or not (loss > 0).any() else "log")

    def label(words):
        return words if named else None

    for share, colour in ((90, WIDE), (50, NARROW)):
        style = {"color": colour, "linewidth": 0, "label": label(f"{share} %, these problems")}
        axis.fill_between(ks, table[f"low{share}"], table[f"high{share}"], **style)
    for bound in ("new_low90", "new_high90"):
        words = label("90 %, new problems") if bound == "new_low90" else None
        axis.plot(ks, table[bound], color=NEW.colour, linestyle=NEW.line, linewidth=1.2, label=words)
    for (name, values), pen in zip(laws.items(), OTHERS[: len(laws)], strict=True):
        axis.plot(ks, values, color=pen.colour, linestyle=pen.line, linewidth=1.4, label=label(plain(name)))
    axis.plot(ks, table["median"], color=BLACK, label=label("predicted, these problems"))
    seen = np.isfinite(table["observed"])
    pilot = Curve(*(table[name][seen] for name in ("attempts", "observed", "observed_stderr", "median")), None)
    heights = panels.points(axis, pilot, POINTS, label("pilot, with standard error"), markersize=4)
    if seen.any():
        axis.axvline(ks[seen][-1], color=GREY, linestyle=":", linewidth=1.2, label=label("end of the pilot"), zorder=1)
    return heights


@rc_context(STYLE)
def misfit(columns):
    """How many problems have such a share of successes, beside what the model lets expect: outside the band it departs.

    columns: successes (labels of bins of the share c/m), observed, expected, low, high (a 90 % band under it),
    in problems. The axis is a square root, on which chance is as wide everywhere (Tukey's rootogram).
    """
    table = _arrays(columns, ("observed", "expected", "low", "high"))
    labels = [plain(label) for label in columns["successes"]]
    figure, (axis,) = _figure(3.8)
    axis.set_yscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0)), np.square))
    place = np.arange(len(labels))
    height = table["high"] - table["low"]
    axis.bar(place, height, 0.8, table["low"], color=WIDE, linewidth=0, label="90 % under the model")
    axis.hlines(table["expected"], place - 0.4, place + 0.4, color=BLACK, label="expected")
    outside = (table["observed"] < table["low"]) | (table["observed"] > table["high"])
    for chosen, pen, words in ((~outside, POINTS, "observed"), (outside, RIVAL, "observed, outside the band")):
        if chosen.any():
            style = {"color": pen.colour, "marker": pen.marker, "linestyle": "none", "zorder": 3, "clip_on": False}
            axis.plot(place[chosen], table["observed"][chosen], label=words, **style)
    top = max(np.nanmax([table["high"], table["observed"], table["expected"]], initial=1), 1)
    axis.set(xlabel="successes c / attempts m of a problem", ylabel="problems (square-root scale)", ylim=(0, 1.1 * top))
    axis.yaxis.set_major_locator(FixedLocator([0, *_apart(_TICKS[_TICKS <= 1.1 * top])]))
    slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if len("  ".join(labels)) > 44 else {}
    axis.set_xticks(place, labels, **slanted)  # 44 characters are as wide as the panel
    _legend(axis)
    return figure


def _apart(values):
    """Values, ascending, but those whose roots are nearer than a twelfth of the highest to the next above."""
    kept = list(values[-1:])
    for value in values[-2::-1]:
        if min(np.sqrt(kept[0]) - np.sqrt(value), np.sqrt(value)) > np.sqrt(values[-1]) / 12:
            kept.insert(0, value)
    return kept


@rc_context(STYLE)
def backtest(columns):
    """What parts of the pilot predicted of its rest, against what the rest showed; on the diagonal they agree.

    columns: attempts (hidden k), observed, point, low, high (90 % interval): one row for each part and k,
    or arrays [parts, k] with attempts [k]. Up to five shades tell k, neighbours sharing one if there are more.
    """
    table = _arrays(columns, ("attempts", "observed", "point", "low", "high"))
    table = dict(zip(table, map(np.ravel, np.broadcast_arrays(*table.values())), strict=True))
    figure, (axis,) = _figure(5.2)
    ends = [table[name] for name in ("observed", "point", "low", "high")]
    low, high = np.nanmin(ends), np.nanmax(ends)
    margin = 0.05 * (high - low) + 1e-9
    limits = max(low - margin, -0.02), min(high + margin, 1.02)
    axis.axline((0, 0), slope=1, color=BLACK, linewidth=1, label="predicted = observed")
    ks = np.unique(table["attempts"])
    shade = np.linspace(0, 4, len(ks)).round().astype(int) if len(ks) > 1 else np.array([2])
    for index in np.unique(shade):
        chosen = np.isin(table["attempts"], ks[shade == index])
        point = table["point"][chosen]
        bars = np.maximum([point - table["low"][chosen], table["high"][chosen] - point], 0)
        pen, between = SHADES[index], dict.fromkeys(_whole(k) for k in ks[shade == index][[0, -1]])
        style = {"color": pen.colour, "marker": pen.marker, "linestyle": "none", "elinewidth": 0.9}
        axis.errorbar(table["observed"][chosen], point, bars, label=f"k = {' to '.join(between)}", **style)
    axis.set(xlabel="pass@k observed later", ylabel="pass@k predicted, with 90 % interval", xlim=limits, ylim=limits)
    axis.set_aspect("equal")
    for direction in (axis.xaxis, axis.yaxis):
        direction.set_major_locator(MaxNLocator(5))
    _legend(axis)
    return figure


@rc_context(STYLE)
def difference(columns, leads, turns):
    """Coverage of two models against k, and below it the first less the second with its band.

    columns: attempts k, ascending; first, second (coverage), difference, low90, high90 (band of the whole curve).
    leads: with model (0 or 1), low, high: where one leads for sure.  turns: with low, middle, high: where it turns.
    """
    table = _arrays(columns, ("attempts", "first", "second", "difference", "low90", "high90"))
    figure, (top, foot) = _figure(6.2, rows=2)
    ks = table["attempts"]
    for name, pen in zip(("first", "second"), _MODELS, strict=True):
        top.plot(ks, table[name], color=pen.colour, linestyle=pen.line, label=f"{name} model")
    highest = max(table["first"].max(), table["second"].max())
    top.set(xscale="log", ylabel="coverage pass@k", ylim=(0, 1.02 if highest > 0.8 else max(1.15 * highest, 1e-9)))
    top.tick_params(which="both", labelbottom=False)
    foot.plot(ks, table["difference"], color=BLACK, label="first less second")
    foot.fill_between(ks, table["low90"], table["high90"], color=WIDE, linewidth=0, label="90 %, the whole curve")
    foot.axhline(0, color=BLACK, linewidth=0.8)
    low, high = min(table["low90"].min(), 0), max(table["high90"].max(), 0)
    low, high = low - 0.15 * max(high - low, 1e-9), high + 0.08 * max(high - low, 1e-9)
    foot.set(xscale="log", xlabel=ATTEMPTS, ylabel="difference of pass@k", ylim=(low, high))
    _leading(foot, leads)
    for axis in (top, foot):
        for turn in turns:
            axis.axvspan(turn.low, max(turn.high, turn.low * 1.01), color=SPAN, linewidth=0, zorder=0)
            axis.axvline(turn.middle, color=GREY, linestyle=":", linewidth=1.2, zorder=1)
        axis.set_xlim(ks[0] / 1.1, ks[-1] * 1.1)
    if turns:
        foot.fill_between([], [], [], color=SPAN, linewidth=0, label="the order turns, 90 %")
    _legend(top, foot)
    figure.align_ylabels(figure.axes)
    return figure


def _leading(axis, leads):
    """Bars along the foot of a panel where a model leads for sure."""
    named = set()
    for lead in leads:
        wider = 1.05 if lead.low == lead.high else 1.0
        label = None if lead.model in named else f"{('first', 'second')[lead.model]} leads for sure"
        style = {"color": _MODELS[lead.model].colour, "linewidth": 5, "solid_capstyle": "butt", "label": label}
        axis.plot([lead.low / wider, lead.high * wider], [0.03] * 2, transform=axis.get_xaxis_transform(), **style)
        named.add(lead.model)


def _figure(height, rows=1, widths=(1,)):
    """A figure of rows of panels that are so wide, one against another; and its axes."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(rows, len(widths), width_ratios=widths, squeeze=False).flat)


def _finish(axis):
    """As panels.finish, numbers in plain letters: formulas take as long as all else that is drawn."""
    panels.finish(axis)
    for direction in (axis.xaxis, axis.yaxis):
        in_plain_letters(direction)


def in_plain_letters(direction):
    """Numbers of an axis: powers of ten where it is a log axis, unless it has labels of its own."""
    if direction.get_scale() == "log":
        _in_powers(direction)
    elif isinstance(direction.get_major_formatter(), ScalarFormatter):
        direction.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _in_powers(direction):
    """Powers of ten on a log axis, and 2 and 5 of each between them where there are fewer than two; plain letters."""
    low, high = direction.get_view_interval()
    direction.set_minor_locator(LogLocator(subs=range(2, 10)))
    direction.set_minor_formatter(NullFormatter())
    if np.floor(np.log10(high)) - np.ceil(np.log10(low)) < 1:
        direction.set_major_locator(LogLocator(subs=(1, 2, 5)))
        direction.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        return
    direction.set_major_formatter(FuncFormatter(lambda value, _: "10" + str(round(np.log10(value))).translate(_RAISED)))


def _legend(*axes):
    """Axes as everywhere, and the legend above all panels, where it may be as wide as the figure; points first."""
    handles = []
    for axis in axes:
        _finish(axis)
        axis.get_legend().remove()
        handles += zip(*axis.get_legend_handles_labels(), strict=True)
    handles.sort(key=lambda t: not isinstance(t[0], ErrorbarContainer))
    axes[0].figure.legend(*zip(*handles, strict=True), loc="outside upper left", ncols=2, columnspacing=1.2)


def _arrays(columns, names):
    return {name: np.asarray(columns[name], float) for name in names}


def _whole(value):
    return number(float(value))

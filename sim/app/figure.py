"""Figures of a run, drawn from its tables alone: points with error bars, the law as a line, residuals in sigma below.

The only module that imports matplotlib. It does no statistics: what it draws stands in table.csv and verdict.json.
"""

import argparse
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from matplotlib.ticker import LogFormatterMathtext, LogLocator, MaxNLocator

from sim.app.folder import SUMMARY_COLUMNS, VERDICTS, read_run, read_summary

STYLE = {
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
UNDATED = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}  # so that the same figure gives the same bytes

EXAMPLES, ATTEMPTS = "examples seen n", "attempts per problem k"
ABOVE = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2}
LEARNING = (("Zipf exponent", "features.exponent"), ("features", "features.size"), ("depth", "memory.depth"))
USUAL = {  # members that go without saying
    "difficulty": ("beta", "gamma_ratio", "empirical"),
    "dependence": ("independent",),
    "verifier": ("perfect",),
}


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


# Words --------------------------------------------------------------------------------------------------------------


def _setting(run, path):
    value = run.manifest["config"]
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _inference(run):
    """Names and paths of what the axes of inference are set to; members by name where they are not the paper's."""
    told = []
    for group, usual in USUAL.items():
        node = run.manifest["config"].get(group)
        keys = node if isinstance(node, dict) else {}
        told += [(group, f"{group}.name")] if keys.get("name", usual[0]) not in usual else []
        told += [(key, f"{group}.{key}") for key, value in keys.items() if isinstance(value, int | float)]
    return tuple(told)


def _number(value):
    """A parameter as a reader writes it: 0.35, 4096, 10^6."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return _plain(value)
    power = np.log10(value) if value >= 1000 and np.isfinite(value) else 0
    return rf"$10^{{{power:.0f}}}$" if power and 10 ** round(power) == value else f"{value:.10g}"


def _plain(text):
    return str(text).replace("$", r"\$")


def _title(run, words, parameters):
    settings = [(name, _setting(run, path)) for name, path in parameters]
    settings += [(name, run.manifest.get(name)) for name in ("problems", "learners", "seed")]
    words_of = [f"{name} {_number(value)}" for name, value in settings if value is not None]
    lines = [", ".join(words_of[start : start + 5]) for start in range(0, len(words_of), 5)]  # six are too wide
    return ",\n".join([words, *lines]).replace(",", "", 1) if lines else words


def _verdict_words(run, quantity):
    """The law's name, predicted and measured exponent, verdict: four lines for a legend."""
    entries = [entry for entry in run.verdicts if entry["quantity"] == quantity]
    if len(entries) > 2:  # more would hide the curve
        count = Counter(entry["verdict"] for entry in entries)
        words = ", ".join(f"{count[word]} {word}" for word in VERDICTS if count[word])
        return f"law: {len(entries)} verdicts\n{words}"
    return "\n".join(map(_entry_words, entries)) or "law (no verdict)"


def _entry_words(entry):
    lines = [textwrap.fill(f"law: {_plain(entry['law'])}", 36)]  # characters: half of the figure's width
    if entry["predicted"] is not None:
        lines.append(f"exponent predicted {entry['predicted']:.4g}")
    if entry["measured"] is not None:
        lines.append(f"exponent measured {_with_error(entry['measured'], entry['stderr'])}")
    elif entry["max_sigmas"] is not None:
        lines.append(f"largest residual {entry['max_sigmas']:.1f} sigma")
    return "\n".join([*lines, f"verdict: {entry['verdict']}"])


def _panel_words(run, quantity):
    """The same for the title of a narrow panel: the law once, then a line for each axis it was measured along."""
    lines = []
    for entry in run.verdicts:
        if entry["quantity"] == quantity:
            law, _, axis = _plain(entry["law"]).partition(", over ")
            found = f"largest residual {entry['max_sigmas'] or 0:.1f} sigma"
            if entry["measured"] is not None:
                found = f"exponent {_with_error(entry['measured'], entry['stderr'])}"
            lines += [law, f"{axis}: {found}, {entry['verdict']}".removeprefix(": ")]
    known = np.isfinite(run.table["law"][run.table["quantity"] == quantity]).any()
    return "\n".join(dict.fromkeys(lines)) or ("law (no verdict)" if known else "simulation only: no closed form")


def _with_error(value, stderr):
    if not stderr or not np.isfinite(stderr):
        return f"{value:.4g}"
    decimals = int(np.clip(1 - np.floor(np.log10(stderr)), 0, 8))  # two digits of the error
    return f"{value:.{decimals}f} ± {stderr:.{decimals}f}"


# Layout and marks ---------------------------------------------------------------------------------------------------


def _panels(title, heights, labels):
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


def _finish(axis, **placed):
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


def _curve(run, quantity, grid, rows=True):
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


def _mirrored(curve):
    """The curve of one minus the quantity."""
    return curve._replace(estimate=1 - curve.estimate, law=1 - curve.law, sigmas=-curve.sigmas)


def _points(axis, curve, pen, label, **style):
    """Points with error bars; on a log axis an estimate of zero is an arrow down from estimate + 2 stderr.

    Returns the heights drawn. Without a standard error the arrow stands on the foot of the panel.
    """
    style = {"color": pen.colour, "linestyle": "none", "zorder": 3, **style}
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


def _law(axis, curve, pen, label):
    axis.plot(curve.grid, curve.law, color=pen.colour, linestyle=pen.line, label=label, zorder=2)


def _residuals(axis, curve, pen, **style):
    """Sigmas as points; one that is infinite is a triangle on the edge of the panel."""
    finite = np.isfinite(curve.sigmas)
    style = {"color": pen.colour, "linestyle": "none", "clip_on": False, "zorder": 3, **style}
    axis.plot(curve.grid[finite], curve.sigmas[finite], marker=pen.marker, **style)
    reach = max(axis.get_ylim()[1], 1.15 * np.max(np.abs(curve.sigmas[finite]), initial=0))
    axis.set_ylim(-reach, reach)
    for sign, marker in ((1, "^"), (-1, "v")):
        beyond = curve.sigmas == sign * np.inf
        if beyond.any():
            edge = {"transform": axis.get_xaxis_transform(), "marker": marker, "markersize": 8}
            axis.plot(curve.grid[beyond], np.full(beyond.sum(), 0.5 + 0.5 * sign), **{**style, **edge})


def _log_limits(axis, drawn, laws):
    """Keep every point in view, and the law until it falls ten times below the lowest of them."""
    if axis.get_yscale() != "log":
        return
    drawn, laws = np.concatenate(drawn), np.concatenate(laws)
    drawn, laws = drawn[drawn > 0], laws[laws > 0]
    seen = np.concatenate([drawn, laws[laws > np.min(drawn, initial=np.inf) / 10] if drawn.size else laws])
    low, high = (seen.min(), seen.max()) if seen.size else (0.1, 1.0)
    margin = 1.2 * (high / low) ** 0.04
    axis.set_ylim(low / margin, high * margin)


def _window(axis, run, quantity):
    """A bar along the top over the grid values from which the exponent was measured."""
    for window in [entry.get("window") for entry in run.verdicts if entry["quantity"] == quantity][:1]:
        if window:
            style = {"color": GREY, "marker": "|", "markersize": 7, "linewidth": 1, "label": "window of the exponent"}
            axis.plot(window, [0.985, 0.985], transform=axis.get_xaxis_transform(), **style)


def _family(run, stack, quantity, grid, by, symbol):
    """One curve for each of up to five values of the column `by`, light to dark; residuals of all the values."""
    axis, foot = stack
    values = np.unique(run.table[by][run.table["quantity"] == quantity])
    chosen = values[np.unique(np.linspace(0, len(values) - 1, min(len(values), len(SHADES))).round().astype(int))]
    curves = {value: _curve(run, quantity, grid, run.table[by] == value) for value in values}
    others = np.setdiff1d(values, chosen)
    drawn = []
    for value in others:
        _residuals(foot, curves[value], Pen(GREY, ".", "none"), markersize=3)
    for value, shade in zip(chosen, np.linspace(4, 0, len(chosen)).round().astype(int)[::-1], strict=True):
        pen = SHADES[shade]
        drawn.append(_points(axis, curves[value], pen, None))
        _law(axis, curves[value], pen, None)
        _residuals(foot, curves[value], pen)
        line = pen.line if np.isfinite(curves[value].law).any() else "none"
        both = {"color": pen.colour, "marker": pen.marker, "linestyle": line}
        axis.plot([], [], label=f"{symbol} = {_number(float(value))}", **both)
    if others.size:
        axis.plot([], [], ".", color=GREY, markersize=3, label=f"other {symbol} (below)")
    _log_limits(axis, drawn, [curves[value].law for value in chosen])


# Figures ------------------------------------------------------------------------------------------------------------


@rc_context(STYLE)
def learning_curve(run) -> Figure:
    """Fraction of test examples whose feature is not memorised, against examples seen; one curve a depth."""
    figure, [[axis, foot]] = _panels(_title(run, "Learning curve", LEARNING), (3.4,), (EXAMPLES,))
    axis.set(xscale="log", yscale="log", ylabel="fraction of test examples\nnot memorised")
    depths = np.unique(run.table["depth"][run.table["quantity"] == "error"])
    if len(depths) > 1:
        _family(run, [axis, foot], "error", "examples", "depth", "depth")
        axis.plot([], [], color=BLACK, label=_verdict_words(run, "error"))
    else:
        _one_curve([axis, foot], _curve(run, "error", "examples"), _verdict_words(run, "error"))
    _window(axis, run, "error")
    _finish(axis)
    return figure


def _one_curve(stack, curve, law):
    axis, foot = stack
    if not (curve.estimate > 0).any() and not (curve.law > 0).any():
        axis.set_yscale("linear")  # nothing is left to err on: a line at 0
    known = np.isfinite(curve.law).any()
    if known:
        _law(axis, curve, LAW, law)
    points = _points(axis, curve, POINTS, "simulation" if known else "simulation only: no closed form")
    _log_limits(axis, [points], [curve.law])
    _residuals(foot, curve, POINTS)


@rc_context(STYLE)
def coverage(run) -> Figure:
    """Failure 1 - pass@k and coverage pass@k against attempts; a floor 1 - ceiling is drawn when there is one."""
    title = _title(run, "Coverage under repeated attempts", _inference(run))
    others = [_setting(run, f"{group}.name") not in (None, *USUAL[group]) for group in ("dependence", "verifier")]
    ceiling = None if any(others) else _setting(run, "difficulty.ceiling")  # their floor is another one
    floor = 1 - ceiling if ceiling is not None else 0
    figure, [[axis, below, foot]] = _panels(title, (4.2 if floor > 0 else 3.2, 1.9), (ATTEMPTS,))
    axis.set(xscale="log", yscale="log", ylabel="failure 1 - pass@k")
    below.set_ylabel("coverage pass@k")
    curve = _curve(run, "failure", "attempts")
    _one_curve([axis, foot], curve, _verdict_words(run, "failure"))
    _points(below, _mirrored(curve), POINTS, None)
    _law(below, _mirrored(curve), LAW, None)
    if floor > 0:
        below.axhline(ceiling, color=VERMILLION, linestyle="--", label=f"ceiling {ceiling:.4g}")
        _excess(axis, curve, floor)
    _window(axis, run, "failure")
    _finish(axis, **(ABOVE if floor > 0 else {}))
    _finish(below)
    return figure


def _excess(axis, curve, floor):
    """The floor, and what lies above it: with a ceiling below 1 the excess, not the failure, is the power law."""
    axis.axhline(floor, color=VERMILLION, linestyle="--", label=f"floor 1 - ceiling = {floor:.4g}")
    excess = curve._replace(estimate=curve.estimate - floor, law=curve.law - floor)
    heights = _points(axis, excess, EXCESS, "failure - floor", markerfacecolor="none", markersize=4)
    _law(axis, excess, EXCESS, "law - floor")
    _log_limits(axis, [heights, curve.estimate], [excess.law, curve.law])


@rc_context(STYLE)
def joint(run) -> Figure:
    """Failure against attempts for several numbers of examples, and the floor 1 - A they leave, against examples."""
    title = _title(run, "Examples and attempts together", LEARNING + _inference(run))
    ceiling = (run.table["quantity"] == "ceiling").any()  # absent where the law has no Beta to fit one with
    figure, stacks = _panels(title, (3.6,), (ATTEMPTS, EXAMPLES) if ceiling else (ATTEMPTS,))
    stacks[0][0].set(xscale="log", yscale="log", ylabel="failure 1 - pass@k")
    _family(run, stacks[0], "failure", "attempts", "examples", "n")
    if ceiling:
        stacks[1][0].set(xscale="log", yscale="log", ylabel="1 - ceiling A")
        _one_curve(stacks[1], _mirrored(_curve(run, "ceiling", "examples")), "law")
    for [axis, foot], quantity in zip(stacks, ("failure", "ceiling"), strict=False):
        axis.set_title(_panel_words(run, quantity), loc="left", fontsize=STYLE["legend.fontsize"])
        _finish(axis)
        _finish(foot)
    return figure


@rc_context(STYLE)
def replay(run) -> Figure:
    """Replayed coverage against attempts, with the unbiased estimator and the Beta law fitted to the same counts."""
    source = _plain(run.manifest.get("source") or "a pilot")
    figure, [[axis, foot]] = _panels(_title(run, f"Replay of {source}", ()), (3.4,), (ATTEMPTS,))
    axis.set(xscale="log", ylabel="coverage pass@k")
    replayed, fitted = (_curve(run, quantity, "attempts") for quantity in ("coverage", "coverage_beta"))
    low, high = fitted.estimate - fitted.stderr, fitted.estimate + fitted.stderr
    band = {"color": VERMILLION, "alpha": 0.18, "linewidth": 0, "label": "± stderr from the choice of problems"}
    axis.fill_between(fitted.grid, low, high, **band)
    _points(axis, replayed, POINTS, "simulation")
    _law(axis, replayed, LAW, _verdict_words(run, "coverage"))
    _law(axis, fitted, RIVAL, _verdict_words(run, "coverage_beta"))
    _residuals(foot, replayed, POINTS, label="to the unbiased estimator")
    _residuals(foot, fitted, RIVAL, label="to the Beta law, stderr from the choice of problems")
    _finish(axis)
    _finish(foot, loc="lower left", bbox_to_anchor=(0, 0.97), ncols=2, handlelength=1, borderpad=0, columnspacing=1)
    return figure


FIGURES = {"learning_curve": learning_curve, "coverage": coverage, "joint": joint, "replay": replay}


def draw(run) -> Figure:
    """The figure of the run's experiment."""
    experiment = run.manifest["experiment"]
    if experiment not in FIGURES:
        raise ValueError(f"manifest.json: experiment must be one of {', '.join(FIGURES)}, got {experiment!r}")
    return FIGURES[experiment](run)


@rc_context(STYLE)
def sweep(summary) -> Figure:
    """Measured against predicted exponent, one point a run of the sweep, and their distance in sigma.

    summary: the columns of summary.csv; predicted, measured, stderr are numbers, NaN or None where there is none.
    """
    predicted, measured, stderr = (np.asarray(summary[name], float) for name in ("predicted", "measured", "stderr"))
    verdict, present = np.asarray(summary["verdict"], object), np.isfinite(predicted) & np.isfinite(measured)
    if not present.any():
        raise ValueError("summary.csv: need at least one row with predicted and measured exponent, got none")
    varied = [_plain(name) for name in summary if name not in SUMMARY_COLUMNS]
    title = textwrap.fill(" over ".join(["Sweep", *filter(None, [", ".join(varied)])]), 70)
    title += f"\n{present.sum()} exponents"
    title += f", {(~present).sum()} rows without one are not drawn" if not present.all() else ""
    figure, [[axis, foot]] = _panels(title, (3.6,), ("predicted exponent",))
    axis.set_ylabel("measured exponent")
    ends = np.array([predicted[present].min(), predicted[present].max()])
    axis.plot(ends, ends, color=BLACK, label="measured = predicted", zorder=1)
    for word, pen in VERDICT_PENS.items():
        rows = present & (verdict == word)
        with np.errstate(divide="ignore", invalid="ignore"):
            sigmas = ((measured - predicted) / stderr)[rows]
        curve = Curve(predicted[rows], measured[rows], stderr[rows], predicted[rows], sigmas)
        if rows.any():
            _points(axis, curve, pen, f"{word} ({rows.sum()})")
            _residuals(foot, curve, pen)
    _finish(axis)
    return figure


# Files --------------------------------------------------------------------------------------------------------------


@rc_context(STYLE)
def save(figure, stem):
    """Write stem.png (200 dots an inch) and stem.pdf; the same figure gives the same bytes."""
    figure.get_layout_engine().execute(figure)  # lays it out: once, not once a file
    figure.set_layout_engine("none")
    figure.dpi = STYLE["savefig.dpi"]
    # Straight from the canvases, as savefig draws a figure once for nothing before it writes it.
    FigureCanvasAgg(figure).print_png(f"{stem}.png")
    FigureCanvasPdf(figure).print_pdf(f"{stem}.pdf", metadata=UNDATED[".pdf"])


def _write(figure, path):
    figure.savefig(path, metadata=UNDATED.get(path.suffix))


@rc_context(STYLE)
def main(experiment) -> int:
    """Command line of scripts/plot_<experiment>.py: 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description=f"Redraw the figure of a {experiment} folder from its tables.")
    parser.add_argument("folder", type=Path, help="the folder that the run or sweep wrote")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="figure: .pdf, .png, .svg")
    options = parser.parse_args()
    try:
        _check_output(options.output)
        _write(_redrawn(experiment, options.folder), options.output)
    except ValueError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    return 0


def _check_output(path):
    known = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in known:
        raise ValueError(f"{path}: unknown suffix {path.suffix!r}, need one of {', '.join(sorted(known))}")
    if not path.parent.is_dir():
        raise ValueError(f"{path}: the folder {path.parent} does not exist")


def _redrawn(experiment, folder):
    if experiment == "sweep":
        return sweep(read_summary(folder))
    run = read_run(folder)
    if run.manifest["experiment"] != experiment:
        raise ValueError(f"{folder}: need a folder of experiment {experiment}, got one of {run.manifest['experiment']}")
    return draw(run)

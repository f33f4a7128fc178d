"""Figure of autoencoders and their attempts: pass@k with Eq. 7, the joint law, and the best of so many attempts."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from sim.figures.panels import (
    ABOVE,
    ATTEMPTS,
    BLACK,
    EXAMPLES,
    SHADES,
    VERMILLION,
    WIDTH,
    Curve,
    finish,
    law_line,
    points,
)
from sim.figures.words import number, setting, title
from sim.records.folder import read_columns

_TOLD = tuple((name, f"generative.{name}") for name in ("images", "latent", "width", "steps", "zipf", "shared"))
_ABOVE = 12.2  # inches of the panels above the images
_STRIP = ("image", "best_of", "error", "row", "column", "value")


def draw(run, best_of, pixels, errors) -> Figure:
    """By threshold and by temperature, with what Eq. 7 misses below; shared noise; beta over m; examples and attempts.

    Below, images and the best of so many attempts at each.

    best_of, pixels, errors: as `further` gives them.
    """
    height = 1.0 + 0.72 * len(best_of)
    figure = Figure(figsize=(WIDTH, _ABOVE + height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title(run, "Attempts of autoencoders at images they have memorised", _TOLD))
    above, below = figure.subfigures(2, 1, height_ratios=[_ABOVE, height])
    grid = above.add_gridspec(4, 2, height_ratios=[3.0, 1.2, 3.0, 3.0])
    axes = np.array([[above.add_subplot(grid[row, column]) for column in range(2)] for row in range(4)])
    temperature, threshold = (_middle(setting(run, f"generative.{name}")) for name in ("temperatures", "thresholds"))
    _fits(axes[:2, 0], run, "threshold", ("temperature", temperature), "epsilon")
    _fits(axes[:2, 1], run, "temperature", ("threshold", threshold), "T")
    _shared(axes[2, 0], run)
    _exponents(axes[2, 1], run)
    _joint(axes[3, 0], run)
    _map(above, axes[3, 1], run)
    places = {axes[2, 1]: {"loc": "best"}, axes[3, 0]: {"loc": "upper right"}, axes[3, 1]: ABOVE}
    for axis in axes.ravel():
        axis.set_xscale("log")
        finish(axis, handlelength=1.8, **places.get(axis, {"loc": "lower right"}))
    for axis in axes[2:, 1]:  # less than two decades
        axis.xaxis.set_major_formatter(ScalarFormatter())
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_xticks(_ticks(*axis.get_xlim()), minor=False)
    _draw_strip(below, best_of, pixels, errors, number(temperature))
    return figure


def _middle(numbers):
    return float(numbers[len(numbers) // 2])


def _ticks(low, high):
    """Powers of 2, at most five of them."""
    powers = np.arange(np.ceil(np.log2(low)), np.floor(np.log2(high)) + 1)
    return 2.0 ** powers[:: -(-len(powers) // 5)]


def _column(run, name):
    return np.array([float(cell) for cell in run.table[name]])


def _fits(stack, run, by, fixed, symbol):
    """pass@k for each value of the column `by` where the other is fixed, and estimate minus law below."""
    axis, foot = stack
    here = (run.table["quantity"] == "coverage") & np.isclose(_column(run, fixed[0]), fixed[1])
    values = np.unique(_column(run, by)[here])
    for value, shade in zip(values, np.linspace(4, 0, len(values)).round().astype(int)[::-1], strict=True):
        curve, pen = _curve(run, here & (_column(run, by) == value)), SHADES[shade]
        points(axis, curve, pen, f"{symbol} = {number(float(value))}", markersize=3.5)
        law_line(axis, curve, pen, None)
        foot.plot(curve.grid, curve.estimate - curve.law, pen.marker, color=pen.colour, markersize=3.5)
    axis.plot([], [], color=BLACK, label="Eq. 7 fitted")
    foot.axhspan(-0.01, 0.01, color="0.88", linewidth=0, zorder=0)
    foot.axhline(0, color=BLACK, linewidth=0.8)
    axis.set(ylabel="coverage pass@k", ylim=(0, 1.02))
    axis.set_title(f"{'T' if symbol == 'epsilon' else 'epsilon'} = {number(fixed[1])}", loc="left", fontsize=9)
    foot.set(ylabel="minus Eq. 7", xlabel=ATTEMPTS)


def _curve(run, rows, grid="attempts"):
    return Curve(*(run.table[column][rows] for column in (grid, *Curve._fields[1:])))


def _shared(axis, run):
    """pass@k where attempts share noise, with the copula, and where they do not."""
    rows = run.table["quantity"] == "shared_noise"
    own, most = _curve(run, rows), run.table["attempts"][rows].max()
    same = [np.isclose(_column(run, name), _column(run, name)[rows][0]) for name in ("temperature", "threshold")]
    alone = _curve(run, (run.table["quantity"] == "coverage") & same[0] & same[1] & (run.table["attempts"] <= most))
    points(axis, alone, SHADES[1], "noise of their own", markersize=3.5)
    points(axis, own, SHADES[3], "noise shared", markersize=3.5)
    correlation = run.table["depth"][rows][0]
    axis.plot(own.grid, own.law, color=VERMILLION, label=f"copula, correlation {correlation:.2f}")
    axis.set(xlabel=ATTEMPTS, ylabel="coverage pass@k")


def _joint(axis, run):
    """What is unsolved after n examples and k attempts, with the joint law."""
    rows = run.table["quantity"] == "failure"
    values = np.unique(run.table["examples"][rows])
    chosen = values[np.unique(np.linspace(0, len(values) - 1, min(len(values), len(SHADES))).round().astype(int))]
    for value, shade in zip(chosen, np.linspace(4, 0, len(chosen)).round().astype(int)[::-1], strict=True):
        curve = _curve(run, rows & (run.table["examples"] == value))
        axis.plot(
            curve.grid,
            curve.estimate,
            SHADES[shade].marker,
            color=SHADES[shade].colour,
            markersize=3.5,
            label=f"n = {number(float(value))}",
        )
        law_line(axis, curve, SHADES[shade], None)
    axis.plot([], [], color=BLACK, label="joint law")
    axis.set(yscale="log", xlabel=ATTEMPTS, ylabel="weight unsolved")


def _exponents(axis, run):
    """beta of models with m latents at the middle temperature and about the same ceiling, and 2 / m of a toy."""
    rows = np.flatnonzero((run.table["quantity"] == "exponent") & ~np.isnan(run.table["law"]))
    temperature, threshold = (_middle(setting(run, f"generative.{name}")) for name in ("temperatures", "thresholds"))
    latent, main = _column(run, "latent"), float(setting(run, "generative.latent"))
    at = np.isclose(_column(run, "temperature"), temperature)
    chosen = [
        row
        for row in rows
        if at[row] and (latent[row] != main or np.isclose(_column(run, "threshold")[row], threshold))
    ]
    m = latent[chosen]
    own = Curve(m, *(run.table[column][chosen] for column in Curve._fields[1:]))
    points(axis, own, SHADES[2], f"T = {number(temperature)}", markersize=5)
    line = np.geomspace(m.min() / 1.2, m.max() * 1.2, 30)
    axis.plot(line, 2 / line, color=BLACK, label="2 / m of a toy")
    axis.set(xlabel="latent dimension m", ylabel="exponent beta", ylim=(0, None))


def _map(figure, axis, run):
    """What is unsolved in the plane of n and k, and the best way up where an example costs as much as an attempt."""
    rows = run.table["quantity"] == "failure"
    n, k = (np.unique(run.table[name][rows]) for name in ("examples", "attempts"))
    left = run.table["estimate"][rows].reshape(len(n), len(k))
    shown = np.where(left > 0, left, np.nan)
    mesh = axis.pcolormesh(n, k, shown.T, norm=LogNorm(), cmap="viridis", shading="nearest", rasterized=True)
    figure.colorbar(mesh, ax=axis, label="weight unsolved", pad=0.02)
    axis.plot(*_best(n, k, left), color=VERMILLION, label="least for n + k")
    axis.set(yscale="log", xlabel=EXAMPLES, ylabel=ATTEMPTS)


def _best(n, k, left):
    """(n, k) that leave least, by interpolation in logarithms, for one sum of the two after the other."""
    tried = np.geomspace(n[0], n[-1], 200)
    along = np.array([np.interp(np.log(tried), np.log(n), column) for column in left.T])  # [k, tried]
    found = []
    for total in np.geomspace(n[0] + k[0], n[-1] + k[-1], 60):
        rest = total - tried
        inside = np.flatnonzero((rest >= k[0]) & (rest <= k[-1] * 1.001))
        if len(inside):
            values = [np.interp(np.log(rest[i]), np.log(k), along[:, i]) for i in inside]
            best = inside[int(np.argmin(values))]
            found.append((tried[best], rest[best]))
    return np.array(found).T


# Images ---------------------------------------------------------------------------------------------------------------


def further(where):
    """(numbers of attempts [r], pixels [r, images, height, width], errors [r, images]) of strip.csv in a folder."""
    table = read_columns(where / "strip.csv", _STRIP, _STRIP)
    best_of = np.unique(table["best_of"])
    height, width = (int(table[name].max()) + 1 for name in ("row", "column"))
    shape = len(best_of), -1, height, width
    return best_of, table["value"].reshape(shape), table["error"].reshape(shape)[:, :, 0, 0]


def _draw_strip(figure, best_of, pixels, errors, temperature):
    axes = figure.subplots(len(best_of), pixels.shape[1], squeeze=False)
    for row, (attempts, images) in enumerate(zip(best_of, pixels, strict=True)):
        for column, image in enumerate(images):
            axis = axes[row, column]
            axis.imshow(image, cmap="gray_r", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
            if attempts:
                axis.set_xlabel(f"{errors[row, column]:.4f}", fontsize=8, labelpad=1)
        words = "original" if attempts == 0 else f"best of {attempts:.0f}"
        axes[row, 0].set_ylabel(words, rotation=0, ha="right", va="center")
    figure.suptitle(
        f"Nearest of so many attempts at T = {temperature}, with the mean squared error of a pixel", fontsize=9
    )

"""Figure of room and examples that share a budget."""

import numpy as np
from matplotlib.figure import Figure

from sim.figures.panels import EXAMPLES, VERMILLION, curve_of, finish, one_curve, panels
from sim.figures.words import learning, number, setting, title, verdict_words


def draw(run) -> Figure:
    """Error against the examples of a split, the room that goes with them on the axis above, the best split marked."""
    budget = setting(run, "capacity.product")
    heading = title(run, "Room and examples that share a budget", (*learning(run), ("n M", "capacity.product")))
    figure, [[axis, foot]] = panels(heading, (3.4,), (EXAMPLES,))
    axis.set(xscale="log", yscale="log", ylabel="fraction of test examples\nnot memorised")
    curve = curve_of(run, "error", "examples")
    one_curve([axis, foot], curve, verdict_words(run, "error"))
    best = np.argmin(curve.estimate)
    words = f"best simulated: n = {number(float(curve.grid[best]))}"
    axis.plot(curve.grid[best], curve.estimate[best], "D", color=VERMILLION, markersize=8, label=words, zorder=4)
    other = lambda x: budget / np.maximum(x, 1e-300)  # noqa: E731 (matplotlib asks for 0 too)
    above = axis.secondary_xaxis("top", functions=(other, other))
    above.set_xlabel("room for features M")
    finish(axis, loc="lower left")
    return figure

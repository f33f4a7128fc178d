"""Figure of a learning curve."""

import numpy as np
from matplotlib.figure import Figure

from sim.figures.panels import (
    BLACK,
    EXAMPLES,
    curve_of,
    family,
    finish,
    one_curve,
    panels,
    window_bar,
)
from sim.figures.words import learning, title, verdict_words


def draw(run) -> Figure:
    """Fraction of test examples whose feature is not memorised, against examples seen; one curve a depth."""
    figure, [[axis, foot]] = panels(title(run, "Learning curve", learning(run)), (3.4,), (EXAMPLES,))
    axis.set(xscale="log", yscale="log", ylabel="fraction of test examples\nnot memorised")
    depths = np.unique(run.table["depth"][run.table["quantity"] == "error"])
    if len(depths) > 1:
        family(run, [axis, foot], "error", "examples", "depth", "depth")
        axis.plot([], [], color=BLACK, label=verdict_words(run, "error"))
    else:
        one_curve([axis, foot], curve_of(run, "error", "examples"), verdict_words(run, "error"))
    window_bar(axis, run, "error")
    finish(axis)
    return figure

"""Figure of examples and attempts together."""

from matplotlib.figure import Figure

from sim.figures.panels import (
    ATTEMPTS,
    EXAMPLES,
    STYLE,
    curve_of,
    family,
    finish,
    mirrored,
    one_curve,
    panels,
)
from sim.figures.words import inference, learning, panel_words, title


def draw(run) -> Figure:
    """Failure against attempts for several numbers of examples, and the floor 1 - A they leave, against examples."""
    heading = title(run, "Examples and attempts together", learning(run) + inference(run))
    ceiling = (run.table["quantity"] == "ceiling").any()  # absent where the law has no Beta to fit one with
    figure, stacks = panels(heading, (3.6,), (ATTEMPTS, EXAMPLES) if ceiling else (ATTEMPTS,))
    stacks[0][0].set(xscale="log", yscale="log", ylabel="failure 1 - pass@k")
    family(run, stacks[0], "failure", "attempts", "examples", "n")
    if ceiling:
        stacks[1][0].set(xscale="log", yscale="log", ylabel="1 - ceiling A")
        one_curve(stacks[1], mirrored(curve_of(run, "ceiling", "examples")), "law")
    for [axis, foot], quantity in zip(stacks, ("failure", "ceiling"), strict=False):
        axis.set_title(panel_words(run, quantity), loc="left", fontsize=STYLE["legend.fontsize"])
        finish(axis, frameon=True, framealpha=0.85, edgecolor="none")  # curves may fill the panel
        finish(foot)
    return figure

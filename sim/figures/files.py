"""Figures of runs and sweeps from their tables, and how figures are written."""

import importlib

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from sim.experiments import EXPERIMENTS
from sim.figures.panels import STYLE

UNDATED = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}  # so that the same figure gives the same bytes


@rc_context(STYLE)
def draw(run, where=None) -> Figure:
    """The figure of the run's experiment.  where: folder of the run, for figures that need more than its table."""
    experiment = run.manifest["experiment"]
    if experiment not in EXPERIMENTS:
        raise ValueError(f"manifest.json: experiment must be one of {', '.join(EXPERIMENTS)}, got {experiment!r}")
    module = importlib.import_module(f"sim.figures.{experiment}")
    return module.draw(run, *(module.further(where) if hasattr(module, "further") else ()))


@rc_context(STYLE)
def draw_sweep(summary) -> Figure:
    """The figure of a sweep, from the columns of its summary.csv."""
    from sim.figures import sweep

    return sweep.draw(summary)


@rc_context(STYLE)
def save(figure, stem):
    """Write stem.png (200 dots an inch) and stem.pdf; the same figure gives the same bytes."""
    figure.get_layout_engine().execute(figure)  # lays it out: once, not once a file
    figure.set_layout_engine("none")
    figure.dpi = STYLE["savefig.dpi"]
    # Straight from the canvases, as savefig draws a figure once for nothing before it writes it.
    FigureCanvasAgg(figure).print_png(f"{stem}.png")
    FigureCanvasPdf(figure).print_pdf(f"{stem}.pdf", metadata=UNDATED[".pdf"])


@rc_context(STYLE)
def write(figure, path):
    """Write one file; its suffix says what kind."""
    figure.savefig(path, metadata=UNDATED.get(path.suffix))


def check(path):
    """ValueError, in one sentence, where no figure can be written under a name."""
    known = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in known:
        raise ValueError(f"{path}: unknown suffix {path.suffix!r}, need one of {', '.join(sorted(known))}")
    if not path.parent.is_dir():
        raise ValueError(f"{path}: the folder {path.parent} does not exist")

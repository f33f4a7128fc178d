"""Figures drawn from the tables of a folder, and written: what the plotting scripts run."""

import argparse
import importlib
import sys
from pathlib import Path

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from sim.app.folder import read_run, read_summary
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
        return draw_sweep(read_summary(folder))
    run = read_run(folder)
    if run.manifest["experiment"] != experiment:
        raise ValueError(f"{folder}: need a folder of experiment {experiment}, got one of {run.manifest['experiment']}")
    return draw(run, folder)

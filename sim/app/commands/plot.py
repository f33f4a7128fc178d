"""python -m sim plot: the figure of a folder, drawn again from the tables in it."""

import argparse
import sys
from pathlib import Path

import numpy as np

from sim.experiments import NAMES
from sim.records import folder

HELP = """\
python -m sim plot: plot the figure of a run, sweep, calibration, decision or design again, from its tables.

usage: python -m sim plot FOLDER [-o FILE]

  FOLDER    a folder written by `python -m sim`: outputs/DATE_TIME, outputs/DATE_TIME/coverage, outputs/sweep_DATE_TIME,
            outputs/calibrate_DATE_TIME, outputs/recommend_DATE_TIME or outputs/design_DATE_TIME
  -o FILE   file for the figure: .pdf, .png or .svg (default: figure.png and figure.pdf beside the table)

Exit code 2 for bad input, in one sentence.
"""
_FITS = "line", "exp(-a k^-b)", "Levi Eq. 7", "beta-binomial"  # columns of calibrate's table that are drawn
_KINDS = "a run, a sweep, calibrate, recommend or design"


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ValueError(f"{message} (python -m sim plot --help)")


def main(arguments):
    """Run the command; the exit code."""
    if any(argument in ("-h", "--help", "help") for argument in arguments):
        print(HELP, end="")
        return 0
    try:
        _draw(*_asked(arguments))
    except BrokenPipeError:  # whoever read it has gone
        return 0
    except OSError as error:
        print(f"sim plot: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"sim plot: {error}", file=sys.stderr)
        return 2
    return 0


def _asked(arguments):
    """(folder, file of the figure or None)."""
    parser = _Parser(add_help=False)
    parser.add_argument("folders", nargs="*")
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args(arguments)
    if len(asked.folders) != 1 or not asked.folders[0]:
        raise ValueError(f"need one folder, got {' '.join(map(repr, asked.folders)) or 'none'}")
    return Path(asked.folders[0]), asked.output


def _draw(where, output):
    from sim.figures import files  # loads matplotlib

    if output is not None:
        files.check(output)
    found = _figures(where)
    if output is not None and len(found) != 1:
        names = ", ".join(str(stem.parent.name if stem.name == "figure" else stem.name) for stem, _ in found)
        raise ValueError(f"-o {output}: need a folder with one figure, got {len(found)} ({names})")
    for stem, drawn in found:
        if output is None:
            files.save(drawn(), stem)
            print(f"written: {stem}.png, {stem}.pdf")
        else:
            files.write(drawn(), output)
            print(f"written: {output}")


def _figures(where):
    """[(path of a figure without its suffix, what draws it)] of a folder."""
    if not where.is_dir():
        raise ValueError(f"{where}: no such folder; need a folder written by {_KINDS}")
    if (where / "sweep.json").is_file() or (where / "summary.csv").is_file():
        return [(where / "figure", lambda: _sweep(where))]
    if (where / "manifest.json").is_file():
        return _of_manifest(where, folder.read_json(where / "manifest.json"))
    experiments = [path for name in NAMES for path in (where / name,) if (path / "manifest.json").is_file()]
    if not experiments:
        raise ValueError(f"{where}: need manifest.json or summary.csv, which {_KINDS} writes when it is done")
    return [one for path in experiments for one in _figures(path)]


def _of_manifest(where, manifest):
    drawn = {"calibrate": _calibration, "recommend": _decision, "design": _design}
    if not isinstance(manifest, dict) or not ("experiment" in manifest or manifest.get("command") in drawn):
        raise ValueError(f"{where / 'manifest.json'}: need that of {_KINDS}")
    if "experiment" in manifest:
        return [(where / "figure", lambda: _run(where))]
    try:
        return drawn[manifest["command"]](where, manifest)
    except (KeyError, IndexError, TypeError):
        raise ValueError(f"{where}: need manifest.json and verdict.json as {manifest['command']} wrote them") from None


def _run(where):
    from sim.figures import files

    return files.draw(folder.read_run(where), where)


def _sweep(where):
    from sim.figures import files

    return files.draw_sweep(folder.read_summary(where))


def _calibration(where, manifest):
    from sim.figures import calibrate as drawing

    def drawn(table):
        fits = {name: table[name] for name in _FITS if name in table and np.isfinite(table[name]).any()}
        return drawing.coverage(table, fits)

    tables = _of_models(where, (*drawing.GROWTH, *_FITS), drawing.GROWTH)
    return [(stem, lambda table=table: drawn(table)) for stem, table, _ in tables]


def _decision(where, manifest):
    from sim.figures import recommend as drawing

    named = ("net", "gain")
    needed = ("attempts", "price", *(f"{name}{end}" for name in named for end in ("", "_low", "_high")))
    verdicts = folder.read_json(where / "verdict.json")

    currency, found = manifest["config"]["cost"]["currency"], []
    for stem, table, place in _of_models(where, needed, needed):
        own = verdicts[place][f"{verdicts[place]['problems']}_problems"]
        best, columns = (own["attempts"], (own["low"], own["high"])), {name: table[name] for name in needed}
        found.append((stem, lambda columns=columns, best=best: drawing.payoff(columns, *best, currency)))
    return found


def _design(where, manifest):
    from sim.figures import design as drawing

    needed = "problems", "attempts", "total", "error", "stderr", "bound", "endless"
    table = folder.read_columns(where / "table.csv", ("allocation", *needed), needed)
    verdict, wanted = folder.read_json(where / "verdict.json"), manifest["config"]["target"]["error"]
    own = table["allocation"] == "uniform"
    grid = {name: values[own] for name, values in table.items()}
    chosen = verdict["chosen"]["problems"], verdict["chosen"]["attempts"]
    if len(np.unique(grid["problems"])) * len(np.unique(grid["attempts"])) == np.count_nonzero(own):
        return [(where / "figure", lambda: drawing.sizes(grid, wanted, chosen))]
    return [(where / "figure", lambda: drawing.allocations(table, wanted))]


def _of_models(where, numeric, needed):
    """[(path of the figure, columns, place)] of each model in table.csv."""
    table = folder.read_columns(where / "table.csv", ("model", *needed), numeric)
    models = list(dict.fromkeys(table["model"]))
    end = lambda place: "" if len(models) == 1 else f"_{place}"  # noqa: E731
    return [
        (
            where / f"figure{end(place)}",
            {name: values[table["model"] == model] for name, values in table.items() if name != "model"},
            place,
        )
        for place, model in enumerate(models)
    ]

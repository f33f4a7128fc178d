"""python -m sim collect: the tables of all points of a sweep in one dataset, also while it runs."""

import csv
import io
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.app.configuring import place
from sim.app.sweeps import asking, dataset, parameters, points, status
from sim.experiments import EXPERIMENTS, NAMES
from sim.records import folder
from sim.records.writing import whole

HELP = """\
python -m sim collect: join the tables of all points of a sweep into one dataset.

usage: python -m sim collect SWEEP

  SWEEP    folder of the sweep (outputs/sweep_DATE_TIME)

Written into that folder, each file completely or not at all:
  dataset.nc    netCDF, labelled, with units and provenance: xarray.open_dataset("SWEEP/dataset.nc")
  dataset.csv   the same rows: point, parameters that differ between points, experiment, columns of table.csv
  summary.csv   one line for each verdict; those with the same number of a sample are of the same draws
  figure.png    measured against predicted exponents, and figure.pdf; absent if all points ran with figure=false
It can be run at any time and repeated: missing points are listed, and running points are left out until they are done.
Exit code: 0 on success, 1 if a point failed, was killed or is damaged (the others are collected), 2 for bad input.
"""
_MISSING = ("failed", "stopped", "interrupted", "running")
_GRIDS = "attempts.max", "attempts.points", "examples.max", "examples.points"  # of which draws know nothing


class Collected(NamedTuple):
    """What was found in a sweep (points.Sweep), its tables, the verdicts' words, and the files that were written.

    samples: how many different draws are behind the verdicts.
    """

    sweep: points.Sweep
    tables: list
    words: list
    written: list
    samples: int = 0


def main(arguments):
    """Run the command; the exit code."""
    return asking.answered("sim collect", HELP, arguments, (), _answer)


def _answer(where, _given):
    collected = collect(where)
    return "\n".join(_lines(collected)), {point.state for point in collected.sweep.points}


def report(where):
    """Collect a sweep and say in one line what became of it."""
    collected = collect(where)
    if not collected.tables:
        return f"sweep: no point is finished in {where}"
    if not collected.words:
        return f"sweep: {len(collected.tables)} tables without a law to test in {where}"
    joined, drawn = Path(where) / "summary.csv", Path(where) / "figure.png"
    line = f"sweep: {_counted(collected)}; summarised in {joined}"
    return line + (f", plotted in {drawn}" if drawn in collected.written else "")


def collect(where):
    """Write summary.csv, dataset.csv, dataset.nc and figure.{png,pdf} of a sweep folder, as far as there are tables."""
    sweep, tables = _read(points.read(where))
    if not tables:
        return Collected(sweep, [], [], [])
    varied = _parameters(sweep, tables)
    verdicts = [(table, entry) for table in tables for entry in table.run.verdicts]
    samples = _samples([table for table, _ in verdicts])
    written = [sweep.where / "dataset.csv", sweep.where / "dataset.nc"]
    _write_rows(written[0], sweep, tables, varied)
    dataset.write(written[1], sweep, tables, varied)
    if verdicts:
        written.append(sweep.where / "summary.csv")
        folder.write_columns(written[-1], _summary(sweep, verdicts, samples, varied))
        written += _draw(sweep.where, [table.run.manifest["config"] for table in tables])
    return Collected(sweep, tables, [entry["verdict"] for _, entry in verdicts], written, len(set(samples)))


# Reading --------------------------------------------------------------------------------------------------------------


def _read(sweep):
    """(the sweep, its tables): a point with a damaged table has failed, and none of its tables is taken."""
    tables, found = [], []
    for position, point in enumerate(sweep.points):
        try:
            tables += [_table(position, point.where, name) for name in _complete(point)]
        except (ValueError, OSError) as error:
            point = point._replace(state="failed", why=points.unread(error))
        found.append(point)
    damaged = {position for position, point in enumerate(found) if point is not sweep.points[position]}
    return sweep._replace(points=found), [table for table in tables if table.position not in damaged]


def _complete(point):
    """Names of the experiments of a point whose tables are complete and no older than its status."""
    if point.status is None and point.state != "done":
        return []
    entries = point.status["experiments"] if point.status else {}
    there = {name for name in NAMES if (point.where / name / "manifest.json").is_file()}
    return [name for name in NAMES if (entries[name]["state"] == "done" if name in entries else name in there)]


def _table(position, where, name):
    run = folder.read_run(where / name)
    path = where / name / "table.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    columns = (*folder.COLUMNS, *EXPERIMENTS[name].further)
    if head != ",".join(columns):
        raise ValueError(f"{path}, line 1: need the columns {', '.join(columns)} in this order, got {head}")
    further = {name: folder.numbers(path, name, run.table[name]) for name in columns[len(folder.COLUMNS) :]}
    return dataset.Table(position, name, run._replace(table=run.table | further), lines)


def _parameters(sweep, tables):
    configs = [point.status["config"] if point.status else {} for point in sweep.points]
    for table in tables:
        configs[table.position] = table.run.manifest["config"]
    return parameters.read([point.overrides for point in sweep.points], configs)


# Writing --------------------------------------------------------------------------------------------------------------


def _samples(tables):
    """Number of each table's draws: the same for those that differ only in where they are looked at, or in the law."""
    numbers, found = {}, []
    for table in tables:
        config = table.run.manifest["config"]
        chosen = table.experiment == "learning_curve" and config.get("memory", {}).get("name") == "automatic"
        free = _GRIDS[:2] if chosen else _GRIDS  # how learners are drawn hangs on the most examples
        own = place.physics(config, table.experiment)
        key = table.experiment, repr(sorted((name, repr(value)) for name, value in own.items() if name not in free))
        found.append(numbers.setdefault(key, len(numbers)))
    return found


def _summary(sweep, verdicts, samples, varied):
    """Columns of summary.csv: a row for each verdict."""
    columns = {"point": [sweep.points[table.position].number for table, _ in verdicts], "sample": samples}
    columns |= {"experiment": [table.experiment for table, _ in verdicts]}
    columns |= {field: [entry[field] for _, entry in verdicts] for field in folder.VERDICT_FIELDS}
    return columns | {name: [own[table.position] for table, _ in verdicts] for name, own in varied.values.items()}


def _write_rows(path, sweep, tables, varied):
    """Write dataset.csv: the rows of all tables as they stand, after the point and its parameters."""
    further = list(dict.fromkeys(name for table in tables for name in EXPERIMENTS[table.experiment].further))
    lines = [_row(["point", *varied.values, "experiment", *folder.COLUMNS, *further])]
    for table in tables:
        own = [folder.cell(values[table.position]) for values in varied.values.values()]
        head = _row([sweep.points[table.position].number, *own, table.experiment])
        lines += [f"{head},{line}" for line in (_widened(table, further) if further else table.lines)]
    whole(path, ("\n".join(lines) + "\n").encode())


def _widened(table, further):
    """Lines of the table with all further columns, nothing in those that it does not have."""
    own, nothing = EXPERIMENTS[table.experiment].further, np.full(len(table.lines), np.nan)
    cells = zip(*(table.run.table[name] if name in own else nothing for name in further), strict=True)
    for line, more in zip(table.lines, cells, strict=True):
        yield ",".join([line.rsplit(",", len(own))[0] if own else line, *map(folder.cell, more)])


def _row(cells):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(cells)
    return stream.getvalue()


def _draw(where, configs):
    """Draw the exponents, if there are any and figures are wanted; the files written."""
    summary = folder.read_summary(where)
    wanted = any(config.get("figure", True) for config in configs)
    if not wanted or not (summary["measured"] == summary["measured"]).any():
        return []
    from sim.figures import files  # loads matplotlib

    unfinished = where / f".figure.{os.getpid()}"
    drawn = {Path(f"{unfinished}{suffix}"): where / f"figure{suffix}" for suffix in (".png", ".pdf")}
    try:
        files.save(files.draw_sweep(summary), unfinished)
        for one, other in drawn.items():
            os.replace(one, other)
    finally:
        for one in drawn:
            one.unlink(missing_ok=True)
    return list(drawn.values())


# Telling --------------------------------------------------------------------------------------------------------------


def _lines(collected):
    sweep, number = collected.sweep, len(collected.sweep.points)
    done = {position for position, point in enumerate(sweep.points) if point.state == "done"}
    others = sum(table.position not in done for table in collected.tables)
    lines = [f"{sweep.where}: {len(done)} of {number} {'point' if number == 1 else 'points'} collected"]
    lines[0] += f", and {others} finished {'table' if others == 1 else 'tables'} of the others" if others else ""
    lines += [*status.point_lines(sweep, _MISSING), *status.waiting_lines(sweep)]
    if collected.words:
        lines.append(f"  verdicts: {_counted(collected)}")
    if collected.written:
        rows = sum(len(table.lines) for table in collected.tables)
        lines.append(f"  {rows:,} rows, written to {', '.join(path.name for path in collected.written)}")
    return lines


def _counted(collected):
    words, samples = collected.words, collected.samples
    counted = ", ".join(f"{words.count(word)} {word}" for word in folder.VERDICTS if word in words)
    shared = samples < len({(table.position, table.experiment) for table in collected.tables if table.run.verdicts})
    return f"{counted} (of {samples} different {'sample' if samples == 1 else 'samples'})" if shared else counted

"""python -m sim status: what a sweep or a run is at, from the files in its folder, while it runs and afterwards."""

import json
from itertools import groupby

from sim.app.sweeps import asking, points
from sim.records import state

HELP = """\
python -m sim status: show the progress of a sweep or a run, and what failed in it.

usage: python -m sim status FOLDER [--json]

  FOLDER   folder of a sweep (outputs/sweep_DATE_TIME) or of a run (outputs/DATE_TIME, or a point_N of a sweep)
  --json   everything known about every point, as JSON

Counts the points, and lists those that are running, failed or were interrupted. It can be run at any time, on any
machine that can read the folder. Slurm is asked whether jobs that have not started are still in its queue; the state of
a point is always read from the point's own files.
Exit code: 0 if nothing failed, 1 if a point failed or its process was killed, 2 for bad input.
"""
_ORDER = ("done", "running", "interrupted", "stopped", "failed", "waiting")
_LISTED = ("failed", "stopped", "interrupted", "running")
_SHOWN = ("overrides", "device", "started", "updated", "owner", "error", "experiments")  # of status.json, with --json


def main(arguments):
    """Run the command; the exit code."""
    return asking.answered("sim status", HELP, arguments, ("--json",), _answer)


def _answer(where, given):
    points.check_folder(where)
    return (_sweep if points.is_sweep(where) else _run)(where, "--json" in given)


# A sweep --------------------------------------------------------------------------------------------------------------


def _sweep(where, as_json):
    """(what is said of a sweep, the states of its points)."""
    sweep = points.read(where)
    states = [point.state for point in sweep.points]
    if as_json:
        counts = {word: states.count(word) for word in _ORDER}
        summary = {"folder": str(where), "counts": counts, "slurm": sweep.silent}
        return json.dumps(summary | {"points": [_record(point) for point in sweep.points]}, indent=2), set(states)
    lines = [f"{where}: {counted(sweep.points)}", *point_lines(sweep, _LISTED), *waiting_lines(sweep)]
    return "\n".join(lines), set(states)


def counted(found):
    """12 points: 8 done, 1 running (42 %), 2 failed, 1 waiting."""
    states = [point.state for point in found]
    words = [f"{states.count(word)} {word}" + _mean(found, word) for word in _ORDER if word in states]
    return f"{len(found)} {'point' if len(found) == 1 else 'points'}: {', '.join(words) or 'none'}"


def _mean(found, word):
    if word != "running":
        return ""
    shares = [points.progress(point.status) for point in found if point.state == word]
    return f" ({points.percent(sum(shares) / len(shares))})"


def point_lines(sweep, states):
    """A line for each point in one of these states, in their order: what it is, and why it is so."""
    shown = [point for word in states for point in sweep.points if point.state == word]
    own = dict(zip([point.number for point in sweep.points], points.differing(sweep.points), strict=True))
    return [line for point in shown for line in _lines(point, own[point.number])]


def _lines(point, overrides):
    lines = [f"  point {point.number} {point.state}{f' ({overrides})' if overrides else ''}: {point.why}"]
    error = (point.status or {}).get("error") or {}
    path = point.where / state.STATUS
    if point.state == "failed" and error.get("traceback") and str(path) not in point.why:
        lines.append(f"    its traceback is in {path}")
    return lines


def waiting_lines(sweep):
    """The points that wait: those that Slurm speaks of by what it says, the others together."""
    waiting = [point for point in sweep.points if point.state == "waiting"]
    silent = [f"  Slurm cannot be asked whether jobs are still in its queue: {sweep.silent}"] if sweep.silent else []
    if sweep.left and waiting:
        silent.append(f"  no process is left to start the waiting points; {points.RESUME} starts them")
    said = sorted(waiting, key=_said)
    groups = [(words, list(group)) for words, group in groupby(said, key=_said)]
    return [f"  waiting{words}: {ranges([point.number for point in group])}" for words, group in groups] + silent


def _said(point):
    return f" {point.why}" if point.why else ""


def ranges(numbers):
    """point 3; points 0-4, 7."""
    runs = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)
    return f"{'point' if len(numbers) == 1 else 'points'} {words}"


def _record(point):
    status = point.status or {}
    summary = {name: status.get(name) for name in _SHOWN} | {"overrides": point.overrides}
    share = points.progress(status) if status else float(point.state == "done")
    own = {"point": point.number, "folder": str(point.where), "state": point.state, "why": point.why, "job": point.job}
    return own | {"progress": share} | summary


# A run ----------------------------------------------------------------------------------------------------------------


def _run(where, as_json):
    """(what is said of a single run, its state)."""
    status = points.look(where)
    if status is None:
        raise ValueError(f"{where}: need the folder of a sweep or run, with sweep.json, status.json or folders point_N")
    word, share, why = status["state"], points.progress(status), points.why(status)
    if as_json:
        summary = {name: status.get(name) for name in _SHOWN}
        return json.dumps({"folder": str(where), "state": word, "why": why, "progress": share} | summary, indent=2), {
            word
        }
    lines = [f"{where}: {word}{f': {why}' if why else ''}"]
    if status.get("device") and word == "running":
        lines[0] += f" ({status['device']})"
    width = max(map(len, status["experiments"]), default=0)
    lines += [f"  {name:<{width}}  {_experiment(own, word)}" for name, own in status["experiments"].items()]
    if (status.get("error") or {}).get("traceback"):
        lines.append(f"  its traceback is in {where / state.STATUS}")
    return "\n".join(lines), {word}


def _experiment(own, of_run):
    """What an experiment is at; one that was at work when the run ended is told as the run."""
    word = of_run if own["state"] == "running" else own["state"]
    if own["state"] == "done" or not own.get("of"):
        return word
    return f"{word}, {own['batches']:,} of {own['of']:,} batches ({points.percent(points.share(own))})"

"""python -m sim status: what the points of a sweep, or a run, are at. Only their own files count."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from sim.app import folder, state

HELP = """\
python -m sim status: what the points of a sweep, or a run, are at; also while they run.

usage: python -m sim status FOLDER [--json]

  FOLDER     of a sweep (sweep.json and point_0, point_1 ...) or of a run (status.json)
  --json     everything that is known, for programs
  --help     this text

Exit code: 0 when nothing failed; 1 when something failed, or was killed; 2 for bad input.
"""
JOBS = "jobs.json"
_PATIENCE = 10  # seconds that squeue is given
_ORDER = ("done", "running", "failed", "stopped", "interrupted", "waiting")
_GO_ON = "the same command with resume=true goes on"


class Standing(NamedTuple):
    """A run, or a point of a sweep.

    number: None of a run alone.  status: the content of status.json, None without one.  reason: why it failed.
    """

    number: int | None
    where: Path
    state: str
    overrides: list
    status: dict | None
    reason: str | None


def main(arguments):
    """Run the command; the exit code."""
    if any(argument in ("-h", "--help", "help") for argument in arguments):
        print(HELP, end="")
        return 0
    try:
        where = asked_folder(arguments, ("--json",), "status")
        standings = standing_of(where)
        jobs = _jobs(where)
    except (ValueError, OSError) as error:
        print(f"sim status: {error}", file=sys.stderr)
        return 2
    queue = _queue() if jobs and any(one.state in ("waiting", "interrupted") for one in standings) else None
    if "--json" in arguments:
        print(json.dumps(folder.finite(_content(where, standings, jobs, queue)), indent=2))
    else:
        print("\n".join(_lines(standings, jobs, queue)))
    return int(any(one.state in ("failed", "stopped") for one in standings))


def asked_folder(arguments, options, command):
    """The one folder among the arguments; ValueError in one sentence."""
    unknown = [each for each in arguments if each.startswith("-") and each not in options]
    if unknown:
        raise ValueError(f"{unknown[0]}: no such option (python -m sim {command} --help)")
    folders = [each for each in arguments if not each.startswith("-")]
    if len(folders) != 1:
        raise ValueError(f"need the name of one folder, got {len(folders)} (python -m sim {command} --help)")
    where = Path(folders[0])
    if not where.is_dir():
        raise ValueError(f"{where}: no such folder, need that of a sweep{' or a run' * (command == 'status')}")
    return where


# Reading ------------------------------------------------------------------------------------------------------------


def standing_of(where):
    """A Standing for every point of a sweep, or the one of a run; ValueError where the folder is neither."""
    where = Path(where)
    if is_sweep(where):
        return sweep_points(where)
    if not (where / state.STATUS).exists() and not any(where.glob("*/manifest.json")):
        need = f"{state.SWEEP}, point_0 ... or {state.STATUS}"
        raise ValueError(f"{where}: need the folder of a sweep or a run, with {need}, found none of them")
    return [_standing(None, where, [])]


def is_sweep(where):
    """Whether a folder is that of a sweep, be it one from before there was sweep.json."""
    return (where / state.SWEEP).exists() or bool(_numbers(where))


def sweep_points(where):
    """A Standing for every point of a sweep, in order."""
    if (where / state.SWEEP).exists():
        asked = dict(enumerate(state.read_sweep(where)["points"]))
    else:
        asked = {number: [] for number in _numbers(where)}
    return [_standing(number, where / f"point_{number}", overrides) for number, overrides in asked.items()]


def _numbers(where):
    names = [path.name.removeprefix("point_") for path in where.glob("point_*")]
    return sorted(int(name) for name in names if name.isdecimal())


def _standing(number, where, overrides):
    try:
        status = state.read_status(where)
    except ValueError as error:
        return Standing(number, where, "failed", overrides, None, str(error))
    if status is None:  # not begun, or from before there was status.json
        word = "done" if any(where.glob("*/manifest.json")) else "waiting"
        return Standing(number, where, word, overrides, None, None)
    error = status.get("error") or {}
    failed = error.get("sentence") or "no reason was written"
    reason = {"failed": failed, "stopped": "its process ended without a word"}.get(status["state"])
    return Standing(number, where, status["state"], overrides or status["overrides"], status, reason)


def _jobs(where):
    """{point: Slurm job}, as a launcher of Slurm writes it."""
    path = where / JOBS
    if not path.exists():
        return {}
    jobs = folder.read_json(path)
    if not isinstance(jobs, dict) or not all(key.isdecimal() and isinstance(job, str) for key, job in jobs.items()):
        raise ValueError(f"{path}: need an object of point numbers and Slurm jobs, got something else")
    return {int(number): job for number, job in jobs.items()}


def _queue():
    """{Slurm job: its state} of all jobs in the queue; None where squeue does not say."""
    if shutil.which("squeue") is None:
        return None
    command = ["squeue", "--noheader", "--array", "--format=%i %T"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_PATIENCE).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return dict(line.split()[:2] for line in said.splitlines() if len(line.split()) >= 2)


# Telling ------------------------------------------------------------------------------------------------------------


def _lines(standings, jobs, queue):
    if standings and standings[0].number is None:
        return _run_lines(standings[0])
    lines = [_count_line(standings)]
    for word in ("failed", "stopped", "running", "interrupted"):
        lines += [_line(one, jobs, queue) for one in standings if one.state == word]
    return lines + waiting_lines([one.number for one in standings if one.state == "waiting"], jobs, queue)


def _count_line(standings):
    counts = _counts(standings)
    running = [progress(one) for one in standings if one.state == "running"]
    share = f" ({sum(running) / len(running):.0%})".replace("%", " %") if running else ""
    parts = [f"{count} {word}{share if word == 'running' else ''}" for word, count in counts.items()]
    return f"{len(standings)} {'points' if len(standings) != 1 else 'point'}: {', '.join(parts)}"


def _counts(standings):
    words = [one.state for one in standings]
    return {word: words.count(word) for word in _ORDER if word in words}


def progress(one):
    """Share of a run that is done, every experiment counting alike."""
    shares = [_share(own) for own in _experiments(one).values()]
    return 1.0 if one.state == "done" else sum(shares) / len(shares) if shares else 0.0


def _share(own):
    if own.get("state") == "done":
        return 1.0
    return min(1.0, (own.get("batches") or 0) / own["of"]) if own.get("of") else 0.0


def _experiments(one):
    return one.status["experiments"] if one.status else {}


def _line(one, jobs, queue):
    head = f"  point {one.number} {one.state}"
    text = f"{head}{_at(one)}: {_why(one)}"
    job = jobs.get(one.number)
    if one.state == "interrupted" and queue is not None and job in queue:
        text += f"; its Slurm job {job} is in the queue ({queue[job].lower()})"
    return f"{text}   [{' '.join(one.overrides)}]" if one.overrides else text


def _at(one):
    return "" if one.state == "failed" else f" at {100 * progress(one):.0f} %"


def _why(one):
    if one.state == "failed":
        traced = ((one.status or {}).get("error") or {}).get("traceback")
        told = f"; its traceback is in {one.where / state.STATUS}" if traced else ""
        return one.reason if not traced or str(one.where) in one.reason else one.reason + told
    if one.state == "stopped":
        return f"{one.reason}; {_GO_ON}"
    return _GO_ON if one.state == "interrupted" else _owner(one)


def _owner(one):
    owner = one.status.get("owner") or {}
    slurm = owner.get("slurm")
    job = f", Slurm job {slurm['job']}" if slurm else ""
    return f"on {owner.get('host', 'a host unnamed')}{job}, since {owner.get('since', one.status['updated'])}"


def waiting_lines(numbers, jobs, queue):
    """Points that have not begun, as ranges; apart from them those whose job has left the queue."""
    gone = [number for number in numbers if queue is not None and number in jobs and jobs[number] not in queue]
    there = [number for number in numbers if number not in gone]
    lines = []
    if there:
        known = [jobs[number] for number in there if number in jobs]
        slurm = f" (Slurm job {known[0] if len(known) == 1 else f'{known[0]} to {known[-1]}'})" if known else ""
        lines.append(f"  {points_in_words(there)} waiting{slurm}")
    for number in gone:
        lines.append(f"  point {number} waiting, but its Slurm job {jobs[number]} is not in the queue; {_GO_ON}")
    return lines


def points_in_words(numbers):
    """points 3, 5-7 of a sorted list."""
    ranges = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    words = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
    return f"{'point' if len(numbers) == 1 else 'points'} {words}"


def _run_lines(one):
    why = "" if one.state in ("done", "waiting") else f": {_why(one)}"
    lines = [f"{one.where}: {one.state} ({100 * progress(one):.0f} %){why}"]
    for name, own in _experiments(one).items():
        of = f", {own.get('batches') or 0:,} of {own['of']:,} batches" if own.get("of") else ""
        lines.append(f"  {name:<15} {own.get('state', 'waiting')}{of}")
    return lines


def _content(where, standings, jobs, queue):
    """Everything that is known, as JSON."""
    if standings and standings[0].number is None:
        return {"folder": str(where)} | _record(standings[0], jobs, queue)
    points = [{"point": one.number} | _record(one, jobs, queue) for one in standings]
    return {"folder": str(where), "counts": _counts(standings), "points": points}


def _record(one, jobs, queue):
    job, status = jobs.get(one.number), one.status or {}
    known = {field: status.get(field) for field in ("experiments", "owner", "device", "started", "updated", "error")}
    queued = None if queue is None or job is None else queue.get(job, "gone")
    own = {"state": one.state, "progress": progress(one), "reason": one.reason, "overrides": one.overrides}
    return own | known | {"job": job, "queue": queued}

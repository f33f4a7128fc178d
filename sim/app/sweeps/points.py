"""The points of a sweep: the state of each, and why it has not come to its end. Its own files say so, not Slurm."""

import os
import re
import socket
from pathlib import Path
from typing import NamedTuple

from sim.app.sweeps import jobs
from sim.records import state

RESUME = "the same command with resume=true"
_FOLDER = re.compile(r"point_(\d+)")


class Point(NamedTuple):
    """A point of a sweep.

    overrides: None where no file tells them.  status: what status.json says, None where there is none that can be read.
    state: one of sim.records.state.STATES.  why: what went wrong or is still to come, in words.  job: of Slurm.
    """

    number: int
    where: Path
    overrides: list | None
    status: dict | None
    state: str
    why: str = ""
    job: str | None = None


class Sweep(NamedTuple):
    """A sweep folder.

    record: what sweep.json says, {} for a sweep of a version that wrote none.  silent: why Slurm could not be asked of
    points that it has.  left: whether the process that was to start what waits is known to have ended.
    """

    where: Path
    points: list
    record: dict
    silent: str | None
    left: bool


def is_sweep(where):
    """Whether a folder is that of a sweep."""
    return (Path(where) / state.SWEEP).is_file() or bool(_numbers(where))


def read(where):
    """The sweep of a folder, as it is now; ValueError, in one sentence, where the folder is none."""
    where = Path(where)
    check_folder(where)
    if not is_sweep(where):
        raise ValueError(f"{where}: need the folder of a sweep, with {state.SWEEP} or folders point_0, point_1, ...")
    record = state.read_sweep(where) if (where / state.SWEEP).is_file() else {}
    known = jobs.read(where)
    points = [_point(where, number, record, known.get(number)) for number in _expected(where, record)]
    silent = None
    open_jobs = [point.job for point in points if point.job and point.state in ("waiting", "stopped", "interrupted")]
    if open_jobs:
        try:
            queued = jobs.queue(open_jobs)
            points = [_heard(point, queued.get(point.job), record) for point in points]
        except jobs.Silent as error:
            silent = str(error)
    return Sweep(where, points, record, silent, _left(record))


def check_folder(where):
    """Refuse what is no folder."""
    if not Path(where).is_dir():
        raise ValueError(f"{where}: no such folder, need that of a sweep or run")


def look(where):
    """status.json of a run folder, None where there is none; ValueError where it is damaged."""
    status = state.read_status(where)
    if status is not None and status["state"] == "stopped":
        status = state.read_status(where)  # it may just have ended well, between its file and its lock
    if status is not None:
        _check(Path(where) / state.STATUS, status)
    return status


def unread(error):
    """What is wrong with files that cannot be read, or with what stands in them, in words."""
    return f"{error.filename}: cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)


def progress(status):
    """Share of a run that is done: the mean over its experiments, which count alike."""
    shares = [share(own) for own in status["experiments"].values()]
    return sum(shares) / len(shares) if shares else 0.0


def share(own):
    """Share of an experiment that is done."""
    return 1.0 if own["state"] == "done" else min(1.0, (own.get("batches") or 0) / (own.get("of") or float("inf")))


def why(status):
    """In words, where a run stands that is not done."""
    at = f"at {percent(progress(status))}"
    if status["state"] == "failed":
        return (status.get("error") or {"sentence": "no reason was given"})["sentence"]
    if status["state"] == "stopped":
        return f"its process ended without a message {at}; {RESUME} continues it"
    if status["state"] == "interrupted":
        return f"{at}; {RESUME} continues it"
    return _at_work(status) if status["state"] == "running" else ""


def percent(number):
    """A share as a whole number of percent; 100 only where nothing is left."""
    return f"{int(100 * number + 1e-9)} %"


def differing(points):
    """For each point, in words, the overrides that not all points have."""
    own = [point.overrides or [] for point in points]
    shared = set.intersection(*map(set, own)) if own else set()
    return [" ".join(each for each in overrides if each not in shared) for overrides in own]


# What the files say ---------------------------------------------------------------------------------------------------


def _numbers(where):
    """Numbers of the folders point_0, point_1, ..."""
    found = (_FOLDER.fullmatch(entry.name) for entry in os.scandir(where) if entry.is_dir())
    return sorted(int(match[1]) for match in found if match)


def _expected(where, record):
    return range(len(record["points"])) if record else _numbers(where)


def _point(where, number, record, job):
    own = where / f"point_{number}"
    overrides = record["points"][number] if record else None
    try:
        status = look(own)
        if status is None:
            return Point(number, own, overrides, None, *_without_status(own, record), job)
    except (ValueError, OSError) as error:  # damaged, or not ours to read
        return Point(number, own, overrides, None, "failed", unread(error), job)
    return Point(number, own, overrides or status["overrides"], status, status["state"], why(status), job)


def _without_status(own, record):
    """State and why of a point that has no status.json."""
    if any(own.glob("*/manifest.json")):
        return "done", ""
    return ("waiting", "") if record else ("stopped", "no experiment in it is finished, and it has no status.json")


def _check(path, status):
    """Refuse a status.json without what is read in it here."""
    for name, own in status["experiments"].items():
        if not isinstance(own, dict) or own.get("state") not in state.STATES:
            raise ValueError(f"{path}: need an object with a state for experiment {name}, got {own!r}")
        for field in ("batches", "of"):
            if not isinstance(own.get(field), int | None):
                raise ValueError(f"{path}: {field} of experiment {name} must be a number or null, got {own[field]!r}")
    error, owner = status.get("error"), status.get("owner")
    if not isinstance(error, dict | None) or not isinstance((error or {"sentence": ""}).get("sentence"), str):
        raise ValueError(f"{path}: error must be null or an object with a sentence, got {error!r}")
    if not isinstance(owner, dict | None) or not isinstance((owner or {}).get("slurm"), dict | None):
        raise ValueError(f"{path}: owner must be null or an object, with slurm null or an object, got {owner!r}")


def _at_work(status):
    owner = status.get("owner") or {}
    slurm = owner.get("slurm")
    job = f", Slurm job {slurm.get('job')}" if slurm else ""
    restarts = f", restarted {slurm['restarts']} times" if slurm and slurm.get("restarts") else ""
    since = f"{percent(progress(status))}, on {owner.get('host', '?')} since {owner.get('since', '?')}"
    return f"{since}{job}{restarts}"


# What Slurm says ------------------------------------------------------------------------------------------------------


def _heard(point, queued, record):
    """A point, now that Slurm has said what its job is at: queued, None where Slurm does not know it any more."""
    if point.job is None or point.state in ("running", "failed", "done"):
        return point
    if jobs.lives(queued):
        if point.state == "waiting":
            return point._replace(why=f"in Slurm's queue ({queued}, job {point.job.split('_')[0]})")
        return point._replace(state="interrupted", why=f"{_at(point)}; Slurm job {point.job} ({queued}) continues it")
    if point.state != "waiting":
        return point
    again = _point(point.where.parent, point.number, record, point.job)
    if again.state != "waiting":  # it has begun since
        return again
    end = f"ended as {queued}" if queued else "is not in Slurm's queue any more"
    return point._replace(state="stopped", why=f"never started: Slurm job {point.job} {end}; {RESUME} starts it")


def _at(point):
    return f"at {percent(progress(point.status))}"


def _left(record):
    """Whether the process that launches the points one after the other, on this machine, has ended."""
    owner = record.get("owner")
    if record.get("launcher") == "slurm" or not isinstance(owner, dict) or owner.get("host") != socket.gethostname():
        return False
    if os.name != "posix" or not isinstance(owner.get("pid"), int):
        return False
    try:
        os.kill(owner["pid"], 0)  # sends nothing
    except ProcessLookupError:
        return True
    except PermissionError:  # another user's
        pass
    return False

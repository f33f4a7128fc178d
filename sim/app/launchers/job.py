"""A point in a process of its own, and what it said there."""

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import NamedTuple

from sim.app import point, taking
from sim.app.point import Outcome


class Job(NamedTuple):
    """A point, and the folder that the command was given in: paths of the configuration start there."""

    point: point.Point
    folder: str


class Done(NamedTuple):
    """The number of a point, its outcome, and what it said on standard output and standard error."""

    number: int
    outcome: Outcome
    said: str
    complained: str


def jobs(points):
    """Jobs of the points of a sweep."""
    return [Job(each, str(Path.cwd())) for each in points]


def run(job):
    """Outcome of a job. Whatever interrupts it is saved and told, not raised."""
    os.chdir(job.folder)
    if job.folder not in sys.path:  # where a user's own members are found, as by python -m
        sys.path.insert(0, job.folder)
    print(f"point {job.point.number}: {' '.join(job.point.overrides)}", flush=True)
    try:
        return point.run(job.point)
    except ValueError as error:
        return point.refuse(job.point, error)


def run_quietly(job):
    """Done: what it says is told when it has ended, so that points which run at the same time do not talk at once."""
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # points on one GPU share its memory
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        try:
            outcome = run(job)
        except taking.Interrupted as error:
            outcome = Outcome("interrupted", point.FAILED, f"interrupted by {error}")
    return Done(job.point.number, outcome, said.getvalue(), complained.getvalue())


def told(done):
    """Outcome of what is done, once it has been told on the terminal."""
    print(done.said, end="", flush=True)
    print(done.complained, end="", file=sys.stderr, flush=True)
    return done.outcome

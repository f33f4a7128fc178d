"""A point in a process of its own, and what it said there."""

import contextlib
import io
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from sim.app.host import machine
from sim.app.runs import point, taking
from sim.app.runs.point import Outcome
from sim.app.sweeps import together

_LOOK = 0.5  # seconds between two looks at whether the launcher lives


class Job(NamedTuple):
    """A point, the folder that the command was given in (paths of the configuration start there), and who launches.

    launcher: number of the process that, or whose child, runs the point, as long as it lives; None: some other's child.
    drawn: what the launcher has drawn of its experiments, if it has.
    """

    point: point.Point
    folder: str
    launcher: int | None = None
    drawn: dict[str, together.Drawn] | None = None

    def source(self, name):
        """Where the counts of an experiment come from (sim.app.runs.taking.Taker), of a point that is drawn already."""
        return self.drawn[name].steps


class Done(NamedTuple):
    """The number of a point, its outcome, and what it said on standard output and standard error."""

    number: int
    outcome: Outcome
    said: str
    complained: str


def jobs(points, own=False):
    """Jobs of the points of a sweep.  own: whether they are run by children of this process."""
    return [Job(each, str(Path.cwd()), os.getpid() if own else None) for each in points]


def run(job):
    """Outcome of a job. An interruption is saved and reported, not raised."""
    os.chdir(job.folder)
    if job.folder not in sys.path:  # where a user's own members are found, as by python -m
        sys.path.insert(0, job.folder)
    print(f"point {job.point.number}: {' '.join(job.point.overrides)}", flush=True)
    try:
        if job.drawn is None:
            return point.run(job.point)
        with machine.drawn_by(next(iter(job.drawn.values())).by):
            return point.run(job.point, job.source)
    except ValueError as error:
        return point.refuse(job.point, error)


def run_quietly(job):
    """Done: what it says is told when it has ended, so that points which run at the same time do not talk at once."""
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # points on one GPU share its memory
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained), _as_long_as(job.launcher):
        try:
            outcome = run(job)
        except taking.Interrupted as error:
            outcome = Outcome("interrupted", point.FAILED, f"interrupted by {error}")
    return Done(job.point.number, outcome, said.getvalue(), complained.getvalue())


@contextlib.contextmanager
def _as_long_as(launcher):
    """Begins nothing for a launcher that is gone; interrupts what is done when it goes, and then ends this process."""
    if launcher in (None, os.getpid()):  # joblib with n_jobs=1 starts no other process
        yield
        return
    _end_without(launcher)
    over = threading.Event()

    def look():
        while not over.wait(_LOOK):
            if os.getppid() != launcher:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    watch = threading.Thread(target=look, daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()
    _end_without(launcher)


def _end_without(launcher):
    if os.getppid() != launcher:
        os._exit(1)


def reported(done):
    """Outcome of what is done, once it has been told on the terminal."""
    print(done.said, end="", flush=True)
    print(done.complained, end="", file=sys.stderr, flush=True)
    return done.outcome

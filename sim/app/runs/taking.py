"""How the steps of an experiment are taken: on from its checkpoint, saving as it goes, heeding signals."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

from sim.records import checkpoint
from sim.records.checkpoint import Piece

_SECONDS, _SHARE = 30.0, 0.1  # what is drawn in so long, or so much of all, is saved at once
_SHORTEST = 1.0  # seconds between two saves: less is quickly drawn again
_SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR2")  # Ctrl-C, the end of a job, its preemption
_SECOND = 1.0  # seconds: what comes sooner belongs to the first (timeout, srun and terminals send one to two processes)
_CAUGHT = ContextVar("caught", default=())  # of each heeding that goes on: {signal: when}, once one has come


class Interrupted(BaseException):
    """A signal came. What was drawn is saved; number: of the signal."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number


class Taker(NamedTuple):
    """Takes the steps of one experiment.

    folder: of its checkpoint.  identity: flat record of what its counts depend on, besides what the steps say of it.
    progress: called step by step with the batches that are there, and with how many there will be.  say: called with a
    sentence about a damaged piece.
    shown: wraps the steps that are left (a progress bar).  source: gives (start, counts) of steps, given them and
    where each begins.  again: whether all is saved at the end too, as it may be called again, for more batches.
    """

    folder: Path
    identity: dict
    progress: Callable
    say: Callable
    shown: Callable
    source: Callable
    again: bool = False

    def __call__(self, steps):
        """Counts of all batches, [batches, ...]; OSError where they cannot be saved."""
        own = self._replace(identity=self.identity | {"drawn": steps.digest})
        return own._taken(steps)

    def _taken(self, steps):
        batches, pieces = steps.cut.batches, self._kept()
        starts = [(start, end) for begin, end in checkpoint.gaps(pieces, batches) for start in steps.starts(begin, end)]
        ends = dict(starts)
        with _Saving(self, pieces, batches) as saving:
            for start, counts in self.source(steps, self.shown(list(ends))):
                saving.add(Piece(start, counts[: ends[start] - start]))
        return checkpoint.joined(pieces, batches)

    def _kept(self):
        """Pieces of the checkpoint."""
        pieces, damaged = checkpoint.read(self.folder, self.identity)
        for sentence in damaged:
            self.say(sentence)
        return pieces


class _Saving:
    """Pieces as they come in, saved now and then, and whenever it ends before its time."""

    def __init__(self, taker, pieces, batches):
        self.taker, self.pieces, self.batches = taker, pieces, batches
        self.there = sum(len(piece.counts) for piece in pieces)
        self.unsaved = []
        self.saved = time.monotonic()

    def __enter__(self):
        return self

    def add(self, piece):
        """Take in the counts of a step."""
        self.pieces.append(piece)
        self.unsaved.append(piece)
        self.there += len(piece.counts)
        now = time.monotonic()
        drawn = sum(len(piece.counts) for piece in self.unsaved)
        long = now - self.saved >= _SECONDS or drawn >= _SHARE * self.batches
        if long and now - self.saved >= _SHORTEST and self.there < self.batches:
            self.save()
            self.saved = now
        self.taker.progress(self.there, self.batches)
        heed()

    def save(self):
        """Save what is not: a file for each run of neighbouring batches."""
        while self.unsaved:
            joined = _neighbours(self.unsaved)
            checkpoint.write(self.taker.folder, self.taker.identity, checkpoint.together(joined))
            self.unsaved = self.unsaved[len(joined) :]

    def __exit__(self, kind, error, traceback):
        early = kind is not None and not isinstance(error, OSError)  # which is why it could not be saved before
        self.taker.progress(self.there, self.batches)  # also of what was there before, where no step came to its end
        if early or (kind is None and self.taker.again):
            self.save()


def _neighbours(pieces):
    """The first of them, and those that go on from it."""
    found = pieces[:1]
    for piece in pieces[1:]:
        if piece.start != found[-1].end:
            break
        found.append(piece)
    return found


def heed():
    """Raise Interrupted anew where a signal has come and what it raised was lost, as in a callback of a library."""
    for caught in _CAUGHT.get():
        for number in caught:
            raise Interrupted(number)


@contextlib.contextmanager
def heeding():
    """Signals that would end the process raise Interrupted; what handled them before is called when that is over.

    The handlers that were there before (submitit's, which has the job requeued) are called with the signal after
    everything in here has been left, and so has been saved. A second signal, a while after the first, ends the process
    at once: what it is just writing is lost.
    """
    before, caught = {}, {}

    def handle(number, _frame):
        now = time.monotonic()
        if not caught:
            caught[number] = now
            raise Interrupted(number)
        if now - min(caught.values()) >= _SECOND:
            os.write(
                2, b"sim run: ended at once, by a second signal; resume=true continues from what was saved before\n"
            )
            os._exit(128 + number)

    for name in _SIGNALS:
        with contextlib.suppress(AttributeError, ValueError):  # Windows has not all of them; not in the main thread
            number = getattr(signal, name)
            before[number] = signal.signal(number, handle)
    within = _CAUGHT.set((*_CAUGHT.get(), caught))
    try:
        yield
    finally:
        _CAUGHT.reset(within)
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in caught:
            if callable(before[number]) and before[number] is not signal.default_int_handler:
                before[number](number, sys._getframe())

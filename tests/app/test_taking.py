"""How the steps of a run are taken: what is missing alone, whatever the pieces; what is saved, and when."""

import os
import signal

import numpy as np
import pytest

from sim.app.runs import taking
from sim.draw.cutting import Cut
from sim.draw.plan import Steps
from sim.records import checkpoint
from sim.records.checkpoint import Piece

ASKED = {"experiment": "coverage", "seed": 1}
BATCHES = 11


def steps(per_step=3, batches=BATCHES):
    return Steps(None, None, (), None, Cut(batches, 1, 1, per_step, 0, 0, 0), "0 {}")


IDENTITY = ASKED | {"drawn": steps().digest}


def counts(start, end):
    """Counts of batches, all different."""
    return np.arange(10 * start, 10 * end, 5, dtype=np.int32).reshape(-1, 2)


class Source:
    """Draws whole steps, and knows which; raises `error` in the place of step number `fails`."""

    def __init__(self, fails=None, error=None):
        self.asked, self.fails, self.error = [], fails, error

    def __call__(self, own, starts):
        for number, start in enumerate(starts):
            if number == self.fails:
                raise self.error
            self.asked.append(start)
            yield start, counts(start, start + own.cut.per_step)


def taker(folder, source, told=None, **more):
    told = [] if told is None else told
    return taking.Taker(
        folder, ASKED, lambda *there: told.append(there), told.append, lambda starts: starts, source, **more
    )


def saved(folder):
    """{(start, end): counts} of the files of a checkpoint."""
    return {(piece.start, piece.end): piece.counts for piece in checkpoint.read(folder, IDENTITY)[0]}


def test_all_batches_are_counted_once_and_in_order(tmp_path):
    source, told = Source(), []
    found = taker(tmp_path, source, told)(steps())
    assert source.asked == [0, 3, 6, 9]
    assert (found == counts(0, BATCHES)).all() and found.dtype == np.int32
    assert told == [(3, 11), (6, 11), (9, 11), (11, 11), (11, 11)]
    assert saved(tmp_path) == {}  # nothing is kept of what ends soon and well


@pytest.mark.parametrize("per_step", range(1, 13))
@pytest.mark.parametrize(
    "there", [[(0, 4)], [(2, 4)], [(1, 2), (4, 5), (7, 10)], [(10, 11)], [(0, 11)], [(0, 3), (1, 5)], [(9, 14)]]
)
def test_steps_of_another_size_fill_the_gaps_and_nothing_else(tmp_path, there, per_step):
    """Steps overrun a gap, and what is in the next piece already counts as it stands there."""
    for start, end in there:
        checkpoint.write(tmp_path, IDENTITY, Piece(start, 1000 + counts(start, end)))
    source = Source()
    found = taker(tmp_path, source)(steps(per_step))
    kept = {batch for start, end in there for batch in range(start, end)}
    expected = np.array([own + 1000 * (batch in kept) for batch, own in enumerate(counts(0, BATCHES))])
    assert (found == expected).all() and len(found) == BATCHES
    missing = [batch for batch in range(BATCHES) if batch not in kept]
    begin = [batch for batch in missing if batch == 0 or batch - 1 in kept]
    ends = [next(b for b in range(a, BATCHES + 1) if b == BATCHES or b in kept) for a in begin]
    assert source.asked == [start for a, b in zip(begin, ends, strict=True) for start in range(a, b, per_step)]


@pytest.mark.parametrize("error", [taking.Interrupted(signal.SIGTERM), KeyError("a bug")])
def test_what_was_drawn_before_it_ended_is_saved_in_runs_of_neighbours(tmp_path, error):
    checkpoint.write(tmp_path, IDENTITY, Piece(3, counts(3, 5)))
    told = []
    with pytest.raises(type(error)):
        taker(tmp_path, Source(4, error), told)(steps(2))
    assert told[-1] == (2 + 1 + 2 + 2 + 2, 11)
    assert set(saved(tmp_path)) == {(0, 3), (3, 5), (5, 9)}
    assert all((own == counts(*ends)).all() for ends, own in saved(tmp_path).items())
    source = Source()
    assert (taker(tmp_path, source)(steps(5)) == counts(0, BATCHES)).all()
    assert source.asked == [9]


def test_what_could_not_be_saved_is_not_tried_again(tmp_path):
    with pytest.raises(OSError, match="full"):
        taker(tmp_path, Source(2, OSError(28, "full")))(steps())
    assert saved(tmp_path) == {}


def test_what_is_asked_for_again_with_more_batches_is_drawn_once(tmp_path):
    source = Source()
    own = taker(tmp_path, source, again=True)
    assert (own(steps(3, 6)) == counts(0, 6)).all()
    assert set(saved(tmp_path)) == {(0, 6)}
    assert (own(steps(4, 11)) == counts(0, 11)).all()
    assert source.asked == [0, 3, 6, 10]
    assert set(saved(tmp_path)) == {(0, 6), (6, 11)}


def test_a_long_run_saves_a_tenth_of_it_or_half_a_minute_but_not_twice_a_second(tmp_path, monkeypatch):
    clock, seen = [100.0], []
    monkeypatch.setattr(taking.time, "monotonic", lambda: clock[0])

    def source(own, starts):
        for start, pause in zip(starts, [1.1, 1.1, 0.4, 0.4, 0.4, 0.4, 31.0, 0.4], strict=True):
            clock[0] += pause
            seen.append(sorted(saved(tmp_path)))
            yield start, counts(start, start + 1)

    def pieces(batches):
        seen.clear()
        for path in tmp_path.glob("*"):
            path.unlink()
        long = steps(1, batches)
        kept = [(0, batches - 8)] if batches > 8 else []
        for start, end in kept:
            checkpoint.write(tmp_path, IDENTITY, Piece(start, counts(start, end)))
        taker(tmp_path, source)(long)
        return [[(a - batches + 8, b - batches + 8) for a, b in own if (a, b) not in kept] for own in seen]

    a, b, c = (0, 1), (1, 2), (2, 5)  # each step is a tenth of all of it: a second after the last save
    assert pieces(8) == [[], [a], [a, b], [a, b], [a, b], [a, b, c], [a, b, c], [a, b, c, (5, 7)]]
    assert pieces(1000) == [*[[]] * 7, [(0, 7)]]  # the eighth ends it, and is not saved


# Signals --------------------------------------------------------------------------------------------------------------


def test_a_signal_is_raised_and_then_given_to_whoever_handled_it_before():
    seen = []
    before = signal.signal(signal.SIGUSR2, lambda number, frame: seen.append((number, frame is not None)))
    try:
        with pytest.raises(taking.Interrupted, match="SIGUSR2") as caught, taking.heeding():
            try:
                os.kill(os.getpid(), signal.SIGUSR2)
            finally:
                assert not seen
        assert caught.value.number == signal.SIGUSR2
        assert seen == [(signal.SIGUSR2, True)]
        os.kill(os.getpid(), signal.SIGUSR2)
        assert len(seen) == 2
        with taking.heeding():
            pass
        assert len(seen) == 2  # none came
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_a_signal_whose_exception_was_lost_is_raised_at_every_step():
    with taking.heeding():
        taking.heed()
        with pytest.raises(taking.Interrupted):
            os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(2):
            with pytest.raises(taking.Interrupted, match="SIGTERM"):
                taking.heed()
        with taking.heeding(), pytest.raises(taking.Interrupted):
            taking.heed()
        [caught] = taking._CAUGHT.get()
        caught.clear()  # so that the handler of before, which ends the process, is not called
    taking.heed()


def test_a_second_signal_ends_the_process_only_a_second_after_the_first(monkeypatch):
    clock, codes = [10.0], []
    monkeypatch.setattr(taking.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(taking.os, "_exit", codes.append)
    monkeypatch.setattr(taking.os, "write", lambda stream, words: codes.append(words))
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTERM, signal.SIGUSR2)}
    try:
        with taking.heeding():
            with pytest.raises(taking.Interrupted):
                signal.raise_signal(signal.SIGTERM)
            for clock[0], number, code in ((10.9, signal.SIGTERM, None), (10.99, signal.SIGUSR2, None),
                                           (11.0, signal.SIGUSR2, 128 + signal.SIGUSR2)):  # fmt: skip
                signal.raise_signal(number)
                assert codes[1:] == ([] if code is None else [code])
        assert b"ended at once, by a second signal" in codes[0]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

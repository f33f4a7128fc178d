"""Checkpoints: what is read back is what was written, or it is named; whatever byte is changed."""

from types import SimpleNamespace

import numpy as np
import pytest

from sim.app.runs import taking
from sim.records import checkpoint, writing
from sim.records.checkpoint import Piece

CHANGED = "cut short or changed (its checksum is wrong); it is left as it is, and its counts are drawn again"
IDENTITY = {"experiment": "coverage", "difficulty.beta": 0.35, "features.size": None}


def counts(start, end):
    return (np.arange(start * 3, end * 3, dtype=np.int32) ** 2).reshape(-1, 3)


def write(where, *ends, identity=IDENTITY):
    """Pieces from 0 to the first end, from there to the second, and so on."""
    for start, end in zip((0, *ends), ends, strict=False):
        checkpoint.write(where, identity, Piece(start, counts(start, end)))


def test_pieces_come_back_as_they_were_written(tmp_path):
    write(tmp_path, 4, 5, 11)
    pieces, damaged = checkpoint.read(tmp_path, IDENTITY)
    assert [(piece.start, piece.end) for piece in pieces] == [(0, 4), (4, 5), (5, 11)]
    assert damaged == [] and pieces[0].counts.dtype == np.int32
    assert (checkpoint.joined(pieces, 9) == counts(0, 9)).all()


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert checkpoint.read(tmp_path / "none", IDENTITY) == ([], [])


def test_pieces_that_overlap_count_once_and_gaps_are_named(tmp_path):
    for start, end in ((6, 9), (0, 4), (2, 5), (0, 3), (8, 9)):
        checkpoint.write(tmp_path, IDENTITY, Piece(start, counts(start, end)))
    pieces, _ = checkpoint.read(tmp_path, IDENTITY)
    assert [(piece.start, piece.end) for piece in pieces] == [(0, 4), (4, 5), (6, 9)]
    assert all((piece.counts == counts(piece.start, piece.end)).all() for piece in pieces)
    assert checkpoint.gaps(pieces, 12) == [(5, 6), (9, 12)]
    assert checkpoint.gaps(pieces, 6) == [(5, 6)] and checkpoint.gaps(pieces, 5) == []


def test_a_piece_is_never_written_over(tmp_path):
    write(tmp_path, 4)
    [first] = tmp_path.iterdir()
    before = first.read_bytes()
    write(tmp_path, 4)
    assert len(list(tmp_path.iterdir())) == 2 and first.read_bytes() == before


def test_whatever_byte_is_changed_the_piece_is_named_and_neither_used_nor_deleted(tmp_path):
    """At each of 200 places, the checksum, the head and the counts among them."""
    write(tmp_path, 40)
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    random = np.random.default_rng(5)
    places = [*range(0, 80), *random.choice(np.arange(80, len(whole)), 120, replace=False)]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= random.integers(1, 256)
        path.write_bytes(changed)
        pieces, damaged = checkpoint.read(tmp_path, IDENTITY)
        assert pieces == []
        assert damaged == [f"{path}: {CHANGED}"]
        checkpoint.remove(tmp_path)
        assert path.read_bytes() == bytes(changed)
    path.write_bytes(whole)
    assert len(checkpoint.read(tmp_path, IDENTITY)[0]) == 1


@pytest.mark.parametrize("kept", [0, 1, 31, 32, 33, 200])
def test_a_piece_that_was_cut_short_is_named(tmp_path, kept):
    write(tmp_path, 40)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:kept])
    pieces, [sentence] = checkpoint.read(tmp_path, IDENTITY)
    assert pieces == [] and sentence.startswith(f"{path}: cut short or changed")


def test_a_piece_of_other_physics_is_refused_with_the_difference(tmp_path):
    write(tmp_path, 3)
    with pytest.raises(checkpoint.Different, match=r"difficulty\.beta is 0\.35 there and 0\.36 here"):
        checkpoint.read(tmp_path, IDENTITY | {"difficulty.beta": 0.36})


def test_what_cannot_be_written_whole_is_not_there(tmp_path, monkeypatch):
    write(tmp_path, 3)
    before = sorted(path.name for path in tmp_path.iterdir())

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.write(tmp_path, IDENTITY, Piece(3, counts(3, 5)))
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_removing_takes_what_is_whole_and_what_was_never_finished(tmp_path):
    where = tmp_path / "checkpoint"
    write(where, 3, 5)
    (where / ".00000005-00000009.counts.4711").write_bytes(b"half")
    checkpoint.remove(where)
    assert not where.exists()


def test_a_run_interrupted_before_its_first_step_tells_what_was_there(tmp_path):
    write(tmp_path, 4, identity=IDENTITY | {"drawn": "d"})
    cut, told = SimpleNamespace(batches=9, per_step=5), []
    steps = SimpleNamespace(cut=cut, starts=lambda begin, end: range(begin, end, 5), digest="d")

    def source(_steps, starts):
        assert starts == [4]
        raise taking.Interrupted(15)

    taker = taking.Taker(tmp_path, IDENTITY, lambda *there: told.append(there), print, lambda starts: starts, source)
    with pytest.raises(taking.Interrupted):
        taker(steps)
    assert told == [(4, 9)]


def test_the_entries_in_which_two_records_differ_are_told_four_of_them():
    there, here = {"a": 1, "b": "x", "c": None, "same": 0}, {"a": 2, "c": 1.5, "same": 0, "d": [1]}
    assert checkpoint.difference(there, here) == (
        'a is 1 there and 2 here, b is "x" there and absent here, c is null there and 1.5 here, '
        "d is absent there and [1] here"
    )
    assert checkpoint.difference(there | {"e": 1, "f": 2}, here).endswith("e is 1 there and absent here and 2 more")
    assert checkpoint.difference(here, here) == ""


def test_pieces_join_in_order_and_only_as_far_as_is_wanted():
    pieces = [Piece(4, counts(4, 9)), Piece(0, counts(0, 1)), Piece(1, counts(1, 4))]
    assert (checkpoint.joined(pieces, 7) == counts(0, 7)).all() and len(checkpoint.joined(pieces, 7)) == 7
    together = checkpoint.together([pieces[1], pieces[2]])
    assert (together.start, together.end) == (0, 4) and (together.counts == counts(0, 4)).all()


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        ([], [(0, 7)]),
        ([(0, 7)], []),
        ([(0, 9)], []),
        ([(9, 11)], [(0, 7)]),
        ([(0, 2), (9, 11)], [(2, 7)]),
        ([(1, 2), (3, 4), (4, 6)], [(0, 1), (2, 3), (6, 7)]),
        ([(6, 8)], [(0, 6)]),
        ([(7, 8)], [(0, 7)]),
    ],
)
def test_gaps_are_what_no_piece_has_of_so_many_batches(there, missing):
    assert checkpoint.gaps([Piece(start, counts(start, end)) for start, end in there], 7) == missing

"""What a run has drawn so far, on disk: a file for every piece of neighbouring batches, written once, never changed.

A piece is 32 bytes of SHA-256, over all that follows; a line of JSON: what was drawn (identity), the first batch and
the one after the last, shape and type of the counts; and the counts. A piece that was cut short or changed, in
whatever byte, is named and left alone: its batches are drawn again, into a file of another name.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.records.writing import whole

_SUFFIX = ".counts"
_DIGEST = 32


class Piece(NamedTuple):
    """Counts of batches from `start` on, [batches, ...]."""

    start: int
    counts: np.ndarray

    @property
    def end(self):
        """The batch after the last."""
        return self.start + len(self.counts)


class Different(ValueError):
    """A checkpoint of another run."""


def write(folder, identity, piece):
    """Write a piece, whole or not at all; OSError where it cannot be (the disk is full)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    head = {"identity": identity, "start": piece.start, "end": piece.end}
    head |= {"shape": piece.counts.shape[1:], "type": piece.counts.dtype.str}
    content = json.dumps(head).encode() + b"\n" + np.ascontiguousarray(piece.counts).tobytes()
    whole(_free(folder, piece), hashlib.sha256(content).digest() + content)


def _free(folder, piece):
    """A name that no file has."""
    for number in range(1, sys.maxsize):
        more = f"_{number}" if number > 1 else ""
        path = folder / f"{piece.start:08d}-{piece.end:08d}{more}{_SUFFIX}"
        if not path.exists():
            return path


def read(folder, identity, fate="it is left as it is, and its counts are drawn again"):
    """(pieces, sentences about those that are damaged) of a folder; none of either where there is no folder.

    Pieces neither overlap nor repeat each other, in ascending order.  fate: what becomes of a damaged one.
    Different where one is of another run.
    """
    pieces, damaged = [], []
    for path in sorted(Path(folder).glob(f"*{_SUFFIX}")):
        try:
            pieces.append(_read(path, identity))
        except Different:
            raise
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            damaged.append(f"{path}: {reason}; {fate}")
    return _apart(pieces), damaged


def _read(path, identity):
    data = path.read_bytes()
    digest, content = data[:_DIGEST], data[_DIGEST:]
    if hashlib.sha256(content).digest() != digest:
        raise ValueError("cut short or changed (its checksum is wrong)")
    line, _, counts = content.partition(b"\n")
    head = json.loads(line)
    if head["identity"] != identity:
        raise Different(f"{path}: of another run: {difference(head['identity'], identity)}")
    shape = head["end"] - head["start"], *head["shape"]
    return Piece(head["start"], np.frombuffer(counts, dtype=head["type"]).reshape(shape))


def difference(there, here):
    """In words, the entries in which two flat records differ."""
    names = [name for name in {**there, **here} if there.get(name) != here.get(name)]
    parts = [f"{name} is {_shown(there, name)} there and {_shown(here, name)} here" for name in names[:_NAMED]]
    return ", ".join(parts) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


_NAMED = 4  # differences that a sentence bears


def _shown(record, name):
    return json.dumps(record[name]) if name in record else "absent"


def _apart(pieces):
    """The pieces without what an earlier one has already."""
    kept, end = [], 0
    for piece in sorted(pieces, key=lambda piece: (piece.start, -piece.end)):
        if piece.end > end:
            kept.append(Piece(max(piece.start, end), piece.counts[max(0, end - piece.start) :]))
            end = piece.end
    return kept


def gaps(pieces, batches):
    """(begin, end) of what is missing of so many batches."""
    missing, end = [], 0
    for piece in pieces:
        if piece.start > end:
            missing.append((end, min(piece.start, batches)))
        end = max(end, piece.end)
    missing.append((end, batches))
    return [(begin, end) for begin, end in missing if begin < end]


def joined(pieces, batches):
    """Counts of batches 0 to `batches`, of pieces that have them all."""
    ordered = [piece.counts for piece in sorted(pieces, key=lambda piece: piece.start)]
    return np.concatenate(ordered)[:batches]


def remove(folder):
    """Remove what has become a table; damaged pieces stay."""
    for path in Path(folder).glob(f"*{_SUFFIX}"):
        content = path.read_bytes()
        if hashlib.sha256(content[_DIGEST:]).digest() == content[:_DIGEST]:
            path.unlink()
    for path in Path(folder).glob(f".*{_SUFFIX}.*"):  # of processes that were killed while they wrote
        path.unlink()
    if Path(folder).is_dir() and not any(Path(folder).iterdir()):
        Path(folder).rmdir()


def together(pieces):
    """One piece of neighbouring ones."""
    return Piece(pieces[0].start, np.concatenate([piece.counts for piece in pieces]))

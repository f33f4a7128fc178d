"""The counts of an experiment beside its table: they can be judged again without being drawn."""

import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path

import numpy as np

from sim.records import checkpoint
from sim.records.writing import whole

NAME = "counts.npz"
_LARGEST = 2**28  # bytes, before they are compressed


def write(folder, identity, digest, counts):
    """Write counts [batches, ...] with what they depend on: a flat record, and the digest of all numbers (Steps);
    none that are too large."""
    if counts.nbytes > _LARGEST:
        return
    stream = io.BytesIO()
    text = json.dumps(identity | {"drawn": digest, "counts": _digest(counts)})
    np.savez_compressed(stream, counts=counts, identity=np.frombuffer(text.encode(), np.uint8))
    whole(Path(folder) / NAME, stream.getvalue())


def read(folder, identity, digest):
    """Counts that were written with the same; ValueError, in one sentence, where there are none."""
    path = Path(folder) / NAME
    if not path.is_file():
        larger = f"runs keep them with counts=true, up to {_LARGEST / 2**20:.0f} MiB"
        raise ValueError(f"{path}: no such file; need the counts of the run ({larger})")
    try:
        with np.load(path) as arrays:
            counts, there = arrays["counts"], json.loads(arrays["identity"].tobytes())
            drawn, unchanged = there.pop("drawn"), there.pop("counts") == _digest(counts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zlib.error, zipfile.BadZipFile):
        raise ValueError(f"{path}: cannot be read; need the file as the run wrote it (run the command again)") from None
    if not unchanged:
        raise ValueError(f"{path}: changed (its checksum is wrong); run the command again")
    if there != identity:
        raise ValueError(f"{path}: of another run: {checkpoint.difference(there, identity)}")
    if drawn != digest:
        raise ValueError(f"{path}: drawn at points that the old law chose, and this law needs others: run it again")
    return counts


def _digest(counts):
    """Of type, shape and content."""
    return hashlib.sha256(f"{counts.dtype} {counts.shape}".encode() + counts.tobytes()).hexdigest()

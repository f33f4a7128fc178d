"""A CSV of frequencies: one line a feature, columns feature, count."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.pilot.table import numbered_rows, whole

COLUMNS = ("feature", "count")
_LARGEST = 2**53  # counts are float64
_MOST = 10**7  # features: their sums are searched on the device


class Frequencies(NamedTuple):
    """Features of a file called `source`, and how often each occurred: float64 [features], whole, above 0."""

    source: str
    count: np.ndarray


def read(path):
    """Frequencies from a CSV file; lines that start with # are comments, features that never occurred are left out.

    ValueError, in one sentence with file, line, rule and value, for whatever is not a table of frequencies.
    """
    path, counts, seen = Path(path), [], {}
    for number, row in numbered_rows(path, COLUMNS, "a feature"):
        try:
            count = whole(row["count"])
        except ValueError:
            raise ValueError(f"{path}, line {number}: need a whole number for count, got {row['count']!r}") from None
        if not 0 <= count < _LARGEST:
            raise ValueError(f"{path}, line {number}: need a whole number 0 <= count < 2^53, got {count}")
        if row["feature"] in seen:
            first = seen[row["feature"]]
            raise ValueError(f"{path}, line {number}: feature {row['feature']!r} already appears on line {first}")
        seen[row["feature"]] = number
        counts += [count] if count else []
    if not 1 <= len(counts) <= _MOST:
        raise ValueError(f"{path}: need 1 to {_MOST:,} features that occurred, got {len(counts)}")
    return Frequencies(path.name, np.array(counts, float))

"""A CSV of counts: one line a problem, columns problem_id, attempts, successes."""

from pathlib import Path

import numpy as np

from sim.pilot.pilot import Pilot
from sim.pilot.table import numbered_rows, whole

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "math_pythia_2.8b.csv"
COLUMNS = ("problem_id", "attempts", "successes")
_LARGEST = 2**24  # counts are float32 in the sampler


def read(path):
    """Pilot from a CSV file; lines that start with # are comments.

    ValueError, in one sentence with file, line, rule and value, for whatever is not a table of counts.
    """
    path, seen, rows = Path(path), {}, []
    for number, row in numbered_rows(path, COLUMNS, "a problem"):
        problem = row["problem_id"]
        rows.append((problem, *_counts(path, number, row)))
        if problem in seen:
            raise ValueError(f"{path}, line {number}: problem_id {problem!r} already appears on line {seen[problem]}")
        seen[problem] = number
    if len(rows) < 2:
        raise ValueError(f"{path}: need at least 2 problems, got {len(rows)}")
    problem_id, attempts, successes = zip(*rows, strict=True)
    if not any(successes):
        raise ValueError(f"{path}: need at least one success among all attempts, got 0")
    return Pilot(path.name, list(problem_id), np.array(attempts, float), np.array(successes, float))


def _counts(path, number, row):
    try:
        attempts, successes = (whole(row[name]) for name in ("attempts", "successes"))
    except ValueError:
        raise ValueError(
            f"{path}, line {number}: need whole numbers for attempts and successes, "
            f"got {row['attempts']!r} and {row['successes']!r}"
        ) from None
    if not 0 <= successes <= attempts or not 1 <= attempts < _LARGEST:
        raise ValueError(
            f"{path}, line {number}: need whole numbers 0 <= successes <= attempts and 1 <= attempts < 2^24, "
            f"got {successes}/{attempts}"
        )
    return attempts, successes

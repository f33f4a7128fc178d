"""A CSV of counts: one line a problem, columns problem_id, attempts, successes."""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "math_pythia_2.8b.csv"
COLUMNS = ("problem_id", "attempts", "successes")
_LARGEST = 2**24  # counts are float32 in the sampler


class Pilot(NamedTuple):
    """Problems of a file called `source`, attempts recorded for each and successes among them.

    attempts, successes: float64 [problems], whole numbers.
    """

    source: str
    problem_id: list[str]
    attempts: np.ndarray
    successes: np.ndarray


def read(path):
    """Pilot from a CSV file; lines that start with # are comments.

    ValueError, in one sentence with file, line, rule and value, for whatever is not a table of counts.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file; need a CSV with columns {', '.join(COLUMNS)}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise ValueError(f"{path}: need readable UTF-8 text, got {error}") from None
    numbered = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    if not numbered:
        raise ValueError(f"{path}: need a header line {','.join(COLUMNS)} and one line a problem, got an empty file")
    header = [name.strip() for name in next(csv.reader([numbered[0][1]]))]
    twice = [name for name in COLUMNS if header.count(name) > 1]
    if twice:
        raise ValueError(f"{path}, line {numbered[0][0]}: need each column once, got {twice[0]} twice")
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise ValueError(
            f"{path}, line {numbered[0][0]}: need columns {', '.join(COLUMNS)}, got {', '.join(header)} "
            f"(no {', '.join(missing)})"
        )
    rows = [_row(path, number, line, header) for number, line in numbered[1:]]
    if len(rows) < 2:
        raise ValueError(f"{path}: need at least 2 problems, got {len(rows)}")
    _refuse_repeats(path, rows)
    problem_id, attempts, successes, _ = zip(*rows, strict=True)
    if not any(successes):
        raise ValueError(f"{path}: need at least one success among all attempts, got 0")
    return Pilot(path.name, list(problem_id), np.array(attempts, float), np.array(successes, float))


def _row(path, number, line, header):
    try:
        cells = next(csv.reader([line]))
    except csv.Error as error:
        raise ValueError(
            f"{path}, line {number}: need comma-separated cells, got one that breaks them ({error})"
        ) from None
    if len(cells) != len(header):
        raise ValueError(f"{path}, line {number}: need {len(header)} cells as in the header, got {len(cells)}")
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    try:
        attempts, successes = (_whole(row[name]) for name in ("attempts", "successes"))
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
    return row["problem_id"], attempts, successes, number


def _whole(cell):
    """int(cell), but for Python's own 1_000."""
    if "_" in cell:
        raise ValueError(cell)
    return int(cell)


def _refuse_repeats(path, rows):
    seen = {}
    for problem, _, _, number in rows:
        if problem in seen:
            raise ValueError(f"{path}, line {number}: problem_id {problem!r} stands already on line {seen[problem]}")
        seen[problem] = number

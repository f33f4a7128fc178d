"""Columns of cells, as they stand in a file, judged and turned into numbers, outcomes and names."""

import numpy as np

from sim.pilot.files import shortened

MOST = 10**12  # attempts of a problem
_ONE = ("1", "1.0", "true", "t", "yes", "y", "pass", "passed", "correct", "success", "c")
_ZERO = ("0", "0.0", "false", "f", "no", "n", "fail", "failed", "incorrect", "wrong", "failure", "i")
_WORDS = dict.fromkeys(_ONE, 1) | dict.fromkeys(_ZERO, 0)
OUTCOME = "need an outcome 0 or 1 (or true or false, pass or fail, correct or incorrect)"


def counts(table):
    """Attempts and successes, float64 [rows] each."""
    cells = [table.cells[role] for role in ("attempts", "successes")]
    attempts, successes = numbers = np.array([[_number(cell) for cell in column] for column in cells])
    odd = ~(np.isfinite(numbers) & (numbers == np.floor(numbers))).all(axis=0)
    if odd.any():
        row = odd.argmax()
        got = " and ".join(shortened(column[row]) for column in cells)
        raise ValueError(f"{table.where(row)}: need whole numbers for attempts and successes, got {got}")
    wrong = (successes < 0) | (successes > attempts) | (attempts < 1) | (attempts > MOST)
    if wrong.any():
        row = wrong.argmax()
        raise ValueError(
            f"{table.where(row)}: need whole numbers 0 <= successes <= attempts and 1 <= attempts <= 10^12, "
            f"got {successes[row]:.0f}/{attempts[row]:.0f}"
        )
    return attempts, successes


def order(table):
    """Numbers by which the attempts of a problem are sorted, float64 [rows]."""
    numbers = np.array([_number(cell) for cell in table.cells["order"]])
    if not np.isfinite(numbers).all():
        row = (~np.isfinite(numbers)).argmax()
        got = shortened(table.cells["order"][row])
        raise ValueError(f"{table.where(row)}: need a number for the order of attempts, got {got}")
    return numbers


def _number(cell):
    """float(cell), or NaN; true is no number, nor is Python's own 1_000."""
    if isinstance(cell, bool) or (isinstance(cell, str) and "_" in cell):
        return np.nan
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def outcomes(table):
    """Outcome of each row, int8 [rows]."""
    column = table.cells["outcome"]
    found = _found(column)
    if isinstance(found, int):
        raise ValueError(f"{table.where(found)}: {OUTCOME}, got {shortened(column[found])}")
    return found


def lists(table):
    """Outcomes of each row, whose cell is a list of them: int8 [attempts] for each."""
    read = []
    for row, cell in enumerate(table.cells["outcome"]):
        if not isinstance(cell, list) or not cell:
            raise ValueError(f"{table.where(row)}: need a list of at least one outcome, got {shortened(cell)}")
        found = _found(cell)
        if isinstance(found, int):
            raise ValueError(f"{table.where(row)}: {OUTCOME}, got {shortened(cell[found])} as number {found + 1}")
        read.append(found)
    return read


def _found(cells):
    """Outcomes, int8 [cells]; or the place of the first cell that is none."""
    try:
        known = {cell: _outcome(cell) for cell in set(cells)}
    except TypeError:  # a list or an object
        return next(place for place, cell in enumerate(cells) if isinstance(cell, (list, dict)))
    if None in known.values():
        return next(place for place, cell in enumerate(cells) if known[cell] is None)
    return np.fromiter(map(known.__getitem__, cells), np.int8, len(cells))


def _outcome(cell):
    if isinstance(cell, str):
        return _WORDS.get(cell.strip().lower())
    return int(cell) if isinstance(cell, (bool, int, float)) and cell in (0, 1) else None


def names(table, role):
    """Names in a column as text, [rows]; numbers are names too."""
    column = table.cells[role]
    kinds = set(map(type, column))
    if not kinds <= {str, int, float}:
        row = next(i for i, cell in enumerate(column) if type(cell) not in (str, int, float))
    elif kinds == {str} and all(map(str.strip, column)):
        return column
    else:
        column = list(map(str, column))
        row = next((i for i, cell in enumerate(column) if not cell.strip() or cell == "nan"), None)
        if row is None:
            return column
    raise ValueError(
        f"{table.where(row)}: need a name in the column of {role}, got {shortened(table.cells[role][row])}"
    )

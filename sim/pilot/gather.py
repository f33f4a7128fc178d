"""Rows of a table gathered into pilots: one for each suite and model, in the order in which they come."""

import numpy as np

from sim.pilot import cells
from sim.pilot.pilot import Pilot


def pilots(table):
    """Pilots of a table with columns problem, and attempts and successes, or outcome (single ones or lists)."""
    problems = cells.names(table, "problem")
    if not problems:
        raise ValueError(f"{table.path}: need at least one problem, got none")
    group, names = _groups(table)
    problem, _ = _codes(problems)
    pair = group * (problem.max() + 1) + problem
    if "attempts" in table.cells:
        _refuse_twice(table, pair, problems)
        first, attempts, successes, outcomes = np.arange(len(pair)), *cells.counts(table), None
    elif isinstance(table.cells["outcome"][0], list):
        outcomes = cells.lists(table)
        _refuse_twice(table, pair, problems)
        attempts = np.array([len(row) for row in outcomes], float)
        first, successes = np.arange(len(pair)), np.array([row.sum(dtype=float) for row in outcomes])
    else:
        first, attempts, successes, outcomes = _attempts(table, pair, problems)
    return [
        Pilot(
            table.path.name,
            [problems[i] for i in first[rows]],
            attempts[rows],
            successes[rows],
            name,
            outcomes and [outcomes[i] for i in rows],
        )
        for rows, name in ((np.flatnonzero(group[first] == code), name) for code, name in enumerate(names))
    ]


def _groups(table):
    """Code of the suite and model of each row, and their names; what does not vary is not named."""
    columns = [cells.names(table, role) for role in ("suite", "model") if role in table.cells]
    varied = [column for column in columns if len(set(column)) > 1]
    if not varied:
        return np.zeros(len(table.cells["problem"]), int), [""]
    codes, names = _codes(list(zip(*varied, strict=True)))
    return codes, [", ".join(name) for name in names]


def _codes(values):
    """Number of each value in the order in which they come, int [values], and the values once each."""
    index = {value: code for code, value in enumerate(dict.fromkeys(values))}
    return np.fromiter(map(index.__getitem__, values), int, len(values)), list(index)


def _attempts(table, pair, problems):
    """Of each problem its first row, attempts, successes, and outcomes in their order, or None if it is unknown."""
    outcome = cells.outcomes(table)
    _, first, code = np.unique(pair, return_index=True, return_inverse=True)
    arrival = np.argsort(first)
    code = np.argsort(arrival)[code]  # problems numbered as they come
    attempts = np.bincount(code).astype(float)
    successes = np.bincount(code, weights=outcome)
    outcomes = None
    if "order" in table.cells:
        order = cells.order(table)
        rows = np.lexsort((order, code))
        _refuse_same_order(table, rows, code, order, problems)
        outcomes = np.split(outcome[rows], np.cumsum(attempts[:-1]).astype(int))
    return first[arrival], attempts, successes, outcomes


def _refuse_twice(table, pair, problems):
    rows = np.argsort(pair, kind="stable")
    again = np.flatnonzero(np.diff(pair[rows]) == 0)
    if len(again):
        earlier, later = min(zip(rows[again], rows[again + 1], strict=True), key=lambda both: both[1])
        raise ValueError(
            f"{table.where(later)}: problem {problems[later]!r} already appears on {table.unit} {table.places[earlier]}"
        )


def _refuse_same_order(table, rows, code, order, problems):
    again = np.flatnonzero((np.diff(code[rows]) == 0) & (np.diff(order[rows]) == 0))
    if len(again):
        earlier, later = min(zip(rows[again], rows[again + 1], strict=True), key=lambda both: both[1])
        raise ValueError(
            f"{table.where(later)}: attempt {order[later]:g} of problem {problems[later]!r} already appears on "
            f"{table.unit} {table.places[earlier]}"
        )

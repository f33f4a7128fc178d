"""A column of weights beside the counts: how much each problem counts."""

from pathlib import Path

import numpy as np

from sim.pilot import columns, files, rows


def read(path, names):
    """Weight of each problem by its name, from a column `weight` of a CSV; None where there is none.

    names: of columns, as sim.pilot.reading.read takes them.  ValueError, in one sentence, for what is no weight.
    """
    path = Path(path)
    if files.form(path) != "delimited":
        return None
    given = columns.named(names)

    def choose(where, header, first):
        if "weight" not in header:
            return {}
        return {"problem": columns.chosen(where, header, first, given)["problem"], "weight": "weight"}

    table = rows.delimited(path, choose)
    if not table.cells:
        return None
    weights = {}
    for row, (name, cell) in enumerate(zip(table.cells["problem"], table.cells["weight"], strict=True)):
        weight = _weight(cell)
        if weight is None:
            raise ValueError(f"{table.where(row)}: need a weight of at least 0, got {files.shortened(cell)}")
        if weights.setdefault(name, weight) != weight:
            raise ValueError(
                f"{table.where(row)}: need one weight for problem {name!r}, got {weights[name]:g} and {weight:g}"
            )
    if not any(weights.values()):
        raise ValueError(f"{path}: need a weight above 0, got none")
    return weights


def _weight(cell):
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if 0 <= value < np.inf else None

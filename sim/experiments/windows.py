"""Part of a grid: the counts of a run as though it had been asked at the points of a window alone."""

from dataclasses import replace

import numpy as np

from sim.draw.counts import Masses

GRIDS = {"coverage": ("attempts",), "learning_curve": ("examples",), "joint": ("examples", "attempts")}  # of counts
_FIELDS = {"examples": "examples", "attempts": "tries"}
_FEWEST = 2  # points


def points(name, question, windows):
    """{examples or attempts: indices of the grid's points} in windows {examples or attempts: (lowest, highest)}.

    ValueError where the counts of the experiment have no such grid, or too few points of it lie in the window.
    """
    found = {}
    for axis, (low, high) in windows.items():
        if axis not in GRIDS.get(name, ()):
            able = " or ".join(other for other, grids in GRIDS.items() if axis in grids)
            raise ValueError(f"{axis}: need counts of {able} for a window, got those of {name}")
        grid = getattr(question, _FIELDS[axis])
        found[axis] = np.flatnonzero((grid >= low * (1 - 1e-9)) & (grid <= high * (1 + 1e-9)))
        if len(found[axis]) < _FEWEST:
            rule = f"need a window with at least {_FEWEST} points of the grid from {grid[0]:g} to {grid[-1]:g}"
            raise ValueError(f"{axis}: {rule}, got {low:g} to {high:g}, with {len(found[axis])}")
    return found


def within(name, question, counts, windows):
    """(question, counts) of an experiment at the points of windows, as `points` finds them."""
    for axis, chosen in points(name, question, windows).items():
        counts = _at(counts, GRIDS[name].index(axis), chosen)
        question = question._replace(**{_FIELDS[axis]: getattr(question, _FIELDS[axis])[chosen]})
    return question, counts


def _at(counts, axis, chosen):
    """Counts or masses at some points of one of their grids."""
    if not isinstance(counts, Masses):
        return replace(counts, failures=counts.failures.take(chosen, axis + 1))
    resolution = np.broadcast_to(counts.resolution, counts.values.shape[1:])
    return Masses(counts.values.take(chosen, axis + 1), resolution.take(chosen, axis))

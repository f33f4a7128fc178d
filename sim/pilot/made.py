"""Pilots from arrays and files, as a notebook has them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sim.pilot import stopping as rules
from sim.pilot.cells import MOST
from sim.pilot.pilot import Pilot as _Pilot
from sim.pilot.pilot import Stopping
from sim.pilot.reading import read


def pilot(
    attempts: ArrayLike,
    successes: ArrayLike,
    problem_id: Iterable[str] | None = None,
    *,
    name: str = "",
    stopping: str | None = None,
) -> _Pilot:
    """A pilot from counts: `sim.Pilot`.

    Parameters
    ----------
    attempts : int or array_like
        Attempts made at each problem, whole numbers of at least 1, shape [problems] or one number for all.
    successes : array_like
        Successes among them, whole numbers from 0 to the attempts, shape [problems].
    problem_id : iterable of str, optional
        Names of the problems, all different; by default their numbers.
    stopping : str, optional
        What ended the attempts: "fixed", "first_success", "batches" or "batches:SIZE:CAP"; by default "fixed", and a
        ValueError where the counts look otherwise.
    name : str
        Of model and suite, for reports.

    Returns
    -------
    sim.pilot.pilot.Pilot
        The pilot, which `calibrate`, `recommend` and the commands take.

    Raises
    ------
    ValueError
        If the counts are not valid.

    Examples
    --------
    >>> import sim
    >>> sim.Pilot(attempts=100, successes=[0, 3, 50]).attempts
    array([100., 100., 100.])
    """
    made, won = _both(attempts, successes)
    names = [str(number) for number in range(len(made))] if problem_id is None else [str(one) for one in problem_id]
    if len(names) != len(made) or len(set(names)) != len(names):
        different = f"{len(set(names))} of them different"
        raise ValueError(f"problem_id: need {len(made)} different names, got {len(names)}, {different}")
    [found] = rules.settled(name or "counts", [_Pilot(name or "counts", names, made, won, name)], stopping)
    return found


def _both(attempts: ArrayLike, successes: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Attempts and successes [problems], checked."""
    won = _counts("successes", successes)
    made = _counts("attempts", np.broadcast_to(attempts, won.shape) if np.ndim(attempts) == 0 else attempts)
    if made.shape != won.shape or made.ndim != 1 or not len(made):
        raise ValueError(f"attempts, successes: need one number for each problem, got shapes {made.shape}, {won.shape}")
    wrong = np.flatnonzero((made < 1) | (won > made) | (made > MOST))
    if len(wrong):
        place, rule = wrong[0], f"need 1 <= attempts <= {MOST:g} and 0 <= successes <= attempts"
        raise ValueError(f"problem {place}: {rule}, got {won[place]:g} of {made[place]:g}")
    return made, won


def _counts(name: str, values: Any) -> np.ndarray:
    try:
        found = np.array(list(values) if isinstance(values, Iterable) else values, float)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: need whole numbers, got {values!r}") from None
    if not np.isfinite(found).all() or (found != np.rint(found)).any() or (found < 0).any():
        raise ValueError(
            f"{name}: need whole numbers of at least 0, got {found[~(found == np.rint(found)) | (found < 0)][:1]}"
        )
    return found


def read_pilot(
    path: str | Path,
    *,
    columns: dict[str, str] | None = None,
    stopping: str | None = None,
    model: str | None = None,
) -> _Pilot:
    """The pilot in a file: CSV, TSV, JSON lines, parquet, or the log of an evaluation harness.

    Parameters
    ----------
    path : str or Path
        The file.
    columns : dict, optional
        {"problem", "attempts", "successes", "outcome", "order", "model" or "suite": name of the column}, for
        columns that are not recognised by name.
    stopping : str, optional
        What ended the attempts: "fixed", "first_success", "batches" or "batches:SIZE:CAP"; by default
        inferred from the data.
    model : str, optional
        Name of the suite and model, if the file has several.

    Returns
    -------
    sim.pilot.pilot.Pilot
        Problems, attempts and successes.

    Raises
    ------
    ValueError
        If the file is not a valid pilot; the message names file, line, rule and value.

    Examples
    --------
    >>> import sim
    >>> pilot = sim.read_pilot(sim.SHIPPED_PILOT)
    >>> len(pilot.attempts)
    128
    """
    if not isinstance(path, str | Path):
        raise ValueError(f"path: need the name of a file, got {path!r}")
    if columns is not None and not isinstance(columns, dict):
        raise ValueError(f"columns: need a dictionary such as {{'attempts': 'tries'}}, got {columns!r}")
    found = read(path, columns, stopping)
    chosen = found if model is None else [one for one in found if one.name == model]
    if len(chosen) != 1:
        names = ", ".join(repr(one.name) for one in found)
        raise ValueError(f"{path}: need one of its models ({names}), got {model!r}")
    return chosen[0]


def of(data: Any) -> _Pilot:
    """The pilot of what a user has: a Pilot, or a table with columns problem_id, attempts, successes (pandas)."""
    if isinstance(data, _Pilot):
        return data
    try:
        other = [name for name in ("model", "suite", "weight", "outcome") if name in data]
        if other:
            rule = "need columns problem_id, attempts and successes alone (sim.read_pilot reads files with others)"
            raise ValueError(f"pilot: {rule}, got {other[0]}")
        named = [name for name in ("problem_id", "problem") if name in data]
        return pilot(data["attempts"], data["successes"], data[named[0]] if named else None)
    except (KeyError, TypeError, IndexError):
        rule = "sim.Pilot, what sim.read_pilot gives, or a table with columns attempts, successes (and problem_id)"
        raise ValueError(f"pilot: need {rule}, got {type(data).__name__}") from None


__all__ = ["Stopping", "of", "pilot", "read_pilot"]

"""Counts of one model on one suite, for what is simulated from them: any pilot file with attempts fixed before."""

import re
from pathlib import Path

import numpy as np

from sim.pilot import reading
from sim.pilot.stopping import StoppingUnclear

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "math_pythia_2.8b.csv"
_LARGEST = 2**24  # counts are float32 in the sampler


def read(path):
    """The pilot of a file in any form that sim.pilot.reading reads; where its counts leave it open, they were fixed.

    ValueError, in one sentence with file, rule and value, for whatever is not one table of such counts.
    """
    try:
        pilot = _one(path)
    except ValueError as error:  # columns have their usual names here: no key sets others
        raise ValueError(re.sub(r"set pilot\.columns\.(\w+)", r"name the column \1", str(error))) from error
    if len(pilot.attempts) < 2:
        raise ValueError(f"{path}: need at least 2 problems, got {len(pilot.attempts)}")
    if not pilot.successes.any():
        raise ValueError(f"{path}: need at least one success among all attempts, got 0")
    most = int(np.argmax(pilot.attempts))
    if pilot.attempts[most] >= _LARGEST:
        rule = f"{path}: need fewer than 2^24 attempts at a problem"
        raise ValueError(f"{rule}, got {pilot.attempts[most]:.0f} at {pilot.problem_id[most]}")
    return pilot


def _one(path):
    try:
        found = reading.read(path)
    except StoppingUnclear:
        if _ended_with_success(path):
            rule = "need attempts whose number was fixed before, got attempts that ended with a success"
            raise ValueError(f"{path}: {rule}") from None
        found = reading.read(path, stopping="fixed")
    if len(found) > 1:
        raise ValueError(f"{path}: need one suite and model, got {', '.join(pilot.name for pilot in found)}")
    return found[0]


def _ended_with_success(path):
    """Whether the attempts of each problem may have ended with its first success."""
    try:
        reading.read(path, stopping="first_success")
    except ValueError:  # the data contradict it
        return False
    return True

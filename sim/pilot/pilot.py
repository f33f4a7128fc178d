"""What a pilot is: problems, attempts recorded for each, successes among them, and how the attempts were ended."""

from typing import NamedTuple

import numpy as np


class Stopping(NamedTuple):
    """What ended the attempts of a problem.

    kind: "fixed", something that knew no outcome; "first_success"; or "batches", the first batch with a success.
    batch: attempts in a batch, 1 but for batches.
    cap: most attempts of a problem without a success; None where no problem, or not all without a success, ended there.
    """

    kind: str
    batch: int = 1
    cap: int | None = None


FIXED = Stopping("fixed")


class Pilot(NamedTuple):
    """Problems of a file called `source`, attempts recorded for each and successes among them.

    attempts, successes: float64 [problems], whole numbers.
    name: of suite and model where the file has several, else "".
    outcomes: for each problem its outcomes in the order of its attempts, int8 [attempts]; None where that is unknown.
    """

    source: str
    problem_id: list[str]
    attempts: np.ndarray
    successes: np.ndarray
    name: str = ""
    outcomes: list[np.ndarray] | None = None
    stopping: Stopping = FIXED

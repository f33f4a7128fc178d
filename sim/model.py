"""A model is one member per axis. Plain numbers, checked at the door; what cannot be simulated is refused here."""

from dataclasses import dataclass

import numpy as np

BATCH = 16_384  # problems in a batch: its lanes fit the cache, its counts an int32
LARGEST_ATTEMPTS = 1e15
LARGEST_BUDGET = 10**11  # problems
FEWEST_LEARNERS, MOST_LEARNERS = 64, 10**8


def need(condition, name, rule, value):
    """Raise ValueError in one sentence unless the condition holds."""
    if not condition:
        raise ValueError(f"{name}: need {rule}, got {value}")


class FirstSuccess:
    """Attempts summed up by the waiting time to the first success."""

    limit = LARGEST_ATTEMPTS


class Bernoulli:
    """Attempts made one by one."""

    limit = 1e6


class Random:
    """Every problem drawn by itself, independently of the others."""

    fewest = 2  # batches, for a standard error


class Lattice:
    """Every batch one randomly shifted lattice of 16,384 points: the spread of the batches is the error."""

    fewest = 16  # batches, whose shifts alone are independent


class TooLarge(ValueError):
    """A run that does not fit in the memory it may use."""


class Unanswerable(ValueError):
    """A run whose draws say nothing of the question."""


@dataclass(frozen=True)
class Budget:
    """How much is drawn: problems (test examples) in all, rounded up to whole batches, and how the work is cut."""

    problems: int
    chunk: int  # batches computed in one vectorised piece; 0: chosen by device
    devices: int  # local devices to spread over; 0: all, on a CPU one per core
    memory: float = 0.25  # share of a device's memory that the batches computed together may take
    first: int = 0  # number of the first batch: runs without a batch in common are independent

    def check(self, name="budget.problems"):
        """Refuse empty budgets, and those whose counts could not be held.  name: the key `problems` was set by."""
        need(
            2 * BATCH <= self.problems <= LARGEST_BUDGET,
            name,
            f"a number from {2 * BATCH} (two batches, for a standard error) to 1e11",
            self.problems,
        )
        need(0 <= self.chunk <= 4096, "budget.chunk", "0 (automatic) to 4096 batches", self.chunk)
        need(0 <= self.devices <= 1024, "budget.devices", "0 (all) to 1024 devices", self.devices)
        need(0 < self.memory <= 1, "budget.memory", "a share of a device's memory, 0 < share <= 1", self.memory)

    @property
    def batches(self):
        """Number of batches."""
        return -(-self.problems // BATCH)


ATTEMPTS = {"first_success": FirstSuccess, "bernoulli": Bernoulli}
SAMPLING = {"random": Random, "lattice": Lattice}


def grid(largest, points):
    """Up to `points` whole numbers from 1 to `largest`, evenly spaced in the logarithm, without repetition.

    float64, ascending, shorter than `points` where whole numbers are rarer than that.
    """
    return np.unique(np.rint(np.geomspace(1, np.floor(largest), points)))


@dataclass(frozen=True)
class Counts:
    """How many problems of each batch failed: integers, the batch axis kept.

    failures: int64 [batches, ...grid].  problems: problems in each batch.  independent: whether the problems of a batch
    are (batches always are); if not, only the spread of the batches says how precise they are.
    """

    failures: np.ndarray
    problems: int
    independent: bool = True


@dataclass(frozen=True)
class Masses:
    """Unmemorised mass of one learner after another, float64 [learners, n].

    resolution: relative error that the kernel's rounding leaves in their mean, a number or [n].
    """

    values: np.ndarray
    resolution: np.ndarray

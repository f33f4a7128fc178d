"""How much is drawn: batches, budgets, grids; and what cannot be."""

from dataclasses import dataclass

import numpy as np

from sim.records.checked import need

BATCH = 16_384  # problems in a batch: its lanes fit the cache, its counts an int32
LARGEST_ATTEMPTS = 1e15
LARGEST_BUDGET = 10**11  # problems
FEWEST_LEARNERS, MOST_LEARNERS = 64, 10**8


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


def grid(largest, points):
    """Up to `points` whole numbers from 1 to `largest`, evenly spaced in the logarithm, without repetition.

    float64, ascending, shorter than `points` where whole numbers are rarer than that.
    """
    return np.unique(np.rint(np.geomspace(1, np.floor(largest), points)))

"""A model is one member per axis. Plain numbers, checked at the door; what cannot be simulated is refused here."""

import math
from dataclasses import dataclass

import numpy as np

LARGEST_SIZE = 10**9  # ranks of a finite feature set are one 32-bit word
BATCH = 16_384  # problems in a batch: its lanes fit the cache, its counts an int32
LARGEST_EXAMPLES = 1e18  # arrivals are float32: their grid is right to 6e-8
LARGEST_ATTEMPTS = 1e15
DEEPEST = 100  # copies: one waiting time is drawn for each, and the law sums as many terms
LARGEST_BUDGET = 10**11  # problems
FEWEST_LEARNERS, MOST_LEARNERS = 64, 10**8


def need(condition, name, rule, value):
    """Raise ValueError in one sentence unless the condition holds."""
    if not condition:
        raise ValueError(f"{name}: need {rule}, got {value}")


@dataclass(frozen=True)
class Zipf:
    """Features with mass proportional to rank^-exponent; `size` of them, or infinitely many."""

    exponent: float
    size: float

    def check(self):
        """Refuse what has no distribution or no rank."""
        need(0 < self.exponent <= 20, "features.exponent", "0 < exponent <= 20", self.exponent)
        need(
            self.exponent > 1 or math.isfinite(self.size),
            "features.exponent",
            "an exponent > 1 when features.size is infinite (rank^-s has no finite sum otherwise)",
            self.exponent,
        )
        whole = math.isinf(self.size) or self.size == int(self.size)
        need(
            self.size >= 1 and whole and (math.isinf(self.size) or self.size <= LARGEST_SIZE),
            "features.size",
            "a whole number from 1 to 1e9, or inf",
            self.size,
        )


@dataclass(frozen=True)
class _Memory:
    depth: int

    def check(self):
        """Refuse depths below one sighting."""
        need(1 <= self.depth <= DEEPEST, "memory.depth", f"a whole number from 1 to {DEEPEST}", self.depth)


class Arrival(_Memory):
    """Memorised at the depth-th copy; each test example has a training set of its own, drawn as an arrival time."""

    limit = LARGEST_EXAMPLES


class TrainingSet(_Memory):
    """Memorised at the depth-th copy; the test examples of a batch share one training set, drawn in full."""

    limit = 2**30


class _Learners(_Memory):
    """Memorised at the depth-th copy; learners are drawn one after the other, each with its whole unmemorised mass."""

    limit = LARGEST_EXAMPLES

    def check_reach(self, name, features, largest):
        """Refuse features and numbers of examples that the kernel cannot draw."""


class Direct(_Learners):
    """Training sets drawn example by example: the exact joint law of the curve."""

    limit = 2e9  # their numbers are int32 on the device

    def check_reach(self, name, features, largest):
        """A finite set has a place for each of its ranks; of an infinite one, those that may be seen twice."""
        places = _places(features, largest)
        need(places <= 2**28, f"memory.name={name}", "at most 2^28 features that matter", f"{places:.2g}")


class FeatureArrivals(_Learners):
    """Every feature memorised at a time of its own, independently of the others: exact in the mean."""

    most = 2**31

    def check_reach(self, name, features, largest):
        """The features are gone through one by one."""
        need(features.size * self.depth <= self.most, f"memory.name={name}", f"features.size x depth <= {self.most}",
              f"{features.size:g} x {self.depth}")  # fmt: skip


class BlockChain(_Learners):
    """Blocks of like features thinned from one n to the next: exact in the mean, any number of features."""


class JumpChain(FeatureArrivals):
    """The order of first sightings sorted, the gaps between them geometric: the exact joint law, to check others by."""

    most = 2**24


class Automatic(_Memory):
    """Whatever suits the number of examples and of features best: see `choice`."""

    limit = LARGEST_EXAMPLES


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


@dataclass(frozen=True)
class Budget:
    """How much is drawn: problems (test examples) in all, rounded up to whole batches, and how the work is cut."""

    problems: int
    chunk: int  # batches computed in one vectorised piece; 0: chosen by device
    devices: int  # local devices to spread over; 0: all, on a CPU one per core
    memory: float = 0.25  # share of a device's memory that the batches computed together may take

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


FEATURES = {"zipf": Zipf}
MEMORY = {
    "automatic": Automatic,
    "arrival": Arrival,
    "training_set": TrainingSet,
    "direct": Direct,
    "feature_arrivals": FeatureArrivals,
    "block_chain": BlockChain,
    "jump_chain": JumpChain,
}
ATTEMPTS = {"first_success": FirstSuccess, "bernoulli": Bernoulli}
SAMPLING = {"random": Random, "lattice": Lattice}


LEARNERS = tuple(name for name, member in MEMORY.items() if issubclass(member, _Learners))
_FEW_EXAMPLES = 10**4  # up to here drawing them all costs no more, and spares the assumption of independent features
_FEW_FEATURES = 10**4  # up to here going through them one by one costs no more than blocks


def _places(features, largest):
    """Ranks to keep count of, at most: one in 2^10 training sets of `largest` examples shows a rarer one."""
    if features.exponent <= 1:
        return features.size
    return min(features.size, (2.0**10 * largest) ** (1 / features.exponent))


def choice(features, largest):
    """Name of the memory member for learners that see up to `largest` examples of these features."""
    places = _places(features, largest) if features.exponent >= 1.05 else features.size
    if largest <= _FEW_EXAMPLES and places <= 10**6:
        return "direct"
    return "feature_arrivals" if features.size <= _FEW_FEATURES else "block_chain"


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

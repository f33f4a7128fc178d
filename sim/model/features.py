"""Features: how often each occurs. A member is what a user sets, its sampler, and the learning curves it gives.

`unmemorised`, `stored` and `recalled` are the laws of the memories that may learn them, `tail` their power law.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.model.member import Member
from sim.records.checked import need

LARGEST_SIZE = 10**9  # ranks of a finite feature set are one 32-bit word


class Features(Member):
    """What all have in common: the law is a sum over a table of masses, and there need be no power law."""

    axis = "features"
    zipf = False  # whether learners can be drawn, whose kernels know Zipf features only
    words = ""  # how many there are, for a reader
    count = math.inf
    remark = None  # beside the law of learning

    def unmemorised(self, examples, depth):
        """Probability that the next of n examples shows a feature seen fewer than d times, [n]."""
        from sim.laws import spectrum

        mass, weight = self.table(examples)
        return spectrum.unmemorised_mass(examples, mass, depth, weight)

    def stored(self, examples, depth, capacity):
        """The same where only the M most frequent features have room, [n]."""
        from sim.laws import spectrum

        mass, weight = self.table(examples)
        return spectrum.capacity_unmemorised(examples, mass, capacity, depth, weight)

    def recalled(self, examples, attempts, recall):
        """Probability that k attempts recall none of the traces that n examples left; arguments broadcast."""
        from sim.laws import spectrum

        mass, weight = self.table(examples)
        return spectrum.multi_trace(examples, attempts, mass, recall, weight)

    def tail(self, depth):
        """(exponent, prefactor) of the learning curve at many examples; None where it is no power law."""
        return None


@dataclass(frozen=True)
class Zipf(Features):
    """Features with mass proportional to rank^-exponent; `size` of them, or infinitely many."""

    exponent: float
    size: float = math.inf

    zipf = True

    @property
    def count(self):
        """How many there are, or inf."""
        return self.size

    @property
    def words(self):
        """How many there are, in words."""
        return "infinitely many features" if math.isinf(self.size) else f"{self.size:g} features"

    def check(self):
        """Refuse what has no distribution or no rank."""
        need(0 < self.exponent <= 20, "features.exponent", "0 < exponent <= 20", self.exponent)
        need(
            self.exponent > 1 or math.isfinite(self.size),
            "features.exponent",
            "an exponent > 1 when features.size is infinite (rank^-s has no finite sum otherwise)",
            self.exponent,
        )
        _check_size(self.size, True)

    def sampler(self):
        """By the inverse of the tail sum."""
        from sim.model import build

        return build.feature_sampler(self.exponent, self.size)

    def unmemorised(self, examples, depth):
        """In closed form, however many there are."""
        from sim.laws import learning_curve

        return learning_curve.unmemorised_mass(examples, self.exponent, self.size, depth)

    def stored(self, examples, depth, capacity):
        """In closed form."""
        from sim.laws import memory

        return memory.capacity_unmemorised(examples, self.exponent, self.size, capacity, depth)

    def recalled(self, examples, attempts, recall):
        """In closed form."""
        from sim.laws import memory

        return memory.multi_trace(examples, attempts, self.exponent, self.size, recall)

    def tail(self, depth):
        """Of Hutter 2021; of a finite set the same with its own normaliser, up to the cut-off."""
        from sim.laws import learning_curve, zipf

        if self.exponent <= 1:
            return None
        prefactor = learning_curve.prefactor(self.exponent, depth)
        if math.isfinite(self.size):
            ratio = zipf.normaliser(self.exponent, np.inf) / zipf.normaliser(self.exponent, self.size)
            prefactor = prefactor * ratio ** (1 / self.exponent)
        return float(learning_curve.decay_exponent(self.exponent)), float(prefactor)


@dataclass(frozen=True)
class Uniform(Features):
    """`size` features, all equally frequent: the error falls exponentially."""

    size: float

    @property
    def count(self):
        """How many there are."""
        return self.size

    @property
    def words(self):
        """How many there are, in words."""
        return f"{self.size:g} equally frequent features"

    def check(self):
        """Refuse what has no rank."""
        _check_size(self.size, False)

    def sampler(self):
        """By rank."""
        from sim.samplers import features

        return features.Uniform(np.uint32(self.size), np.float32(-np.log(self.size)))

    def table(self, examples):
        """One mass for all."""
        return np.array([1 / self.size]), np.array([self.size])


@dataclass(frozen=True)
class Exponential(Features):
    """Infinitely many features whose masses fall by a factor e^-decay from one to the next.

    The learning curve is 1/n whatever the decay, with a ripple that grows with it.
    """

    decay: float

    words = "infinitely many features of exponentially falling mass"
    remark = "no power of their masses: 1/n whatever the decay"

    def check(self):
        """Refuse decays whose table or whose ripple would be too large."""
        need(1e-4 <= self.decay <= 10, "features.decay", "0.0001 <= decay <= 10", self.decay)

    def sampler(self):
        """By a waiting time: ranks are geometric."""
        from sim.samplers import features

        log_first = np.log(-np.expm1(-self.decay))
        return features.Exponential(np.float32(self.decay), np.float32(log_first))

    def table(self, examples):
        """Those that may have occurred, and one for all that are rarer."""
        from sim.laws import spectrum

        return spectrum.exponential_masses(examples, self.decay)

    def tail(self, depth):
        """d / (decay n), as long as the ripple is below any error that is measured here."""
        from sim.laws import spectrum

        smooth = spectrum.exponential_ripple(self.decay, depth) < 1e-6
        return (1.0, depth / self.decay) if smooth else None


@dataclass(frozen=True)
class Empirical(Features):
    """A table of how often each feature occurred, each with its share of all occurrences.

    table: sim.pilot.frequencies.Frequencies, read from the path at the door.
    """

    path: str
    frequencies: Any = field(default=None, repr=False, compare=False)

    @property
    def count(self):
        """How many there are."""
        return len(self.frequencies.count)

    @property
    def words(self):
        """How many there are, and where they come from."""
        return f"the {len(self.frequencies.count)} features of {self.frequencies.source}"

    def check(self):
        """The file is checked when it is read."""
        need(self.path, "features.path", "a CSV with columns feature, count", "none")

    def physics(self):
        """The table, identified by its numbers."""
        return f"Empirical({self.frequencies.count.tolist()})"

    def read(self):
        """The same with the table behind the path."""
        from sim.pilot import frequencies

        return Empirical(self.path, frequencies.read(self.path))

    def sampler(self):
        """By a search in the sums of the table, from the rarest up."""
        from sim.samplers import features

        mass = self.table(None)[0]
        return features.table(mass)

    def table(self, examples):
        """Shares, falling."""
        mass = np.sort(self.frequencies.count)[::-1]
        return mass / mass.sum(), np.ones(len(mass))


def _check_size(size, infinite):
    whole = math.isinf(size) or size == int(size)
    rule = "a whole number from 1 to 1e9" + ", or inf" * infinite
    need(size >= 1 and whole and (size <= LARGEST_SIZE or (infinite and math.isinf(size))), "features.size", rule, size)

"""What single experiments are set by, each a section of the configuration with the experiment's name."""

from dataclasses import dataclass

from sim.model import need


@dataclass(frozen=True)
class Verification:
    """A noisy verifier, and what a wrong answer costs when a right one is worth 1."""

    true_positive: float
    false_positive: float
    penalty: float

    def check(self):
        """Refuse what are no probabilities, and a verifier that prefers wrong answers."""
        t, f = self.true_positive, self.false_positive
        need(1e-6 <= t <= 1, "verification.true_positive", "0.000001 <= true_positive <= 1", t)
        need(1e-12 <= f <= t, "verification.false_positive", "1e-12 <= false_positive <= true_positive", f)
        need(0 < self.penalty <= 1e6, "verification.penalty", "0 < penalty <= 1e6", self.penalty)


@dataclass(frozen=True)
class Selection:
    """How answers are chosen without a verifier.

    wrong: wrong answers, all equally likely, that votes may fall on.  shift: by which the scores of right answers are
    higher, in units of their standard deviation.
    """

    wrong: int
    shift: float

    def check(self):
        """Refuse votes without a choice, and scores that prefer wrong answers."""
        need(1 <= self.wrong <= 100, "selection.wrong", "a whole number from 1 to 100", self.wrong)
        need(0 <= self.shift <= 20, "selection.shift", "0 <= shift <= 20", self.shift)


@dataclass(frozen=True)
class Cost:
    """Prices. value: of a solved problem.  price: of an attempt, in the same unit."""

    value: float
    price: float

    def check(self):
        """Refuse what is worth or costs nothing."""
        need(0 < self.value <= 1e12, "cost.value", "0 < value <= 1e12", self.value)
        need(0 < self.price <= 1e12, "cost.price", "0 < price <= 1e12", self.price)


@dataclass(frozen=True)
class Suite:
    """A suite of problems that share attempts.  problems: of a finite suite."""

    problems: int

    def check(self):
        """Refuse suites too small for a share."""
        need(2 <= self.problems <= 10**6, "suite.problems", "a whole number from 2 to 1e6", self.problems)


@dataclass(frozen=True)
class Importance:
    """Weights.  lift: exponent of them."""

    lift: float

    def check(self):
        """Refuse weights without a finite mean."""


@dataclass(frozen=True)
class Noise:
    """Two kinds of features to be told apart.  better: exponent of the one that is learnt faster."""

    better: float

    def check(self):
        """Refuse what has no distribution."""
        need(1 < self.better <= 20, "noise.better", "1 < better <= 20", self.better)


@dataclass(frozen=True)
class Capacity:
    """A budget.  product: examples times room for features."""

    product: float

    def check(self):
        """Refuse budgets that leave no choice."""
        need(100 <= self.product <= 1e15, "capacity.product", "a number from 100 to 1e15", self.product)

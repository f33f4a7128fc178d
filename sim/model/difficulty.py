"""Difficulty: how the success probability of one attempt is spread over problems.

A member is what a user sets (its fields, checked) and knows where its two sides stand: `sampler` on the side of the
simulation, `problems`, `failure` and `tail` on that of the laws. Each side is loaded when it is asked for.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.model.member import Member
from sim.records.checked import need


class Difficulty(Member):
    """What all have in common: the law is an average over `problems`, and there need be no power law.

    What is not known of a member is None, and whatever rests on it is then simulated only.
    """

    axis = "difficulty"
    ceiling = 1.0  # share of the problems that can be solved at all
    lattice = True  # drawn from one uniform, as a lattice has it
    listed = False  # whether the problems are a table, all there are, and no sample of a law
    shapes = None  # alpha and beta, where failure ~ Beta(alpha, beta) over the problems that can be solved
    certain = False  # whether no attempt fails
    biased = False  # whether attempts have a bias that examples may lessen (`bias`)
    law = "pass@k = E[1 - (1 - s)^k]"

    def problems(self):
        """Problems as a quadrature over log s (sim.laws.difficulty.Problems), or None."""
        return None

    def failure(self, attempts):
        """Probability that all of k independent attempts fail, [k]: by quadrature, to 1e-10; or None."""
        from sim.laws import difficulty

        problems = self.problems()
        return None if problems is None else difficulty.failure(attempts, problems)

    @property
    def unsolvable(self):
        """Share of the problems that cannot be solved at all."""
        return 1 - self.ceiling

    def tail(self):
        """(exponent, prefactor) of the failure at many attempts; None where it is no power law."""
        return None


def check_shapes(alpha, beta):
    """Refuse shapes that are no distribution, or one that float32 cannot carry."""
    for name, value in (("alpha", alpha), ("beta", beta)):
        need(1e-3 <= value <= 1e4, f"difficulty.{name}", f"0.001 <= {name} <= 10000", value)


@dataclass(frozen=True)
class Beta(Difficulty):
    """Failure probability ~ Beta(alpha, beta) over a share `ceiling` of the problems; the rest cannot be solved."""

    alpha: float
    beta: float
    ceiling: float = 1.0

    law = "pass@k = A (1 - B(alpha+k, beta) / B(alpha, beta))"

    @property
    def shapes(self):
        """Of the Beta."""
        return self.alpha, self.beta

    def check(self):
        """Refuse what is no distribution, or one that float32 cannot carry."""
        check_shapes(self.alpha, self.beta)
        need(0 < self.ceiling <= 1, "difficulty.ceiling", "0 < ceiling <= 1", self.ceiling)

    def sampler(self):
        """From a table of quantiles."""
        from sim.model import build

        return build.beta_sampler(self.alpha, self.beta, self.ceiling)

    def problems(self):
        """Quadrature over problems."""
        from sim.laws import difficulty

        return difficulty.beta(self.alpha, self.beta, self.ceiling)

    def failure(self, attempts):
        """In closed form."""
        from sim.laws import coverage

        return coverage.failure(attempts, self.alpha, self.beta, self.ceiling)

    def tail(self):
        """Of the excess over 1 - ceiling."""
        from sim.laws import coverage

        return self.beta, float(self.ceiling * coverage.prefactor(self.alpha, self.beta))


class GammaRatio(Beta):
    """The same, drawn literally as a ratio of Gamma variates and not from a table of quantiles."""

    lattice = False

    def sampler(self):
        """By rejection."""
        from sim.model import build

        return build.gamma_ratio_sampler(self.alpha, self.beta, self.ceiling)


@dataclass(frozen=True)
class Certain(Difficulty):
    """Every attempt at what is memorised succeeds: all failures come from the memory."""

    certain = True
    law = "pass@k = 1"

    def sampler(self):
        """Nothing to draw."""
        from sim.samplers import difficulty

        return difficulty.Certain()

    def problems(self):
        """One problem, always solved."""
        from sim.laws import difficulty

        return difficulty.listed([1.0])

    def failure(self, attempts):
        """None."""
        return np.zeros(np.shape(attempts))


@dataclass(frozen=True)
class Empirical(Difficulty):
    """Success probabilities successes / attempts of a table of problems, each problem equally likely.

    table: sim.pilot.pilot.Pilot, read from the path at the door.
    """

    path: str
    table: Any = field(default=None, repr=False, compare=False)

    listed = True
    law = "pass@k = mean over the table of 1 - (1 - c/m)^k"

    def read(self):
        """The same with the table behind the path; without one, the table that sim comes with."""
        from sim.pilot import counts

        if self.table is not None:
            return self
        path = self.path or str(counts.SHIPPED)
        return Empirical(path, counts.read(path))

    def sampler(self):
        """A row for each problem."""
        from sim.model import build

        return build.table_sampler(self.table.attempts, self.table.successes)

    def success(self):
        """Success probability of each problem of the table."""
        return self.table.successes / self.table.attempts

    @property
    def unsolvable(self):
        """Those that no recorded attempt has solved."""
        return float(np.mean(self.success() == 0))

    def problems(self):
        """Every problem a node."""
        from sim.laws import difficulty

        return difficulty.listed(self.success())

    def failure(self, attempts):
        """The mean over the table."""
        from sim.laws import coverage

        return coverage.mixture_failure(attempts, self.success())

    def physics(self):
        """The table, identified by its successes."""
        return str(self.table.successes.sum())

"""Dependence: what attempts at one problem know of each other. Members as in sim.model.difficulty.

`samplers` puts a member between difficulty and attempts; `failure` and `tail` are its law for any difficulty.
"""

from dataclasses import dataclass

import numpy as np

from sim.model.member import Member
from sim.records.checked import need


class Dependence(Member):
    """What all have in common: the law is an average over problems of a conditional law."""

    axis = "dependence"
    exchangeable = True  # so that attempts may be made one by one, and verified one by one
    lattice = False
    law = None  # words for the law, behind those of the difficulty

    def samplers(self, difficulty, attempts, tries):
        """Samplers of difficulty and attempts, for a grid of k."""
        return difficulty, attempts

    def failure(self, attempts, difficulty):
        """Probability that all of k attempts fail, [k], for a member of difficulty; None where it is not known."""
        problems = difficulty.problems()
        return None if problems is None else self.conditional(attempts, problems) @ problems.weight

    def tail(self, difficulty):
        """(exponent, prefactor) at many attempts; None where there is no power law."""
        return None

    def plateau(self, difficulty):
        """What is left unsolved for ever; None where that is not known."""
        return 1 - difficulty.ceiling

    def given(self, problems):
        """Problems, as a quadrature, whose attempts are independent in place of these; None where none is at hand."""
        return None


@dataclass(frozen=True)
class Independent(Dependence):
    """Attempts are independent."""

    lattice = True

    def failure(self, attempts, difficulty):
        """As the difficulty has it."""
        return difficulty.failure(attempts)

    def tail(self, difficulty):
        """As the difficulty has it."""
        return difficulty.tail()

    def given(self, problems):
        """The same."""
        return problems


def _check_share(name, value):
    need(0 < value < 1, f"dependence.{name}", f"0 < {name} < 1", value)


@dataclass(frozen=True)
class Zipf(Dependence):
    """Attempt j counts as j^-discount attempts (Levi 2024, inferred)."""

    discount: float

    lattice, exchangeable = True, False
    law = "k -> sum_j j^-zeta"

    def check(self):
        """Refuse what does not discount."""
        need(0 < self.discount <= 10, "dependence.discount", "0 < discount <= 10", self.discount)

    def samplers(self, difficulty, attempts, tries):
        """The grid of k by another clock."""
        from sim.samplers import dependence

        return difficulty, dependence.Discounted(dependence.effective_attempts(tries, self.discount).astype(np.float32))

    def failure(self, attempts, difficulty):
        """The difficulty's law, read at k_eff."""
        from sim.laws import dependence

        return difficulty.failure(dependence.effective_attempts(attempts, self.discount))

    def tail(self, difficulty):
        """exponent (1 - discount), where discount < 1."""
        tail = difficulty.tail()
        if tail is None or self.discount >= 1:
            return None
        exponent, prefactor = tail
        return exponent * (1 - self.discount), prefactor * (1 - self.discount) ** exponent

    def plateau(self, difficulty):
        """Beyond discount 1 all attempts together count as so many."""
        if self.discount <= 1:
            return 1 - difficulty.ceiling
        failure = self.failure(np.array([np.inf]), difficulty)
        return None if failure is None else float(failure[0])


@dataclass(frozen=True)
class Markov(Dependence):
    """Every attempt but the first repeats the previous outcome with probability `repeat`."""

    repeat: float

    lattice, exchangeable = True, False
    law = "repeats the last with probability r"

    def check(self):
        """Refuse what is no probability."""
        _check_share("repeat", self.repeat)

    def samplers(self, difficulty, attempts, tries):
        """One waiting time, fresh attempts being rarer."""
        from sim.samplers import dependence

        return difficulty, dependence.Markov(np.float32(np.log1p(-self.repeat)))

    def conditional(self, attempts, problems):
        """[k, problems]."""
        from sim.laws import dependence

        return dependence.markov(attempts, problems.log_success, problems.log_failure, self.repeat)

    def tail(self, difficulty):
        """The same exponent, (1 - repeat) k attempts."""
        tail = difficulty.tail()
        return tail and (tail[0], tail[1] * (1 - self.repeat) ** -tail[0])


@dataclass(frozen=True)
class Sticky(Dependence):
    """On a share of the problems all attempts have the same outcome."""

    share: float

    law = "all alike on a share rho"

    def check(self):
        """Refuse what is no share."""
        _check_share("share", self.share)

    def samplers(self, difficulty, attempts, tries):
        """The share's problems always or never solved."""
        from sim.samplers import dependence

        return dependence.Sticky(difficulty, np.float32(self.share)), attempts

    def conditional(self, attempts, problems):
        """[k, problems]."""
        from sim.laws import dependence

        return dependence.sticky(attempts, problems.log_success, problems.log_failure, self.share)

    def tail(self, difficulty):
        """Above the plateau: the other problems' own."""
        tail = difficulty.tail()
        return tail and (tail[0], tail[1] * (1 - self.share))

    def given(self, problems):
        """On the share every problem is solved always or never."""
        from sim.laws import dependence

        return dependence.sticky_problems(problems, self.share)

    def plateau(self, difficulty):
        """The unsolvable, and on the share whoever fails once."""
        fails = difficulty.failure(np.array([1.0]))
        return None if fails is None else self.share * float(fails[0]) + (1 - self.share) * (1 - difficulty.ceiling)


@dataclass(frozen=True)
class Polya(Dependence):
    """A Polya urn: every outcome becomes more likely each time it occurs; `correlation` is that of any two attempts."""

    correlation: float

    law = "Polya urn, correlation rho"

    def check(self):
        """Refuse what is no correlation between attempts that are neither alike nor independent."""
        need(1e-3 <= self.correlation <= 0.99, "dependence.correlation", "0.001 <= correlation <= 0.99",
             self.correlation)  # fmt: skip

    def samplers(self, difficulty, attempts, tries):
        """A success probability redrawn for each problem."""
        from sim.samplers import dependence

        return dependence.Polya(difficulty, np.float32(self.correlation / (1 - self.correlation))), attempts

    def conditional(self, attempts, problems):
        """[k, problems]."""
        from sim.laws import dependence

        return dependence.polya(attempts, problems.log_success, problems.log_failure, self.correlation)


class Copula(Polya):
    """One normal factor is common to all attempts at a problem; `correlation` is that of two latent normals."""

    law = "one-factor Gaussian copula, correlation rho"

    def samplers(self, difficulty, attempts, tries):
        """A success probability redrawn for each problem."""
        from sim.samplers import dependence

        root, rest = np.sqrt([self.correlation, 1 - self.correlation]).astype(np.float32)
        return dependence.Copula(difficulty, root, rest), attempts

    def conditional(self, attempts, problems):
        """[k, problems]."""
        from sim.laws import dependence

        return dependence.copula(attempts, problems.log_success, problems.log_failure, self.correlation)

"""Verifier: which attempt is returned. Members as in sim.model.difficulty; `failure` is that of no right answer."""

from dataclasses import dataclass

import numpy as np

from sim.model.member import Member
from sim.records.checked import need


class Verifier(Member):
    """What all have in common."""

    axis = "verifier"
    lattice = True
    law = None  # words for the law


@dataclass(frozen=True)
class Perfect(Verifier):
    """The first right attempt is known to be right."""

    def sampler(self, attempts):
        """Attempts as they are."""
        return attempts

    def failure(self, attempts, dependence, difficulty):
        """As the attempts have it."""
        return dependence.failure(attempts, difficulty)

    def tail(self, dependence, difficulty):
        """As the attempts have it."""
        return dependence.tail(difficulty)

    def plateau(self, dependence, difficulty):
        """As the attempts have it."""
        return dependence.plateau(difficulty)


@dataclass(frozen=True)
class Noisy(Verifier):
    """Accepts a right attempt with probability `true_positive`, a wrong one with `false_positive`; returns the first
    it accepts (Stroebl, Kapoor and Narayanan 2024, arXiv 2411.17501).
    """

    true_positive: float
    false_positive: float

    law = "first accepted, TPR t, FPR f"

    def check(self):
        """Refuse what are no probabilities, and a verifier that prefers wrong answers."""
        t, f = self.true_positive, self.false_positive
        need(1e-6 <= t <= 1, "verifier.true_positive", "0.000001 <= true_positive <= 1", t)
        need(0 <= f <= t, "verifier.false_positive", "0 <= false_positive <= true_positive", f)
        need(f == 0 or f >= 1e-12, "verifier.false_positive", "0, or at least 1e-12", f)

    def sampler(self, attempts):
        """A waiting time to acceptance in place of that to success."""
        from sim.samplers import verifier

        t, f = self.true_positive, self.false_positive
        return verifier.Noisy(*(np.asarray(x, np.float32) for x in (np.log(t), f, t - f)))

    def outcomes(self, attempts, dependence, difficulty):
        """Probabilities that nothing is accepted and that no right answer is, [k] each; None without a closed form."""
        from sim.laws import verification

        problems = difficulty.problems()
        problems = None if problems is None else dependence.given(problems)
        if problems is None:
            return None
        known = problems.log_success, problems.log_failure, self.true_positive, self.false_positive
        waiting, wrong = (law(attempts, *known) for law in (verification.unanswered, verification.accepted_wrong))
        return waiting @ problems.weight, (waiting + wrong) @ problems.weight

    def failure(self, attempts, dependence, difficulty):
        """Nothing accepted, or something wrong; None without a closed form."""
        outcomes = self.outcomes(attempts, dependence, difficulty)
        return None if outcomes is None else outcomes[1]

    def tail(self, dependence, difficulty):
        """Without false positives that of t k attempts."""
        tail = dependence.tail(difficulty) if self.false_positive == 0 else None
        return tail and (tail[0], tail[1] * self.true_positive ** -tail[0])

    def plateau(self, dependence, difficulty):
        """What is never answered, or wrongly."""
        failure = self.failure(np.array([np.inf]), dependence, difficulty)
        return None if failure is None else float(failure[0])

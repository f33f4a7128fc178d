"""True laws at the corners of what may be asked are refuted as seldom as a verdict says."""

import numpy as np
import pytest
from asked import question
from checks import assert_proportion, rejects

from sim.experiments import asking
from sim.judging import estimators, verdict

EACH = 170
COMMON = "budget.problems=4194304", "attempts.points=25", "examples.points=25"

pytestmark = pytest.mark.slow


def corners():
    """Questions whose alpha, beta, s, k and n are spread over all decades that may be asked for."""
    rng = np.random.default_rng(7)

    def between(low, high):
        return 10 ** rng.uniform(np.log10(low), np.log10(high))

    for seed in range(EACH):
        numbers = {"difficulty.alpha": between(0.01, 1e4), "difficulty.beta": between(1e-3, 20)}
        numbers["attempts.max"] = between(10, 1e15)
        yield "coverage", *(f"{key}={value:.6g}" for key, value in numbers.items()), *COMMON, f"seed={seed}"
    for seed in range(EACH):
        numbers = {"features.exponent": 1 + between(1e-3, 7), "examples.max": between(10, 1e18)}
        numbers["memory.depth"] = int(rng.integers(1, 6))
        own = (f"{key}={value:.6g}" for key, value in numbers.items())
        yield "learning_curve", "memory=arrival", *own, *COMMON, f"seed={seed}"


def refuted(asked):
    """How many of these true laws are refuted."""
    found = [asking.answer(name, question(name, *changes)).verdicts[0] for name, *changes in asked]
    return sum(one.verdict == "refuted" for one in found)


def test_no_true_law_is_refuted_at_any_corner():
    asked = [*corners()]
    assert len(asked) >= 300
    assert_proportion(refuted(asked), len(asked), verdict.REFUTED_BELOW)


def test_fits_that_are_cut_short_and_kept_would_be_seen(monkeypatch):
    """With the starts that there were, of which none was near a small exponent, and whatever they had come to."""
    monkeypatch.setattr(estimators, "_EXPONENTS", (0.05, 0.15, 0.4, 1.0, 2.5))
    monkeypatch.setattr(estimators, "_CONVERGED", np.inf)
    asked = [("coverage", "difficulty.beta=0.001", "attempts.max=1e15", *COMMON, f"seed={seed}") for seed in range(4)]
    rejects(assert_proportion, refuted(asked), len(asked), verdict.REFUTED_BELOW)

"""The power laws that experiments test their curves against have the exponent and prefactor of the law's own curve."""

import importlib

import numpy as np
import pytest
from asked import question
from scipy import special

from sim.experiments import asking, importance, suite
from sim.model.difficulty import Beta

FAR = ("attempts.max=1e9", "attempts.points=4", "budget.problems=32768")  # 1, 10^3, 10^6, 10^9
LONG = ("examples.max=1e9", "examples.points=4", "budget.problems=32768", "memory=arrival")
TAILS = {  # how many power laws, and what is asked
    "coverage difficulty.ceiling=0.8 difficulty.alpha=2 difficulty.beta=0.6": 1,
    "coverage difficulty=scaled_beta difficulty.scale=0.3": 1,
    "coverage difficulty=scaled_kumaraswamy difficulty.scale=0.3 difficulty.beta=0.7": 1,
    "coverage difficulty=latent_precision difficulty.tolerance=0.3": 1,
    "coverage difficulty=small_ball difficulty.dimension=6 difficulty.ceiling=0.7": 1,
    "coverage difficulty=uniform difficulty.high=0.6": 1,
    "coverage dependence=markov dependence.repeat=0.6 difficulty.ceiling=0.9": 1,
    "coverage dependence=sticky dependence.share=0.3 difficulty.ceiling=0.9": 1,
    "coverage dependence=zipf dependence.discount=0.4 difficulty.ceiling=0.9": 1,
    "coverage law.alpha=3 law.beta=0.5 law.ceiling=0.7": 1,
    "learning_curve features.exponent=2.5": 1,
    "learning_curve features.exponent=2.5 memory.depth=3": 1,
    "learning_curve features.exponent=2.5 memory.depth=2 law.normalisation=continuous": 1,
    "learning_curve memory=guessing memory.guess=0.3 features.exponent=2.5": 1,
    "cost difficulty.ceiling=0.8 difficulty.alpha=2 difficulty.beta=0.6 cost.decode=77 cost.prompt=0": 1,
}


@pytest.fixture
def predicted(monkeypatch):
    """What the experiment would measure exponents against: [(grid, prediction)]."""

    def run(name, *changes):
        module, found = importlib.import_module(f"sim.experiments.{name}"), []

        def measured(values, grid, prediction):
            found.append((np.asarray(grid), prediction))

        monkeypatch.setattr(module, "measure", measured)
        asked = question(name, *changes)
        if name in ("coverage", "learning_curve"):  # nothing has to be drawn: the law is known before
            monkeypatch.setattr(module, "judge", lambda *_: None)
            cells = (4, 1) if name == "learning_curve" and asked.memory.graded else (4,)
            asking.answer(name, asked, lambda steps: np.ones((steps.cut.batches, *cells), int))
        else:
            asking.answer(name, asked)
        return [(grid, prediction) for grid, prediction in found if prediction.exponent is not None]

    return run


@pytest.mark.parametrize("asked", TAILS)
def test_far_out_a_curve_falls_by_its_exponent_and_prefactor(predicted, asked):
    name, *changes = asked.split()
    found = predicted(name, *(LONG if name == "learning_curve" else FAR), *changes)
    assert len(found) == TAILS[asked]
    for grid, (curve, exponent, prefactor, _) in found:
        last = np.flatnonzero(curve < curve[0])[-2:]
        fall = -np.diff(curve[last])[0]
        assert fall == pytest.approx(-prefactor * np.diff(grid[last] ** -exponent)[0], rel=0.01)


def test_with_examples_and_attempts_each_has_the_prefactor_that_the_other_leaves(predicted):
    grids = "examples.max=1e9", "examples.points=4", *FAR, "memory=arrival", "features.exponent=2.5"
    own = "difficulty.ceiling=0.8", "difficulty.alpha=2", "difficulty.beta=0.6", "memory.depth=2"
    found = predicted("joint", *grids, *own)
    assert len(found) == 2
    for grid, (curve, exponent, prefactor, floor) in found:
        assert floor
        fall = curve[1] - curve[2]  # from 10^3 to 10^6
        assert fall == pytest.approx(prefactor * (grid[1] ** -exponent - grid[2] ** -exponent), rel=0.01)


def test_rounds_leave_a_power_of_what_they_have_cost():
    law = suite.law_of(Beta(2.0, 0.4, 1.0), np.array([1.0]), np.array([1e9, 1e12]))
    assert law.exponent == pytest.approx(0.4 / 0.6, rel=1e-12)
    np.testing.assert_allclose(law.unsolved, law.prefactor * law.made**-law.exponent, rtol=1e-3)
    assert suite.law_of(Beta(2.0, 0.4, 0.9), np.array([1.0]), np.array([1e3])).exponent is None


@pytest.mark.parametrize(("lift", "drop"), [(0.0, 0.1), (1.5, 0.1), (2.0, 0.0)])
def test_weights_have_the_power_law_of_what_they_leave(lift, drop):
    law = importance._problem_law(Beta(2.0, 0.4, 0.9), importance.Weights(lift, drop, 0.0))
    k = np.array([1e9, 1e12])
    assert law.exponent == pytest.approx(0.4 - drop, rel=1e-12)
    np.testing.assert_allclose(law.curve(k), law.prefactor * k**-law.exponent, rtol=1e-6)
    failure = special.betaincinv(2.0, 0.4, (np.arange(10**5) + 0.5) / 10**5)  # quantiles: as many problems
    weight = failure**lift * (1 - failure) ** -drop
    assert law.curve(np.array([5.0]))[0] == pytest.approx((weight * failure**5).sum() / weight.sum(), rel=0.01)


@pytest.mark.parametrize("rarity", [0.0, 0.2])
def test_weights_of_features_have_the_power_law_of_what_is_not_memorised(rarity):
    asked, n = question("importance", "memory=arrival", "features.exponent=1.8"), np.array([1e8, 1e12])
    law = importance._feature_law(asked.law, importance.Weights(0.0, 0.0, rarity), n)
    np.testing.assert_allclose(law.curve(n), law.prefactor * n**-law.exponent, rtol=2e-3)
    masses = np.arange(1, 10**6 + 1.0) ** -1.8
    masses /= masses.sum() + 10.0 ** (-6 * 0.8) / 0.8
    weighed = masses ** (1 - rarity)
    beyond = (10.0**6) ** (1 - 1.8 * (1 - rarity)) / (1.8 * (1 - rarity) - 1) * weighed[0]
    direct = ((weighed * (1 - masses) ** 20).sum() + beyond) / (weighed.sum() + beyond)
    assert law.curve(np.array([20.0]))[0] == pytest.approx(direct, rel=1e-3)


@pytest.mark.parametrize("ceiling", [1.0, 0.95])
def test_a_target_is_a_share_of_all_problems_those_that_cannot_be_solved_too(ceiling):
    asked = question("importance", f"difficulty.ceiling={ceiling}", "difficulty.alpha=2", "difficulty.beta=0.4")
    law = importance._plain_law(asked.law)
    needed = law.needed(0.3)
    assert law.curve(np.array([needed - 1]))[0] > 0.3 >= law.curve(np.array([needed]))[0]

"""Shares of the weight of problems that are solved, by all outcomes of three problems; what stages net."""

import itertools

import numpy as np
import pytest

from sim.calibration import mixtures, posterior
from sim.laws import coverage
from sim.optimum import budget, problems, stages, stopping, weighted
from sim.optimum.prices import Prices

ALPHA, BETA = 5.0, 0.35
COUNTS = (3.0, 1.0), (8.0, 0.0), (8.0, 0.0)  # attempts and successes of three problems
WEIGHTS = 5.0, 1.0, 0.5


@pytest.fixture(scope="module")
def three():
    """The problems under a known law, and the chance [k] of each that k attempts solve it."""
    average = posterior.Average(np.ones(1), mixtures.beta(np.log([[BETA, ALPHA]])), np.array(["beta"]), {}, {})
    made, won = np.array(COUNTS).T
    known = problems.these(average, mixtures.of_counts(made, won), WEIGHTS)
    return known, lambda k: [1 - coverage.inference_loss(k, ALPHA + m - c, BETA + c) for m, c in COUNTS]


@pytest.mark.parametrize("k", [1, 20])
def test_the_weighted_share_has_the_mean_and_the_spread_of_all_outcomes(three, k):
    known, chance = three
    shares, probabilities = [], []
    for outcome in itertools.product((0, 1), repeat=3):
        shares.append(np.dot(outcome, WEIGHTS) / np.sum(WEIGHTS))
        probabilities.append(np.prod([q if one else 1 - q for one, q in zip(outcome, chance(k), strict=True)]))
    mean = np.dot(shares, probabilities)
    variance = np.dot(np.square(shares), probabilities) - mean**2
    found = weighted.at(known, Prices(1, 0.01), k)
    assert found.mean == pytest.approx(mean, rel=2e-3)  # cells of the likelihood
    expected = problems.told(known, np.array([[mean]]), np.array([variance]), "share")
    np.testing.assert_allclose([found.low, found.high], [expected.low[0], expected.high[0]], rtol=1e-2)
    plain = stopping.curves(known, Prices(1, 0.01), [k]).solved.mean[0]
    assert found.mean > plain + 0.05  # the problem that was solved weighs most


def test_equal_weights_give_the_plain_share():
    generator = np.random.default_rng(0)
    likelihood = mixtures.of_counts(np.full(30, 50.0), generator.binomial(50, generator.beta(BETA, ALPHA, 30)))
    average = posterior.average(likelihood)
    known, own, ks = problems.these(average, likelihood, np.full(30, 7.0)), Prices(1, 0.01), np.array([1, 10, 300])
    for one, other in zip(weighted.solved(known, own, ks), stopping.curves(known, own, ks).solved, strict=True):
        np.testing.assert_allclose(one, other)


def test_of_new_problems_only_the_law_is_uncertain():
    average = posterior.Average(np.ones(1), mixtures.beta(np.log([[BETA, ALPHA]])), np.array(["beta"]), {}, {})
    found = weighted.at(problems.new(average), Prices(1, 0.01), 10)
    assert found.low == found.mean == found.high == pytest.approx(coverage.coverage(10, ALPHA, BETA), rel=1e-6)


def test_a_budget_solves_the_weight_of_the_problems_that_it_solves(three):
    known, chance = three
    own = Prices(1, 0.01)
    uniform = budget.uniform(known, own, 20, 3, 1.0)
    wanted = np.dot(chance(20), WEIGHTS) / np.sum(WEIGHTS)
    assert uniform.attempts == [20] and weighted.allotted(known, own, uniform) == pytest.approx(wanted, rel=2e-3)
    found = budget.by_counts(known, own._replace(sequential=True), 0.4)
    by_problem = {m: k for (m, _), k in zip(sorted(set(COUNTS)), found.attempts, strict=True)}  # groups ascend
    each = [chance(by_problem[m])[place] for place, (m, _) in enumerate(COUNTS)]
    assert len(set(found.attempts)) == 2
    wanted = np.dot(each, WEIGHTS) / np.sum(WEIGHTS)
    assert weighted.allotted(known, own, found) == pytest.approx(wanted, rel=2e-3)


def test_a_plan_of_stages_nets_what_it_solves_by_weight_less_what_it_costs(three):
    known, chance = three
    own = Prices(2.0, 0.01, wrong=0.7, false_accept=0.002)
    plan = stages.stages(known, own, 5)
    found = stopping.net(known, own._replace(each=1e-12, sequential=True), plan.attempts[-1:])[0, 0]
    assert weighted.net(known, own, plan) == pytest.approx(found - plan.cost[-1], rel=1e-6)
    plain = own._replace(wrong=0.0, false_accept=0.0)
    plan = stages.stages(known, plain, 5)
    worth = 2 * np.dot(chance(plan.attempts[-1]), WEIGHTS) / np.sum(WEIGHTS)
    assert weighted.net(known, plain, plan) == pytest.approx(worth - plan.cost[-1], rel=2e-3)
    none = Prices(1.0, 2.0)
    assert weighted.net(known, none, stages.stages(known, none, 5)) == 0

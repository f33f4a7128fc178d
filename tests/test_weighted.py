"""Shares of the weight of problems that are solved, by all outcomes of three problems; what stages net."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from sim.calibration import mixtures
from sim.decision import budget, outcomes, problems, stages, stopping, weighted
from sim.decision.prices import Prices
from sim.laws import coverage
from tests import checks

ALPHA, BETA = 5.0, 0.35
COUNTS = (3.0, 1.0), (8.0, 0.0), (8.0, 0.0)  # attempts and successes of three problems
WEIGHTS = 5.0, 1.0, 0.5


def law(draws):
    """A known law, as so many draws."""
    mixing = np.repeat(mixtures.beta(np.log([[BETA, ALPHA]])), draws, axis=0)
    return SimpleNamespace(weight=np.full(draws, 1 / draws), mixing=mixing)


def known_problems(draws):
    made, won = np.array(COUNTS).T
    return problems.these(law(draws), mixtures.of_counts(made, won), np.array(WEIGHTS))


def chance(k):
    """Of each of the problems, that k attempts solve it."""
    return [1 - coverage.inference_loss(k, ALPHA + m - c, BETA + c) for m, c in COUNTS]


@pytest.mark.parametrize("k", [1, 20])
def test_the_weighted_share_comes_as_often_as_all_outcomes_say(k):
    known = known_problems(20_000)
    shares, probabilities = [], []
    for outcome in itertools.product((0, 1), repeat=3):
        shares.append(np.dot(outcome, WEIGHTS) / np.sum(WEIGHTS))
        probabilities.append(np.prod([q if one else 1 - q for one, q in zip(outcome, chance(k), strict=True)]))
    order = np.argsort(shares)
    shares, probabilities = np.array(shares)[order], np.array(probabilities)[order]
    drawn = known.weighed_shares(outcomes.outcomes(Prices(1, 0.01), [k]).right)[:, 0]
    place = np.abs(drawn[:, None] - shares).argmin(axis=1)
    np.testing.assert_allclose(drawn, shares[place], atol=1e-6)
    checks.assert_counts(np.bincount(place, minlength=8), probabilities)
    wrong = probabilities * np.linspace(0.9, 1.1, 8)
    checks.rejects(checks.assert_counts, np.bincount(place, minlength=8), wrong / wrong.sum())
    found = weighted.at(known, Prices(1, 0.01), k)
    assert list(found) == list(np.quantile(drawn, (0.5, 0.05, 0.95), method="inverted_cdf"))


@pytest.mark.parametrize("weights", [None, (5.0, 1.0, 0.5)])
def test_what_could_be_known_of_problems_is_where_each_of_them_lies(weights):
    made, won = np.array([(3.0, 1.0), (8.0, 0.0), (20.0, 2.0)]).T
    own = problems.these(law(20_000), mixtures.of_counts(made, won), weights)
    relative = np.ones(3) if weights is None else np.array(weights) / np.mean(weights)
    failed = [coverage.inference_loss(k, ALPHA + made - won, BETA + won) for k in (30, 60)]
    variance = (relative**2) @ (failed[1] - failed[0] ** 2) / 9
    drawn = 1 - own.known.valued @ mixtures.reach([30])[:, 0]
    mean = relative @ failed[0] / 3
    checks.assert_mean(drawn.mean(), len(drawn), mean, np.sqrt(variance))
    checks.rejects(checks.assert_mean, drawn.mean(), len(drawn), 1.05 * mean, np.sqrt(variance))
    squares = (drawn - mean) ** 2
    checks.assert_mean(squares.mean(), len(drawn), variance, squares.std())
    checks.rejects(checks.assert_mean, squares.mean(), len(drawn), 1.3 * variance, squares.std())
    np.testing.assert_allclose(own.known.mixing.sum(axis=1), 1)


def test_new_problems_are_known_by_their_law_alone():
    own = problems.new(law(3))
    assert own.known is own


def test_equal_weights_give_the_plain_share():
    generator = np.random.default_rng(0)
    likelihood = mixtures.of_counts(np.full(30, 50.0), generator.binomial(50, generator.beta(BETA, ALPHA, 30)))
    known, own, ks = problems.these(law(500), likelihood, np.full(30, 7.0)), Prices(1, 0.01), np.array([1, 10, 300])
    for one, other in zip(weighted.solved(known, own, ks), stopping.curves(known, own, ks).solved, strict=True):
        np.testing.assert_allclose(one, other)


def test_a_budget_solves_the_weight_of_the_problems_that_it_solves():
    known, own = known_problems(400), Prices(1, 0.01)
    uniform = budget.uniform(known, own, 20, 3, 1.0)
    assert uniform.attempts == [20] and weighted.allotted(known, own, uniform) == weighted.at(known, own, 20).median
    found = budget.by_counts(known, own._replace(sequential=True), 0.4)
    by_problem = {m: k for (m, _), k in zip(sorted(set(COUNTS)), found.attempts, strict=True)}  # groups ascend
    each = [chance(by_problem[m])[place] for place, (m, _) in enumerate(COUNTS)]
    assert len(set(found.attempts)) == 2
    wanted = np.dot(each, WEIGHTS) / np.sum(WEIGHTS)
    assert weighted.allotted(known, own, found) == pytest.approx(wanted, rel=2e-3)


def test_a_plan_of_stages_nets_what_it_solves_by_weight_less_what_it_costs():
    known = known_problems(1)
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

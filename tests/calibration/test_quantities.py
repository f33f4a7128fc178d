"""Shares of problems that succeed always, often, or never: against every outcome, closed forms and simulation."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import integrate, special, stats

from sim.calibration import mixtures, prediction, quantities
from sim.laws import coverage
from tests import checks

ALPHA, BETA = 5.0, 0.35


def known(alpha=ALPHA, beta=BETA, ceiling=1.0):
    """One draw: the law is known."""
    theta = [np.log(beta), np.log(alpha)] + ([np.log(1 / ceiling - 1)] if ceiling < 1 else [])
    return SimpleNamespace(weight=np.ones(1), mixing=mixtures.beta(np.array([theta])))


def many(posterior, times=40):
    """The same law in many draws, so that many numbers are drawn."""
    return SimpleNamespace(
        weight=np.full(1000 * times, 1 / (1000 * times)), mixing=np.repeat(posterior.mixing, 1000 * times, axis=0)
    )


@pytest.mark.parametrize(("alpha", "beta"), [(5.0, 0.35), (0.4, 3.0)])
def test_the_mean_of_s_to_the_k_is_the_law_of_reliability(alpha, beta):
    ks = np.array([0, 1, 2, 10, 100])
    mean = known(alpha, beta).mixing[0] @ quantities.reliable(ks)
    np.testing.assert_allclose(mean, coverage.reliability(ks, alpha, beta), rtol=2e-4)


def test_what_never_failed_in_ever_so_many_attempts_goes_on_so():
    likelihood = mixtures.of_counts(np.full(9, 1e12), np.full(9, 1e12))
    found = quantities.quantities(known(), likelihood, np.array([1.0, 1e9]), 0)
    assert (found.reliability.these == 1).all() and (found.never.these == 0).all()


def test_the_share_above_tau_is_that_of_the_beta_law():
    """To 1 %: steep tails within a cell, 12 % wide, are taken for even."""
    mean = known().mixing[0] @ quantities.at_least(quantities.SUCCESS)
    np.testing.assert_allclose(mean, stats.beta(BETA, ALPHA).sf(quantities.SUCCESS), rtol=1e-2)


def test_pass_at_k_is_the_share_above_tau_averaged_over_a_beta_law_of_tau():
    """pass@k = E[cover(tau)], tau ~ Beta(1, k) (Dragoi et al. 2025)."""
    posterior = known(0.8, 0.5)
    own = lambda tau: posterior.mixing[0] @ quantities.at_least([tau])[:, 0]  # noqa: E731
    for k in (1, 5):
        mean, _ = integrate.quad(lambda tau, k=k: own(tau) * k * (1 - tau) ** (k - 1), 0, 1, limit=200, epsabs=1e-5)
        assert mean == pytest.approx((posterior.mixing @ mixtures.reach([k]))[0, 0], abs=1e-3)


@pytest.mark.parametrize("kind", ["these", "new"])
def test_numbers_of_problems_come_as_often_as_enumerated(kind):
    """Three problems, two of them alike; nested properties, here 2 and then 6 successes of as many attempts."""
    likelihood = mixtures.of_counts(np.array([3.0, 3, 8]), np.array([1.0, 1, 6]))
    ks, posterior = [2, 6], known(2.0, 0.8)
    if kind == "these":  # conjugate: Beta(beta + c, alpha + m - c)
        after = [coverage.reliability(np.array(ks), 2.0 + 2, 0.8 + 1)] * 2 + [
            coverage.reliability(np.array(ks), 2.0 + 2, 0.8 + 6)
        ]
    else:
        after = [coverage.reliability(np.array(ks), 2.0, 0.8)] * 3
    probabilities = np.zeros((4, 4))
    for levels in itertools.product((0, 1, 2), repeat=3):  # of each problem, how many of both properties it has
        each = [(1 - q[0], q[0] - q[1], q[1])[level] for q, level in zip(after, levels, strict=True)]
        probabilities[sum(level >= 1 for level in levels), sum(level == 2 for level in levels)] += np.prod(each)
    _, these, new = quantities.numbers(many(posterior), likelihood, quantities.reliable(ks), np.random.default_rng(0))
    drawn = (these if kind == "these" else new).astype(int)
    counts = np.zeros((4, 4))
    np.add.at(counts, tuple(drawn.T), 1)
    checks.assert_counts(counts, probabilities)
    other = probabilities * np.linspace(0.9, 1.1, 4)[:, None]
    checks.rejects(checks.assert_counts, counts, other / other.sum())


def test_a_problem_that_was_solved_is_within_reach_and_the_others_as_the_law_says():
    """P(never | no success in m) = (1 - A) / (1 - A + A L(m)); their number is binomial."""
    attempts, successes = np.full(20, 50.0), np.repeat([0.0, 2.0], [12, 8])
    posterior, likelihood = many(known(ceiling=0.7)), mixtures.of_counts(attempts, successes)
    q = 0.3 / (0.3 + 0.7 * coverage.inference_loss(50, ALPHA, BETA))
    _, these, new = quantities.numbers(posterior, likelihood, quantities.impossible(), np.random.default_rng(1))
    checks.assert_counts(np.bincount(these[:, 0].astype(int), minlength=21), stats.binom(12, q).pmf(np.arange(21)))
    checks.assert_counts(np.bincount(new[:, 0].astype(int), minlength=21), stats.binom(20, 0.3).pmf(np.arange(21)))
    found = quantities.shares(posterior, likelihood, quantities.impossible(), np.random.default_rng(2))
    assert found.these[0, [0, -1]] == pytest.approx(stats.binom(12, q).ppf((0.05, 0.95)) / 20)
    assert found.new[0, [0, -1]] == pytest.approx(stats.binom(20, 0.3).ppf((0.05, 0.95)) / 20)


def test_where_the_law_is_not_known_either_its_draws_are_mixed_by_their_weight():
    one, other = known(ceiling=0.9), known(ceiling=0.5)
    posterior = SimpleNamespace(
        weight=np.repeat([0.8 / 4000, 0.2 / 16000], [4000, 16000]),
        mixing=np.repeat([one.mixing[0], other.mixing[0]], [4000, 16000], axis=0),
    )
    likelihood = mixtures.of_counts(np.full(40, 100.0), np.ones(40))
    weight, these, _ = quantities.numbers(posterior, likelihood, quantities.impossible(), np.random.default_rng(3))
    assert not these.any() and weight.sum() == pytest.approx(1)
    law = 0.8 * stats.binom(40, 0.1).cdf(np.arange(41)) + 0.2 * stats.binom(40, 0.5).cdf(np.arange(41))
    found = quantities.shares(posterior, likelihood, quantities.impossible(), np.random.default_rng(3)).new[0]
    for level, value in zip(prediction.LEVELS, found, strict=True):
        assert law[round(40 * value)] >= level - 0.02 and law[max(round(40 * value) - 1, 0)] <= level + 0.02


def test_intervals_of_these_problems_hold_what_is_drawn():
    """90 % of 400 pilots of a known law hold the number that all of 3 further attempts solve, and 50 % do not."""
    inside, half, chances, halves = 0, 0, [], []
    for number in range(400):
        generator = np.random.default_rng([number, 7])
        success = generator.beta(1.5, 0.8, 60)
        likelihood = mixtures.of_counts(np.full(60, 10.0), generator.binomial(10, success).astype(float))
        posterior = known(0.8, 1.5)
        found = quantities.shares(posterior, likelihood, quantities.reliable([3]), generator).these[0]
        every = (generator.binomial(3, success) == 3).mean()
        inside += found[0] <= every <= found[-1]
        half += found[1] <= every <= found[3]
        q = (posterior.mixing[0] * likelihood.kernel) @ quantities.reliable([3])[:, 0]
        q = (q / (likelihood.kernel @ posterior.mixing[0]))[likelihood.row]
        mean, deviation = q.sum(), np.sqrt((q * (1 - q)).sum())
        ends = (60 * found[[0, -1]] + [-0.5, 0.5] - mean) / deviation  # whole numbers of problems hold somewhat more
        chances.append(np.diff(special.ndtr(ends))[0])
        halves.append(np.diff(special.ndtr((60 * found[[1, 3]] + [-0.5, 0.5] - mean) / deviation))[0])
    assert 0.9 <= np.mean(chances) < 0.94
    checks.assert_proportion(inside, 400, np.mean(chances))
    checks.assert_proportion(half, 400, np.mean(halves))
    checks.rejects(checks.assert_proportion, half, 400, np.mean(chances))


def test_all_shares_of_a_pilot_are_multiples_of_one_problem_and_in_order():
    generator = np.random.default_rng(5)
    likelihood = mixtures.of_counts(np.full(37, 60.0), generator.binomial(60, generator.beta(BETA, ALPHA, 37)))
    theta = np.log([BETA, ALPHA]) + 0.3 * generator.normal(size=(1000, 2))
    posterior = SimpleNamespace(weight=np.full(1000, 1e-3), mixing=mixtures.beta(theta))
    ks = np.array([1.0, 5, 60, 1e4])
    found = quantities.quantities(posterior, likelihood, ks, 0)
    again = quantities.quantities(posterior, likelihood, ks, 0)
    for own, other in zip(found, again, strict=True):
        for one, same in zip(own, other, strict=True):
            np.testing.assert_array_equal(one, same)
            np.testing.assert_allclose(37 * one, np.round(37 * one), atol=1e-9)
            assert (np.diff(one, axis=1) >= 0).all()
    assert [len(own.these) for own in found] == [4, len(quantities.SUCCESS), 1]
    for side in (found.reliability.these, found.reliability.new):
        assert (np.diff(side, axis=0) <= 0).all()  # more attempts never all succeed more often
    for side in (found.cover.these, found.cover.new):
        assert (np.diff(side, axis=0) >= 0).all()  # nor are there fewer problems above a smaller tau

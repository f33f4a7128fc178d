"""Laws on the grid against closed forms and other people's distributions; likelihoods against golden values."""

import numpy as np
import pytest
from scipy import special, stats

from sim.calibration import mixtures
from sim.judging import estimators

KS = np.array([1.0, 10, 100, 1000, 1e4, 1e6])


def failure(alpha, beta, ks):
    """B(alpha + k, beta) / B(alpha, beta)."""
    return np.exp(special.betaln(alpha + ks, beta) - special.betaln(alpha, beta))


@pytest.mark.parametrize("alpha", [0.3, 1.0, 5.0, 40.0, 300.0])
@pytest.mark.parametrize("beta", [0.05, 0.35, 1.0, 3.0])
def test_the_beta_law_on_the_grid_gives_its_coverage(alpha, beta):
    weights = mixtures.beta(np.log([[beta, alpha]]))
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(weights @ mixtures.reach(KS), [1 - failure(alpha, beta, KS)], atol=2e-4, rtol=2e-4)
    away = weights @ mixtures.reach(KS) / (1 - failure(alpha * 1.05, beta, KS)) - 1
    assert np.abs(away).max() > 4e-4  # the check would see alpha 5 % off


def test_a_ceiling_thins_every_cell_alike():
    theta = np.array([[-1.0, 1.6]])
    with_ceiling = mixtures.beta(np.concatenate([theta, [[special.logit(0.2)]]], axis=1))
    np.testing.assert_allclose(with_ceiling[:, 1:], 0.8 * mixtures.beta(theta)[:, 1:], rtol=1e-12)
    np.testing.assert_allclose(with_ceiling[:, 0], 0.2 + 0.8 * mixtures.beta(theta)[:, 0], rtol=1e-12)


def test_a_scaled_law_ends_at_its_scale():
    """(.25, 3.5, .1), k = 1000: failure .676162293243 (golden value)."""
    weights = mixtures.scaled_kumaraswamy(np.array([[np.log(0.25), np.log(3.5), special.logit(0.1)]]))
    assert weights[0, 1:][mixtures.ODDS > special.logit(0.1) + 0.1].max() == 0
    assert weights @ mixtures.reach([1000.0]) == pytest.approx(1 - 0.676162293243, abs=2e-3)


@pytest.mark.parametrize(("successes", "expected"), [(3, -2.89333775222), (0, -1.08744089324)])
def test_the_likelihood_of_counts_is_the_beta_binomial(successes, expected):
    """Success Beta(.35, 5), 100 attempts: golden values."""
    weights = mixtures.beta(np.log([[0.35, 5.0]]))
    likelihood = mixtures.of_counts(np.array([100.0]), np.array([float(successes)]))
    assert mixtures.log_likelihood(weights, likelihood)[0] == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("attempts", [1, 7, 1000, 10**6, 10**9])
def test_counts_of_any_size_are_told_from_each_other(attempts):
    """Against scipy's beta-binomial; a likelihood narrower than a cell knows the law at its middle only."""
    counts = np.unique([0, 1, attempts // 100, attempts // 3, attempts // 2])
    weights, close = mixtures.beta(np.log([[0.35, 5.0]])), 0.02 if attempts <= 1000 else 0.15
    for c in counts:
        found = mixtures.log_likelihood(weights, mixtures.of_counts(np.array([float(attempts)]), np.array([float(c)])))
        assert found[0] == pytest.approx(stats.betabinom.logpmf(c, attempts, 0.35, 5.0), abs=close)


@pytest.mark.parametrize("attempts", [1, 2, 10, 1e3, 1e6, 1e9, 1e12])
def test_all_counts_are_likely_somewhere(attempts):
    """Also where they peak beyond the last cell, whose success probability is 1 - 1.5e-8."""
    counts = np.unique(
        np.clip([0, 1, 2, attempts // 3, attempts // 2, attempts - 2, attempts - 1, attempts], 0, attempts)
    )
    likelihood = mixtures.of_counts(np.full(len(counts), attempts), counts)
    assert np.isfinite(likelihood.kernel).all() and np.isfinite(likelihood.log_scale).all()
    assert (likelihood.kernel.max(axis=1) == 1).all() and (likelihood.kernel >= 0).all()
    rate = np.append(0.0, special.expit(mixtures.ODDS))[likelihood.kernel.argmax(axis=1)]
    near = np.clip(counts / attempts, special.expit(mixtures.ODDS[0]), special.expit(mixtures.ODDS[-1]))
    apart = np.abs(special.logit(rate[counts > 0]) - special.logit(near[counts > 0]))
    assert (apart < 2 * mixtures.STEP).all() and (rate[counts == 0] == 0).all()


def test_problems_with_the_same_counts_share_a_row():
    likelihood = mixtures.of_counts(np.array([10.0, 10, 20, 10]), np.array([1.0, 0, 1, 1]))
    assert likelihood.problems.tolist() == [1, 2, 1]
    assert likelihood.row.tolist() == [1, 0, 2, 1]


def test_batches_of_one_are_first_successes():
    attempts, solved = np.array([5.0, 9, 30]), np.array([True, True, False])
    batches, counts = mixtures.of_batches(attempts, solved, 1), mixtures.of_counts(attempts, solved.astype(float))
    weights = mixtures.beta(np.log([[0.35, 5.0], [1.0, 2.0]]))
    difference = np.diff(mixtures.log_likelihood(weights, batches)), np.diff(mixtures.log_likelihood(weights, counts))
    assert difference[0] == pytest.approx(difference[1], abs=2e-3)


def test_a_batch_says_less_than_its_last_attempt():
    """P(solved in attempts 31 ... 60) = L(30) - L(60) under the Beta law."""
    weights = mixtures.beta(np.log([[0.35, 5.0]]))
    found = mixtures.log_likelihood(weights, mixtures.of_batches(np.array([60.0]), np.array([True]), 30))[0]
    assert found == pytest.approx(np.log(failure(5, 0.35, 30) - failure(5, 0.35, 60)), abs=1e-3)


@pytest.mark.parametrize(("k", "measured"), [(3, 3), (3, 4), (3, 20), (17, 20), (40, 4000)])
def test_what_two_choices_of_attempts_share_gives_the_spread_of_pass_at_k(k, measured):
    """The mean square over binomial counts, by the sum over all of them."""
    cell = 1 + np.argmin(np.abs(mixtures.ODDS - special.logit(0.05)))
    counts = np.arange(measured + 1)
    failed = 1 - estimators.pass_at_k([k], np.full(measured + 1, measured), counts)[0]
    chances = stats.binom.pmf(counts, measured, np.exp(mixtures.LOG_SUCCESS[cell - 1]))
    found = mixtures.twice(np.array([float(k)]), float(measured))
    assert found[cell, 0] == pytest.approx(chances @ failed**2, rel=1e-9)
    assert found[0, 0] == pytest.approx(1, rel=1e-12)
    if k == measured:
        np.testing.assert_allclose(found, 1 - mixtures.reach(np.array([float(k)])), atol=1e-14)

"""Information in counts: against its golden limit, against derivatives and brute sums, and what no counts can tell."""

import mpmath
import numpy as np
import pytest
from scipy import stats

from sim.laws import cost, coverage, fisher

LAWS = [(5.0, 0.35, 1.0), (0.8, 1.5, 1.0), (20.0, 0.15, 1.0), (5.0, 0.35, 0.8), (2.0, 1.0, 0.4)]


def chances(theta, attempts):
    """SciPy's beta-binomial with a ceiling: success has the Beta turned round."""
    alpha, beta, ceiling = theta
    law = stats.betabinom(attempts, beta, alpha)
    return ceiling * law.pmf(np.arange(attempts + 1)) + (1 - ceiling) * (np.arange(attempts + 1) == 0)


def slopes(function, theta, count):
    """Central differences by the first `count` parameters."""
    steps = 1e-5 * np.asarray(theta)[:count, None] * np.eye(len(theta))[:count]
    return np.stack([(function(theta + s) - function(theta - s)) / (2 * s.sum()) for s in steps])


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("attempts", [2, 7, 60])
def test_the_information_is_the_mean_product_of_numerical_scores(law, attempts):
    count = 3 if law[2] < 1 else 2
    d, chance = slopes(lambda theta: chances(theta, attempts), np.array(law), count), chances(law, attempts)
    expected = (d / chance) @ d.T
    assert fisher.information(attempts, *law) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_chances_are_scipys_and_add_up_to_one(law):
    count = np.arange(41)
    own = np.exp(fisher.log_chance(count, 40, *law[:2]))
    assert own == pytest.approx(chances((*law[:2], 1.0), 40), rel=1e-10)
    assert own.sum() == pytest.approx(1, abs=1e-12)


def test_without_end_of_attempts_the_bounds_are_golden():
    bound = fisher.variance_bound(fisher.beta_gradient(), 1, np.inf, 5.0, 0.35)
    assert bound == pytest.approx(0.156918254265, rel=1e-10)
    assert fisher.variance_bound([1, 0], 1, np.inf, 5.0, 0.35) == pytest.approx(89.4069980071, rel=1e-9)
    assert fisher.variance_bound([0, 1], 1, np.inf, 2.0, 1.0) == pytest.approx(1.59716769430, rel=1e-9)


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_more_attempts_tell_more_and_tend_to_the_limit(law):
    gradient = fisher.beta_gradient(law[2])
    bounds = [fisher.variance_bound(gradient, 1, m, *law) for m in (3, 10, 100, 1000, 20_000, np.inf)]
    assert (np.diff(bounds) < 0).all()
    steep = law[1] > 1  # where hardly any problem is hard, the limit is soon there
    assert bounds[-2] / bounds[-1] < (1.01 if steep and law[2] == 1 else 5)


def test_one_attempt_and_none_tell_nothing_of_the_exponent():
    for attempts in (0, 1):
        assert fisher.variance_bound(fisher.beta_gradient(), 100, attempts, 5.0, 0.35) == np.inf
    assert (
        fisher.variance_bound(fisher.beta_gradient(0.8), 100, 2, 5.0, 0.35, 0.8) == np.inf
    )  # two counts, three numbers
    assert np.isfinite(fisher.variance_bound(fisher.beta_gradient(0.8), 100, 3, 5.0, 0.35, 0.8))


def test_the_bound_falls_with_the_number_of_problems():
    bound = fisher.variance_bound(fisher.beta_gradient(), np.array([1, 10, 1000]), 100, 5.0, 0.35)
    assert bound == pytest.approx(bound[0] / np.array([1, 10, 1000]), rel=1e-12)


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("attempts", [1.0, 30.0, 1e5])
def test_the_gradient_of_coverage_is_that_of_differences(law, attempts):
    own = fisher.coverage_gradient(attempts, *law)
    expected = slopes(lambda theta: coverage.coverage(attempts, *theta), np.array(law), len(own))
    assert own == pytest.approx(expected, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("law", LAWS[:1] + LAWS[3:4], ids=str)
def test_the_regret_of_a_small_error_is_half_the_bend_times_its_square(law):
    """k chosen with parameters a little off, all digits: regret / step^2 tends to (g . direction)^2."""
    value, price, step = 1.0, 1e-9, 3e-3  # a best k of some million, so that rounding it hardly matters
    best = cost.optimal_parallel(value, price, *law)
    gradient = fisher.regret_gradient(best, value, *law)
    worth = lambda k: cost.net_value_parallel(k, value, price, *law)  # noqa: E731
    for direction in np.eye(3)[: len(gradient)]:
        theta = np.array(law)
        up, down = (cost.optimal_parallel(value, price, *(theta + s * step * theta * direction)) for s in (1, -1))
        regret = (2 * worth(best) - worth(up) - worth(down)) / 2
        expected = (gradient @ (step * theta * direction)[: len(gradient)]) ** 2
        assert regret == pytest.approx(expected, rel=0.02)


def test_the_gradient_of_the_regret_keeps_its_digits_at_any_number_of_attempts():
    """Against 60 digits."""
    for attempts in (10.0, 999.0, 1e3, 1e8, 1e25):
        alpha, beta, k = (mpmath.mpf(x) for x in (5.0, 0.35, attempts))
        with mpmath.workdps(60):
            psi = mpmath.psi
            loss = mpmath.beta(alpha + k, beta) / mpmath.beta(alpha, beta)
            fall, apart = psi(0, alpha + k) - psi(0, alpha + beta + k), psi(1, alpha + k) - psi(1, alpha + beta + k)
            by_beta = psi(0, alpha + beta) - psi(0, alpha + beta + k)
            by_alpha = psi(0, alpha + k) - psi(0, alpha) + by_beta
            slope = [by_alpha * fall + apart, by_beta * fall - psi(1, alpha + beta + k)]
            expected = [float(-loss * x / mpmath.sqrt(2 * loss * (fall**2 + apart))) for x in slope]
        assert fisher.regret_gradient(attempts, 1.0, 5.0, 0.35) == pytest.approx(expected, rel=1e-9)

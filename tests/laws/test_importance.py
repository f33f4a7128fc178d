"""Importance: by hand and enumeration, against quadrature and zeta series to 40 digits, and where power laws hold."""

from math import fsum

import mpmath
import numpy as np
import pytest

from sim.laws import coverage, importance, learning_curve

LEVI = (5.0, 0.35)


@pytest.fixture(autouse=True)
def forty_digits():
    with mpmath.workdps(40):
        yield


def weighted_average(attempts, alpha, beta, lift, drop):
    """The average over p ~ Beta(alpha, beta) with weights p^lift (1-p)^-drop, by quadrature from both ends."""

    def moment(k):
        # p and 1 - p as powers of the variable: the integrands are bounded at both ends.
        easy, hard = 2 / (mpmath.mpf(alpha) + lift), 2 / (mpmath.mpf(beta) - drop)
        left = mpmath.quad(
            lambda u: easy * u ** (easy * (alpha + lift + k) - 1) * (1 - u**easy) ** (beta - drop - 1),
            [0, mpmath.mpf("0.5") ** (1 / easy)],
        )
        right = mpmath.quad(
            lambda u: hard * u ** (hard * (beta - drop) - 1) * (1 - u**hard) ** (alpha + lift + k - 1),
            mpmath.linspace(0, mpmath.mpf("0.5") ** (1 / hard), 9),
        )
        return left + right

    return float(moment(attempts) / moment(0))


def unmemorised(examples, exponent, v):
    """Head rank by rank, and beyond it the binomial series in Hurwitz zeta functions."""
    size = int(3 * (examples + 1) ** (1 / exponent)) + 10
    s, scale = mpmath.mpf(exponent), mpmath.zeta(exponent)
    rank = np.arange(1.0, size + 1)
    head = fsum(rank**-v * np.exp(examples * np.log1p(-(rank**-exponent) / float(scale))))
    tail, term = mpmath.mpf(0), mpmath.mpf(1)
    for j in range(60):
        tail += term * mpmath.zeta(v + s * j, size + 1)
        term *= -(mpmath.mpf(examples) - j) / ((j + 1) * scale)
    return float((head + tail) / mpmath.zeta(v))


def test_listed_problems_by_hand():
    success, weight = np.array([0.5, 0.0, 1.0, 0.1]), np.array([3, 1, 2, 4])
    failed = importance.weighted_failure([[0], [1], [2]], success, weight)
    expected = [[1], [(1.5 + 1 + 0 + 3.6) / 10], [(0.75 + 1 + 0 + 3.24) / 10]]
    np.testing.assert_allclose(failed, expected, rtol=1e-14)
    assert isinstance(importance.weighted_failure(2, success, weight), np.float64)


def test_a_problem_of_weight_two_counts_as_two_problems():
    twice = coverage.mixture_failure([0, 3, 1e14], [0.2, 0.2, 1e-15])
    np.testing.assert_allclose(importance.weighted_failure([0, 3, 1e14], [0.2, 1e-15], [2, 1]), twice, rtol=1e-14)
    alone = importance.weighted_failure(5, np.array([0.3, 0.9]), np.array([1, 0]))
    assert alone == pytest.approx(0.7**5, rel=1e-14, abs=0)


@pytest.mark.seldom(2)
@pytest.mark.parametrize(("alpha", "beta"), [(0.4, 0.35), (2, 1), (5, 0.35)])
@pytest.mark.parametrize(("lift", "drop"), [(0, 0), (0.7, 0), (3, 0), (0, 0.1), (0, 0.25)])
def test_the_weighted_loss_is_the_weighted_average_over_problems(alpha, beta, lift, drop):
    for attempts in (1, 2.5, 40):
        expected = weighted_average(attempts, alpha, beta, lift, drop)
        if drop == 0:
            assert importance.weighted_loss(attempts, alpha, beta, lift) == pytest.approx(expected, rel=1e-10, abs=0)
        if lift == 0:
            law = importance.tail_weighted_loss(attempts, alpha, beta, drop)
            assert law == pytest.approx(expected, rel=1e-10, abs=0)


def test_weights_by_failure_change_the_prefactor_and_weights_by_rarity_the_exponent():
    k = np.array([1e10, 1e12])
    plain, lifted = coverage.inference_loss(k, 200, 0.35), importance.weighted_loss(k, 200, 0.35, 300)
    np.testing.assert_allclose(lifted / plain, (1 + 300 / 200) ** 0.35, rtol=2e-3)
    dropped = importance.tail_weighted_loss(k, *LEVI, 0.25)
    assert np.log(dropped[0] / dropped[1]) / np.log(100) == pytest.approx(0.1, rel=1e-6, abs=0)
    for law in (importance.weighted_loss, importance.tail_weighted_loss):
        np.testing.assert_array_equal(law([0, np.inf], *LEVI, 0.2), [1, 0])
        assert np.all(law([1, 10, 100], *LEVI, 0.2) > coverage.inference_loss([1, 10, 100], *LEVI))
        assert isinstance(law(3, *LEVI, 0.2), np.float64)


@pytest.mark.parametrize(("alpha", "beta"), [LEVI, (5, 0.1), (8, 0.35), (0.8, 1.5), (1e4, 2)])
def test_the_attempts_needed_are_the_first_that_suffice(alpha, beta):
    target = np.array([[1.0, 0.9, 0.51], [0.25, 0.1, 0.0123]])
    needed = importance.attempts_needed(target, alpha, beta)
    assert needed.shape == (2, 3) and needed[0, 0] == 0
    assert np.all(needed == np.floor(needed))
    resolved = needed < 1e14 * beta
    assert np.all((coverage.inference_loss(needed, alpha, beta) <= target) | ~resolved)
    before = coverage.inference_loss(np.maximum(needed - 1, 0), alpha, beta)
    assert np.all((before > target) | (needed == 0) | ~resolved)


def test_the_attempts_needed_by_plain_search():
    """p ~ Beta(2, 1): L(k) = 2 / (k + 2)."""
    for target in (0.9, 0.5001, 0.0301, 1.0001e-4):
        assert importance.attempts_needed(target, 2, 1) == next(k for k in range(10**5) if 2 / (k + 2) <= target)
    assert importance.attempts_needed(1e-4, 5, 0.35) == pytest.approx((1.71662711141 * 1e4) ** (1 / 0.35), rel=1e-9)
    assert importance.attempts_needed(1e-4, 5, 1e-3) == np.inf
    assert isinstance(importance.attempts_needed(0.5, *LEVI), np.float64)


def test_three_features_by_hand():
    """s = 1: masses 6/11, 3/11, 2/11; weights i^2: 1/14, 4/14, 9/14."""
    law = importance.weighted_unmemorised([0, 1, 2], 1, 3, 2)
    expected = [1, (5 + 4 * 8 + 9 * 9) / (14 * 11), (25 + 4 * 64 + 9 * 81) / (14 * 121)]
    np.testing.assert_allclose(law, expected, rtol=1e-14)
    np.testing.assert_array_equal(importance.weighted_unmemorised([0, 1], 1.3, 1, 2), [1, 0])
    assert isinstance(importance.weighted_unmemorised(4, 1, 3, 2), np.float64)
    assert importance.weighted_unmemorised([[1, 2]], 1, 3, 2).shape == (1, 2)


@pytest.mark.parametrize("size", [10, 10_000, 1_000_000])
def test_weights_by_frequency_give_the_learning_curve_and_equal_weights_count_features(size):
    n = np.array([0, 1, 100, 10**5])
    curve = importance.weighted_unmemorised(n, 1.5, size, -1.5)
    np.testing.assert_allclose(curve, learning_curve.unmemorised_mass(n, 1.5, size), rtol=1e-10)
    counted = size - size * importance.weighted_unmemorised(n, 1.5, size, 0)
    np.testing.assert_allclose(counted, learning_curve.distinct_features(n, 1.5, size), rtol=1e-7, atol=1e-9 * size)


def test_the_more_the_rare_features_count_the_less_is_learnt():
    lifts = [importance.weighted_unmemorised(1000, 1.5, 500, lift) for lift in (-3, -1.5, 0, 1, 4)]
    assert np.all(np.diff(lifts) > 0)


@pytest.mark.seldom(2)
@pytest.mark.parametrize(("exponent", "top"), [(1.2, 1e6), (2, 1e10), (3, 1e9), (6, 1e15)])
@pytest.mark.parametrize("v", [1.01, 1.5, 2.0, 4.0, 9.0])
def test_infinitely_many_features_agree_with_the_zeta_series(exponent, top, v):
    for n in (0, 1, 30, 5000, top):
        law = importance.weighted_unmemorised_infinite(n, exponent, v)
        assert law == pytest.approx(unmemorised(n, exponent, v), rel=1e-12, abs=0), n


@pytest.mark.parametrize("exponent", [1.05, 1.5, 2.0, 5.0])
def test_importance_by_frequency_is_hutters_learning_curve(exponent):
    n = 10.0 ** np.arange(16)
    law = importance.weighted_unmemorised_infinite(n, exponent, exponent)
    np.testing.assert_allclose(law, learning_curve.unmemorised_mass(n, exponent, np.inf), rtol=1e-11)
    prefactor = importance.weighted_prefactor(exponent, exponent)
    assert prefactor == pytest.approx(learning_curve.prefactor(exponent), rel=1e-13, abs=0)
    decay = importance.importance_exponent(exponent, exponent)
    assert decay == pytest.approx(learning_curve.decay_exponent(exponent), rel=1e-13, abs=0)


@pytest.mark.parametrize(("exponent", "v"), [(1.5, 1.2), (2, 1.5), (2, 4), (1.3, 6)])
def test_the_power_laws_are_as_wrong_as_stated(exponent, v):
    n = np.array([1e6, 1e8])
    exact = importance.weighted_unmemorised_infinite(n, exponent, v)
    decay = (v - 1) / exponent
    error = importance.weighted_asymptote(n, exponent, v) / exact - 1
    np.testing.assert_allclose(error * n, decay * (1 + decay) / 2, rtol=1e-4)
    np.testing.assert_allclose(importance.weighted_beta_form(n, exponent, v), exact, rtol=1e-12)
    early = importance.weighted_beta_form([10, 100, 1000], exponent, v)
    wrong = np.abs(early / importance.weighted_unmemorised_infinite([10, 100, 1000], exponent, v) - 1)
    assert wrong[1] < 0.1 * wrong[0] and wrong[2] < 0.01 * wrong[1]


def test_a_number_of_examples_gives_a_number_and_a_table_gives_a_table():
    for law in (importance.weighted_unmemorised_infinite, importance.weighted_beta_form, importance.weighted_asymptote):
        assert isinstance(law(3, 2.0, 1.5), np.float64), law.__name__
        assert law([[1, 2, 3], [4, 5, 6]], 2.0, 1.5).shape == (2, 3)

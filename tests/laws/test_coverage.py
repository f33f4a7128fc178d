"""Coverage: by enumeration, against golden values, against 50-digit Gammas, and where its power laws hold."""

import json
from itertools import combinations, product
from math import comb
from pathlib import Path

import mpmath
import numpy as np
import pytest

from sim.laws import coverage

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
LEVI = (5.0, 0.35)
EXTREMES = [
    (alpha, beta, attempts)
    for alpha in (1e-3, 0.4, 5.0, 185.0, 1e6)
    for beta in (1e-3, 0.074, 0.35, 2.0, 300.0)
    for attempts in (0.01, 1, 2.5, 100, 10**4, 10**8, 10**15, 10**18)
]


@pytest.fixture(autouse=True)
def fifty_digits():
    with mpmath.workdps(50):
        yield


def rows(name):
    """Parameters and value of each row of a golden table."""
    return [({k: float(v) for k, v in row["params"].items()}, float(row["value"]), row["name"]) for row in GOLDEN[name]]


def log_loss(attempts, alpha, beta):
    k, a, b = mpmath.mpf(attempts), mpmath.mpf(alpha), mpmath.mpf(beta)
    return mpmath.loggamma(a + k) - mpmath.loggamma(a) + mpmath.loggamma(a + b) - mpmath.loggamma(a + b + k)


def slope(attempts, alpha, beta):
    k, a, b = mpmath.mpf(attempts), mpmath.mpf(alpha), mpmath.mpf(beta)
    return k * (mpmath.digamma(k + a + b) - mpmath.digamma(k + a))


def test_a_linear_density_of_failures_integrates_by_hand():
    """p ~ Beta(2, 1) has density 2p, so E[p^k] = 2 / (k + 2); it is skewed: alpha and beta are not interchangeable."""
    k = np.array([0, 1, 2, 10, 0.5])
    np.testing.assert_allclose(coverage.inference_loss(k, 2, 1), 2 / (k + 2), rtol=1e-14)
    np.testing.assert_allclose(coverage.coverage(k, 2, 1, 0.9), 0.9 * k / (k + 2), rtol=1e-14)
    np.testing.assert_allclose(coverage.failure(k, 2, 1, 0.9), 1 - 0.9 * k / (k + 2), rtol=1e-14)
    np.testing.assert_allclose(coverage.excess_loss(k, 2, 1, 0.9), 0.9 * 2 / (k + 2), rtol=1e-14)
    np.testing.assert_allclose(coverage.reliability(k, 2, 1), 2 / ((k + 1) * (k + 2)), rtol=1e-14)
    np.testing.assert_allclose(coverage.hazard(k, 2, 1), 1 / (k + 3), rtol=1e-14)
    np.testing.assert_allclose(coverage.prefactor(2, 1), 2, rtol=1e-14)


def test_the_mixture_of_known_problems_by_enumeration():
    success = np.array([0.0, 0.1, 0.7, 1.0])
    expected = 0.0
    for s in success:
        for outcome in product([False, True], repeat=3):
            expected += np.prod(np.where(outcome, s, 1 - s)) * (not any(outcome)) / 4
    assert coverage.mixture_failure(3, success) == pytest.approx(expected, rel=1e-14, abs=0)
    np.testing.assert_array_equal(coverage.mixture_failure([[0], [1e15]], success), [[1], [0.25]])


def test_the_mixture_is_stable_at_1e15_attempts():
    law = coverage.mixture_failure([1e15, 1e13], np.array([1e-15, 3e-16]))
    expected = [(np.exp(-1) + np.exp(-0.3)) / 2, (np.exp(-0.01) + np.exp(-0.003)) / 2]
    np.testing.assert_allclose(law, expected, rtol=1e-13)


@pytest.mark.parametrize("attempts", [0, 1, 2, 4, 5])
def test_the_variance_of_the_unbiased_estimator_by_enumeration(attempts):
    recorded, p = 5, 0.7
    mean = square = 0.0
    for outcome in product([0, 1], repeat=recorded):
        chance = np.prod([1 - p if success else p for success in outcome])
        samples = list(combinations(outcome, attempts))
        estimate = sum(any(sample) for sample in samples) / len(samples)
        mean, square = mean + chance * estimate, square + chance * estimate**2
    assert mean == pytest.approx(1 - p**attempts, rel=1e-13, abs=0)
    law = coverage.estimator_variance(attempts, recorded, p)
    assert law == pytest.approx(square - mean**2, rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("attempts", [1, 3, 6])
def test_the_total_variance_by_enumeration_of_counts(attempts):
    recorded, alpha, beta = 6, 1.5, 0.6
    mean = square = 0.0
    for successes in range(recorded + 1):
        failures = recorded - successes
        chance = comb(recorded, successes) * mpmath.beta(alpha + failures, beta + successes) / mpmath.beta(alpha, beta)
        estimate = 1 - comb(failures, attempts) / comb(recorded, attempts)
        mean, square = mean + chance * estimate, square + chance * estimate**2
    law = coverage.total_variance(attempts, recorded, 10, alpha, beta)
    assert law == pytest.approx(float(square - mean**2) / 10, rel=1e-12, abs=0)


def test_the_hazard_by_bayes_with_problems_that_cannot_be_solved():
    for ceiling in (0.3, 0.9, 1.0):
        k = np.arange(20)
        failed = coverage.failure(np.arange(21), *LEVI, ceiling)
        np.testing.assert_allclose(coverage.hazard(k, *LEVI, ceiling), 1 - failed[1:] / failed[:-1], rtol=1e-10)


@pytest.mark.parametrize(
    ("table", "law"),
    [
        ("levi_prefactor", lambda p: coverage.prefactor(p["alpha"], p["beta"])),
        ("levi_loss", lambda p: coverage.inference_loss(p["k"], p["alpha"], p["beta"])),
        ("levi_passk", lambda p: coverage.coverage(p["k"], p["alpha"], p["beta"], p["A"])),
        ("levi_passk", lambda p: 1 - coverage.failure(p["k"], p["alpha"], p["beta"], p["A"])),
        ("levi_passk", lambda p: p["A"] - coverage.excess_loss(p["k"], p["alpha"], p["beta"], p["A"])),
        ("pass_hat_k", lambda p: coverage.reliability(p["k"], p["alpha"], p["beta"])),
        ("levi_finiteP_var", lambda p: 128 * coverage.suite_variance(p["k"], 128, p["alpha"], p["beta"])),
        ("levi_finiteP_cutoff", lambda p: coverage.suite_cut_off(p["P"], p["alpha"], p["beta"])),
        ("levi_hazard", lambda p: coverage.hazard(p["k"], p["alpha"], p["beta"])),
        ("chen_variance", lambda p: coverage.estimator_variance(p["k"], p["n"], p["p"])),
        ("chen_total_variance", lambda p: 7 * coverage.total_variance(p["k"], p["n"], 7, p["alpha"], p["beta"])),
    ],
)
def test_the_law_has_the_golden_values(table, law):
    for parameters, value, _ in rows(table):
        np.testing.assert_allclose(law(parameters), value, rtol=1e-12, err_msg=str(parameters))


def test_both_local_exponents_have_the_golden_values():
    for p, value, name in rows("local_exponent"):
        law = coverage.local_exponent_log_coverage if "pass@k" in name else coverage.local_exponent
        np.testing.assert_allclose(law(p["k"], p["alpha"], p["beta"]), value, rtol=1e-12, err_msg=f"{name} {p}")


def test_the_fisher_bounds_have_the_golden_values():
    for p, value, name in rows("crlb"):
        law = coverage.beta_variance_bound if "beta_hat" in name else coverage.alpha_variance_bound
        np.testing.assert_allclose(law(p["alpha"], p["beta"]), value, rtol=1e-11, err_msg=f"{name} {p}")


@pytest.mark.parametrize(("alpha", "beta", "attempts"), EXTREMES)
def test_loss_coverage_and_slopes_agree_with_50_digits_everywhere(alpha, beta, attempts):
    log, point = log_loss(attempts, alpha, beta), (attempts, alpha, beta)
    assert coverage.coverage(*point) == pytest.approx(float(-mpmath.expm1(log)), rel=1e-13, abs=0)
    assert coverage.local_exponent(*point) == pytest.approx(float(slope(*point)), rel=1e-13, abs=0)
    if log > -600:
        assert coverage.inference_loss(*point) == pytest.approx(float(mpmath.exp(log)), rel=1e-12, abs=0)
        loss = mpmath.exp(log)
        of_log = slope(*point) * loss / (-(1 - loss) * mpmath.log1p(-loss))
        assert coverage.local_exponent_log_coverage(*point) == pytest.approx(float(of_log), rel=1e-12, abs=0)


@pytest.mark.parametrize(("alpha", "beta", "attempts"), EXTREMES)
def test_the_variance_over_problems_agrees_with_50_digits(alpha, beta, attempts):
    once, twice = log_loss(attempts, alpha, beta), log_loss(2 * attempts, alpha, beta)
    expected = float(mpmath.exp(twice) - mpmath.exp(2 * once))
    if expected < 1e-280:
        return  # nothing left to compare
    tolerance = 1e-12 * (1 + alpha / max(attempts, 1))
    assert coverage.suite_variance(attempts, 1, alpha, beta) == pytest.approx(expected, rel=tolerance, abs=0)


@pytest.mark.parametrize("attempts", [1, 100, 4000, 9999, 10_000])
@pytest.mark.parametrize("success", [1e-6, 1e-3, 0.2])
def test_the_estimator_variance_is_stable_at_ten_thousand_recorded_attempts(attempts, success):
    recorded, p = 10_000, 1 - success
    exact, shared = mpmath.mpf(p), max(0, 2 * attempts - recorded)
    weight = mpmath.binomial(attempts, shared) * mpmath.binomial(recorded - attempts, attempts - shared)
    weight, terms = weight / mpmath.binomial(recorded, attempts), []
    power = exact ** (2 * attempts)
    for j in range(shared, attempts + 1):
        terms.append(weight * power * (exact**-j - 1))
        weight *= mpmath.mpf((attempts - j) ** 2) / ((j + 1) * (recorded - 2 * attempts + j + 1))
    expected = float(mpmath.fsum(terms))
    assert coverage.estimator_variance(attempts, recorded, p) == pytest.approx(expected, rel=1e-10, abs=0)


def test_estimates_from_as_many_attempts_as_recorded_are_a_coin():
    for p in (0.0, 0.3, 1.0):
        assert coverage.estimator_variance(7, 7, p) == pytest.approx(p**7 * (1 - p**7), rel=1e-13, abs=0)
        assert coverage.estimator_variance(1, 7, p) == pytest.approx(p * (1 - p) / 7, rel=1e-13, abs=0)
    loss = coverage.inference_loss(50, *LEVI)
    assert coverage.total_variance(50, 50, 3, *LEVI) == pytest.approx(loss * (1 - loss) / 3, rel=1e-13, abs=0)


def test_the_total_variance_falls_to_that_of_the_problems_as_attempts_are_recorded():
    total = coverage.total_variance(10, np.array([10, 100, 1000, 100_000]), 128, *LEVI)
    floor = coverage.suite_variance(10, 128, *LEVI)
    assert np.all(np.diff(total) < 0)
    assert 1 < total[-1] / floor < 1.01
    assert total[0] / floor > 1.5


def test_the_total_variance_is_that_of_problems_plus_the_mean_of_attempts():
    nodes, weights = np.polynomial.legendre.leggauss(200)
    p, density = (nodes + 1) / 2, weights / 2 * 6 * (nodes + 1) / 2 * (1 - nodes) / 2  # Beta(2, 2): a polynomial
    attempts = density @ coverage.estimator_variance(8, 30, p)
    problems = coverage.suite_variance(8, 1, 2, 2)
    assert coverage.total_variance(8, 30, 1, 2, 2) == pytest.approx(problems + attempts, rel=1e-12, abs=0)


@pytest.mark.parametrize(("alpha", "beta"), [(5, 0.35), (2, 0.35), (20, 0.35), (0.8, 1.5)])
def test_the_power_laws_are_as_wrong_as_stated(alpha, beta):
    k = np.array([1e4, 1e5])
    exact = coverage.inference_loss(k, alpha, beta)
    plain = coverage.asymptote(k, alpha, beta) / exact - 1
    np.testing.assert_allclose(plain * k, beta * (2 * alpha + beta - 1) / 2, rtol=1e-2)
    shifted = coverage.shifted_asymptote(k / 100, alpha, beta) / coverage.inference_loss(k / 100, alpha, beta) - 1
    assert np.all(np.abs(shifted) < 0.1 * plain)
    assert shifted[0] / shifted[1] == pytest.approx(100, rel=0.3, abs=0)


def test_the_shifted_power_law_already_holds_at_ten_attempts():
    error = coverage.shifted_asymptote(10, *LEVI) / coverage.inference_loss(10, *LEVI) - 1
    assert 5e-5 < abs(error) < 7e-5


def test_the_two_local_exponents_reach_beta_from_opposite_sides():
    k = 10.0 ** np.arange(1, 16)
    below, above = coverage.local_exponent(k, *LEVI), coverage.local_exponent_log_coverage(k, *LEVI)
    assert np.all(np.diff(below) > 0) and np.all(np.diff(above) < 0)
    assert np.all(below < 0.35) and np.all(above > 0.35)
    assert coverage.local_exponent(1e15, *LEVI) == pytest.approx(0.35, rel=1e-13, abs=0)


def test_the_failure_with_a_ceiling_is_not_a_power_law():
    k = np.array([1e6, 1e8])
    excess, failed = coverage.excess_loss(k, *LEVI, 0.95), coverage.failure(k, *LEVI, 0.95)
    assert np.log(excess[0] / excess[1]) / np.log(100) == pytest.approx(0.35, rel=1e-4, abs=0)
    assert np.log(failed[0] / failed[1]) / np.log(100) < 0.1


@pytest.mark.parametrize("alpha", [1e-3, 5.0, 1e6])
@pytest.mark.parametrize("beta", [0.05, 0.35, 4.0])
def test_more_attempts_always_help_and_ever_less(alpha, beta):
    k = np.concatenate([[0.0], 10.0 ** np.arange(-3, 19)])
    assert np.all(np.diff(coverage.inference_loss(k, alpha, beta)) < 0)
    assert np.all(np.diff(coverage.coverage(k, alpha, beta)) >= 0)
    for ceiling in (0.5, 1.0):
        assert np.all(np.diff(coverage.hazard(k[1:], alpha, beta, ceiling)) <= 0)


def test_no_attempt_solves_nothing_and_endless_attempts_reach_the_ceiling():
    np.testing.assert_array_equal(coverage.inference_loss([0, np.inf], *LEVI), [1, 0])
    np.testing.assert_array_equal(coverage.coverage([0, np.inf], *LEVI, 0.9), [0, 0.9])
    np.testing.assert_array_equal(coverage.failure([0, np.inf], *LEVI, 1.0), [1, 0])
    assert coverage.coverage(1e300, *LEVI) == 1
    assert coverage.local_exponent(0, *LEVI) == 0
    assert coverage.suite_variance(0, 5, *LEVI) == 0


def test_coverage_keeps_its_digits_where_almost_nothing_is_solved():
    assert coverage.coverage(1, 1e6, 0.35) == pytest.approx(0.35 / (1e6 + 0.35), rel=1e-14, abs=0)
    assert coverage.coverage(2, 1e9, 1e-3) == pytest.approx(2e-12, rel=1e-8, abs=0)


def test_the_hardest_problem_rules_beyond_the_cut_off():
    """P(s < 1/k_c) P = 1 to leading order: one problem of the benchmark is expected to be that hard."""
    end = coverage.suite_cut_off(128, *LEVI)
    harder = 128 * mpmath.betainc(LEVI[1], LEVI[0], 0, 1 / end, regularized=True)
    assert float(harder) == pytest.approx(1, rel=1e-5, abs=0)


def test_the_best_estimate_of_beta_scatters_by_40_percent_over_the_root_of_the_problems():
    assert np.sqrt(coverage.beta_variance_bound(*LEVI)) == pytest.approx(0.396, abs=5e-4)
    fisher = -np.array(
        [
            [mpmath.psi(1, 5.35) - mpmath.psi(1, 5), mpmath.psi(1, 5.35)],
            [mpmath.psi(1, 5.35), mpmath.psi(1, 5.35) - mpmath.psi(1, 0.35)],
        ],
        dtype=float,
    )
    bounds = np.diag(np.linalg.inv(fisher))
    assert coverage.alpha_variance_bound(*LEVI) == pytest.approx(bounds[0], rel=1e-9, abs=0)
    assert coverage.beta_variance_bound(*LEVI) == pytest.approx(bounds[1], rel=1e-9, abs=0)


def test_a_number_gives_a_number_and_a_table_gives_a_table():
    for law in (coverage.inference_loss, coverage.coverage, coverage.failure, coverage.excess_loss, coverage.hazard,
                coverage.reliability, coverage.asymptote, coverage.shifted_asymptote, coverage.local_exponent,
                coverage.local_exponent_log_coverage):  # fmt: skip
        assert isinstance(law(3, *LEVI), np.float64), law.__name__
        assert law([[1, 2, 3], [4, 5, 6]], *LEVI).shape == (2, 3)
    assert coverage.estimator_variance([[1], [2]], 9, np.array([0.1, 0.2, 0.3])).shape == (2, 3)
    assert coverage.total_variance([[1], [2]], [9, 10, 11], 5, *LEVI).shape == (2, 3)
    assert coverage.suite_variance([[1, 2]], 5, *LEVI).shape == (1, 2)

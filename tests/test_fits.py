"""Fits: against SciPy's optimiser on SciPy's likelihood, on noiseless curves, and their errors over repeated draws."""

import numpy as np
import pytest
from checks import FALSE_ALARM, assert_counts, assert_proportion, rejects
from scipy import optimize, stats

from sim.draw.budget import grid
from sim.judging import fits
from sim.laws import coverage
from sim.pilot import counts

RUNS = 400
LAWS = [(5.0, 0.35), (0.8, 1.5), (20.0, 0.15), (2.0, 1.0), (0.5, 0.3), (200.0, 0.5)]


def simulated(seed, law, problems, attempts, tables=()):
    """Tables of recorded attempts, between half and all of `attempts`, and successes under the Beta law."""
    rng = np.random.default_rng(seed)
    recorded = rng.integers(attempts // 2, attempts + 1, (*tables, problems))
    alpha, beta = law
    return recorded.astype(float), rng.binomial(recorded, rng.beta(beta, alpha, recorded.shape)).astype(float)


def log_likelihood(recorded, successes, alpha, beta):
    """SciPy's: successes ~ betabinom(n, beta, alpha), as success has the Beta turned round."""
    return stats.betabinom.logpmf(successes, recorded, beta, alpha).sum()


def assert_standard_normal(pulls):
    """Ten equal bins by chi-square, standard deviation 1, and 90 % in the 90 % interval."""
    uniform = stats.norm.cdf(pulls)
    assert_counts(np.histogram(uniform, np.linspace(0, 1, 11))[0], np.full(10, 0.1))
    p_value = 2 * min(tail(np.sum(pulls**2), len(pulls)) for tail in (stats.chi2.cdf, stats.chi2.sf))
    assert p_value > FALSE_ALARM, f"standard deviation {pulls.std():.3g}: p = {p_value:.2g}"
    assert_proportion(np.count_nonzero(np.abs(uniform - 0.5) < 0.45), len(pulls), 0.9)


# Beta-binomial --------------------------------------------------------------------------------------------------------


# 40 problems of (200, 0.5) with 20 attempts each show no spread: there the maximum is at infinity
TABLES = [
    (law, *size) for law in LAWS for size in ((128, 100), (40, 20), (300, 2000)) if (law[0], size[1]) != (200, 20)
]


@pytest.mark.parametrize(("law", "problems", "attempts"), TABLES)
def test_the_fit_is_the_maximum_that_scipy_finds(law, problems, attempts):
    recorded, successes = simulated(1, law, problems, attempts)
    fit = fits.beta_binomial(recorded, successes)
    # from elsewhere, with another method, on another likelihood
    found = optimize.minimize(
        lambda theta: -log_likelihood(recorded, successes, *np.exp(theta)),
        [1.0, -0.5],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000},
    )
    assert [fit.alpha, fit.beta] == pytest.approx(np.exp(found.x), rel=1e-5)


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_the_likelihood_is_flat_at_the_fit_and_falls_to_all_sides(law):
    recorded, successes = simulated(2, law, 100, 200)
    best = np.log(fits.beta_binomial(recorded, successes))
    at = lambda *shift: log_likelihood(recorded, successes, *np.exp(best + np.array(shift)))  # noqa: E731
    h = 1e-4
    for direction in ([1, 0], [0, 1], [1, 1], [1, -1]):
        up, down = (at(*(sign * h * np.array(direction))) for sign in (1, -1))
        curvature = (up + down - 2 * at(0, 0)) / h**2
        assert curvature < 0
        assert abs((up - down) / (2 * h) / curvature) < 1e-5  # the step that a numerical gradient would still take


def test_the_likelihood_held_against_is_golden():
    assert log_likelihood(100, 3, 5.0, 0.35) == pytest.approx(-2.89333775222, abs=1e-10)
    assert log_likelihood(100, 0, 5.0, 0.35) == pytest.approx(-1.08744089324, abs=1e-10)


def test_the_shipped_table_has_the_parameters_of_the_theory():
    pilot = counts.read(counts.SHIPPED)
    fit = fits.beta_binomial(pilot.attempts, pilot.successes)
    assert fit.alpha == pytest.approx(11.7, abs=0.05)
    assert fit.beta == pytest.approx(0.246, abs=5e-4)


def test_tables_fitted_together_are_fitted_as_one_by_one():
    recorded, successes = simulated(3, (5.0, 0.35), 50, 100, (2, 4))
    together = fits.beta_binomial(recorded, successes)
    assert together.alpha.shape == (2, 4)
    for i in np.ndindex(2, 4):
        alone = fits.beta_binomial(recorded[i], successes[i])
        assert (together.alpha[i], together.beta[i]) == pytest.approx((alone.alpha, alone.beta), rel=1e-9)


def test_the_order_of_the_problems_does_not_matter():
    recorded, successes = simulated(4, (5.0, 0.35), 128, 1000)
    order = np.random.default_rng(1).permutation(128)
    assert list(fits.beta_binomial(recorded[order], successes[order])) == pytest.approx(
        list(fits.beta_binomial(recorded, successes)), rel=1e-9
    )


def test_success_and_failure_change_places_with_alpha_and_beta():
    recorded, successes = simulated(5, (5.0, 0.35), 128, 1000)
    fit, turned = fits.beta_binomial(recorded, successes), fits.beta_binomial(recorded, recorded - successes)
    assert (turned.alpha, turned.beta) == pytest.approx((fit.beta, fit.alpha), rel=1e-8)


WALL = np.exp(12.0)


@pytest.mark.parametrize(
    ("recorded", "successes"),
    [
        (np.full(50, 100.0), np.full(50, 30.0)),
        (np.full(50, 100.0), np.full(50, 99.0)),
        (np.full(50, 100.0), np.eye(50)[0]),
        (np.array([10.0, 10.0]), np.array([0.0, 1.0])),
        (np.array([10.0, 1000.0]), np.array([1.0, 100.0])),
    ],
    ids=["all 30 of 100", "all 99 of 100", "one success", "two problems", "one rate"],
)
def test_a_sample_without_spread_runs_into_the_wall_with_the_right_mean(recorded, successes):
    alpha, beta = fits.beta_binomial(recorded, successes)
    assert max(alpha, beta) == pytest.approx(WALL)
    assert beta / (alpha + beta) == pytest.approx(successes.sum() / recorded.sum(), rel=1e-3)


def test_without_a_failure_or_without_a_success_the_law_says_so():
    easy = fits.beta_binomial(np.full(20, 10.0), np.full(20, 10.0))
    assert easy.beta / (easy.alpha + easy.beta) == pytest.approx(1, abs=1e-4)
    hard = fits.beta_binomial(np.full(20, 10.0), np.zeros(20))
    assert hard.beta / (hard.alpha + hard.beta) == pytest.approx(0, abs=1e-4)


def test_problems_always_solved_or_never_drive_both_parameters_to_zero():
    alpha, beta = fits.beta_binomial(np.full(60, 1000.0), np.repeat([1000.0, 0.0, 0.0], 20))
    assert 0 < alpha < 0.1
    assert 0 < beta < 0.1


def test_a_single_attempt_each_still_gives_the_mean():
    alpha, beta = fits.beta_binomial(np.ones(50), (np.arange(50) < 10) * 1.0)
    assert beta / (alpha + beta) == pytest.approx(0.2, rel=1e-9)


@pytest.fixture(scope="module")
def refitted():
    """400 tables of 1000 problems under (5, 0.35), 10 000 attempts each: the fits."""
    recorded, successes = simulated(6, (5.0, 0.35), 1000, 10_000, (RUNS,))
    return fits.beta_binomial(recorded, successes)


@pytest.mark.seldom(0)
def test_the_scatter_of_the_fits_is_not_below_the_fisher_bound_and_hardly_above(refitted):
    bound = np.array([coverage.alpha_variance_bound(5.0, 0.35), coverage.beta_variance_bound(5.0, 0.35)]) / 1000
    assert bound[1] * 1000 == pytest.approx(0.156918254265, rel=1e-10)
    ratio = np.var(refitted, axis=1, ddof=1) / bound * (RUNS - 1)
    assert (stats.chi2.cdf(ratio, RUNS - 1) > FALSE_ALARM).all()
    # 7500 attempts instead of infinitely many cost some 2 %
    assert (stats.chi2.sf(ratio / 1.1, RUNS - 1) > FALSE_ALARM).all()


def test_fits_recover_the_parameters_with_the_bound_as_their_error(refitted):
    # the logarithm of alpha, 6 % known, is nearer to normal; either is biased by O(1/P), a tenth of an error here
    bound = np.sqrt(coverage.beta_variance_bound(5.0, 0.35) / 1000)
    pulls = (np.asarray(refitted.beta) - 0.35) / bound
    assert_standard_normal(pulls)
    rejects(assert_standard_normal, 1.25 * pulls)
    rejects(assert_standard_normal, (np.asarray(refitted.beta) - 0.35 * 1.02) / bound)
    of_alpha = np.sqrt(coverage.alpha_variance_bound(5.0, 0.35) / 1000)
    assert_standard_normal(np.log(refitted.alpha / 5.0) * 5.0 / of_alpha)


# Ceiling --------------------------------------------------------------------------------------------------------------

CURVES = [(a, alpha, beta) for a in (0.4, 0.9, 0.999) for alpha in (0.8, 5.0, 20.0) for beta in (0.15, 0.35, 1.5)]


def test_noiseless_curves_are_recovered_and_all_at_once():
    k = grid(1e6, 25)
    curves = np.stack([coverage.failure(k, alpha, beta, a) for a, alpha, beta in CURVES])
    fit = fits.ceiling_law(curves, k)
    assert np.stack(fit, axis=1) == pytest.approx(np.array(CURVES), rel=1e-7)
    grouped = fits.ceiling_law(curves.reshape(3, 9, -1), k)
    assert np.stack([field.ravel() for field in grouped], axis=1) == pytest.approx(np.array(CURVES), rel=1e-7)


@pytest.mark.parametrize("law", CURVES[::4], ids=str)
def test_one_curve_alone_is_fitted_as_in_company(law):
    k = grid(1e6, 25)
    ceiling, alpha, beta = law
    assert list(fits.ceiling_law(coverage.failure(k, alpha, beta, ceiling), k)) == pytest.approx(list(law), rel=1e-7)


def test_a_curve_without_a_ceiling_finds_none():
    k = grid(1e6, 25)
    fit = fits.ceiling_law(coverage.failure(k, 5.0, 0.35), k)
    assert list(fit) == pytest.approx([1.0, 5.0, 0.35], rel=1e-6)


def ceiling_error(k, ceiling, alpha, beta, problems):
    """Cramer-Rao error of the ceiling from independent problems, by numerical derivatives of the cell probabilities."""

    def cells(theta):
        return -np.diff(np.concatenate([[1.0], coverage.failure(k, theta[1], theta[2], theta[0]), [0.0]]))

    theta, h = np.array([ceiling, alpha, beta]), 1e-5
    slopes = np.stack([(cells(theta + h * theta * e) - cells(theta - h * theta * e)) / (2 * h * t) for e, t in
                       zip(np.eye(3), theta, strict=True)])  # fmt: skip
    return np.sqrt(np.linalg.inv(problems * (slopes / cells(theta)) @ slopes.T)[0, 0])


@pytest.mark.parametrize("law", [(0.4, 5.0, 0.35), (0.9, 0.8, 1.5), (0.9, 20.0, 0.35)], ids=str)
def test_ceilings_of_noisy_curves_scatter_by_their_cramer_rao_error(law):
    ceiling, alpha, beta = law
    k, problems = grid(1e6, 25), 10**6
    cells = -np.diff(np.concatenate([[1.0], coverage.failure(k, alpha, beta, ceiling), [0.0]]))
    drawn = np.random.default_rng(7).multinomial(problems, cells, RUNS)
    fit = fits.ceiling_law(1 - np.cumsum(drawn, axis=1)[:, :-1] / problems, k)
    pulls = (fit.ceiling - ceiling) / ceiling_error(k, *law, problems)
    assert_standard_normal(pulls)
    rejects(assert_standard_normal, 1.25 * pulls)
    rejects(assert_standard_normal, (fit.ceiling - 1.02 * ceiling) / ceiling_error(k, *law, problems))

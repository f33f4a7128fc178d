"""Estimators: enumerated, against golden values, and their reported errors against what repeated runs do."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from checks import FALSE_ALARM, assert_counts, assert_proportion, rejects
from scipy import stats

from sim.draw.budget import grid
from sim.draw.counts import Counts
from sim.judging import estimators
from sim.laws import coverage

# m recorded, c successes, k: 1 - C(m - c, k) / C(m, k) by mpmath to 20 digits
GOLDEN = [
    (200, 3, 100, 0.87688442211055276382),
    (10_000, 1, 1000, 0.1),
    (20, 2, 5, 0.44736842105263157895),
]
RUNS = 400
BATCH = 16_384
LEVI = (5.0, 0.35)
BETA_LAWS = [(alpha, beta) for alpha in (0.8, 5.0, 20.0) for beta in (0.15, 0.35, 1.5)]


def told(curve, x, floor, problems):
    """Fisher error of the exponent fitted to a curve."""
    return estimators.power_law_stderr(estimators.power_law(curve, x, floor), curve, x, floor, problems)


def drawn_curves(rng, curve, problems, size):
    """Failure curves of `size` independent experiments with `problems` problems each: [*size, x]."""
    cells = -np.diff(np.concatenate([[1.0], curve, [0.0]]))
    return problems - np.cumsum(rng.multinomial(problems, cells, size), axis=-1)[..., :-1]


def assert_student(pulls, degrees):
    """Pulls are Student's: ten equal bins by chi-square, standard deviation 1, and 90 % in the 90 % interval."""
    uniform = stats.t.cdf(pulls, degrees)
    assert_counts(np.histogram(uniform, np.linspace(0, 1, 11))[0], np.full(10, 0.1))
    assert_variance(stats.norm.ppf(uniform), 1.0)
    assert_proportion(np.count_nonzero(np.abs(uniform - 0.5) < 0.45), len(pulls), 0.9)


def assert_variance(normal, variance):
    """Normal draws of mean 0 have this variance, by chi-square."""
    p_value = 2 * min(tail(np.sum(normal**2) / variance, len(normal)) for tail in (stats.chi2.cdf, stats.chi2.sf))
    assert p_value > FALSE_ALARM, f"variance {np.mean(normal**2):.3g} against {variance:.3g}: p = {p_value:.2g}"


# Curves ---------------------------------------------------------------------------------------------------------------


def test_a_curve_is_the_share_of_failures_and_its_error_the_spread_of_the_batches():
    counts = Counts(np.array([[5000, 4000], [5200, 3900], [5100, 4400]]), 10_000)
    curve = estimators.failure_curve(counts)
    assert curve.estimate == pytest.approx([0.51, 0.41], rel=1e-14)
    # by hand: deviations -100, 100, 0 and -100, -200, 300 from the mean; over n - 1 = 2, then over sqrt(3)
    assert curve.stderr == pytest.approx([0.01 / 3**0.5, 0.07**0.5 / 10 / 3**0.5], rel=1e-14)


def test_a_grid_keeps_its_axes():
    failures = np.random.default_rng(1).integers(3000, 5000, (6, 3, 4))
    curve = estimators.failure_curve(Counts(failures, 10_000))
    each = [[estimators.failure_curve(Counts(failures[:, i, j], 10_000)) for j in range(4)] for i in range(3)]
    assert np.array_equal(curve.estimate, [[float(c.estimate) for c in row] for row in each])
    assert curve.stderr == pytest.approx(np.array([[float(c.stderr) for c in row] for row in each]), rel=1e-14)


@pytest.mark.parametrize("failed", [0, 1, 999])
def test_rare_failures_and_rare_successes_have_a_binomial_error_that_is_never_zero(failed):
    half = failed // 2  # spread over two batches more evenly than chance would
    failures = np.array([[half, 10_000 - half], [failed - half, 10_000 - failed + half]])
    curve = estimators.failure_curve(Counts(failures, 10_000))
    share = (failed + 1) / 20_002
    assert curve.estimate == pytest.approx([failed / 20_000, 1 - failed / 20_000], rel=1e-14)
    assert curve.stderr == pytest.approx(2 * [(share * (1 - share) / 20_000) ** 0.5], rel=1e-12)


def test_rare_events_that_come_in_clusters_keep_the_spread_of_the_batches():
    failures = np.array([[500], [0], [0], [0]])
    spread = 0.05 * 0.5 / 2  # standard deviation of (0.05, 0, 0, 0) over the square root of four batches
    assert estimators.failure_curve(Counts(failures, 10_000)).stderr == pytest.approx([spread], rel=1e-12)


def test_from_a_thousand_events_on_the_error_is_the_spread():
    failures = np.array([[700], [300]])
    assert estimators.failure_curve(Counts(failures, 10_000)).stderr == pytest.approx([0.02], rel=1e-14)


def test_batches_that_agree_to_the_last_problem_still_have_an_error():
    curve = estimators.failure_curve(Counts(np.full((2, 1), 5000), 10_000))
    assert curve.stderr == pytest.approx([0.5 / 20_000**0.5], rel=1e-3)


# Unbiased pass@k ------------------------------------------------------------------------------------------------------


def exact_pass_at_k(k, m, c):
    return 1 - Fraction(comb(m - c, k), comb(m, k))


@pytest.mark.parametrize(("m", "c", "k", "value"), GOLDEN)
def test_pass_at_k_is_golden(m, c, k, value):
    assert estimators.pass_at_k(k, [m], [c]) == pytest.approx(np.array([[value]]), rel=1e-10)


@pytest.mark.parametrize("m", range(1, 9))
def test_pass_at_k_is_the_exact_ratio_of_binomials(m):
    c = np.arange(m + 1)
    for k in range(1, m + 1):
        exact = [float(exact_pass_at_k(k, m, int(x))) for x in c]
        assert estimators.pass_at_k(k, np.full(m + 1, m), c)[0] == pytest.approx(exact, abs=1e-14)


def test_problems_with_different_numbers_of_attempts_stand_side_by_side():
    m, c, k = np.array([8, 5, 8, 6]), np.array([1, 0, 8, 3]), np.array([1, 3, 5])
    exact = [[float(exact_pass_at_k(int(q), int(n), int(x))) for n, x in zip(m, c, strict=True)] for q in k]
    assert estimators.pass_at_k(k, m, c) == pytest.approx(np.array(exact), abs=1e-14)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("m", range(1, 7))
def test_pass_at_k_is_unbiased(m):
    success = Fraction(3, 10)
    for k in range(1, m + 1):
        estimates = estimators.pass_at_k(k, np.full(m + 1, m), np.arange(m + 1))[0]
        weights = [float(comb(m, c) * success**c * (1 - success) ** (m - c)) for c in range(m + 1)]
        assert estimates @ weights == pytest.approx(float(1 - (1 - success) ** k), abs=1e-14)


@pytest.mark.parametrize("most", [3, 10**7])  # pairs of counts: one by one, and all at once
def test_what_is_never_solved_has_a_pass_at_k_of_nought_without_a_sign(monkeypatch, most):
    monkeypatch.setattr(estimators, "_MANY_PAIRS", 0 if most == 3 else most)
    found = estimators.pass_at_k([1, 3], [5, 5], [0, 2])
    assert not np.signbit(found).any() and found[:, 0] == pytest.approx([0, 0], abs=1e-12)


def test_the_plug_in_estimate_is_not_unbiased():
    m, k, success = 6, 5, 0.3
    plug_in = 1 - (1 - np.arange(m + 1) / m) ** k
    assert abs(plug_in @ stats.binom.pmf(np.arange(m + 1), m, success) - (1 - 0.7**k)) > 0.02


def test_pass_at_10_of_5_attempts_is_refused_and_never_1():
    for successes in (0, 1, 5):
        with pytest.raises(ValueError, match=r"^pass@k: need k <= the 5 recorded attempts of every problem, got 10$"):
            estimators.pass_at_k(10, [5], [successes])
    with pytest.raises(ValueError, match="the 5 recorded attempts of every problem, got 6"):
        estimators.pass_at_k([1, 6], [10, 5, 7], [0, 0, 0])


def test_without_a_success_pass_at_k_is_zero_and_with_nothing_else_it_is_one():
    k = np.arange(1, 11)
    assert np.array_equal(estimators.pass_at_k(k, [10, 10], [0, 10]), np.stack([np.zeros(10), np.ones(10)], axis=1))


def test_ten_thousand_attempts_keep_their_digits():
    exact = float(exact_pass_at_k(5000, 10_000, 3000))
    assert estimators.pass_at_k([5000], [10_000], [3000])[0, 0] == pytest.approx(exact, rel=1e-12)
    assert estimators.pass_at_k([1], [10**7], [1])[0, 0] == pytest.approx(1e-7, rel=1e-9)


@pytest.mark.parametrize("problems", [[0, 1, 2, 700, 1490, 1500], range(1500)], ids=["one by one", "all at once"])
def test_pass_at_k_is_the_chance_that_a_sample_has_a_success(problems):
    """SciPy's hypergeometric law, of few and of many different problems."""
    attempts, successes = np.array([1, 2, 9, 800, 1500]), np.array(problems)
    known = stats.hypergeom.sf(0, 1500, successes, attempts[:, None])
    found = estimators.pass_at_k(attempts, np.full(len(successes), 1500), successes)
    np.testing.assert_allclose(found, known, rtol=1e-8, atol=1e-12)
    twice = estimators.pass_at_k(attempts, np.full(2 * len(successes), 1500), np.tile(successes[::-1], 2))
    np.testing.assert_allclose(twice, np.tile(found[:, ::-1], 2), rtol=1e-12)


# Jackknife ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 7, 64])
def test_the_jackknife_of_a_mean_is_its_standard_error(n):
    sample = np.random.default_rng(n).exponential(size=(n, 3))
    error = estimators.jackknife_stderr(estimators.jackknife_groups(sample))
    assert error == pytest.approx(sample.std(axis=0, ddof=1) / n**0.5, rel=1e-10)


def test_more_batches_than_groups_are_dealt_out_evenly():
    sample = np.random.default_rng(1).exponential(size=(640, 2))
    replicates = estimators.jackknife_groups(sample)
    assert len(replicates) == 64
    of_groups = np.stack([sample[g::64].mean(axis=0) for g in range(64)])
    assert estimators.jackknife_stderr(replicates) == pytest.approx(of_groups.std(axis=0, ddof=1) / 8, rel=1e-10)


def test_replicates_leave_out_one_group_each():
    replicates = estimators.jackknife_groups(np.array([1.0, 2.0, 6.0])[:, None])
    assert replicates[:, 0] == pytest.approx([4.0, 3.5, 1.5])


# Power law ------------------------------------------------------------------------------------------------------------

POWERS = [(b, c, d) for b in (0.1, 0.35, 0.5, 1.5, 3.0) for c in (0.7, 1.7) for d in (-0.5, 0.0, 4.6, 19.0)]


def power(x, exponent, prefactor, shift):
    return prefactor * (x + shift) ** -exponent


@pytest.mark.parametrize("floor", [None, 0.0, 0.3], ids=["no floor", "floor 0", "floor 0.3"])
def test_a_noiseless_power_law_is_recovered(floor):
    x = grid(1e5, 21)
    for exponent, prefactor, shift in POWERS:
        fit = estimators.power_law(power(x, exponent, prefactor, shift) + (floor or 0), x, floor is not None)
        assert (fit.exponent, fit.prefactor) == pytest.approx((exponent, prefactor), rel=1e-6)
        assert fit.shift == pytest.approx(shift, abs=1e-5)


@pytest.mark.parametrize("exponent", [5e-4, 1e-3, 0.02, 8.0, 20.0])
def test_exponents_however_small_or_large_are_found(exponent):
    x = grid(1e15 if exponent < 1 else 1e3, 25)
    for first in (0, 5, 10):
        fit = estimators.power_law(power(x[first:], exponent, 1.0, 4.5), x[first:], False)
        assert fit.exponent == pytest.approx(exponent, rel=1e-6)


def test_a_fit_that_has_not_come_to_its_end_is_none(monkeypatch):
    x = grid(1e15, 25)
    curves = np.stack([power(x, exponent, 1.0, 4.5) for exponent in (1e-3, 0.05)])
    monkeypatch.setattr(estimators, "_EXPONENTS", (0.05,))
    monkeypatch.setattr(estimators, "_ITERATIONS", 12)
    assert np.isnan(estimators.power_law(curves, x, False).exponent).tolist() == [True, False]
    monkeypatch.setattr(estimators, "_ITERATIONS", 200)
    assert estimators.power_law(curves, x, False).exponent == pytest.approx([1e-3, 0.05], rel=1e-6)


def test_curves_fitted_together_are_fitted_as_one_by_one():
    x = grid(1e5, 21)[4:]
    curves = np.stack([power(x, *p) for p in POWERS])
    for floor in (False, True):
        batch = estimators.power_law(curves.reshape(5, -1, len(x)), x, floor)
        assert batch.exponent.shape == (5, len(POWERS) // 5)
        for i, curve in enumerate(curves):
            alone = estimators.power_law(curve, x, floor)
            together = [field.ravel()[i] for field in batch]
            assert together == pytest.approx(list(alone), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("alpha", "beta"), [(a, b) for a, b in BETA_LAWS if b < 1], ids=str)
def test_the_shift_keeps_the_fit_to_a_beta_law_off_the_local_slope(alpha, beta):
    x = grid(1e6, 25)
    x = x[x >= 10]
    curve = coverage.failure(x, alpha, beta)
    assert estimators.power_law(curve, x, False).exponent == pytest.approx(beta, abs=1e-4)


def test_a_line_through_the_logarithms_of_the_same_points_falls_into_the_trap():
    x = grid(1e4, 17)
    x = x[x >= 10]
    for alpha, beta in [(5.0, 0.35), (20.0, 0.15), (20.0, 0.35)]:
        curve = coverage.failure(x, alpha, beta)
        assert estimators.power_law(curve, x, False).exponent == pytest.approx(beta, abs=1e-4)
        line = -np.polyfit(np.log(x), np.log(curve), 1)[0]
        assert abs(line - beta) > 1e-2


@pytest.mark.parametrize("shift", [4.0, 10.0, 19.4, 40.0])
def test_a_nearly_straight_curve_with_a_floor_is_recovered_too(shift):
    x = grid(100, 9)
    for exponent in (0.15, 0.35, 1.5):  # from a single start, scoring runs off to an exponent of e^-12
        curve = power(x, exponent, 0.9, shift) + 0.05
        fit = estimators.power_law(curve, x, True)
        assert list(fit) == pytest.approx([exponent, 0.9, shift], rel=1e-8)
        assert np.isfinite(told(curve, x, True, 1e6))


@pytest.mark.parametrize(("alpha", "beta", "ceiling"), [(*LEVI, 1.0), (*LEVI, 0.9), (0.8, 1.5, 1.0)], ids=str)
def test_the_fisher_error_is_that_of_repeated_fits(alpha, beta, ceiling):
    rng, problems = np.random.default_rng(11), 10**6
    x = grid(1e6, 25)[6:] if beta < 1 else grid(1e3, 13)[3:]
    curve, floor = coverage.failure(x, alpha, beta, ceiling), ceiling < 1
    stderr = told(curve, x, floor, problems)
    fitted = estimators.power_law(drawn_curves(rng, curve, problems, RUNS) / problems, x, floor).exponent
    off = (fitted - fitted.mean()) / stderr * (RUNS / (RUNS - 1)) ** 0.5
    assert_variance(off, 1.0)
    rejects(assert_variance, 1.25 * off, 1.0)


@pytest.fixture(scope="module", params=[1.0, 0.9], ids=["no floor", "floor"])
def repeated(request):
    """400 runs of 64 batches on the Beta law (5, 0.35), [runs, batches, x]; grid, floor, true exponent."""
    x = grid(1e6, 25)[4:]
    curve = coverage.failure(x, *LEVI, request.param)
    return drawn_curves(np.random.default_rng(12), curve, BATCH, (RUNS, 64)), x, request.param < 1


@pytest.mark.seldom(0)
def test_pulls_of_the_exponent_are_students_with_the_jackknife_error(repeated):
    failures, x, floor = repeated
    whole = estimators.power_law(failures.mean(axis=1) / BATCH, x, floor)
    replicates = np.stack([estimators.jackknife_groups(run) for run in failures], axis=1) / BATCH
    parts = estimators.power_law(replicates, x, floor)
    for i, truth in ((0, LEVI[1]), (1, (0.9 if floor else 1.0) * float(coverage.prefactor(*LEVI)))):
        pulls = (whole[i] - truth) / estimators.jackknife_stderr(parts[i])
        assert_student(pulls, 63)
        rejects(assert_student, pulls * 1.25, 63)
        rejects(assert_student, pulls + 0.4, 63)


@pytest.mark.parametrize("repeated", [1.0], ids=["no floor"], indirect=True)
def test_the_error_that_an_ordinary_regression_reports_fails_the_same_test(repeated):
    failures, x, _ = repeated
    x, tail = x[8:], slice(8, None)  # from k = 562 on, where the local slope is beta to 3e-4
    means = failures[..., tail].mean(axis=1) / BATCH
    truth = -np.polyfit(np.log(x), np.log(coverage.failure(x, *LEVI)), 1)[0]
    fits = [stats.linregress(np.log(x), np.log(mean)) for mean in means]
    pulls = np.array([(-fit.slope - truth) / fit.stderr for fit in fits])
    rejects(assert_student, pulls, len(x) - 2)
    assert pulls.std() > 2  # overconfident, not cautious

"""What is told of an exponent: points, windows, errors and verdicts, computed once more the long way."""

import numpy as np
import pytest
from scipy import stats

from sim.draw.budget import grid
from sim.draw.counts import Counts, Masses
from sim.judging import estimators, measurement, verdict
from sim.judging.estimators import PowerLaw
from sim.judging.measurement import Measured, OfMeans, OfProblems, Prediction
from sim.laws import coverage, learning_curve, zipf

X = grid(1e5, 21)
LEVI = coverage.failure(X, 5.0, 0.35)
CAPPED = coverage.failure(X, 5.0, 0.35, 0.9)


def covariance(curve, problems):
    """Of the failures of independent problems: who fails at a later point fails at the earlier one too."""
    return (np.minimum.outer(curve, curve) - np.outer(curve, curve)) / problems


# --- which points, which window -------------------------------------------------------------------------------------


def test_points_are_told_from_the_last_on_as_soon_as_their_cells_scatter_like_400_events():
    """Cells of second moment 1 and fourth moment m are like learners / m events."""
    second, fourth = np.ones(6), np.array([9.0, 1, 3, 1, 3.5, 2])
    assert measurement.testable((second, fourth), 800).tolist() == [
        0,
        2,
        4,
    ]  # 2; then 3.5 + 1 of 2^2; then 3 + 1 of 2^2
    assert measurement.testable((second, fourth), 799).tolist() == [
        0,
        2,
        3,
    ]  # 2 + 3.5 of 2^2; then 1; then 3 + 1 of 2^2
    assert measurement.testable((second, fourth), 100).tolist() == []
    assert measurement.testable((second, np.zeros(6)), 10**6).tolist() == []
    assert measurement.normal(2.0, 8.0, 800) and not measurement.normal(2.0, 8.0, 799)


def test_what_a_learner_memorises_between_two_points_has_the_moments_of_its_features():
    n, theta = np.array([1.0, 10, 200]), zipf.mass(np.arange(1, 41.0), 1.3, 40)
    for depth in (1, 3):
        left = np.array([np.ones(40), *stats.binom.cdf(depth - 1, n[:, None], theta), np.zeros(40)])
        passed = left[:-1] - left[1:]
        found = learning_curve.memorising_moments(n, 1.3, 40, depth)
        np.testing.assert_allclose(found[0], (passed * (1 - passed)) @ theta**2, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(found[1], (passed * (1 - passed)) @ theta**4, rtol=1e-9, atol=1e-15)


def slowly(prediction, precision, usable):
    """The window of least error^2 + 25 bias^2 whose bias is below a fifth of its error: one after another."""
    best, found = np.inf, None
    lasts = sorted({usable[-1], *usable[len(usable) // 2 :: 3]})
    for last in lasts:
        for first in range(last - 3):
            end = last + 1 + (prediction.floor and last == usable[-1])
            piece = slice(first, end)
            x, curve = X[piece], prediction.curve[piece]
            if x[-1] < 10 * x[0] or curve[0] <= curve[-1]:
                continue
            fit = estimators.power_law(curve, x, prediction.floor, PowerLaw(prediction.exponent, np.nan, 0.0))
            bias = float(fit.exponent) - prediction.exponent
            points = np.arange(first, min(end, len(X)))
            error = float(precision.stderr(fit, points, curve, x, prediction.floor))
            if 5 * abs(bias) < error and error**2 + 25 * bias**2 < best:
                best, found = error**2 + 25 * bias**2, (piece, bias)
    return found


@pytest.mark.parametrize("problems", [10**5, 10**7])
@pytest.mark.parametrize(("curve", "floor"), [(LEVI, False), (CAPPED, True)])
def test_the_window_is_the_best_of_all(curve, floor, problems):
    prediction = Prediction(curve, 0.35, 1.0, floor)
    excess = curve - (curve[-1] if floor else 0)
    of_problems, of_means = OfProblems(problems), OfMeans(covariance(curve, problems))
    usable = np.flatnonzero(excess * problems >= 25)
    piece, bias = measurement.window(prediction, X, of_problems)
    slow, slow_bias = slowly(prediction, of_problems, usable)
    assert (piece.start, min(piece.stop, len(X))) == (slow.start, min(slow.stop, len(X)))
    assert bias == pytest.approx(slow_bias, rel=1e-4, abs=1e-8)
    assert (of_problems.usable(curve, excess) == (excess * problems >= 25)).all()
    assert (of_means.usable(curve, excess) == (excess**2 >= 25 * curve * (1 - curve) / problems)).all()
    both = measurement.window(prediction, X, of_means)
    slow, _ = slowly(prediction, of_means, np.flatnonzero(of_means.usable(curve, excess)))
    assert (both[0].start, min(both[0].stop, len(X))) == (slow.start, min(slow.stop, len(X)))


def test_a_window_has_five_points_or_more_however_far_apart_they_are():
    for points, told in ((4, False), (5, True)):
        x = 10.0 ** np.arange(points)
        law = Prediction(2 * (x + 1.3) ** -0.4, 0.4, 2.0, False)
        assert (measurement.window(law, x, OfProblems(10**4)) is not None) == told


# --- errors of a fit --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("curve", "floor"), [(LEVI, False), (CAPPED, True)])
def test_the_error_of_the_exponent_is_that_of_its_derivatives_by_every_point(curve, floor):
    """By the covariance of the points, any at all; of independent problems it is the inverse information."""
    piece = slice(6, None)
    x, own = X[piece], curve[piece]
    fit = estimators.power_law(own, x, floor)
    step = 1e-5 * np.diag(own)
    up, down = (estimators.power_law(own + sign * step, np.broadcast_to(x, step.shape), floor, fit) for sign in (1, -1))
    gradient = (up.exponent - down.exponent) / (2e-5 * own)
    rng = np.random.default_rng(3)
    mixing = rng.normal(size=(len(x), len(x)))
    for matrix in (mixing @ mixing.T, covariance(own, 1e6)):
        found = estimators.power_law_spread(fit, own, x, floor, matrix)
        assert found == pytest.approx(np.sqrt(gradient @ matrix @ gradient), rel=1e-3)
    likelihood = estimators.power_law_stderr(fit, own, x, floor, 1e6)
    assert found == pytest.approx(likelihood, rel=0.02)


@pytest.mark.parametrize("independent", [True, False])
def test_a_measurement_has_the_errors_of_fits_without_each_group(independent):
    rng, batches, problems = np.random.default_rng(4), 20, 2**15
    cells = -np.diff(np.concatenate([[1.0], LEVI, [0.0]]))
    failures = problems - np.cumsum(rng.multinomial(problems, cells, batches), axis=1)[:, :-1]
    law = Prediction(LEVI, 0.35, 1.7, False)
    found = measurement.measure(Counts(failures, problems, independent), X, law)
    shares = failures / problems
    matrix = np.cov(shares, rowvar=False) / batches
    precision = OfProblems(batches * problems) if independent else OfMeans(matrix)
    piece, bias = measurement.window(law, X, precision)
    fits = [estimators.power_law(np.delete(shares, i, axis=0).mean(axis=0)[piece], X[piece], False) for i in range(20)]
    whole = estimators.power_law(shares.mean(axis=0)[piece], X[piece], False)
    for field, error, value in (("exponent", found.exponent_stderr, found.exponent),
                                ("prefactor", found.prefactor_stderr, found.prefactor)):  # fmt: skip
        parts = np.array([getattr(fit, field) for fit in fits])
        assert error == pytest.approx(np.sqrt(19 / 20 * ((parts - parts.mean()) ** 2).sum()), rel=1e-5)
        assert value == pytest.approx(float(getattr(whole, field)), rel=1e-9)
    assert found.window == (X[piece][0], X[piece][-1]) and found.bias == pytest.approx(bias)
    means = measurement.measure_means(shares, X, law)
    if not independent:
        assert means == found


def test_masses_are_measured_at_the_points_told_with_the_rounding_of_their_mean():
    rng, n = np.random.default_rng(5), grid(1e6, 25)
    curve = learning_curve.unmemorised_mass(n, 2.0, np.inf)
    walk = np.cumsum(rng.normal(size=(80, 25)), axis=1) / np.arange(1, 26) ** 0.5
    law, points = Prediction(curve, 0.5, 1.0, False), np.arange(4, 25)
    for resolution in (1e-9, 0.05):
        masses = Masses(curve * (1 + 0.05 * walk), np.full(25, resolution))
        found = measurement.measure_masses(masses, n, law, points)
        matrix = np.cov(masses.values[:, points], rowvar=False) / 80
        matrix += np.diag((resolution * masses.values[:, points].mean(axis=0)) ** 2)
        piece, bias = measurement.window(law._replace(curve=curve[points]), n[points], OfMeans(matrix))
        assert found.window == (n[points][piece][0], n[points][piece][-1])
        assert found.bias == pytest.approx(bias)
    assert measurement.measure_masses(masses, n, law, points[:1]) is None


# --- errors of means --------------------------------------------------------------------------------------------------


def test_a_share_of_weight_scatters_as_its_linear_terms_do():
    failed, weight = np.array([[0.2, 0.1], [0.5, 0.1], [0.2, 0.4]]), np.array([[1.0], [2.0], [3.0]])
    means = estimators.weighted_means(failed, weight)
    np.testing.assert_allclose(means.mean(axis=0), [0.15, 0.1], rtol=1e-12)
    np.testing.assert_allclose(means[1], [0.15 + (0.5 - 0.3) / 2, 0.1 + (0.1 - 0.2) / 2], rtol=1e-12)
    curve = estimators.mean_curve(means)
    np.testing.assert_allclose(curve.stderr, means.std(axis=0, ddof=1) / 3**0.5, rtol=1e-12)


def test_rare_failures_and_rare_successes_have_at_least_the_error_of_one_event_more():
    """9 failures and 9 successes of 2000 problems; an event weighs what those that failed weigh on average."""
    failures = np.array([[1991 - 991.0, 5], [991, 4]])
    failed = failures / 1000 * np.array([0.5, 2.0])
    curve = estimators.weighted_curve(failed, np.ones((2, 1)), failures, 1000)
    spread = np.abs(failed[0] - failed[1]) / 2
    least = np.sqrt(10) / 2000 * np.array([0.5, 2.0])
    np.testing.assert_allclose(curve.stderr, np.maximum(spread, least), rtol=1e-12)
    common = np.array([[1000.0], [1000.0]])
    assert estimators.weighted_curve(common / 2000, np.ones((2, 1)), common, 2000).stderr == 0


# --- verdicts ---------------------------------------------------------------------------------------------------------

SURE = 1.4 + stats.t.isf(2.5e-5, 63)  # sigmas of a law 2 % off that is refuted in 92 of 100 runs


def test_so_many_batches_are_needed_as_make_two_per_cent_stand_out():
    law = Prediction(LEVI, 0.35, 1.7, False)
    found = verdict.verdict_of(("", ""), law, None, 1.0, (3.0, 3, 0.5), 100, 2.0)
    assert found.batches_needed == np.ceil(100 * (1.2 * SURE / 2) ** 2)
    measured = Measured(0.35, 3e-3, 1.7, 1e-3, (10.0, 1e6), 4e-3)
    found = verdict.verdict_of(("", ""), law, measured, 1.0, (3.0, 3, 0.5), 100, 1e9)
    assert found.batches_needed == np.ceil(100 * (1.2 * SURE / (0.02 * 0.35 / 5e-3)) ** (2 + 0.35 / 2))
    assert (found.predicted, found.measured, found.stderr) == (0.35, 0.35, 3e-3)
    assert (found.prefactor_predicted, found.prefactor_measured, found.prefactor_stderr) == (1.7, 1.7, 1e-3)
    assert (found.window, found.max_sigmas, found.chi_square, found.degrees) == ((10.0, 1e6), 1.0, 3.0, 3)
    for resolution, word in ((SURE * (1 + 1e-9), "confirmed"), (SURE * (1 - 1e-9), "undecided")):
        assert verdict.verdict_of(("", ""), law, None, 1.0, (3.0, 3, 0.5), 1000, resolution).verdict == word
    assert verdict.verdict_of(("", ""), law, None, 1.0, (3.0, 3, 0.5), 30, 5.0).batches_needed == 64
    few = 1.4 + stats.t.isf(2.5e-5, 7)
    assert verdict.verdict_of(("", ""), law, None, 1.0, (3.0, 3, 0.5), 8, few * 1.001).verdict == "confirmed"
    assert verdict.verdict_of(("", ""), law, None, 1.0, (3.0, 3, 0.5), 7, 1e9).verdict == "undecided"


def test_a_share_two_per_cent_off_is_no_more_than_all_and_another_quantity_may_be():
    """Resolutions of 0.01 of a share of 0.99, and of 0.04 of a mean of 2, in standard errors."""
    scatter = np.linspace(-1, 1, 101)[:, None]
    error = scatter.std(ddof=1) / 101**0.5
    for level, off in ((0.99, 0.01), (0.5, 0.01), (2.0, 0.04), (-2.0, 0.04)):
        means = level + scatter * off / error / 3.0  # so that it is three standard errors
        found = verdict.judge_means("law", "x", means, Prediction(np.array([level]), None, None, True))
        assert found.verdict == "undecided" and found.p_value == pytest.approx(1.0)
        assert found.batches_needed == pytest.approx(101 * (1.2 * SURE / 3) ** 2, abs=1.01)
        shifted = verdict.judge_means("law", "x", means, Prediction(np.array([level + off / 3]), None, None, True))
        assert shifted.max_sigmas == pytest.approx(1.0) and shifted.chi_square == pytest.approx(1.0)
        assert shifted.p_value == pytest.approx(2 * stats.t.sf(1, 100))


def test_a_mean_is_tested_at_a_quarter_as_many_points_as_there_are_batches():
    rng = np.random.default_rng(6)
    means = np.cumsum(rng.normal(size=(40, 30)), axis=1) + 100
    found = verdict.judge_means("law", "x", means, Prediction(np.full(30, 100.0), None, None, False))
    chosen = np.unique(np.linspace(0, 29, 10).astype(int))
    statistic, degrees, p_value = verdict.hotelling(means[:, chosen], np.full(10, 100.0))
    assert (found.degrees, found.chi_square, found.p_value) == (
        degrees,
        pytest.approx(statistic),
        pytest.approx(p_value),
    )
    assert found.max_sigmas == pytest.approx(np.abs((means.mean(axis=0) - 100) / stats.sem(means, axis=0)).max())


def test_points_that_never_vary_must_be_the_law_s_but_for_events_none_of_which_was_seen():
    """Twenty events of which none is seen are too many: an event of 0.01, at 100 batches."""
    means = np.column_stack([np.full(100, 0.25), np.linspace(0.4, 0.6, 100)])
    for off, event, refuted in ((0.0021, 0.01, True), (0.0019, 0.01, False), (2e-6, 1e-9, False), (3e-6, 1e-9, True)):
        law = Prediction(np.array([0.25 + off, 0.5]), None, None, True)
        assert (verdict.judge_means("law", "x", means, law, event=event).verdict == "refuted") == refuted, off
    still = verdict.judge_means("law", "x", means, Prediction(np.array([0.255, 0.5]), None, None, True), event=0.1)
    assert still.max_sigmas == pytest.approx(0.005 / (0.1 / 100))


@pytest.mark.parametrize(("batches", "few", "enough"), [(66, 10, 11), (6000, 399, 401)])
def test_a_point_is_judged_where_it_parts_from_the_one_before_in_400_batches_or_a_sixth(batches, few, enough):
    rng = np.random.default_rng(11)
    first = rng.normal(size=batches)
    means = np.column_stack([first, first, first, first + 5])
    means[:few, 1] += 1
    means[-enough:, 2] += 2
    assert verdict._apart(means, np.arange(3)).tolist() == [0, 2]
    assert verdict._apart(means, np.array([1, 3])).tolist() == [1, 3]
    assert verdict._apart(np.zeros((batches, 2)), np.arange(2)).tolist() == [0]


def test_a_lattice_is_granted_the_rounding_of_whole_numbers():
    sample = np.array([[3.0], [4], [4], [5], [4], [4], [4], [4]])
    statistic, degrees, _ = verdict.hotelling(sample, np.array([3.5]), 0.25)
    assert (statistic, degrees) == (pytest.approx(0.25 / ((2 / 7 + 0.25) / 8)), 1)
    failures = np.full((64, 1), 600)
    law = np.array([0.06001])
    assert verdict.chi_square(Counts(failures, 10_000, independent=False), law)[2] > 0.1
    assert verdict.chi_square(Counts(failures, 10_000), law)[2] < 1e-4


def test_counts_are_tested_cell_by_cell_but_for_the_largest():
    rng, law = np.random.default_rng(7), np.array([0.9, 0.5, 0.3])
    cells = np.array([0.1, 0.4, 0.2, 0.3])
    failures = 1000 - np.cumsum(rng.multinomial(1000, cells, 40), axis=1)[:, :-1]
    statistic, degrees, p_value = verdict.chi_square(Counts(failures, 1000), law)
    found = np.column_stack([1000 - failures[:, 0], failures[:, 1] - failures[:, 2], failures[:, 2]])
    exact = verdict.hotelling(found.astype(float), np.array([100.0, 200, 300]))
    assert (statistic, degrees, p_value) == pytest.approx(exact, rel=1e-9)


def test_masses_are_tested_relative_to_the_law_where_more_than_rounding_moves_them():
    rng, law = np.random.default_rng(8), np.array([0.5, 0.2, 0.1, 0.05])
    values = law * (1 + 0.01 * rng.normal(size=(60, 4)))
    values[:, 1] = 0.2 * (1 + 1e-7 * rng.normal(size=60))
    found = verdict.mass_test(Masses(values, np.array([0, 1e-5, 0, 0])), law, np.array([0, 1, 3]))
    exact = verdict.hotelling(values[:, [0, 3]] / law[[0, 3]], np.ones(2))
    assert found == pytest.approx(exact, rel=1e-9)


def test_masses_are_judged_at_the_points_given_and_shown_with_their_errors_at_all():
    rng, law = np.random.default_rng(10), np.array([0.5, 0.2, 0.1, 1e-3])
    masses = Masses(law * (1 + 0.01 * rng.normal(size=(60, 4))), np.full(4, 1e-9))
    off = Prediction(law * np.array([1.0, 1.0, 1.0, 1.5]), None, None, False)
    mean = masses.values.mean(axis=0)
    curve = estimators.Curve(mean, np.array([1e-3, 1e-3, 1e-4, 2e-4]))
    found = verdict.judge_masses("a law", "a mass", masses, curve, off, None, np.array([0, 2]))
    test = verdict.mass_test(masses, off.curve, np.array([0, 2]))
    assert (found.chi_square, found.degrees, found.p_value) == test and test[1] == 2
    assert found.max_sigmas == pytest.approx(np.abs((mean - off.curve) / curve.stderr).max(), rel=1e-12)
    assert (found.law, found.quantity, found.batches, found.verdict) == ("a law", "a mass", 60, "confirmed")


def test_fitted_numbers_are_judged_by_their_pseudo_values():
    rng, truth = np.random.default_rng(9), np.array([0.4, 2.0])
    sample = truth + 0.1 * rng.normal(size=(30, 2))
    whole, replicates = sample.mean(axis=0), (sample.sum(axis=0) - sample) / 29
    found = verdict.judge_fit("", "", whole, replicates, truth, 500)
    statistic, degrees, p_value = verdict.hotelling(sample, truth)
    assert (found.chi_square, found.degrees, found.p_value) == pytest.approx((statistic, degrees, p_value), rel=1e-6)
    error = stats.sem(sample, axis=0)
    assert found.max_sigmas == pytest.approx(np.abs((whole - truth) / error).max(), rel=1e-9)
    resolution = (0.02 * truth / error).max()
    assert found.batches_needed == pytest.approx(500 * (1.2 * SURE / resolution) ** 2, abs=1.01)

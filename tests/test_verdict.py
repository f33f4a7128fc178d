"""Verdicts: p-values uniform where the law is true, 2 % in the exponent refuted, and nothing confirmed by a NaN."""

import numpy as np
import pytest
from checks import FALSE_ALARM, assert_counts, assert_proportion, rejects
from scipy import stats

from sim.draw.budget import grid
from sim.draw.counts import Counts
from sim.judging import estimators, measurement, verdict
from sim.judging.estimators import Curve
from sim.judging.measurement import Measured, Prediction
from sim.laws import coverage, learning_curve

RUNS = 400
BATCH = 16_384
K = grid(1e6, 25)
LEVI = (5.0, 0.35)


def told(curve, x, floor, problems):
    """Fisher error of the exponent fitted to a curve."""
    return estimators.power_law_stderr(estimators.power_law(curve, x, floor), curve, x, floor, problems)


def simulated(rng, curve, batches, problems=BATCH):
    """Counts of independent problems under a failure curve [x]."""
    cells = np.maximum(0, -np.diff(np.concatenate([[1.0], curve, [0.0]])))
    return Counts(problems - np.cumsum(rng.multinomial(problems, cells, batches), axis=1)[:, :-1], problems)


def simulated_table(rng, first, second, batches, problems=BATCH):
    """Counts on a grid of two axes: a problem is solved where both its independent parts are, with failures `first` and
    `second`."""
    one, two = (-np.diff(np.concatenate([[1.0], curve])) for curve in (first, second))
    cells = np.outer(one, two)
    flat = rng.multinomial(problems, [*cells.ravel(), 1 - cells.sum()], batches)[:, :-1]
    return Counts(problems - flat.reshape(batches, *cells.shape).cumsum(axis=1).cumsum(axis=2), problems)


def beta_law(alpha, beta, ceiling=1.0, k=K):
    curve = coverage.failure(k, alpha, beta, ceiling)
    return Prediction(curve, beta, float(ceiling * coverage.prefactor(alpha, beta)), ceiling < 1)


def zipf_law(exponent, depth, n=K, size=np.inf):
    curve = learning_curve.unmemorised_mass(n, exponent, size, depth)
    return Prediction(curve, 1 - 1 / exponent, float(learning_curve.prefactor(exponent, depth)), False)


def judged(counts, law, x=K):
    measured = measurement.measure(counts, x, law)
    return verdict.judge("a law", "a quantity", counts, law, measured)


def assert_uniform(p_values):
    """Ten equal bins of p-values by chi-square."""
    assert_counts(np.histogram(p_values, np.linspace(0, 1, 11))[0], np.full(10, 0.1))


# Sigmas ---------------------------------------------------------------------------------------------------------------


def test_sigmas_are_deviations_in_standard_errors_with_their_sign():
    curve = Curve(np.array([0.5, 0.4, 0.3]), np.array([0.1, 0.1, 0.01]))
    assert verdict.sigmas(curve, np.array([0.3, 0.5, 0.3])) == pytest.approx([2.0, -1.0, 0.0])


def test_sigmas_of_a_true_law_are_standard_normal_at_every_point():
    rng, curve = np.random.default_rng(1), coverage.failure(K, *LEVI)
    sigmas = np.array([verdict.sigmas(estimators.failure_curve(simulated(rng, curve, 64)), curve) for _ in range(RUNS)])
    for point in (0, 8, 24):
        assert_uniform(stats.t.cdf(sigmas[:, point], 63))
        rejects(assert_uniform, stats.t.cdf(sigmas[:, point] + 0.4, 63))


# Chi-square -----------------------------------------------------------------------------------------------------------

FEW = grid(100, 9)
NULLS = {  # failure curve, batches, problems
    "default point": (coverage.failure(K, *LEVI), 64, BATCH),
    "five batches, one cell": (coverage.failure(FEW, *LEVI), 5, BATCH),
    "eight batches, two cells": (coverage.failure(FEW, *LEVI), 8, BATCH),
    "60 points": (coverage.failure(grid(1e5, 75)[:60], 5.0, 0.15), 256, BATCH),
    "rare events": (coverage.failure(K, 5.0, 1.5), 64, BATCH),
    "a floor": (coverage.failure(K, *LEVI, 0.9), 64, BATCH),
    "an error of 1e-3": (np.array([2e-3, 1e-3]), 128, BATCH),
}


@pytest.mark.seldom(1)
@pytest.mark.parametrize("null", NULLS.values(), ids=NULLS.keys())
def test_p_values_of_a_true_law_are_uniform(null):
    curve, batches, problems = null
    rng = np.random.default_rng(2)
    tests = [verdict.chi_square(simulated(rng, curve, batches, problems), curve) for _ in range(RUNS)]
    assert_uniform([p for _, _, p in tests])
    assert {degrees for _, degrees, _ in tests} == {tests[0][1]}
    assert 1 <= tests[0][1] <= batches // 4


def test_p_values_of_a_true_law_of_two_axes_are_uniform():
    rng, n, k = np.random.default_rng(3), grid(1e4, 7), grid(1e4, 7)
    first, second = learning_curve.unmemorised_mass(n, 2.0, np.inf), coverage.failure(k, *LEVI)
    law = first[:, None] + (1 - first[:, None]) * second
    p_values = [verdict.chi_square(simulated_table(rng, first, second, 128), law)[2] for _ in range(RUNS)]
    assert_uniform(p_values)
    off = law * 1.002
    rejects(assert_uniform, [verdict.chi_square(simulated_table(rng, first, second, 128), off)[2] for _ in range(RUNS)])


def test_p_values_of_a_false_law_are_small():
    rng, curve = np.random.default_rng(4), coverage.failure(K, *LEVI)
    wrong = coverage.failure(K, 5.0, 0.35 * 1.02)
    p_values = [verdict.chi_square(simulated(rng, curve, 64, 2**17), wrong)[2] for _ in range(50)]
    assert max(p_values) < verdict.REFUTED_BELOW


@pytest.mark.slow
def test_one_true_law_in_a_thousand_has_a_p_value_below_one_in_a_thousand():
    rng, curve = np.random.default_rng(5), coverage.failure(K, *LEVI)
    p_values = np.array([verdict.chi_square(simulated(rng, curve, 64), curve)[2] for _ in range(100_000)])
    assert_proportion(np.count_nonzero(p_values < 1e-3), len(p_values), 1e-3)
    assert_proportion(np.count_nonzero(p_values < 1e-2), len(p_values), 1e-2)


def test_hotelling_is_student_squared_in_one_dimension():
    sample = np.random.default_rng(6).exponential(size=(12, 1))
    t_square, degrees, p_value = verdict.hotelling(sample, np.array([0.8]))
    oracle = stats.ttest_1samp(sample[:, 0], 0.8)
    assert (t_square, degrees, p_value) == pytest.approx((oracle.statistic**2, 1, oracle.pvalue), rel=1e-10)


@pytest.mark.parametrize(("n", "p"), [(64, 25), (20, 5), (6, 5), (3, 1)])
def test_hotelling_p_values_of_correlated_normals_are_uniform(n, p):
    rng = np.random.default_rng(7)
    mixing, mean = rng.normal(size=(p, p)), rng.normal(size=p)
    samples = mean + rng.normal(size=(RUNS, n, p)) @ mixing
    assert_uniform([verdict.hotelling(sample, mean)[2] for sample in samples])
    shifted = mean + 2 * np.abs(mixing).sum(axis=0) / n**0.5
    rejects(assert_uniform, [verdict.hotelling(sample, shifted)[2] for sample in samples])


@pytest.mark.parametrize("batches", [2, 3])
def test_two_batches_are_no_test_and_confirm_nothing(batches):
    rng = np.random.default_rng(8)
    curve = coverage.failure(K, *LEVI)
    for law in (beta_law(*LEVI), beta_law(5.0, 1.0), Prediction(curve, None, None, True)):
        found = [judged(simulated(rng, curve, batches), law) for _ in range(10)]
        assert "confirmed" not in [each.verdict for each in found]
        assert all(each.batches_needed >= 64 for each in found if each.verdict == "undecided")


def test_neighbouring_cells_are_merged_until_each_expects_enough():
    expected = np.array([1.0, 2.0, 5.0, 100.0, 3.0, 3.0, 4.0, 1.0])
    starts = verdict._merge(expected, 8)
    assert starts == [0, 3, 4]
    assert np.add.reduceat(expected, starts).min() >= 8
    assert verdict._merge(np.array([1.0, 1.0]), 8) == [0]
    assert verdict._merge(np.array([9.0, 9.0]), 8) == [0, 1]
    for seed in range(200):
        expected = np.random.default_rng(seed).exponential(size=30)
        sums = np.add.reduceat(expected, verdict._merge(expected, 3))
        assert sums.min() >= 3
        assert sums.sum() == pytest.approx(expected.sum())


def test_cells_of_one_and_of_two_axes_add_up_to_all_problems():
    failures = 10 - np.array([[1, 3], [2, 7]])
    assert verdict._cells(failures[1], 10, 1).tolist() == [2, 5, 3]
    assert verdict._cells(failures, 10, 2).tolist() == [1, 2, 1, 3, 3]


# The impossible and the undefined -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "law",
    [
        np.where(K < 1e5, coverage.failure(K, *LEVI), 0.0),
        np.zeros_like(K),
        np.ones_like(K),
        np.where(K < 1e3, coverage.failure(K, *LEVI), coverage.failure(1e3, *LEVI)),
    ],
    ids=["all are solved by 1e5", "all are solved at once", "none is ever solved", "none is solved after 1000"],
)
def test_a_law_that_rules_out_what_was_seen_is_refuted(law):
    counts = simulated(np.random.default_rng(9), coverage.failure(K, *LEVI), 64)
    found = verdict.judge("a law", "a quantity", counts, Prediction(law, None, None, True), None)
    assert (found.verdict, found.p_value) == ("refuted", 0.0)
    assert found.max_sigmas > 5


def test_one_event_that_the_law_rules_out_is_enough():
    law = np.where(K < 1e5, coverage.failure(K, *LEVI), 0.0)
    counts = simulated(np.random.default_rng(10), law, 64)
    assert verdict.judge("", "", counts, Prediction(law, None, None, True), None).verdict != "refuted"
    counts.failures[3, -4:] += 1
    assert verdict.judge("", "", counts, Prediction(law, None, None, True), None).verdict == "refuted"


@pytest.mark.parametrize("where", [slice(None), slice(10, 11), slice(-1, None)], ids=["everywhere", "one point", "end"])
def test_a_law_that_is_not_a_number_is_not_confirmed(where):
    counts = simulated(np.random.default_rng(11), coverage.failure(K, *LEVI), 64)
    law = coverage.failure(K, *LEVI)
    law[where] = np.nan
    assert verdict.judge("", "", counts, Prediction(law, None, None, True), None).verdict != "confirmed"


FINE = Measured(0.35, 1e-4, 1.7, 1e-3, (10.0, 1e6), 1e-6)
NAN = float("nan")


@pytest.mark.parametrize(
    ("measured", "p_value", "resolution"),
    [
        (None, NAN, 100.0),
        (None, 0.5, NAN),
        (None, NAN, NAN),
        (FINE, NAN, 100.0),
        (FINE._replace(exponent=NAN), 0.5, 100.0),
        (FINE._replace(exponent_stderr=NAN), 0.5, 100.0),
        (FINE._replace(bias=NAN), 0.5, 100.0),
    ],
)
def test_nothing_that_is_not_a_number_is_ever_confirmed(measured, p_value, resolution):
    law = beta_law(*LEVI)
    fine = verdict.verdict_of(("", ""), law, FINE, 1.0, (3.0, 3, 0.5), 64, 100.0)
    assert fine.verdict == "confirmed"
    found = verdict.verdict_of(("", ""), law, measured, 1.0, (3.0, 3, p_value), 64, resolution)
    assert found.verdict != "confirmed"


def test_a_p_value_takes_both_chances_into_account():
    of = lambda exponent, p: verdict.verdict_of(  # noqa: E731
        ("", ""), beta_law(*LEVI), FINE._replace(exponent=exponent), 1.0, (3.0, 3, p), 64, 100.0
    )
    two_off = 2 * stats.t.sf(2e-4 / np.hypot(1e-4, 1e-6), 63)
    assert of(0.3502, 0.9).p_value == pytest.approx(2 * two_off, rel=1e-6)
    assert of(0.3502, 1e-3).p_value == pytest.approx(2e-3)
    assert of(0.35, 0.9).p_value == 1.0
    assert (of(0.35, 4.9e-5).verdict, of(0.35, 5.1e-5).verdict) == ("refuted", "confirmed")
    assert of(0.3510, 0.5).verdict == "refuted"


# Exponents ------------------------------------------------------------------------------------------------------------

BETA_LAWS = [
    (alpha, beta, ceiling) for alpha in (0.8, 5.0, 20.0) for beta in (0.15, 0.35, 1.5) for ceiling in (1.0, 0.9)
]
LAWS = {f"Beta {p}": beta_law(*p) for p in BETA_LAWS} | {
    f"Zipf {s}, depth {d}": zipf_law(s, d) for s in (1.2, 1.5, 2.0, 3.0) for d in (1, 2, 5)
}
SMOKE, DEFAULT, PAPER = 2**19, 2**26, 2**30


@pytest.mark.seldom(10)
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_the_bias_of_the_window_is_below_a_fifth_of_its_error(law):
    for problems in (SMOKE, DEFAULT, PAPER):
        piece, bias = measurement.window(law, K, measurement.OfProblems(problems))
        x, curve = K[piece], law.curve[piece]
        assert len(x) >= 5
        assert x[-1] >= 10 * x[0]
        assert bias == pytest.approx(estimators.power_law(curve, x, law.floor).exponent - law.exponent, abs=1e-7)
        assert abs(bias) < told(curve, x, law.floor, problems) / 5


def test_more_data_start_later_and_know_more():
    law = beta_law(*LEVI)
    pieces = [measurement.window(law, K, measurement.OfProblems(problems))[0] for problems in (SMOKE, DEFAULT, PAPER)]
    assert [piece.start for piece in pieces] == sorted(piece.start for piece in pieces)
    error = lambda piece, problems: told(law.curve[piece], K[piece], False, problems)  # noqa: E731
    assert error(pieces[0], SMOKE) > 5 * error(pieces[1], DEFAULT) > 10 * error(pieces[2], PAPER)


@pytest.mark.parametrize(
    "x", [K[:4], K[K < 10], K[-4:], K[-8:-4], grid(9, 9)], ids=["4 points", "below 10", "the end", "less", "9"]
)
def test_without_a_decade_there_is_no_window(x):
    assert measurement.window(beta_law(*LEVI, k=x), x, measurement.OfProblems(DEFAULT)) is None


def test_without_events_there_is_no_window():
    assert measurement.window(beta_law(*LEVI), K, measurement.OfProblems(10)) is None
    law = Prediction(np.zeros_like(K), 0.5, 1.0, False)
    assert measurement.window(law, K, measurement.OfProblems(DEFAULT)) is None
    assert measurement.window(law._replace(curve=np.ones_like(K)), K, measurement.OfProblems(DEFAULT)) is None


@pytest.mark.seldom(5)
@pytest.mark.parametrize("size", [1.0, 2.0, 100.0, 1e4, 1e6])
@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0])
def test_finitely_many_features_have_a_window_before_their_cut_off_or_none(exponent, size):
    law = zipf_law(exponent, 1, size=size)
    for problems in (SMOKE, DEFAULT, PAPER):
        chosen = measurement.window(law, K, measurement.OfProblems(problems))
        if chosen is not None:
            piece, bias = chosen
            assert K[piece][-1] < 10 * learning_curve.cut_off(exponent, size)
            assert abs(bias) < told(law.curve[piece], K[piece], False, problems) / 5
        if size <= 100:
            assert chosen is None


def test_finitely_many_features_far_beyond_the_cut_off_are_judged_without_an_exponent():
    law = zipf_law(2.0, 1, size=100.0)
    found = judged(simulated(np.random.default_rng(12), law.curve, 64, 2**20), law)
    assert (found.measured, found.window, found.verdict) == (None, None, "confirmed")


def test_a_measurement_recovers_exponent_and_prefactor():
    law, rng = beta_law(*LEVI), np.random.default_rng(13)
    runs = [measurement.measure(simulated(rng, law.curve, 64, 2**20), K, law) for _ in range(20)]
    of_exponent = np.array([(m.exponent - 0.35) / m.exponent_stderr for m in runs])
    of_prefactor = np.array([(m.prefactor - law.prefactor) / m.prefactor_stderr for m in runs])
    for pulls in (of_exponent, of_prefactor):
        assert_proportion(np.count_nonzero(np.abs(pulls) < stats.t.isf(0.05, 63)), 20, 0.9)
    assert {m.window for m in runs} == {runs[0].window}  # the data do not steer it


def test_nothing_is_measured_where_the_law_has_no_exponent():
    counts = simulated(np.random.default_rng(14), coverage.failure(K, *LEVI), 64)
    law = Prediction(coverage.failure(K, *LEVI), None, None, True)
    assert measurement.measure(counts, K, law) is None
    found = verdict.judge("the law", "the quantity", counts, law, None)
    assert (found.law, found.quantity, found.batches) == ("the law", "the quantity", 64)
    assert (found.predicted, found.measured, found.stderr, found.window, found.prefactor_measured) == (None,) * 5


# Verdicts -------------------------------------------------------------------------------------------------------------

PAIRS = {
    "Beta (5, 0.35)": (beta_law(*LEVI), beta_law(5.0, 0.357)),
    "Beta (20, 0.15)": (beta_law(20.0, 0.15), beta_law(20.0, 0.153)),
    "Beta (5, 1.5)": (beta_law(5.0, 1.5), beta_law(5.0, 1.53)),
    "with a ceiling": (beta_law(*LEVI, 0.9), beta_law(5.0, 0.357, 0.9)),
    "Zipf 2": (zipf_law(2.0, 1), zipf_law(1 / (1 - 0.51), 1)),
    "Zipf 1.5, depth 5": (zipf_law(1.5, 5), zipf_law(1 / (1 - 0.34), 5)),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_the_true_law_is_confirmed_and_one_two_per_cent_off_refuted(pair):
    true, wrong = pair
    rng = np.random.default_rng(15)
    for _ in range(5):
        counts = simulated(rng, true.curve, 64, 2**20)
        assert judged(counts, true).verdict == "confirmed"
        assert judged(counts, wrong).verdict == "refuted"


@pytest.mark.slow
def test_true_laws_are_refuted_once_in_ten_thousand():
    law, rng = beta_law(*LEVI, k=FEW), np.random.default_rng(17)
    refuted = [judged(simulated(rng, law.curve, 64), law, FEW).verdict == "refuted" for _ in range(10_000)]
    assert stats.binom.sf(np.count_nonzero(refuted) - 1, len(refuted), verdict.REFUTED_BELOW) > FALSE_ALARM


@pytest.mark.parametrize("law", [(5.0, 1.5), (0.8, 1.5), (0.8, 0.15, 0.9)], ids=str)
def test_undecided_says_how_many_batches_would_decide_and_they_do(law):
    true, rng = beta_law(*law), np.random.default_rng(18)
    wrong = beta_law(law[0], 1.02 * law[1], *law[2:])
    few = judged(simulated(rng, true.curve, 32), true)
    assert few.verdict == "undecided"
    assert few.batches_needed > 32
    after = [judged(simulated(rng, true.curve, few.batches_needed), true).verdict for _ in range(20)]
    assert_proportion(after.count("confirmed"), 20, 0.92)
    assert [judged(simulated(rng, true.curve, few.batches_needed), wrong).verdict for _ in range(5)] == 5 * ["refuted"]


@pytest.mark.parametrize("batches", [2, 4, 8, 16, 32, 64])
def test_whatever_is_confirmed_would_have_been_refuted_two_per_cent_off(batches):
    true, rng = beta_law(*LEVI), np.random.default_rng(19)
    wrong = beta_law(5.0, 0.357)
    words = [judged(simulated(rng, true.curve, batches, 2**17), wrong).verdict for _ in range(8)]
    assert "confirmed" not in words
    if batches == 64:
        assert set(words) == {"refuted"}


# Fitted numbers -------------------------------------------------------------------------------------------------------


def jackknifed(sample):
    """Means [x] of a sample [groups, x] and their delete-one replicates."""
    groups = len(sample)
    return sample.mean(axis=0), (sample.sum(axis=0) - sample) / (groups - 1)


@pytest.mark.parametrize(("groups", "numbers"), [(64, 3), (64, 25), (64, 70), (32, 25), (4, 25)])
def test_p_values_of_true_fitted_numbers_are_uniform_however_many(groups, numbers):
    rng, truth = np.random.default_rng(20), np.linspace(0.5, 1.0, numbers)
    samples = truth + 0.01 * rng.normal(size=(RUNS, groups, numbers))
    found = [verdict.judge_fit("", "", *jackknifed(sample), truth, groups) for sample in samples]
    assert_uniform([v.p_value for v in found])
    assert found[0].degrees == min(numbers, groups // 2)


def test_fitted_numbers_two_per_cent_off_are_refuted_and_true_ones_confirmed():
    rng, truth = np.random.default_rng(21), np.linspace(0.5, 1.0, 25)
    whole, parts = jackknifed(truth + 0.01 * rng.normal(size=(64, 25)))
    assert verdict.judge_fit("", "", whole, parts, truth, 1000).verdict == "confirmed"
    assert verdict.judge_fit("", "", whole, parts, 1.02 * truth, 1000).verdict == "refuted"
    whole, parts = jackknifed(truth + 0.3 * rng.normal(size=(64, 25)))
    found = verdict.judge_fit("", "", whole, parts, truth, 1000)
    assert found.verdict == "undecided"
    assert found.batches_needed > 1000


def test_two_groups_of_many_fitted_numbers_confirm_nothing():
    rng, truth = np.random.default_rng(22), np.linspace(0.5, 1.0, 25)
    for _ in range(50):
        found = verdict.judge_fit("", "", *jackknifed(truth + 1e-4 * rng.normal(size=(2, 25))), 1.5 * truth, 2)
        assert found.verdict != "confirmed"
        assert 0 <= found.p_value <= 1


def test_no_fitted_number_decides_nothing():
    found = verdict.judge_fit("", "", *jackknifed(np.empty((64, 0))), np.empty(0), 64)
    assert (found.verdict, found.degrees, found.batches_needed) == ("undecided", 0, None) and np.isnan(found.p_value)


def test_means_that_differ_by_rare_events_are_not_refuted_for_it():
    """Points of a curve that levels off: between the last of them hardly a problem changes sides."""
    rng, problems, batches = np.random.default_rng(1), 4000, 64
    law = np.array([0.5, 0.2, 0.1002, 0.1001, 0.10005, 0.10001, 0.1])
    cells = np.append(-np.diff(law, prepend=1.0), law[-1])
    prediction = Prediction(law, None, None, True)
    refuted = wrong = 0
    for _ in range(300):
        first = rng.multinomial(problems, cells, size=batches)
        means = 1 - np.cumsum(first[:, :-1], axis=1) / problems
        refuted += verdict.judge_means("law", "x", means, prediction).p_value < 1e-2
        wrong += verdict.judge_means("law", "x", means, prediction._replace(curve=law * 1.02)).p_value < 1e-4
    assert_proportion(refuted, 300, 0.01)
    rejects(assert_proportion, refuted + 30, 300, 0.01)
    assert wrong == 300


def test_an_event_so_rare_that_none_was_seen_refutes_nothing_and_one_that_must_be_seen_does():
    means = np.full((64, 2), [0.0, 1.0])
    rare, common = np.array([1e-12, 1 - 1e-9]), np.array([1e-3, 1 - 1e-3])
    assert verdict.judge_means("law", "x", means, Prediction(rare, None, None, True)).p_value == 1.0
    assert verdict.judge_means("law", "x", means, Prediction(common, None, None, True)).verdict == "refuted"


def found(p_value, stands_out, batches=64):
    return verdict.verdict_of(("a law", "failure"), None, None, 1.0, (1.0, 1, p_value), batches, stands_out)


@pytest.mark.parametrize(("level", "sigmas"), [(1e-4, 5.754), (0.01, 4.309), (0.5, 2.561)])  # Student's t of 63 degrees
def test_a_level_decides_what_is_refuted_and_what_would_have_been(level, sigmas):
    assert -stats.t.ppf(level / 4, 63) + 1.4 == pytest.approx(sigmas, abs=0.005)
    for stands_out, word in ((sigmas + 0.01, "confirmed"), (sigmas - 0.01, "undecided")):
        own = verdict.at_level(found(0.6, stands_out), level)
        assert (own.verdict, own.batches_needed is None) == (word, word == "confirmed")
    assert verdict.at_level(found(0.99 * level, 99.0), level).verdict == "refuted"
    assert verdict.at_level(found(1.01 * level, 99.0), level).verdict == "confirmed"
    assert verdict.at_level(found(np.nan, 99.0), level).verdict == "undecided"


def test_the_usual_level_says_what_was_said_and_no_record_knows_how():
    own = found(0.5, 1.0)
    again = verdict.at_level(own, verdict.REFUTED_BELOW)
    assert again.record() == own.record() and own.verdict == "undecided"
    assert not {"stands_out", "each", "level"} & set(own.record())


def test_batches_that_count_as_one_are_one():
    own = verdict.at_level(found(0.5, 5.0, 32), 0.01)
    several = verdict.at_level(verdict.replace(found(0.5, 5.0, 32), batches=128, each=4), 0.01)
    assert (several.verdict, several.batches_needed) == (own.verdict, own.batches_needed and 4 * own.batches_needed)
    few = verdict.at_level(verdict.replace(found(0.5, 50.0, 4), batches=16, each=4), 0.01)
    assert few.verdict == "undecided"  # of four batches nothing is known


@pytest.mark.parametrize(
    ("points", "batches", "allowed"), [(1, 64, 4.17), (25, 64, 5.02), (25, 8, 12.86), (25, 4096, 5.02)]
)
def test_no_law_is_confirmed_beside_a_point_that_chance_does_not_allow(points, batches, allowed):
    assert stats.t.isf(1e-4 / 2 / points, min(batches, 64) - 1) == pytest.approx(allowed, abs=0.05)
    for largest, word in ((allowed - 0.06, "confirmed"), (allowed + 0.06, "undecided")):
        own = verdict.among(points, verdict.verdict_of(("", ""), None, None, largest, (1.0, 1, 0.5), batches, 99.0))
        assert (own.verdict, own.beyond, own.batches_needed) == (word, word == "undecided", None)
    refuted = verdict.verdict_of(("", ""), None, None, allowed + 1, (1.0, 1, 1e-9), batches, 99.0)
    assert verdict.among(points, refuted).verdict == "refuted"


def test_true_laws_have_points_beyond_chance_as_seldom_as_they_are_refuted_and_wrong_ones_often():
    rng = np.random.default_rng(11)
    law, wrong = beta_law(*LEVI), beta_law(5.0, 0.36)
    found = [judged(simulated(rng, law.curve, 64), law) for _ in range(RUNS)]
    assert_proportion(sum(one.beyond for one in found), RUNS, verdict.REFUTED_BELOW)
    found = [judged(simulated(rng, law.curve, 64), wrong) for _ in range(20)]
    rejects(assert_proportion, sum(one.beyond for one in found), 20, verdict.REFUTED_BELOW)

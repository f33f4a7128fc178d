"""Masses of learners: their mean, its error, the fit's error, and verdicts, against what repeated runs do."""

import numpy as np
import pytest
from checks import FALSE_ALARM, assert_mean, assert_proportion, rejects
from scipy import stats

from sim.draw import simulate
from sim.draw.budget import Budget, grid
from sim.draw.counts import Masses
from sim.judging import estimators, measurement, verdict
from sim.judging.measurement import Prediction
from sim.laws import learning_curve
from sim.model import build

N = grid(1e6, 13)
RUNS = 400
ALL = np.arange(len(N))


def prediction(exponent, depth=1):
    curve = learning_curve.unmemorised_mass(N, exponent, np.inf, depth)
    prefactor = float(learning_curve.prefactor(exponent, depth))
    return Prediction(curve, float(learning_curve.decay_exponent(exponent)), prefactor, False)


def noisy(rng, law, learners, noise=0.05):
    """Masses with the law's mean; what a learner is lucky with at one n, it mostly is with at the next."""
    walk = np.cumsum(rng.standard_normal((learners, len(law))), axis=1) / np.sqrt(np.arange(1, len(law) + 1))
    return Masses(law * (1 + noise * walk), np.float64(1e-9))


def assert_unit_variance(normal):
    p_value = 2 * min(tail(np.sum(normal**2), len(normal)) for tail in (stats.chi2.cdf, stats.chi2.sf))
    assert p_value > FALSE_ALARM, f"variance {np.mean(normal**2):.3g} against 1: p = {p_value:.2g}"


def test_the_mean_mass_and_its_error_by_hand():
    masses = Masses(np.array([[0.4, 0.2], [0.6, 0.2]]), np.array([0.0, 0.01]))
    many, few = np.full(2, 1000.0), np.array([3.0, 8.0])
    curve = estimators.mass_curve(masses, many, np.ones(2))
    assert curve.estimate == pytest.approx([0.5, 0.2])
    assert curve.stderr == pytest.approx([0.1, 0.002])  # of the first its spread, of the second the rounding
    cautious = estimators.mass_curve(masses, few, np.array([0.01, 0.02])).stderr
    assert cautious == pytest.approx([0.1, np.hypot(0.02 * 9**0.5 / 2, 0.002)])  # nine events of 0.02, by two learners


@pytest.mark.parametrize(
    ("exponent", "size", "depth", "examples"),
    [(0.5, 1e9, 1, grid(1e8, 15)), (1.5, np.inf, 2, grid(1e6, 13)), (2.0, 1e6, 1, grid(1e8, 13)), (20.0, np.inf, 1, N)],
)
def test_standard_errors_are_those_of_independent_features_at_every_point(exponent, size, depth, examples):
    """Where events are few they are at least that of one more, so that none is left out where learners saw nothing."""
    from sim.experiments.question import Law
    from sim.experiments.sides import rare_masses
    from sim.model.features import Zipf
    from sim.model.memory import Arrival

    learners = 1024
    events, one = rare_masses(Law(Zipf(exponent, size), Arrival(depth)), examples, learners)
    second, _ = learning_curve.unmemorised_moments(examples, exponent, size, depth)
    true = np.sqrt(second / learners)
    varies = second > 0
    assert np.sqrt(events[varies]) * one[varies] / learners == pytest.approx(true[varies], rel=1e-9)
    member = build.learner("block_chain", exponent, size, depth, examples)
    drawn = simulate.masses(3, "errors", member, learners, Budget(32768, 0, 0))
    found = estimators.mass_curve(drawn, events, one).stderr
    known, few = varies & (events >= 1000), varies & (events < 1000)
    own = learners, 1.0, np.sqrt(2 + learners / events[known])  # a variance, and the excess kurtosis of rare events
    if known.any():
        assert_mean((found[known] / true[known]) ** 2, *own)
        rejects(assert_mean, 1.5 * (found[known] / true[known]) ** 2, *own)
    assert (found[few] >= (1 - 1e-6) * true[few]).all()


def test_the_error_foreseen_for_the_exponent_is_that_of_repeated_fits():
    rng, law = np.random.default_rng(1), prediction(2.0)
    piece = slice(5, None)
    curve, part = law.curve[piece], N[piece]
    means = np.array([noisy(rng, law.curve, 100).values.mean(axis=0) for _ in range(RUNS)])
    covariance = np.cov(noisy(rng, law.curve, 100_000).values, rowvar=False) / 100
    foreseen = estimators.power_law_spread(
        estimators.power_law(curve, part, False), curve, part, False, covariance[piece, piece]
    )
    fitted = estimators.power_law(means[:, piece], part, False).exponent
    off = (fitted - fitted.mean()) / foreseen * (RUNS / (RUNS - 1)) ** 0.5
    assert_unit_variance(off)
    rejects(assert_unit_variance, 1.25 * off)


def test_masses_of_a_true_law_are_refuted_as_often_as_stated():
    rng, law = np.random.default_rng(2), prediction(2.0)
    p_values = np.array([verdict.mass_test(noisy(rng, law.curve, 256), law.curve, ALL)[2] for _ in range(RUNS)])
    assert_proportion(np.count_nonzero(p_values < 0.1), RUNS, 0.1)
    wrong = prediction(2.02).curve
    p_values = [verdict.mass_test(noisy(rng, law.curve, 256), wrong, ALL)[2] for _ in range(20)]
    assert max(p_values) < 1e-4


def test_without_points_nothing_is_tested_or_confirmed():
    law = prediction(2.0)
    masses = Masses(np.random.default_rng(3).random((64, len(law.curve))), np.float64(1e-6))
    none = np.zeros(0, int)
    assert np.isnan(verdict.mass_test(masses, law.curve, none)[2])
    curve = estimators.mean_curve(masses.values)
    found = verdict.judge_masses("", "", masses, curve, law, None, none)
    assert np.isnan(found.p_value) and found.verdict == "undecided"


def test_points_that_only_rounding_moves_are_not_judged():
    rng, law = np.random.default_rng(3), prediction(2.0).curve
    values = law * (1 + 1e-8 * rng.standard_normal((256, len(law)))) * (1 + 5e-7)
    assert verdict.mass_test(Masses(values, np.float64(1e-6)), law, ALL) == (0.0, 0, 1.0)
    assert verdict.mass_test(Masses(values, np.float64(1e-12)), law, ALL)[2] < 1e-4


def test_a_mass_where_the_law_allows_none_refutes_it():
    values = np.full((64, 2), 0.5) + np.random.default_rng(4).normal(0, 0.01, (64, 2))
    assert verdict.mass_test(Masses(values, np.float64(1e-6)), np.array([0.5, 0.0]), np.arange(2))[2] == 0.0


@pytest.mark.seldom(0)
@pytest.mark.parametrize(("name", "size"), [("block_chain", np.inf), ("direct", np.inf), ("jump_chain", 300)])
def test_simulated_learners_confirm_their_law_and_refute_one_two_percent_off(name, size):
    examples = grid(1e3, 11) if name != "block_chain" else N
    learner = build.learner(name, 2.0, size, 2, examples)
    masses = simulate.masses(1, f"masses {name}", learner, 4096, Budget(32768, 0, 0))
    law = learning_curve.unmemorised_mass(examples, 2.0, size, 2)
    points = measurement.testable(learning_curve.memorising_moments(examples, 2.0, size, 2), 4096)
    assert verdict.mass_test(masses, law, points)[2] > FALSE_ALARM
    wrong = learning_curve.unmemorised_mass(examples, 2.0408, size, 2)
    assert verdict.mass_test(masses, wrong, points)[2] < FALSE_ALARM


def assert_never_tiny(p_values):
    assert min(p_values) > FALSE_ALARM


@pytest.mark.seldom(0)
@pytest.mark.parametrize(
    ("name", "exponent", "size", "depth"),
    [
        ("block_chain", 1.02, np.inf, 1),
        ("block_chain", 10.0, np.inf, 1),
        ("block_chain", 20.0, np.inf, 1),
        ("feature_arrivals", 0.3, 1000, 2),
        ("feature_arrivals", 5.0, 1000, 1),
    ],
)
def test_few_learners_and_rare_events_refute_no_true_law(name, exponent, size, depth):
    """64 runs of 1024 learners each; where all points are judged, events that none of them saw refute the law."""
    learner = build.learner(name, exponent, size, depth, N)
    masses = simulate.masses(1, f"few {name} {exponent}", learner, 2**16, Budget(32768, 0, 0))
    law = learning_curve.unmemorised_mass(N, exponent, size, depth)
    points = measurement.testable(learning_curve.memorising_moments(N, exponent, size, depth), 1024)
    runs = [Masses(values, masses.resolution) for values in np.split(masses.values[: 2**16], 64)]
    assert_never_tiny([verdict.mass_test(run, law, points)[2] for run in runs])
    if len(points):
        rejects(assert_never_tiny, [verdict.mass_test(run, 1.1 * law, points)[2] for run in runs])
    if exponent == 20:
        rejects(assert_never_tiny, [verdict.mass_test(run, law, ALL)[2] for run in runs])


@pytest.mark.seldom(0)
def test_a_measured_exponent_is_within_its_error_of_the_law():
    learner = build.learner("block_chain", 1.5, np.inf, 1, N)
    law, points = prediction(1.5), measurement.testable(learning_curve.memorising_moments(N, 1.5, np.inf), 512)
    pulls = []
    for seed in range(20):
        masses = simulate.masses(seed, "pulls", learner, 512, Budget(32768, 0, 0))
        found = measurement.measure_masses(masses, N, law, points)
        pulls.append((found.exponent - law.exponent) / np.hypot(found.exponent_stderr, found.bias))
    assert_proportion(np.count_nonzero(np.abs(pulls) < stats.t.isf(0.05, 63)), 20, 0.9)
    rejects(assert_proportion, np.count_nonzero(np.abs(np.add(pulls, 5)) < stats.t.isf(0.05, 63)), 20, 0.9)


@pytest.mark.seldom(0)
def test_learners_are_the_same_for_any_chunk_and_number_of_devices():
    learner = build.learner("block_chain", 2.0, np.inf, 1, N)
    one, two, eight = (
        simulate.masses(1, "cuts", learner, 2000, Budget(32768, chunk, devices)).values
        for chunk, devices in [(1, 1), (4, 2), (0, 8)]
    )
    assert (one == two).all() and (one == eight).all() and len(one) == 2048

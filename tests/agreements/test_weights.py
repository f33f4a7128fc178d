"""Problems and features that count more than others."""

import numpy as np
import pytest
from agreements.tables import BUDGET, FIRST, LEVI, MATH, TABLE, K, N, meets
from checks import FALSE_ALARM
from scipy import stats

from sim.draw import simulate
from sim.draw.budget import BATCH, grid
from sim.judging import estimators, measurement, verdict
from sim.judging.measurement import Prediction
from sim.laws import coverage, importance
from sim.model import build
from sim.samplers.importance import Weighted


def weigh(difficulty, rarity, lift, drop, exponent, size, tries=K, examples=N):
    """Shares of the weight that every batch leaves unsolved over k, and unmemorised over n, [batches, x] each."""
    numbers = (np.asarray(x, np.float32) for x in (rarity, lift, drop, examples, tries))
    parts = build.feature_sampler(exponent, size), build.memory_sampler("arrival", 1), difficulty.sampler(), FIRST
    kernel = Weighted(*parts, *numbers, np.arange(BATCH, dtype=np.uint32).reshape(-1, 128))
    curves = simulate.curves(1, f"weighted {difficulty.physics()} {exponent}", kernel, BUDGET.batches, BUDGET)
    k, n = len(tries), len(examples)
    _, _, failed, weight, _, _, missed, mass = np.split(curves, np.cumsum([1, k, k, 1, 1, n, n]), axis=1)
    return estimators.weighted_means(failed, weight), estimators.weighted_means(missed, mass)


@pytest.mark.seldom(0)
def test_weighted_coverage_has_its_law_when_problems_count_by_their_failure():
    failed, _ = weigh(LEVI, 0.0, 2.0, 0.0, 2.0, np.inf)
    assert meets(failed, importance.weighted_loss(K, 5, 0.35, 2.0))
    for law in ((5, 0.35, 1.9), (5.25, 0.35, 2.0), (5, 0.35, 0.0)):
        assert not meets(failed, importance.weighted_loss(K, *law))


@pytest.mark.seldom(0)
def test_weighted_coverage_of_listed_problems_has_its_law():
    success = TABLE.successes / TABLE.attempts
    solvable = success[success > 0]
    failed, _ = weigh(MATH, 0.0, 1.0, 0.1, 2.0, np.inf, grid(3e4, 25))
    law = lambda lift, drop: importance.weighted_failure(  # noqa: E731
        grid(3e4, 25), solvable, (1 - solvable) ** lift * solvable**-drop
    )
    assert meets(failed, law(1.0, 0.1))
    assert not meets(failed, law(1.0, 0.105)) and not meets(failed, law(0.8, 0.1))


@pytest.mark.seldom(0)
def test_when_hard_problems_count_more_the_exponent_of_coverage_falls_by_the_exponent_of_the_weights():
    failed, _ = weigh(LEVI, 0.0, 0.0, 0.1, 2.0, np.inf)
    assert meets(failed, importance.tail_weighted_loss(K, 5, 0.35, 0.1))
    for law in ((5, 0.35, 0.105), (5.25, 0.35, 0.1), (5, 0.35, 0.0)):
        assert not meets(failed, importance.tail_weighted_loss(K, *law))
    prediction = Prediction(importance.tail_weighted_loss(K, 5, 0.35, 0.1), 0.25, coverage.prefactor(5, 0.25), False)
    measured = measurement.measure_means(failed, K, prediction)
    z = abs(measured.exponent - np.array([0.25, 0.2625, 0.35])) / np.hypot(measured.exponent_stderr, measured.bias)
    assert z[0] < stats.norm.isf(FALSE_ALARM / 2) < z[1] < z[2]


@pytest.mark.seldom(0)
def test_when_rare_features_count_more_the_learning_curve_is_weighted_and_its_exponent_falls():
    _, missed = weigh(LEVI, 0.125, 0.0, 0.0, 2.0, np.inf)
    law = lambda rarity: importance.weighted_unmemorised_infinite(N, 2.0, 2.0 * (1 - rarity))  # noqa: E731
    assert meets(missed, law(0.125))
    assert not meets(missed, law(0.13125)) and not meets(missed, law(0.0))
    late = N >= 10  # where the sum over features has become an integral
    known = importance.importance_exponent(2.0, 1.75), importance.weighted_prefactor(2.0, 1.75)
    measured = measurement.measure_means(missed[:, late], N[late], Prediction(law(0.125)[late], *known, False))
    z = abs(measured.exponent - np.array([known[0], 1.05 * known[0], 0.5])) / measured.exponent_stderr
    assert z[0] < stats.norm.isf(FALSE_ALARM / 2) < z[1] < z[2]


@pytest.mark.seldom(0)
@pytest.mark.parametrize(("exponent", "rarity"), [(0.8, 0.3), (1.5, 0.1)])
def test_the_weighted_learning_curve_of_a_finite_set_has_its_law(exponent, rarity):
    _, missed = weigh(LEVI, rarity, 0.0, 0.0, exponent, 1000.0, examples=grid(1000, 25))
    law = lambda off: importance.weighted_unmemorised(  # noqa: E731
        grid(1000, 25), exponent, 1000, -exponent * (1 - off * rarity)
    )
    assert meets(missed, law(1.0)) and not meets(missed, law(0.95))


@pytest.mark.seldom(0)
@pytest.mark.parametrize("drop", [0.0, 0.1])
def test_so_many_attempts_are_needed_as_the_law_says_for_a_share_of_the_weight(drop):
    needed = importance.attempts_needed(0.1, 5, 0.35 - drop)
    tries = np.round(needed * np.geomspace(0.8, 1.25, 25))  # dense: between points the failure is a power law
    failed, _ = weigh(LEVI, 0.0, 0.0, drop, 2.0, np.inf, tries)
    crossed = lambda curve: np.interp(-np.log(0.1), -np.log(curve), np.log(tries))  # noqa: E731
    parts = np.array([[crossed(part)] for part in estimators.jackknife_groups(failed)])
    whole = np.array([crossed(failed.mean(axis=0))])
    judged = lambda law: verdict.judge_fit("", "", whole, parts, np.log([law]), len(failed)).p_value  # noqa: E731
    assert judged(needed) > FALSE_ALARM
    assert judged(importance.attempts_needed(0.1, 5, 0.95 * (0.35 - drop))) < FALSE_ALARM
    assert judged(importance.attempts_needed(0.095, 5, 0.35 - drop)) < FALSE_ALARM

"""Power laws and local exponents, as they are measured."""

import numpy as np
import pytest
from agreements.tables import BUDGET, FIRST, LEVI, POWER_LAWS, K, N
from checks import FALSE_ALARM, assert_mean, assert_proportion, rejects
from scipy import stats

from sim.draw import simulate
from sim.draw.batches import Parts
from sim.draw.budget import Budget
from sim.judging import estimators, measurement, verdict
from sim.judging.measurement import Prediction
from sim.laws import coverage, dependence, learning_curve
from sim.model import build
from sim.model.dependence import Polya


@pytest.mark.seldom(1)
@pytest.mark.parametrize("name", POWER_LAWS)
def test_after_many_attempts_a_power_law_is_left(name):
    problem, attempts, tail, tries = POWER_LAWS[name]
    tries = np.array(tries)
    parts = Parts(None, None, *attempts.samplers(problem.sampler(), FIRST, tries))
    drawn = simulate.failures(1, f"power law, {name}", parts, Budget(2**24, 0, 2), None, tries)
    failed, total = drawn.failures.sum(axis=0), len(drawn.failures) * drawn.problems
    assert_proportion(failed, total, tail.prefactor * tries**-tail.exponent)
    rejects(assert_proportion, failed, total, 1.05 * tail.prefactor * tries**-tail.exponent)
    rejects(assert_proportion, failed, total, tail.prefactor * tries ** (-1.02 * tail.exponent))


@pytest.mark.seldom(0)
def test_attempts_from_an_urn_leave_a_power_of_the_logarithm():
    tries = np.array([1e5, 1e6, 1e8])
    parts = Parts(None, None, *Polya(0.1).samplers(LEVI.sampler(), FIRST, tries))
    drawn = simulate.failures(1, "power of the logarithm", parts, Budget(2**20, 0, 2), None, tries)
    failed, total = drawn.failures.sum(axis=0), len(drawn.failures) * drawn.problems
    law = dependence.polya_tail(tries, 5.0, 0.35, 0.1)
    assert_proportion(failed, total, law)
    rejects(assert_proportion, failed, total, dependence.polya_tail(tries, 5.0, 0.35, 0.105))
    slope = np.log(law[0] / law[1]) / np.log(tries[1] / tries[0])  # of the power of k between the first two
    rejects(assert_proportion, failed, total, law[0] * (tries / tries[0]) ** -slope)


def assert_measured(measured, exponent, prefactor):
    """Exponent and prefactor (sim.judging.measurement) of the law; Student's, as 64 groups know their spread."""
    errors = np.hypot(measured.exponent_stderr, measured.bias), measured.prefactor_stderr
    off = (measured.exponent - exponent) / errors[0], (measured.prefactor - prefactor) / errors[1]
    p_value = 4 * stats.t.sf(np.abs(off), estimators.GROUPS - 1).min()
    assert p_value > FALSE_ALARM, f"{measured} against {exponent}, {prefactor}"


@pytest.mark.parametrize("ceiling", [1.0, 0.9])
def test_the_exponent_and_prefactor_of_inference_are_measured(ceiling):
    parts = Parts(difficulty=build.beta_sampler(5, 0.35, ceiling), attempts=FIRST)
    drawn = simulate.failures(1, f"exponent of inference {ceiling}", parts, BUDGET, None, K)
    c = ceiling * coverage.prefactor(5, 0.35)
    law = Prediction(coverage.failure(K, 5, 0.35, ceiling), 0.35, c, ceiling < 1)
    measured = measurement.measure(drawn, K, law)
    assert_measured(measured, 0.35, c)
    rejects(assert_measured, measured, 1.02 * 0.35, c)
    rejects(assert_measured, measured, 0.35, 1.05 * c)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0])
def test_the_exponent_and_prefactor_of_learning_are_measured(exponent):
    learner = build.learner("block_chain", exponent, np.inf, 1, N)
    masses = simulate.masses(1, f"exponent of learning {exponent}", learner, 2**13, BUDGET)
    b, c = learning_curve.decay_exponent(exponent), learning_curve.prefactor(exponent)
    told = measurement.testable(learning_curve.memorising_moments(N, exponent, np.inf), len(masses.values))
    law = Prediction(learning_curve.unmemorised_mass(N, exponent, np.inf), b, c, False)
    measured = measurement.measure_masses(masses, N, law, told)
    assert_measured(measured, b, c)
    rejects(assert_measured, measured, 1.05 * b, c)
    rejects(assert_measured, measured, b, learning_curve.prefactor_continuous(exponent))


def test_the_slopes_of_failure_and_of_log_coverage_differ_as_their_laws_do():
    around = np.array([10, 100, 1000])
    tries = (around[:, None] * [0.9, 1, 1.1]).ravel()
    parts = Parts(difficulty=build.beta_sampler(5, 0.35, 1.0), attempts=FIRST)
    drawn = simulate.failures(1, "local slopes", parts, BUDGET, None, tries)

    def slopes(failures):
        loss = (failures / drawn.problems).reshape(*failures.shape[:-1], 3, 3)
        curves = np.log(loss), np.log(-np.log1p(-loss))
        each = [[-np.gradient(y[..., i, :], np.log([0.9, 1, 1.1]), axis=-1)[..., 1] for i in range(3)] for y in curves]
        return np.moveaxis(np.array(each).reshape(6, *failures.shape[:-1]), 0, -1)

    whole, groups = slopes(drawn.failures.mean(axis=0)), slopes(estimators.jackknife_groups(drawn.failures))

    def p_value(alpha, beta):
        both = coverage.local_exponent(around, alpha, beta), coverage.local_exponent_log_coverage(around, alpha, beta)
        return verdict.judge_fit("", "", whole, groups, np.concatenate(both), len(drawn.failures)).p_value

    assert p_value(5, 0.35) > FALSE_ALARM
    assert p_value(5, 1.02 * 0.35) < FALSE_ALARM
    swapped = np.roll(whole, 3), np.roll(groups, 3, axis=1)
    both = coverage.local_exponent(around, 5, 0.35), coverage.local_exponent_log_coverage(around, 5, 0.35)
    assert verdict.judge_fit("", "", *swapped, np.concatenate(both), len(groups)).p_value < FALSE_ALARM


@pytest.mark.seldom(0)
@pytest.mark.parametrize(("depth", "examples"), [(2, 100.0), (3, 100.0), (5, 300.0)])
def test_features_seen_ever_more_often_before_they_are_memorised_cost_a_constant_ratio(depth, examples):
    law = learning_curve.depth_ratio(2.0, depth)

    def unmemorised(d):
        parts = Parts(build.feature_sampler(2.0, np.inf), build.memory_sampler("arrival", d))
        drawn = simulate.failures(1, f"depth {d} of {depth}", parts, BUDGET, np.array([examples]))
        error = learning_curve.unmemorised_mass(examples, 2.0, np.inf, d)
        return drawn.failures.sum() / BUDGET.problems, (1 - error) / error / BUDGET.problems

    (once, spread_once), (often, spread_often) = unmemorised(1), unmemorised(depth)
    deviation = law * np.sqrt(spread_once + spread_often)
    assert_mean(often / once, 1, law, deviation)
    rejects(assert_mean, often / once, 1, learning_curve.depth_ratio(2.1, depth), deviation)  # exponent 5 % off
    rejects(assert_mean, often / once, 1, depth**0.5, deviation)  # d^b, which it only tends to times 1 / Gamma(1 + b)

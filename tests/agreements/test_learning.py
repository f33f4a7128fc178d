"""Training sets that are shared, and single attempts, against their laws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreements.tables import BUDGET, FIRST
from checks import FALSE_ALARM, assert_mean, assert_proportion, rejects

from sim.draw import keys, simulate
from sim.draw.batches import Parts
from sim.draw.budget import grid
from sim.judging import estimators, verdict
from sim.laws import coverage, learning_curve
from sim.model import build
from sim.samplers import bits


@pytest.mark.seldom(0)
def test_one_shared_training_set_meets_the_learning_curve_and_its_variance():
    examples, exponent, size = grid(2000, 12), 2.0, 100.0
    features = build.feature_sampler(exponent, size)
    parts = Parts(features, build.memory_sampler("training_set", 1))
    drawn = simulate.failures(1, "shared", parts, BUDGET, examples)
    law = learning_curve.unmemorised_mass(examples, exponent, size)
    spread = learning_curve.unmemorised_mass_variance(examples, exponent, size)
    deviation = np.sqrt(spread + (law * (1 - law) - spread) / drawn.problems)  # of one batch: its set and its test
    mean = drawn.failures.mean(axis=0) / drawn.problems
    batches = len(drawn.failures)
    assert_mean(mean, batches, law, deviation)
    rejects(assert_mean, mean, batches, learning_curve.unmemorised_mass(examples, 1.05 * exponent, size), deviation)
    rejects(assert_mean, mean, batches, law, np.sqrt(law * (1 - law) / drawn.problems))  # as if not shared


@pytest.mark.seldom(0)
@pytest.mark.parametrize(("depth", "wrong"), [pytest.param(1, 2, marks=pytest.mark.slow), (3, 2)])
def test_shared_and_own_training_sets_have_one_law_at_every_depth(depth, wrong):
    examples = grid(3000, 12)
    parts = Parts(build.feature_sampler(1.5, np.inf), build.memory_sampler("training_set", depth))
    drawn = simulate.failures(2, "shared depth", parts, BUDGET, examples)
    law = learning_curve.unmemorised_mass(examples, 1.5, np.inf, depth)
    assert verdict.chi_square(drawn, law)[2] > FALSE_ALARM
    assert verdict.chi_square(drawn, learning_curve.unmemorised_mass(examples, 1.5, np.inf, wrong))[2] < FALSE_ALARM


@pytest.mark.seldom(1)
@pytest.mark.parametrize("exponent", [1.5, 2.0])
def test_distinct_features_of_training_sets_meet_karlins_law(exponent):
    sets, n, size = 2000, 1000, 2000.0
    features = build.feature_sampler(exponent, size)
    lanes = jnp.arange(sets * n, dtype=jnp.uint32)
    ranks = np.asarray(jax.jit(lambda key, f: f.at(bits.stream(key), lanes).low)(keys.run_key(1, "distinct"), features))
    distinct = np.array([len(np.unique(one)) for one in ranks.reshape(sets, n)])
    law = learning_curve.distinct_features(n, exponent, size)
    deviation = np.sqrt(learning_curve.distinct_features_variance(n, exponent, size))
    assert_mean(distinct.mean(), sets, law, deviation)
    rejects(assert_mean, distinct.mean(), sets, learning_curve.distinct_features(n, 1.02 * exponent, size), deviation)


def test_the_hazard_is_the_success_rate_of_the_next_attempt():
    tries = np.sort(np.concatenate([[1, 3, 10, 100, 1000], np.array([1, 3, 10, 100, 1000]) + 1.0]))
    parts = Parts(difficulty=build.beta_sampler(5, 0.35, 1.0), attempts=FIRST)
    failed = simulate.failures(1, "hazard", parts, BUDGET, None, tries).failures.sum(axis=0)
    solved_next, unsolved = failed[::2] - failed[1::2], failed[::2]
    assert_proportion(solved_next, unsolved, coverage.hazard(tries[::2], 5, 0.35))
    rejects(assert_proportion, solved_next, unsolved, coverage.hazard(tries[::2], 5, 0.37))


@pytest.mark.seldom(0)
def test_k_successes_of_k_meet_the_reliability_law():
    lanes, tries = jnp.arange(2**20, dtype=jnp.uint32), np.array([1, 2, 5, 20.0])
    key_difficulty, key_attempts = jax.random.split(keys.run_key(1, "reliability"))
    sampler = build.gamma_ratio_sampler(5, 1.5, 1.0)
    log_success = sampler.at(tuple(bits.stream(k) for k in jax.random.split(key_difficulty, sampler.STREAMS)), lanes)
    patience = bits.exponential(bits.stream(key_attempts), 0, lanes)
    successes = [int((patience > k * -log_success).sum()) for k in tries]
    assert_proportion(successes, len(lanes), coverage.reliability(tries, 5, 1.5))
    rejects(assert_proportion, successes, len(lanes), coverage.reliability(tries, 5, 1.53))


def test_the_unbiased_estimator_has_the_total_variance_of_chen():
    problems, recorded, tries = 200_000, 100, np.array([1, 10, 50, 100.0])
    rng = keys.host_generator(keys.run_key(1, "total variance"))
    successes = rng.binomial(recorded, rng.beta(0.35, 5, problems))
    failed = 1 - estimators.pass_at_k(tries, np.full(problems, recorded), successes)
    loss = coverage.inference_loss(tries, 5, 0.35)
    second = np.array([coverage.total_variance(k, recorded, 1, 5, 0.35) for k in tries]) + loss**2
    largest = np.sqrt(second * (1 - second))  # deviation of the square of something in [0, 1]: at most this
    assert_mean((failed**2).mean(axis=1), problems, second, largest)
    without_attempts = coverage.suite_variance(tries, 1, 5, 0.35) + loss**2  # as if every p were known
    rejects(assert_mean, (failed**2).mean(axis=1), problems, without_attempts, largest)

"""Counts of a run depend on seed, physics and batch number alone, and follow the laws composed."""

import jax
import numpy as np
import pytest
from checks import assert_mean, assert_proportion, rejects

from sim.draw import simulate
from sim.draw.batches import Parts
from sim.draw.budget import BATCH, Budget
from sim.laws import coverage, joint, learning_curve
from sim.model import build

EXAMPLES = np.array([1.0, 10, 100, 1000])
TRIES = np.array([1.0, 10, 300])


def parts(question, exponent=1.5, depth=1, beta=0.35):
    """Parts and grids of one kind of question."""
    features, memory = build.feature_sampler(exponent, np.inf), build.memory_sampler("arrival", depth)
    difficulty, attempts = build.beta_sampler(2.0, beta, 0.9), build.attempts_sampler("first_success")
    training_set = build.memory_sampler("training_set", depth)
    recorded, successes = np.full(50, 400.0), np.arange(50.0)
    return {
        "learning curve": (Parts(features, memory), EXAMPLES, None),
        "training set": (Parts(features, training_set), EXAMPLES, None),
        "coverage": (Parts(difficulty=difficulty, attempts=attempts), None, TRIES),
        "replay": (
            Parts(difficulty=build.row_sampler(50), attempts=build.replay_sampler(recorded, successes)),
            None,
            TRIES,
        ),
        "joint": (Parts(features, memory, difficulty, attempts), EXAMPLES, TRIES),
        "joint training set": (Parts(features, training_set, difficulty, attempts), EXAMPLES, TRIES),
    }[question]


QUESTIONS = ["learning curve", "training set", "coverage", "replay", "joint", "joint training set"]


def run(question, batches=11, seed=0, physics="test", chunk=1, devices=1, **numbers):
    of, examples, tries = parts(question, **numbers)
    return simulate.failures(seed, physics, of, Budget(batches * BATCH, chunk, devices), examples, tries)


def assert_invariant(question, cuts):
    expected = run(question).failures
    for chunk, devices in cuts:
        assert (run(question, chunk=chunk, devices=devices).failures == expected).all(), (chunk, devices)


@pytest.mark.parametrize(
    "question, cuts",
    [pytest.param("training set", [(3, 8)], marks=pytest.mark.slow), ("joint", [(3, 2), (8, 8)])],
)
def test_counts_are_the_same_for_any_chunk_and_number_of_devices(question, cuts):
    """Eleven batches, which neither chunks nor devices divide."""
    assert_invariant(question, cuts)


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_counts_are_the_same_for_every_pair_of_chunk_and_number_of_devices(question):
    assert_invariant(question, [(chunk, devices) for chunk in (0, 1, 3, 8) for devices in (0, 1, 2, 8)])


@pytest.mark.seldom(1)
@pytest.mark.parametrize("question", ["learning curve", "coverage"])
def test_a_batch_does_not_know_how_many_others_there_are(question):
    """Three of them counted one by one, or two hundred counted in steps of four."""
    few, many = run(question, batches=3).failures, run(question, batches=200).failures
    assert few.shape[0] == 3 and many.shape[0] == 200
    assert (few == many[:3]).all()
    assert len(np.unique(many.reshape(200, -1), axis=0)) > 190  # and no two are the same batch


def test_seeds_and_physics_give_runs_of_their_own_and_zero_is_a_seed():
    runs = [
        run("coverage", seed=seed, physics=physics).failures
        for seed, physics in [(0, "test"), (0, "test"), (1, "test"), (0, "other"), (-1, "test")]
    ]
    assert (runs[0] == runs[1]).all()
    assert len(np.unique([r.ravel() for r in runs[1:]], axis=0)) == 4


def test_numbers_change_the_counts():
    """With the same keys: what a sweep sweeps reaches the samplers."""
    base = run("joint").failures
    for changed in ({"exponent": 1.51}, {"depth": 2}, {"beta": 0.36}):
        assert (run("joint", **changed).failures != base).any(), changed


def test_counts_are_whole_numbers_of_problems_and_keep_their_axes():
    counts = run("joint", batches=3)
    assert counts.failures.dtype == np.int64
    assert counts.failures.shape == (3, len(EXAMPLES), len(TRIES))
    assert counts.problems == BATCH
    assert run("learning curve", batches=3).failures.shape == (3, len(EXAMPLES))
    assert run("coverage", batches=3).failures.shape == (3, len(TRIES))
    assert (counts.failures >= 0).all() and (counts.failures <= BATCH).all()


@pytest.mark.seldom(1)
@pytest.mark.parametrize("question", ["joint", "training set", "coverage"])
def test_more_examples_and_more_attempts_never_hurt_a_problem(question):
    failures = run(question).failures
    assert all((np.diff(failures, axis=axis) <= 0).all() for axis in range(1, failures.ndim))


@pytest.mark.seldom(0)
def test_only_numbers_changed_compile_nothing_new():
    """A sweep over exponents, sizes, depths and difficulties is compiled once a kind of features, and for depth 1."""
    budget = Budget(8 * BATCH, 5, 1)  # a chunk that no other test takes
    kernel = simulate.kernel(simulate._failures, jax.local_devices()[0].platform)
    before, kinds = kernel._cache_size(), set()
    for exponent, size, depth, alpha, ceiling in [
        (1.5, np.inf, 1, 5, 1),
        (3.0, np.inf, 4, 2, 0.7),
        (1, 1e6, 2, 185, 0.5),
        (0.5, 10, 7, 0.01, 0.9),
        (1.2, 1e6, 1, 5, 1),
        (1.7, 1e3, 3, 5, 1),
        (2.0, np.inf, 1, 5, 1),
    ]:
        of = Parts(
            build.feature_sampler(exponent, size),
            build.memory_sampler("arrival", depth),
            build.beta_sampler(alpha, 0.3, ceiling),
            build.attempts_sampler("first_success"),
        )
        simulate.failures(exponent, f"{size}", of, budget, EXAMPLES * exponent, TRIES)
        kinds.add((of.features.finite, of.features.reciprocal, of.features.two_ended, depth > 1))
        assert kernel._cache_size() == before + len(kinds)
    assert len(kinds) == 6


def test_too_many_devices_are_refused_in_one_sentence():
    there = len(jax.local_devices())
    with pytest.raises(
        ValueError, match=rf"^budget\.devices: need at most the {there} local devices, got {there + 1}$"
    ):
        run("coverage", devices=there + 1)
    assert len(simulate.local_devices(0)) == there
    assert len(simulate.local_devices(2)) == 2


def test_steps_are_taken_one_after_the_other_and_may_begin_at_any_batch():
    of, examples, tries = parts("coverage")
    expected = run("coverage", batches=200).failures
    seen = []

    def backwards(steps):
        assert list(steps.starts()) == list(range(0, 200, 50))
        pieces = {}
        for start, counts in steps.drawn([190, 100, 7, 0]):
            pieces[start] = counts
            seen.append(start)
        made = np.full((200, *counts.shape[1:]), -1)
        for start, counts in pieces.items():
            made[start : start + 50] = counts[: 200 - start]
        return made

    plan = simulate.plan_failures(0, "test", of, Budget(200 * BATCH, 1, 1), examples, tries)
    counts = plan.counted(backwards(plan.steps)).failures
    assert seen == [190, 100, 7, 0]
    drawn = [*range(57), *range(100, 150), *range(190, 200)]
    assert (counts[drawn] == expected[drawn]).all() and (np.delete(counts, drawn, axis=0) == -1).all()


def test_a_run_may_begin_at_any_batch_of_all():
    of, examples, tries = parts("coverage")
    later = simulate.failures(0, "test", of, Budget(3 * BATCH, 1, 1, first=4), examples, tries).failures
    assert (later == run("coverage", batches=7).failures[4:]).all()


# --- counts against the laws ---------------------------------------------------------------------------------------


@pytest.mark.seldom(0)
def test_learning_curves_coverages_and_their_union_follow_the_laws():
    """A million problems of each; the union is E + (1 - E) L. Laws 1 % off are seen."""
    problems = 64 * BATCH
    unmemorised = learning_curve.unmemorised_mass(EXAMPLES, 1.5, np.inf)
    loss = coverage.failure(TRIES, 2.0, 0.35, 0.9)
    union = joint.failure(unmemorised[:, None], loss)
    for question, law in [("learning curve", unmemorised), ("coverage", loss), ("joint", union)]:
        total = run(question, batches=64).failures.sum(axis=0)
        assert_proportion(total, problems, law)
        rejects(assert_proportion, total, problems, 1.01 * law)
    rejects(assert_proportion, total, problems, np.maximum(unmemorised[:, None], loss))  # were they dependent
    for exponent, beta in [(1.53, 0.35), (1.5, 0.357)]:
        other = learning_curve.unmemorised_mass(EXAMPLES, exponent, np.inf)[:, None]
        rejects(assert_proportion, total, problems, joint.failure(other, coverage.failure(TRIES, 2.0, beta, 0.9)))


@pytest.mark.seldom(0)
def test_the_margins_of_joint_counts_are_memory_and_inference_alone():
    """Where every problem is solved at once only memory fails; where everything is memorised only inference does."""
    problems = 64 * BATCH
    attempts = build.attempts_sampler("first_success")
    features, memory = build.feature_sampler(1.5, np.inf), build.memory_sampler("arrival", 1)
    budget = Budget(problems, 1, 1)
    easy = Parts(features, memory, build.beta_sampler(1e-3, 1e4, 1.0), attempts)
    total = simulate.failures(0, "easy", easy, budget, EXAMPLES, TRIES).failures.sum(axis=0)[:, -1]
    law = learning_curve.unmemorised_mass(EXAMPLES, 1.5, np.inf)
    assert_proportion(total, problems, law)
    rejects(assert_proportion, total, problems, learning_curve.unmemorised_mass(EXAMPLES, 1.53, np.inf))
    few = Parts(build.feature_sampler(1.5, 1), memory, build.beta_sampler(2.0, 0.35, 1.0), attempts)
    total = simulate.failures(0, "few", few, budget, EXAMPLES, TRIES).failures.sum(axis=0)[-1]
    assert_proportion(total, problems, coverage.inference_loss(TRIES, 2.0, 0.35))
    rejects(assert_proportion, total, problems, coverage.inference_loss(TRIES, 2.0, 0.357))


def test_batches_vary_as_independent_problems_do():
    """Squared deviations of 200 batches from the law, in units of the binomial variance, have mean 1."""
    law = np.append(learning_curve.unmemorised_mass(EXAMPLES, 1.5, np.inf)[:3], coverage.failure(TRIES, 2.0, 0.35, 0.9))
    failures = np.concatenate(
        [run("learning curve", batches=200).failures[:, :3], run("coverage", batches=200).failures], axis=1
    )
    variance = BATCH * law * (1 - law)
    squared = ((failures - BATCH * law) ** 2 / variance).mean(axis=0)
    deviation = np.sqrt(2 + (1 - 6 * law * (1 - law)) / variance)
    assert_mean(squared, 200, 1.0, deviation)
    rejects(assert_mean, squared, 200, 0.5, deviation)  # every batch drawn twice would double it


@pytest.mark.seldom(0)
def test_a_shared_training_set_varies_more_than_independent_problems():
    """64 batches of TrainingSet: mean and variance follow the laws of shared sets, the binomial variance is refused."""
    failures = run("training set", batches=64).failures / BATCH
    law = learning_curve.unmemorised_mass(EXAMPLES, 1.5, np.inf)
    spread = learning_curve.unmemorised_mass_variance(EXAMPLES, 1.5, np.inf)
    variance = (law - law**2 - spread) / BATCH + spread
    assert_mean(failures.mean(axis=0), 64, law, np.sqrt(variance))
    rejects(assert_mean, failures.mean(axis=0), 64, 0.95 * law, np.sqrt(variance))
    later = slice(2, None)  # after few examples the missing mass is far from normal
    squared = ((failures - law) ** 2).mean(axis=0)[later]
    assert_mean(squared / variance[later], 64, 1.0, np.sqrt(2.0))
    rejects(assert_mean, squared * BATCH / (law - law**2)[later], 64, 1.0, np.sqrt(2.0))

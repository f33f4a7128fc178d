"""A batch is its samplers put together: streams dealt by name, both sides joined, every problem counted once."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import variates

from sim.draw import batches, keys, many, simulate
from sim.draw import plan as planned
from sim.draw.batches import BATCH, Parts
from sim.draw.budget import Budget
from sim.laws import zipf
from sim.model import build
from sim.model.dependence import Sticky
from sim.model.memory import Guessing, TrainingSet
from sim.samplers import bits
from sim.samplers.features import Feature
from sim.samplers.lattice import Lattice

LANES = np.arange(BATCH, dtype=np.uint32)
WORDS = np.array([10, 11, 12, 13, 14, 15], np.uint32), np.array([20, 21, 22, 23, 24, 25], np.uint32)
N, K = np.array([1, 30, 1000], np.float32), np.array([1, 20], np.float32)


class Rare(NamedTuple):
    """Test examples of one feature, but not of the first lanes' half."""

    def at(self, stream, lanes):
        """As samplers.features.Zipf: log probability alone is asked for."""
        one = jnp.ones_like(lanes)
        return Feature(jnp.where(lanes < BATCH // 2, np.float32(np.log(0.03)), np.float32(np.log(0.002))), one * 0, one)


class Even(NamedTuple):
    """Success as likely as a uniform is large."""

    def at(self, stream, lanes):
        """float32 log success probability of each lane."""
        return bits.log(bits.uniform(stream, 0, lanes))


def stream(number):
    return WORDS[0][number], WORDS[1][number]


def theta():
    return np.where(LANES < BATCH // 2, 0.03, 0.002)


def waits(number, success):
    return variates.exponential(stream(number), 0, LANES) / -np.log1p(-success)


draw = variates.jit(batches.failures_of, static_argnames=("sampling", "platform"))


def counted(parts, n, k, platform="cpu", sampling="random"):
    return np.asarray(draw(WORDS, parts, n, k, batches.SAMPLING[sampling], platform=platform))


FIRST, ARRIVAL = build.attempts_sampler("first_success"), build.memory_sampler("arrival", 2)


def assert_counts_are(found, failed):
    """But for problems at the border of a rounding."""
    assert np.abs(found - failed).max() <= 1 and found.dtype == np.int32


@pytest.mark.parametrize("platform", ["cpu", "gpu"])
def test_both_sides_draw_from_streams_of_their_own_and_both_must_succeed(platform):
    """Features have the first stream, memory the second, difficulty the third, attempts the fourth."""
    arrival = sum(variates.geometric(stream(1), copy, LANES, theta()) for copy in (0, 1))
    unmemorised = arrival > N[:, None]
    unsolved = waits(3, variates.uniform(stream(2), 0, LANES)) > K[:, None]
    failed = (unmemorised[:, None] | unsolved[None, :]).sum(axis=2)
    found = counted(Parts(Rare(), ARRIVAL, Even(), FIRST), N, K, platform)
    assert_counts_are(found, failed)
    if platform == "cpu":
        assert_counts_are(counted(Parts(Rare(), ARRIVAL), N, None), unmemorised.sum(axis=1))


def test_without_a_memory_the_first_streams_are_those_of_difficulty_and_attempts():
    unsolved = waits(1, variates.uniform(stream(0), 0, LANES)) > K[:, None]
    assert_counts_are(counted(Parts(difficulty=Even(), attempts=FIRST), None, K), unsolved.sum(axis=1))


def test_a_redrawn_difficulty_has_its_own_streams_behind_those_of_the_difficulty():
    """And the attempts come after both."""
    difficulty, _ = Sticky(0.4).samplers(Even(), FIRST, K)
    alike, outcome = (variates.uniform(stream(1), turn, LANES) for turn in (0, 1))
    success = variates.uniform(stream(0), 0, LANES)
    success = np.where(alike <= 0.4, np.where(outcome < success, 1 - 1e-16, 1e-300), success)
    unsolved = waits(2, success) > K[:, None]
    assert_counts_are(counted(Parts(difficulty=difficulty, attempts=FIRST), None, K), unsolved.sum(axis=1))


def test_attempts_at_what_is_guessed_succeed_by_luck():
    arrival = sum(variates.geometric(stream(1), copy, LANES, theta()) for copy in (0, 1))
    success = np.where(arrival > N[:, None], 0.1, variates.uniform(stream(2), 0, LANES))
    failed = [[np.count_nonzero(waits(3, own) > tries) for tries in K] for own in success]
    assert_counts_are(counted(Parts(Rare(), Guessing(2, 0.1).sampler(), Even(), FIRST), N, K), np.array(failed))


def test_on_a_lattice_difficulty_and_attempts_have_dimensions_1_and_2_and_memory_3():
    """The points of a lattice that stands where each part's stream stands; two draws in other dimensions."""
    points = [
        np.asarray(bits.words(Lattice(*stream(number), np.uint32(dimension)), 0, LANES)[0])
        for number, dimension in enumerate((0, 3, 1, 2))
    ]
    memory, difficulty, attempts = ((own + 0.5) / 2**32 for own in points[1:])
    unmemorised = np.ceil(np.log(memory) / np.log1p(-theta())) > N[:, None]
    unsolved = np.log(attempts) / np.log1p(-difficulty) > K[:, None]
    parts = Parts(Rare(), build.memory_sampler("arrival", 1), Even(), FIRST)
    failed = (unmemorised[:, None] | unsolved[None, :]).sum(axis=2)
    assert_counts_are(counted(parts, N, K, sampling="lattice"), failed)
    assert np.abs(counted(parts, N, K) - failed).max() > 20


def test_a_piece_is_a_part_of_the_batch_but_for_who_needs_all_and_on_accelerators():
    plain = Parts(difficulty=Even(), attempts=FIRST)
    table = Parts(difficulty=Sticky(0.4).samplers(build.beta_sampler(5, 0.35, 1), FIRST, K)[0], attempts=FIRST)
    whole = Parts(Rare(), TrainingSet(1).sampler())
    assert [batches.piece_of(parts, "cpu") for parts in (plain, table, whole)] == [256, 128, BATCH]
    assert [batches.piece_of(parts, "gpu") for parts in (plain, table, whole)] == [BATCH] * 3
    assert batches.streams_of(table) == [0, 0, 2, 1] and batches.streams_of(whole) == [1, 1, 0, 0]
    assert batches.graded(Parts(Rare(), Guessing(1, 0.1).sampler())) and not batches.graded(whole)


class Learned(NamedTuple):
    """Curves that tell which key they are from."""

    LEARNERS = 2
    numbers = bytes = 10
    resolution = 0.25

    def curves(self, key):
        """float32 [2, 3]: both halves of the key, scaled down, and the learner."""
        one, other = jax.random.key_data(key).astype(jnp.float32) * np.float32(2.0**-32)
        return jnp.stack([jnp.stack([one, other, jnp.float32(i)]) for i in range(2)])


@pytest.mark.parametrize(("learners", "batches_of"), [(6, 3), (7, 4), (2, 1)])
def test_learners_are_whole_batches_of_curves_on_their_offset_and_scale(learners, batches_of):
    learner = build.Learner(Learned(), np.array([1.0, 2, 3]), np.array([10.0, 20, 30]))
    masses = simulate.masses(5, "told", learner, learners, Budget(2**15, 3, 1))
    own = keys.batch_keys(keys.run_key(5, "told"), np.arange(batches_of, dtype=np.uint32)) / 2**32
    expected = [[1 + 10 * one, 2 + 20 * other, 3 + 30 * i] for one, other in own for i in range(2)]
    np.testing.assert_allclose(masses.values, expected, rtol=1e-6)
    assert masses.resolution == 0.25 and masses.values.dtype == np.float64


def test_curves_are_those_of_batches_from_the_first_of_the_budget_on():
    found = simulate.curves(5, "told", Learned(), 3, Budget(2**15, 0, 1, first=7))
    own = keys.batch_keys(keys.run_key(5, "told"), np.arange(7, 10, dtype=np.uint32)) / 2**32
    np.testing.assert_allclose(found[::2, :2], own, rtol=1e-6)
    assert found.shape == (6, 3) and found.dtype == np.float64


def test_runs_that_begin_at_other_batches_are_drawn_in_one_program_as_alone():
    """Two runs of one likeness; seeds, first batches and the order of both kept."""
    plans = [simulate.plan_curves(seed, "told", Learned(), 5, Budget(2**15, 0, 1, first=first))
             for seed, first in ((5, 7), (6, 0))]  # fmt: skip
    alone, taken = [planned.draw(plan) for plan in plans], [plan.steps for plan in plans]
    assert many.likeness(taken[0]) == many.likeness(taken[1])
    joined = np.asarray(many.draw(taken))
    for curves, run in zip(joined, alone, strict=True):
        assert (curves.reshape(-1, 3)[: len(run)] == run).all()
    assert many.size(taken[0]) >= taken[0].cut.host_bytes > 0
    assert [run.physics for run in taken] == ["5 told", "6 told"]
    assert list(taken[0].starts(1, 4)) == list(range(1, 4, taken[0].cut.per_step))


def test_a_batch_takes_the_bytes_of_its_grids_and_learners_say_so_themselves():
    grids = N, K
    plain = simulate.batch_bytes((Parts(Rare(), ARRIVAL, Even(), FIRST), *grids, None))
    assert plain == 4 * 256 * (3 * (3 + 2 + 3 * 2 / 32) + 64)
    graded = simulate.batch_bytes((Parts(Rare(), Guessing(1, 0.1).sampler(), Even(), FIRST), *grids, None))
    assert graded == 4 * 256 * (3 * (3 + 2 + 3 * 2) + 64)
    assert simulate.batch_bytes((Parts(difficulty=Even(), attempts=FIRST), None, K, None)) == 4 * 256 * (3 * 2 + 64)
    assert simulate.batch_bytes((Learned(),)) == 10


def test_counts_say_whether_their_problems_are_independent():
    """And batches are asked for by words of their own number, a stream for each part that draws."""
    parts = Parts(difficulty=Even(), attempts=FIRST)
    for sampling in ("random", "lattice"):
        plan = simulate.plan_failures(1, "sampling", parts, Budget(2**15, 2, 1), None, K, sampling)
        run = plan.counted(np.full((plan.steps.cut.batches, len(K)), 7, np.int32))
        assert run.independent == (sampling == "random") and run.problems == BATCH
        assert run.failures.tolist() == [[7, 7], [7, 7]] and run.failures.dtype == np.int64
        assert plan.steps.arguments[-1] == batches.SAMPLING[sampling]
        numbers = np.array([3, 9], np.uint32)
        words = keys.streams(keys.run_key(1, "sampling"), numbers, 2)
        assert (np.array(plan.steps.words(numbers)) == np.array(words)).all()


def test_learners_are_cut_alike_whatever_the_chunk_of_the_budget():
    """Their rounding may depend on it."""
    learner = build.Learner(Learned(), np.zeros(3), np.ones(3))
    cuts = [simulate.plan_masses(5, "told", learner, 20, Budget(2**15, chunk, 1)).steps.cut for chunk in (0, 3)]
    assert cuts[0] == cuts[1] and cuts[0].chunk == 1 and cuts[0].batches == 10


@pytest.mark.parametrize("name", ["direct", "feature_arrivals", "block_chain", "jump_chain"])
def test_a_learner_is_built_for_its_exponent_size_depth_and_examples(name):
    """2000 features at depth 2; what a chain of blocks does not draw stands at its mean."""
    n, size = np.array([10.0, 3000]), 2000
    mass = np.arange(1, size + 1.0) ** -1.5 / zipf.normaliser(1.5, size)
    stays = np.array([mass * ((1 - mass) ** more + more * mass * (1 - mass) ** (more - 1)) for more in n])
    learner = build.learner(name, 1.5, size, 2, n)
    found = learner.kernel
    total = np.log(zipf.normaliser(1.5, size))
    if name == "jump_chain":
        np.testing.assert_allclose(found.rate[:, 0], mass, rtol=1e-6)
        assert found.mass.shape == (size, 2) and found.examples.tolist() == [10, 3000]
    elif name == "block_chain":
        drawn = stays[:, int(found.head.first) - 1 : int(found.head.last)].sum(axis=1)
        np.testing.assert_allclose(learner.offset + drawn, stays.sum(axis=1), rtol=0.01)
        assert found.head.log_total == pytest.approx(total)
        assert found.head.depth == 2 and found.head.exponent == np.float32(1.5)
    else:
        assert found.log_total == pytest.approx(total) and found.exponent == np.float32(1.5) and found.depth == 2
        assert (found.stops if name == "direct" else found.examples).tolist() == [10, 3000]
        assert (learner.offset == 0).all() and (learner.scale == 1).all()


def test_a_table_of_problems_has_the_success_rate_of_each():
    table = build.table_sampler(np.array([10.0, 20, 40]), np.array([0.0, 5, 40]))
    np.testing.assert_allclose(table.log_success, [-np.inf, np.log(0.25), 0.0], rtol=1e-6)
    assert build.row_sampler(7).count == 7


def test_runs_are_alike_in_all_but_their_numbers():
    """Tables of as many problems are; longer tables, other budgets and other grids are not."""

    def steps_of(problems, budget, k):
        parts = Parts(
            difficulty=build.table_sampler(np.full(problems, 9.0), np.arange(1.0, problems + 1)), attempts=FIRST
        )

        plan = simulate.plan_failures(problems, "alike", parts, Budget(budget, 0, 1), None, k)
        return many.likeness(plan.steps)

    one = steps_of(3, 2**16, K)
    assert one == steps_of(3, 2**16, K + 1)
    assert one not in (steps_of(4, 2**16, K), steps_of(3, 2**17, K), steps_of(3, 2**16, np.append(K, 9)))

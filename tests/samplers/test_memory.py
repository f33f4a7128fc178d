"""Memory: an urn of three features is enumerated, arrivals are negative binomial, and both learners follow one law."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import assert_counts, assert_mean, assert_proportion, assert_same_distribution, rejects
from scipy import stats

from sim.draw import keys
from sim.laws import learning_curve
from sim.model import build
from sim.samplers import bits, memory
from sim.samplers.features import Feature

PIECE = 1 << 14
URN = np.arange(1.0, 4) ** -1.0 / np.sum(np.arange(1.0, 4) ** -1.0)  # three features: 6/11, 3/11, 2/11


def feature(log_probability, rank):
    """Feature of known ranks, one a lane."""
    rank = jnp.asarray(rank, jnp.uint32)
    return Feature(jnp.asarray(log_probability, jnp.float32), jnp.zeros_like(rank), rank)


def member(name, depth):
    return build.memory_sampler(name, depth)


@pytest.fixture
def short_chunks(monkeypatch):
    """Training examples drawn five at a time, so that tiny training sets are cheap and cross the borders of chunks."""
    monkeypatch.setattr(memory, "_DRAWS", 5)


def stages(unmemorised):
    """For how many of the ascending n the feature was unmemorised: 0 ... len(examples); it never becomes so again."""
    unmemorised = jnp.asarray(unmemorised)
    return unmemorised.sum(axis=-2, dtype=jnp.int32)


# --- an urn of three features, all outcomes enumerated -------------------------------------------------------------


def urn_stages(name, depth, examples, sets):
    """Stages [sets, 3] of the three features of the urn; one training set (or three arrivals) a row."""
    features = build.feature_sampler(1.0, 3)
    test = feature(np.log(URN), [1, 2, 3])

    @jax.jit
    def learn(keys_of_sets):
        def one(key):
            lanes = np.arange(3, dtype=np.uint32)
            return stages(member(name, depth).unmemorised(bits.stream(key), features, test, lanes, examples))

        return jax.vmap(one)(keys_of_sets)

    return np.asarray(learn(jax.random.split(keys.run_key(0, f"urn {name} {depth}"), sets)))


def enumerated(depth, examples):
    """Probability [stage, stage, stage] of the three features' stages: every sequence of training examples."""
    law = np.zeros((len(examples) + 1,) * 3)
    for sequence in itertools.product(range(3), repeat=int(examples[-1])):
        seen = [[sequence[: int(n)].count(rank) for n in examples] for rank in range(3)]
        stage = tuple(sum(count < depth for count in counts) for counts in seen)
        law[stage] += np.prod(URN[list(sequence)])
    return law


def joint_counts(stage, cells):
    counts = np.zeros((cells,) * 3, int)
    np.add.at(counts, tuple(stage.T), 1)
    return counts


GRIDS = [np.arange(5.0), np.array([1.0, 4.0])]


@pytest.mark.seldom(0)
@pytest.mark.parametrize("examples", GRIDS, ids=["n = 0 1 2 3 4", "n = 1 4"])
@pytest.mark.parametrize("depth", [1, 2])
def test_a_training_set_of_an_urn_has_the_joint_law_of_all_its_sequences(short_chunks, depth, examples):
    """All three features at once, at every n at once, 2^19 training sets; three independent arrivals are refused."""
    examples = examples.astype(np.float32)
    law = enumerated(depth, examples)
    cells = len(examples) + 1
    assert_counts(joint_counts(urn_stages("training_set", depth, examples, 1 << 19), cells), law)
    arrivals = joint_counts(urn_stages("arrival", depth, examples, 1 << 19), cells)
    rejects(assert_counts, arrivals, law)
    rejects(assert_counts, arrivals, enumerated(3 - depth, examples))


@pytest.mark.seldom(1)
@pytest.mark.parametrize("examples", GRIDS, ids=["n = 0 1 2 3 4", "n = 1 4"])
@pytest.mark.parametrize("depth", [1, 2])
def test_arrivals_of_an_urn_are_independent_with_the_law_of_all_its_sequences(depth, examples):
    """Each feature as enumerated, at every n at once, and the three independent of one another."""
    examples = examples.astype(np.float32)
    joint = enumerated(depth, examples)
    first, second, third = (joint.sum(axis=tuple({0, 1, 2} - {axis})) for axis in range(3))
    law = first[:, None, None] * second[:, None] * third
    counts = joint_counts(urn_stages("arrival", depth, examples, 1 << 19), len(examples) + 1)
    assert_counts(counts, law)
    rejects(assert_counts, counts, joint)
    rejects(assert_counts, counts, law.transpose(2, 1, 0))


# --- arrivals against SciPy ----------------------------------------------------------------------------------------


@jax.jit
def arrival_stages(sampler, key, log_probability, examples):
    """How often each stage comes, [len(examples) + 1], over 2^22 lanes that share one probability."""

    def piece(key):
        lanes = jnp.arange(PIECE, dtype=jnp.uint32)
        test = Feature(jnp.full(PIECE, log_probability), jnp.zeros_like(lanes), jnp.ones_like(lanes))
        return sampler.unmemorised(bits.stream(key), None, test, lanes, examples).sum(axis=1, dtype=jnp.int32)

    unmemorised = jax.lax.map(piece, jax.random.split(key, 256)).sum(axis=0)
    everyone = jnp.full(1, 256 * PIECE, jnp.int32)
    return jnp.concatenate([everyone, unmemorised]) - jnp.concatenate([unmemorised, jnp.zeros(1, jnp.int32)])


PROBABILITIES = [0.9, 0.5, 0.1, 1e-3, 1e-6, 1e-9]


@pytest.mark.seldom(2)
@pytest.mark.parametrize("probability", PROBABILITIES)
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_arrivals_have_the_negative_binomial_law(depth, probability):
    """4 million lanes on a grid of n around d / p: P(arrival > n) = P(Binomial(n, p) < d)."""
    log_p = np.float32(np.log(probability))
    p = np.exp(float(log_p))
    shares = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.1, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 6.0])
    examples = np.concatenate([[0], np.maximum.accumulate(np.rint(shares * depth / p))]).astype(np.float32)
    counts = np.asarray(arrival_stages(member("arrival", depth), keys.run_key(0, f"{p} {depth}"), log_p, examples))

    def law(p, depth):
        unmemorised = stats.binom.cdf(depth - 1, examples.astype(float), p)
        return -np.diff(np.concatenate([[1.0], unmemorised, [0.0]]))

    assert_counts(counts, law(p, depth))
    also = stats.nbinom.sf(examples.astype(float) - depth, depth, p)
    assert -np.diff(np.concatenate([[1.0], also, [0.0]])) == pytest.approx(law(p, depth), abs=1e-9)
    rejects(assert_counts, counts, law(0.995 * p, depth))
    rejects(assert_counts, counts, law(p, depth + 1))
    if probability > 0.01:  # waiting times that are not whole numbers: the learner in continuous time
        poisson = np.concatenate([[1.0], stats.gamma.sf(examples, depth, scale=1 / p), [0.0]])
        rejects(assert_counts, counts, -np.diff(poisson))


def test_arrivals_of_a_feature_of_probability_1e_30_are_right():
    """Far beyond any training set: one in a thousand is memorised after 1e27 examples."""
    log_p = np.float32(np.log(1e-30))
    examples = np.array([0, 1e18, 1e27, 1e30, 1e31], np.float32)
    counts = np.asarray(arrival_stages(member("arrival", 1), keys.run_key(0, "1e-30"), log_p, examples))
    law = np.exp(-np.exp(float(log_p)) * examples.astype(float))
    assert_counts(counts, -np.diff(np.concatenate([[1.0], law, [0.0]])))
    rejects(assert_counts, counts, -np.diff(np.concatenate([[1.0], law**1.02, [0.0]])))


@pytest.mark.seldom(2)
@pytest.mark.parametrize("name", ["arrival", "training_set"])
@pytest.mark.parametrize("depth", [1, 3])
def test_depth_d_means_d_copies(name, depth):
    """A single feature: every example shows it, and it is memorised after exactly d."""
    only = build.feature_sampler(2.0, 1)
    test = feature(np.zeros(4), np.ones(4))
    grid = np.arange(6, dtype=np.float32)
    unmemorised = member(name, depth).unmemorised(
        bits.stream(keys.run_key(0, "depth")), only, test, np.arange(4, dtype=np.uint32), grid
    )
    assert (np.asarray(unmemorised) == (np.arange(6) < depth)[:, None]).all()


# --- the two members, one law --------------------------------------------------------------------------------------


@jax.jit
def learn_alone(sampler, features, keys_of_sets, examples):
    """Stage of one test example and one training set a key."""

    def one(key):
        key_test, key_training = jax.random.split(key)
        lanes = jnp.zeros(1, jnp.uint32)
        test = features.at(bits.stream(key_test), lanes)
        return stages(sampler.unmemorised(bits.stream(key_training), features, test, lanes, examples))[0]

    return jax.lax.map(one, keys_of_sets, batch_size=1024)


def stage_counts(name, depth, exponent, examples, sets=1 << 16):
    """How often each stage comes, of a thousand features."""
    keys_of_sets = jax.random.split(keys.run_key(0, f"{name} {depth} {exponent}"), sets)
    features = build.feature_sampler(exponent, 1000)
    stage = learn_alone(member(name, depth), features, keys_of_sets, examples)
    return np.bincount(np.asarray(stage), minlength=len(examples) + 1)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("depth", [1, 2])
def test_training_sets_and_arrivals_agree_in_distribution_and_with_the_law(monkeypatch, depth):
    """One lane a key, at all n up to 256 at once: 65,536 training sets and as many arrivals."""
    monkeypatch.setattr(memory, "_DRAWS", 64)
    examples = np.array([1, 2, 4, 10, 30, 64, 65, 150, 256], np.float32)
    full = stage_counts("training_set", depth, 1.2, examples)
    arrivals = stage_counts("arrival", depth, 1.2, examples)
    assert_same_distribution(full, arrivals)

    def law(exponent, depth):
        curve = np.minimum(1.0, learning_curve.unmemorised_mass(examples, exponent, 1000, depth))  # 1 below d examples
        return -np.diff(np.concatenate([[1.0], curve, [0.0]]))

    assert_counts(full, law(1.2, depth))
    assert_counts(arrivals, law(1.2, depth))
    rejects(assert_counts, full, law(1.03 * 1.2, depth))
    rejects(assert_counts, arrivals, law(1.03 * 1.2, depth))
    rejects(assert_same_distribution, full, stage_counts("arrival", depth, 1.05 * 1.2, examples))
    rejects(assert_same_distribution, full, stage_counts("arrival", 3 - depth, 1.2, examples))


@partial(jax.jit, static_argnames="lanes")
def learn(sampler, features, key, examples, lanes):
    """Ranks of the test examples, and who is unmemorised [len(examples), lanes]."""
    key_test, key_training = jax.random.split(key)
    lanes = jnp.arange(lanes, dtype=jnp.uint32)
    test = features.at(bits.stream(key_test), lanes)
    return test, sampler.unmemorised(bits.stream(key_training), features, test, lanes, examples)


EXAMPLES = np.array([1, 10, 100, 4096, 4097, 10_000], np.float32)


def shared_training_sets(batches):
    """Unmemorised share [batches, n] of 4096 test examples that share a training set; infinite features, s = 1.5."""
    features = build.feature_sampler(1.5, np.inf)
    shares = [
        np.asarray(learn(member("training_set", 1), features, keys.run_key(i, "shared"), EXAMPLES, 4096)[1]).mean(
            axis=1
        )
        for i in range(batches)
    ]
    return np.array(shares)


@pytest.mark.seldom(0)
def test_the_mean_over_training_sets_is_the_learning_curve():
    """200 training sets up to 10,000 examples, with the variance of shared training sets."""
    lanes, batches = 4096, 200
    share = shared_training_sets(batches)
    curve = learning_curve.unmemorised_mass(EXAMPLES, 1.5, np.inf)
    spread = learning_curve.unmemorised_mass_variance(EXAMPLES, 1.5, np.inf)
    deviation = np.sqrt((curve - curve**2 - spread) / lanes + spread)  # test examples, given the training set; the set
    assert_mean(share.mean(axis=0), batches, curve, deviation)
    rejects(
        assert_mean, share.mean(axis=0), batches, learning_curve.unmemorised_mass(EXAMPLES, 1.53, np.inf), deviation
    )
    # The spread itself: its own standard deviation is sqrt(2 / 200) of it, for nearly normal shares.
    assert_mean(share.var(axis=0, ddof=1) / deviation**2, batches, 1.0, np.sqrt(2.0))
    alone = (curve - curve**2) / lanes  # as if every test example had a training set of its own
    rejects(assert_mean, share.var(axis=0, ddof=1) / alone, batches, 1.0, np.sqrt(2.0))


@pytest.mark.seldom(0)
def test_a_test_feature_drawn_twice_gets_one_answer():
    features = build.feature_sampler(1.5, np.inf)

    def disagreements(name):
        test, unmemorised = learn(member(name, 1), features, keys.run_key(0, "twice"), EXAMPLES, 4096)
        rank = np.asarray(test.high).astype(np.uint64) << np.uint64(32) | np.asarray(test.low)
        answers = np.concatenate([rank[None, :], np.asarray(unmemorised)]).T
        return len(np.unique(answers, axis=0)) - len(np.unique(rank))

    assert disagreements("training_set") == 0
    assert disagreements("arrival") > 0


@pytest.mark.seldom(0)
@pytest.mark.parametrize("name", ["arrival", pytest.param("training_set", marks=pytest.mark.slow)])
def test_a_row_does_not_depend_on_the_other_points_of_the_grid(name):
    features = build.feature_sampler(1.5, np.inf)
    sampler = member(name, 2)
    _, whole = learn(sampler, features, keys.run_key(0, "grid"), EXAMPLES, 4096)
    for rows in ([0, 2, 5], [1, 3, 4], [2, 4, 5]):
        _, part = learn(sampler, features, keys.run_key(0, "grid"), EXAMPLES[rows], 4096)
        assert (np.asarray(whole)[rows] == np.asarray(part)).all()
    _, other = learn(sampler, features, keys.run_key(1, "grid"), EXAMPLES[rows], 4096)
    assert (np.asarray(part) != np.asarray(other)).any()


@pytest.mark.slow
def test_a_training_set_does_not_depend_on_how_many_examples_are_drawn_at_once(monkeypatch):
    features, grid = build.feature_sampler(1.5, np.inf), np.array([1, 10, 300], np.float32)
    arguments = member("training_set", 1), features
    expected = learn(*arguments, keys.run_key(0, "chunks"), grid, 512)[1]
    monkeypatch.setattr(memory, "_DRAWS", 7)
    # A new function, which JAX has not compiled with the other number.
    again = jax.jit(lambda key: learn.__wrapped__(*arguments, key, grid, 512)[1])(keys.run_key(0, "chunks"))
    assert (np.asarray(again) == np.asarray(expected)).all()


@pytest.mark.seldom(1)
@pytest.mark.parametrize("lanes", [1, 2, 3, 1000, 1024, 1025])
def test_every_rank_is_found_in_a_sorted_list_of_any_length(lanes):
    """Memory looks training examples up by bisection: all of them, and numbers between and beyond them."""
    rng = np.random.default_rng(lanes)
    rank = np.sort(rng.integers(1, 2**62, lanes, dtype=np.uint64) >> rng.integers(0, 62, lanes, dtype=np.uint64))
    wanted = np.concatenate([rank, rank + np.uint64(1), rank - np.minimum(rank, 1), [np.uint64(0), np.uint64(2**63)]])
    words = [((x >> np.uint64(32)).astype(np.uint32), x.astype(np.uint32)) for x in (rank, wanted)]
    place = np.asarray(jax.jit(memory._find)(*words))
    assert (place == np.minimum(np.searchsorted(rank, wanted), lanes - 1)).all()


@pytest.mark.seldom(1)
@pytest.mark.parametrize("name", ["arrival", "training_set"])
def test_learning_twice_with_one_key_raises(name):
    features, key = build.feature_sampler(1.5, np.inf), keys.run_key(0, "reuse")
    learn(member(name, 2), features, key, EXAMPLES[:3], 4096)
    with pytest.raises(jax.errors.KeyReuseError):
        learn(member(name, 2), features, key, EXAMPLES[:3], 4096)


# --- room, guesses and traces ----------------------------------------------------------------------------------------


def test_only_the_first_ranks_have_room():
    rank, grid = np.array([1, 3, 4, 5, 2**31]), jnp.array([1.0, 2.0], jnp.float32)
    lanes = jnp.arange(5, dtype=jnp.uint32)
    call = jax.jit(lambda key, own, test: own.unmemorised(bits.stream(key), None, test, lanes, grid))

    def stored(test, capacity):
        return ~np.asarray(call(keys.run_key(0, "room"), memory.Stored(memory.FirstArrival(), capacity), test))

    seen = feature(np.zeros(5), rank)  # probability 1: seen at the first example
    assert np.array_equal(stored(seen, np.full(2, 4, np.uint32)), [rank <= 4] * 2)
    assert np.array_equal(stored(seen, np.array([3, 5], np.uint32)), [rank <= 3, rank <= 5])
    beyond = seen._replace(high=jnp.ones(5, jnp.uint32))  # ranks beyond 2^32
    assert not stored(beyond, np.full(2, 2**31 - 1, np.uint32)).any()


def log_successes(sampler, name, probability, examples, of_memorised):
    """float32 [n, lanes] of features of one probability."""
    lanes = jnp.arange(1 << 20, dtype=jnp.uint32)
    test = feature(np.full(len(lanes), np.log(probability)), np.ones(len(lanes)))
    call = jax.jit(lambda key, own: sampler.log_success(bits.stream(key), None, test, lanes, examples, own))
    return np.asarray(call(keys.run_key(0, name), jnp.full(len(lanes), of_memorised, jnp.float32)))


def test_guesses_take_the_place_of_what_is_not_memorised():
    examples = jnp.array([1.0, 10.0], jnp.float32)
    sampler = memory.Guessing(memory.FirstArrival(), np.float32(np.log(0.2)))
    found = log_successes(sampler, "guesses", 0.1, examples, np.log(0.7))
    assert set(np.unique(found.round(5))) == {np.float32(np.log(x)).round(5) for x in (0.2, 0.7)}
    guessed = (found < np.log(0.5)).sum(axis=1)
    assert_proportion(guessed, found.shape[1], [0.9, 0.9**10])
    rejects(assert_proportion, guessed, found.shape[1], [0.9, 0.9**10.5])


@pytest.mark.seldom(0)
@pytest.mark.parametrize("probability", [0.002, 0.3, 0.7])
def test_traces_are_counted_from_one_number_of_examples_to_the_next(probability):
    """The log of the failure of an attempt is a multiple of log(1 - q): the number of copies, binomial at every n."""
    examples, forgotten = jnp.array([3.0, 50.0, 400.0], jnp.float32), np.log(0.999)
    sampler = memory.MultiTrace(np.float32(forgotten))
    found = log_successes(sampler, f"traces {probability}", probability, examples, 0.0)
    copies = np.log1p(-np.exp(found.astype(float))) / forgotten
    whole = np.rint(copies)
    assert np.abs(copies - whole).max() < 0.02
    assert (np.diff(whole, axis=0) >= 0).all()
    for n, seen in zip(np.asarray(examples), whole, strict=True):
        law = stats.binom(int(n), float(np.float32(probability)))
        assert_mean(seen.mean(), len(seen), law.mean(), law.std())
        assert_mean((seen - law.mean()).var(), len(seen), law.var(), np.sqrt(2.5) * law.var() + law.std())
    rejects(assert_mean, seen.mean(), len(seen), 1.02 * law.mean(), law.std())  # of the most examples


@pytest.mark.seldom(0)
def test_one_trace_that_is_always_recalled_is_plain_memory():
    with np.errstate(divide="ignore"):
        sampler = memory.MultiTrace(np.float32(np.log1p(-1.0)))
    found = log_successes(sampler, "sure", 0.01, jnp.array([1.0, 100.0], jnp.float32), np.log(0.5))
    assert set(np.unique(found)) == {-np.inf, np.float32(np.log(0.5))}
    remembered = np.isfinite(found).sum(axis=1)
    assert_proportion(remembered, found.shape[1], [0.01, 1 - 0.99**100])
    rejects(assert_proportion, remembered, found.shape[1], [0.0105, 1 - 0.99**100])

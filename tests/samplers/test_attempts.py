"""Attempts: tiny cases enumerated, both members against (1 - s)^k, replays against the hypergeometric law."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import assert_counts, assert_proportion, assert_same_distribution, rejects
from scipy import special, stats

from sim.draw import keys
from sim.model import build
from sim.samplers import attempts, bits

PIECE = 1 << 14
MEMBERS = ["first_success", "bernoulli"]


def replayed(key):
    """What a replay draws from: a stream and a key."""
    key_label, key_failures = jax.random.split(key)
    return bits.stream(key_label), key_failures


@jax.jit
def unsolved(sampler, keys_of_pieces, problem, tries):
    """How many of the lanes, which all face one problem, are unsolved after each number of attempts."""
    lanes = jnp.arange(PIECE, dtype=jnp.uint32)

    def piece(key):
        streams = bits.stream(key) if not isinstance(sampler, attempts.Replay) else replayed(key)
        failed = sampler.unsolved(streams, jnp.full(PIECE, problem), lanes, tries)
        return failed.sum(axis=1, dtype=jnp.int32)

    return jax.lax.map(piece, keys_of_pieces).sum(axis=0)


def cells(unsolved_after, everyone):
    """How many were solved up to the first number of attempts, between it and the second ..., or never."""
    return -np.diff(np.concatenate([[everyone], np.asarray(unsolved_after), [0]]))


def counted(sampler, name, problem, tries, pieces):
    """Cells of 2^14 lanes a piece."""
    after = unsolved(sampler, jax.random.split(keys.run_key(0, name), pieces), problem, tries.astype(np.float32))
    return cells(after, pieces * PIECE)


def geometric(log_success, tries):
    """Law of the cells: (1 - s)^k."""
    return cells(np.exp(special.xlog1py(tries, -np.exp(log_success))), 1.0)


@pytest.mark.seldom(1)
@pytest.mark.parametrize("name", MEMBERS)
def test_four_attempts_at_a_half_are_the_sixteen_sequences(name):
    """s = 1/2, k = 0 ... 4, 2^22 problems: every sequence of right and wrong is equally likely."""
    tries = np.arange(5.0)
    log_success = np.float32(np.log(0.5))
    law = np.zeros(6)
    for sequence in itertools.product([False, True], repeat=4):
        first = sequence.index(True) + 1 if any(sequence) else 5
        law[first] += 1 / 16
    counts = counted(build.attempts_sampler(name), f"half {name}", log_success, tries, 256)
    assert_counts(counts, law)
    rejects(assert_counts, counts, geometric(np.log(0.503), tries))
    rejects(assert_counts, counts, np.roll(law, 1))


@pytest.mark.seldom(2)
@pytest.mark.parametrize("success", [0.999, 0.9, 0.5, 0.1, 1e-2, 1e-3, 1e-5, 1e-7, 1e-9, 1e-12, 1e-15, 1e-25, 1e-37])
def test_the_first_success_comes_after_k_attempts_with_probability_one_minus_s_to_the_k(success):
    """2^24 problems on a grid of k around 1 / s. A success probability 0.3 % off is seen."""
    log_success = np.float32(np.log(success))
    shares = np.array([0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0, 1.4, 2.0, 2.7, 3.5, 5.0])
    tries = np.maximum.accumulate(np.maximum(1, np.rint(shares / success))).astype(np.float32).astype(float)
    if success > 0.3:
        tries = np.arange(1.0, 13)
    counts = counted(build.attempts_sampler("first_success"), f"{success}", log_success, tries, 1024)
    law = geometric(float(log_success), tries)
    assert_counts(counts, law)
    rejects(assert_counts, counts, geometric(float(log_success) + np.log1p(0.003 if success < 0.99 else -0.003), tries))
    if 0.05 < success < 0.5:
        rejects(assert_counts, counts, cells(np.exp(-np.exp(float(log_success)) * tries), 1.0))  # continuous time


@pytest.mark.seldom(1)
@pytest.mark.parametrize("success", [0.999, 0.9, 0.3, 0.03, 1e-3])
def test_both_members_agree_with_each_other_and_with_the_law(success):
    """2^20 problems, up to 300 attempts."""
    log_success = np.float32(np.log(success))
    tries = np.array([0.0, 1, 2, 3, 7, 30, 100, 300])
    counts = {name: counted(build.attempts_sampler(name), f"agree {name}", log_success, tries, 64) for name in MEMBERS}
    law = geometric(float(log_success), tries)
    assert_same_distribution(*counts.values())
    other = float(log_success) + np.log1p(0.02 if success < 0.9 else -0.005)
    for name in MEMBERS:
        assert_counts(counts[name], law)
        rejects(assert_counts, counts[name], geometric(other, tries))
        rejects(assert_same_distribution, counts[name], np.rint(1e7 * geometric(other, tries)))


@pytest.mark.seldom(0)
def test_attempts_of_rare_success_succeed_rarely():
    """Bernoulli attempts at s = 1e-8: of 2^28 attempts 2.7 succeed; with uniforms of 23 bits, 32."""
    log_success, tries = np.float32(np.log(1e-8)), np.array([64.0])
    counts = counted(build.attempts_sampler("bernoulli"), "rare", log_success, tries, 256)
    assert_proportion(counts[0], 256 * PIECE, -np.expm1(64 * np.log1p(-1e-8)))
    rejects(assert_proportion, round(2**28 * 2.0**-23), 256 * PIECE, -np.expm1(64 * np.log1p(-1e-8)))


@pytest.mark.parametrize("name", MEMBERS)
def test_what_cannot_be_solved_never_is_and_what_is_certain_is_at_once(name):
    sampler, tries = build.attempts_sampler(name), np.array([0.0, 1, 2, 1000])
    never = counted(sampler, "never", np.float32(-np.inf), tries, 1)
    assert never.tolist() == [0, 0, 0, 0, PIECE]
    certain = counted(sampler, "certain", np.float32(0.0), tries, 1)
    assert certain.tolist() == [0, PIECE, 0, 0, 0]


@pytest.mark.seldom(0)
@pytest.mark.parametrize("name", MEMBERS)
def test_a_row_does_not_depend_on_the_other_points_of_the_grid(name):
    sampler, lanes = build.attempts_sampler(name), np.arange(1000, dtype=np.uint32)
    problems, tries = np.linspace(-6, -0.1, 1000, dtype=np.float32), np.array([1, 2, 5, 40, 41, 300], np.float32)
    whole = np.asarray(sampler.unsolved(bits.stream(keys.run_key(0, "grid")), problems, lanes, tries))
    part = np.asarray(sampler.unsolved(bits.stream(keys.run_key(0, "grid")), problems, lanes, tries[[1, 4]]))
    assert (whole[[1, 4]] == part).all()
    assert (whole[:-1] >= whole[1:]).all()  # once solved, solved
    other = np.asarray(sampler.unsolved(bits.stream(keys.run_key(1, "grid")), problems, lanes, tries))
    assert (whole != other).any()


@pytest.mark.seldom(0)
def test_replays_of_a_tiny_table_are_all_its_orders():
    """Five recorded attempts, two successes, k = 1 ... 5: every order of the record is equally likely."""
    law = np.zeros(6)
    for order in set(itertools.permutations([True, True, False, False, False])):
        law[order.index(True)] += 0.1
    sampler = build.replay_sampler(np.array([9.0, 5.0]), np.array([4.0, 2.0]))
    counts = counted(sampler, "orders", np.int32(1), np.arange(1.0, 6), 64)
    assert_counts(counts, law)
    with_replacement = geometric(np.log(0.4), np.arange(1.0, 6))
    rejects(assert_counts, counts, with_replacement)


def hypergeometric(recorded, successes, tries):
    """Law of the cells: C(m - c, k) / C(m, k)."""
    return cells(stats.hypergeom.pmf(0, recorded, successes, tries), 1.0)


REPLAYS = [
    (1, 0),
    (1, 1),
    (5, 0),
    (5, 5),
    (100, 1),
    (100, 3),
    (100, 50),
    (100, 99),
    (10_000, 1),
    (10_000, 7),
    (10_000, 400),
]


@pytest.mark.seldom(0)
@pytest.mark.parametrize("recorded, successes", REPLAYS)
def test_replays_have_the_hypergeometric_law(recorded, successes):
    """2^20 replays of one problem: P(unsolved after k) = C(m - c, k) / C(m, k) up to k = m."""
    tries = np.unique(np.concatenate([np.rint(recorded * np.linspace(0, 1, 21)), [1, min(2, recorded)]]))
    if successes > 3:
        tries = np.unique(np.concatenate([tries, np.rint(np.geomspace(1, recorded / successes * 6, 20))]))
        tries = tries[tries <= recorded]
    tries = np.append(tries, np.full(64 - len(tries), recorded))  # one length, compiled once
    sampler = build.replay_sampler(np.array([7.0, recorded]), np.array([2.0, successes]))
    counts = counted(sampler, f"replay {recorded} {successes}", np.int32(1), tries, 64)
    if successes in (0, recorded):  # nothing is random
        at_once = np.concatenate([[0], [64 * PIECE], np.zeros(63)])
        never = np.concatenate([np.zeros(64), [64 * PIECE]])
        assert (counts == (never if successes == 0 else at_once)).all()
        return
    law = np.maximum(hypergeometric(recorded, successes, tries), 0.0)
    off = max(successes + 1, round(1.02 * successes))
    assert_counts(counts, law)
    rejects(assert_counts, counts, np.maximum(hypergeometric(recorded, off, tries), 0.0))
    if successes < 10:
        rejects(assert_counts, counts, geometric(np.log(successes / recorded), tries))  # with replacement


@pytest.mark.seldom(0)
def test_each_lane_replays_its_own_row():
    sampler = build.replay_sampler(np.array([10.0, 10.0, 10.0]), np.array([0.0, 10.0, 5.0]))
    rows = np.arange(3000) % 3
    streams = bits.stream(keys.run_key(0, "rows")), keys.run_key(1, "rows")
    failed = np.asarray(sampler.unsolved(streams, rows, np.arange(3000, dtype=np.uint32), np.float32([1, 10])))
    assert failed[:, rows == 0].all() and not failed[:, rows == 1].any()
    assert not failed[1, rows == 2].any() and 300 < failed[0, rows == 2].sum() < 700


@pytest.mark.parametrize("name", MEMBERS)
def test_attempting_twice_with_one_key_raises(name):
    pieces = jax.random.split(keys.run_key(0, "reuse"), 256)
    arguments = np.float32(np.log(0.5)), np.arange(5, dtype=np.float32)
    unsolved(build.attempts_sampler(name), pieces, *arguments)
    with pytest.raises(jax.errors.KeyReuseError):
        unsolved(build.attempts_sampler(name), pieces, *arguments)

"""Batches that experiments draw: counted once more by NumPy from the same random words, problem by problem."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import variates
from scipy import special, stats

from sim.draw import keys
from sim.model import build
from sim.model.memory import Arrival
from sim.model.verifier import Noisy
from sim.samplers import allocation, bits, importance, selection, suite, verification

PROBLEMS = 1024
LANES = np.arange(PROBLEMS, dtype=np.uint32)
ZIPF = build.feature_sampler(1.5, 50)
MASS = np.arange(1, 51.0) ** -1.5 / (np.arange(1, 51.0) ** -1.5).sum()
FIRST = build.attempts_sampler("first_success")


class Even(NamedTuple):
    """Success as likely as a uniform is large, but for a bias; one problem in 32 cannot be solved."""

    bias: jax.Array = np.float32(0.0)

    def at(self, stream, lanes):
        """float32 log success probability of each lane."""
        return jnp.where(lanes % jnp.uint32(32) == 0, -jnp.inf, bits.log(bits.uniform(stream, 0, lanes)) - self.bias)


class Pair(NamedTuple):
    """The same by the lesser of two streams."""

    STREAMS = 2

    def at(self, streams, lanes):
        """float32 log success probability of each lane."""
        return jnp.minimum(*(Even().at(stream, lanes) for stream in streams))


def success(*streams, lanes=LANES):
    least = np.minimum.reduce([variates.uniform(stream, 0, lanes) for stream in streams])
    return np.where(lanes % 32 == 0, 0.0, least)


def key():
    return keys.run_key(0, "kernels")


def own(of, parts):
    """Streams of the parts that a key is split into."""
    return [bits.stream(part) for part in jax.random.split(of, parts)]


def drawn(kernel):
    """The row of a batch, float64."""
    (row,) = np.asarray(variates.jit(lambda of: kernel.curves(of))(key()), float)
    return row


@variates.jit
def ranks(stream):
    return ZIPF.at(stream, LANES).low


def arrivals(stream, depth, mass):
    return sum(variates.geometric(stream, copy, LANES, mass) for copy in range(depth))


def waits(stream, success, lanes=LANES):
    with np.errstate(divide="ignore"):
        return variates.exponential(stream, 0, lanes) / -np.log1p(-success)


def test_a_split_fails_where_it_is_not_memorised_or_not_solved_with_the_bias_of_its_examples():
    n, k, biases = np.array([1.0, 20, 300]), np.array([50.0, 3, 1]), [0.5, 0.0, 2.0]
    kernel = allocation.splits(ZIPF, Arrival(2).sampler(), Even(), FIRST, n, k, PROBLEMS, biases)
    test, memory, problems, attempts = own(key(), 4)
    arrival = arrivals(memory, 2, MASS[np.asarray(ranks(test)) - 1])
    failed = [
        np.count_nonzero((arrival > more) | (waits(attempts, success(problems) * np.exp(-bias)) > tries))
        for more, tries, bias in zip(n, k, biases, strict=True)
    ]
    assert drawn(kernel) == pytest.approx(failed, abs=1)


def test_a_problem_weighs_as_it_fails_and_succeeds_and_an_example_as_it_is_rare():
    n, k, lift, drop, rarity = np.array([1.0, 20, 300]), np.array([1.0, 10]), 1.5, 0.3, 0.4
    kernel = importance.Weighted(
        *(ZIPF, Arrival(2).sampler(), Pair(), FIRST, *np.float32([rarity, lift, drop])),
        *(n.astype(np.float32), k.astype(np.float32), LANES.reshape(-1, 256)),
    )
    of_test, of_memory, of_problems, of_attempts = jax.random.split(key(), 4)
    test, memory, attempts = map(bits.stream, (of_test, of_memory, of_attempts))
    s, theta = success(*own(of_problems, 2)), MASS[np.asarray(ranks(test)) - 1]
    with np.errstate(divide="ignore"):
        hard = np.where(s > 0, (1 - s) ** lift * s**-drop, 0.0)
    rare = theta**-rarity
    unsolved = waits(attempts, s) > k[:, None]
    unseen = arrivals(memory, 2, theta) > n[:, None]
    expected = [
        *([np.count_nonzero(s == 0)], unsolved.sum(axis=1), unsolved @ hard / PROBLEMS, [hard.mean()]),
        *([0], unseen.sum(axis=1), unseen @ rare / PROBLEMS, [rare.mean()]),
    ]
    np.testing.assert_allclose(drawn(kernel), np.concatenate(expected), rtol=1e-5)
    assert kernel.numbers == (1 + 1 + 2 + 2) * PROBLEMS
    one_by_one = kernel._replace(attempts=build.attempts_sampler("bernoulli"))
    assert one_by_one.numbers == (1 + 10 + 2 + 2) * PROBLEMS


def test_the_first_answer_that_is_accepted_is_right_or_wrong():
    t, f, k = 0.8, 0.1, np.array([1.0, 5, 2, verification.ENDLESS])
    of_problems, of_verifier = jax.random.split(key())
    s, stream = success(bits.stream(of_problems)), bits.stream(of_verifier)
    accepts = s * t + (1 - s) * f
    waiting = variates.exponential(stream, 0, LANES) / -np.log1p(-accepts)
    right = variates.uniform(stream, 1, LANES) <= s * t / accepts
    answered = waiting <= k[:, None]
    kernel = verification.outcomes(Even(), Noisy(t, f).sampler(None), k, PROBLEMS)
    expected = [*(answered & right).sum(axis=1), *(answered & ~right).sum(axis=1)]
    assert drawn(kernel) == pytest.approx(expected, abs=1)
    assert kernel.numbers == 3 * PROBLEMS


def test_a_suite_is_finished_in_turn_left_and_gone_round():
    """Endless suites attempt their problems one after the other; finite ones end within a round."""
    spent, k, budgets, size = np.array([3.0, 40, 400]), np.array([1.0, 4, 30]), np.array([0.5, 1.5, 4, 1e6]), 200
    kernel = suite.build(Even(), spent, k, budgets, size, PROBLEMS)
    of_endless, of_problems, of_suites = jax.random.split(key(), 3)
    waiting = {
        name: variates.geometric(attempts, 0, lanes, success(problems, lanes=lanes))
        for name, of, lanes in [
            ("endless", of_endless, np.arange(64 * 400, dtype=np.uint32)),
            ("problems", of_problems, LANES),
            ("suites", of_suites, np.arange(5 * size, dtype=np.uint32)),
        ]
        for problems, attempts in [own(of, 2)]
    }
    used = np.cumsum(waiting["endless"].reshape(400, 64), axis=0)
    solved = [(used <= attempts).sum(axis=0).mean() for attempts in spent]
    wait = waiting["problems"]
    unsolved = [(wait > tries).mean() for tries in k]
    made = [np.minimum(wait, tries).mean() for tries in k]
    left = [
        np.mean([gone_round(own_wait, budget) for own_wait in waiting["suites"].reshape(5, size)]) for budget in budgets
    ]
    np.testing.assert_allclose(drawn(kernel), [*solved, *unsolved, *made, *left], rtol=1e-4)
    assert [suite.finite(number) for number in (1, 200, 513, 5000)] == [1024, 5, 1, 1]


def gone_round(wait, budget):
    """Share unsolved when a budget per problem is spent: round by round, and within the last in any order."""
    rest, rounds = budget * len(wait), 0
    while True:
        open_ = np.count_nonzero(wait > rounds)
        if rest < open_ or not open_:
            break
        rest, rounds = rest - open_, rounds + 1
        if rounds > 10**6:
            break
        if not np.isfinite(wait[wait > rounds]).any():  # nobody else will be solved
            return np.count_nonzero(wait > rounds) / len(wait)
    tried = rest / open_ if open_ else 0.0
    solved = np.count_nonzero(wait == rounds + 1) * tried
    return (open_ - solved) / len(wait)


# --- selection ------------------------------------------------------------------------------------------------------


def test_who_is_chosen_is_asked_of_all_votes_and_scores_so_far():
    """Right votes of a segment by search, the wrong ones one answer after another; scores by least tail probability."""
    kernel = selection.selection(Even(), [1, 4, 10], 2, 0.7)
    of_problems, votes, scores = jax.random.split(key(), 3)
    (problems,), votes, scores = own(of_problems, 1), bits.stream(votes), bits.stream(scores)
    lanes = np.arange(kernel.LEARNERS * 1024, dtype=np.uint32)
    s = success(problems, lanes=lanes)
    counted, best_right, best_wrong = (
        np.zeros((3, len(lanes))),
        np.full(len(lanes), np.inf),
        np.full(len(lanes), np.inf),
    )
    expected = []
    for turn, attempts in enumerate([1, 3, 6]):
        right = binomial(variates.uniform(votes, 2 * turn, lanes), attempts, s)
        first = binomial(variates.uniform(votes, 2 * turn + 1, lanes), attempts - right, np.full(len(lanes), 0.5))
        counted += [right, first, attempts - right - first]
        best_right = np.minimum(best_right, best(scores, 2 * turn, lanes, right))
        best_wrong = np.minimum(best_wrong, best(scores, 2 * turn + 1, lanes, attempts - right))
        lead = (counted[0] == counted.max(axis=0)) / (counted == counted.max(axis=0)).sum(axis=0)
        exponential = -np.log(best_right) + 0.7 > -np.log(best_wrong)
        gaussian = score(best_right) + 0.7 > score(best_wrong)
        expected.append([x.reshape(16, 1024).mean(axis=1) for x in (counted[0] > 0, lead, exponential, gaussian)])
    endless = (s > 1 / 3).reshape(16, 1024).mean(axis=1)
    found = np.asarray(variates.jit(lambda of: kernel.curves(of))(key()), float)
    np.testing.assert_allclose(found[:, :12].reshape(16, 4, 3), np.transpose(expected, (2, 1, 0)), atol=2.1 / 1024)
    np.testing.assert_allclose(found[:, 12], endless, atol=1.1 / 1024)


def binomial(share, count, probability):
    """Successes: as many as leave more than the share; of what is likelier to succeed, failures."""
    rarer = np.minimum(probability, 1 - probability)
    drawn = (stats.binom.sf(np.arange(6)[:, None], count, rarer) > share).sum(axis=0)
    return np.where(probability > 0.5, count - drawn, drawn)


def best(stream, turn, lanes, count):
    with np.errstate(divide="ignore"):
        return np.where(count > 0, -np.expm1(-variates.exponential(stream, turn, lanes) / count), np.inf)


def score(tail):
    return np.where(tail <= 1, -special.ndtri(np.minimum(tail, 1)), -np.inf)

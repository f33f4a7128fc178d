"""A noisy verifier: waiting times and right answers against attempts that NumPy makes and judges one by one."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import assert_counts, assert_proportion, assert_same_distribution, rejects

from sim.draw import keys, simulate
from sim.draw.batches import Parts
from sim.draw.budget import Budget
from sim.model.difficulty import Beta
from sim.model.verifier import Noisy
from sim.samplers import bits

PROBLEMS, MOST = 1 << 18, 30
TRIES = np.arange(1.0, MOST + 1)
DIFFICULTY = Beta(2.0, 1.0, 0.9)


class Outcomes(NamedTuple):
    """Both outcomes of a verifier from the same attempts, for a grid of k that stands there twice."""

    verifier: NamedTuple

    def unsolved(self, stream, log_success, lanes, attempts):
        """Nothing is accepted, in the first half; no right answer, in the second."""
        half = len(attempts) // 2
        waiting = self.verifier.accepted(stream, log_success, lanes)[0][None, :] > attempts[:half, None]
        return jnp.concatenate([waiting, self.verifier.unsolved(stream, log_success, lanes, attempts[half:])])


def literal(member, rng):
    """How many problems are answered rightly at each attempt, wrongly at each, and not at all."""
    success = np.where(rng.random(PROBLEMS) < 0.9, rng.beta(1.0, 2.0, PROBLEMS), 0.0)
    outcome = np.zeros(PROBLEMS, int)
    for k in range(1, MOST + 1):
        right = rng.random(PROBLEMS) < success
        accepted = rng.random(PROBLEMS) < np.where(right, member.true_positive, member.false_positive)
        outcome = np.where((outcome == 0) & accepted, np.where(right, k, -k), outcome)
    return tally(outcome)


def tally(outcome):
    return np.bincount(outcome + MOST, minlength=2 * MOST + 1)


def sampled(member):
    """The same from the sampler."""
    own = Outcomes(member.sampler(None))
    parts = Parts(difficulty=DIFFICULTY.sampler(), attempts=own)
    grid, budget = np.concatenate([TRIES, TRIES]), Budget(problems=PROBLEMS, chunk=0, devices=1)
    failures = simulate.failures(1, f"outcomes {member}", parts, budget, tries=grid).failures.sum(axis=0)
    waiting, wrong = failures[:MOST], failures[MOST:]
    right = -np.diff(wrong, prepend=PROBLEMS)
    accepted = -np.diff(waiting, prepend=PROBLEMS)
    return np.concatenate([(accepted - right)[::-1], waiting[-1:], right])


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    ("member", "neighbour"),
    [
        (Noisy(0.9, 0.05), Noisy(0.9, 0.06)),
        (Noisy(0.7, 0.3), Noisy(0.75, 0.3)),
        (Noisy(0.4, 0.0), Noisy(0.4, 0.004)),
        (Noisy(0.5, 0.5), Noisy(0.5, 0.48)),
        (Noisy(1.0, 1.0), Noisy(1.0, 0.97)),
    ],
    ids=str,
)
def test_outcomes_are_those_of_attempts_judged_one_after_the_other(member, neighbour):
    made = literal(member, keys.host_generator(keys.run_key(1, f"judged {member}")))
    assert_same_distribution(sampled(member), made)
    rejects(assert_same_distribution, sampled(neighbour), made)


@pytest.mark.seldom(0)
def test_the_first_attempt_enumerated():
    """Right and accepted, wrong and accepted, or neither: all three outcomes of one attempt at problems alike."""
    lanes = jnp.arange(1 << 20, dtype=jnp.uint32)
    key = keys.run_key(0, "one attempt")
    log_success = jnp.full(lanes.shape, np.log(0.3), jnp.float32)
    wait, right = Noisy(0.8, 0.1).sampler(None).accepted(bits.stream(key), log_success, lanes)
    first = np.asarray(wait) <= 1
    counts = np.array([(first & right).sum(), (first & ~right).sum(), (~first).sum()])
    assert_counts(counts, np.array([0.24, 0.07, 0.69]))
    rejects(assert_counts, counts, np.array([0.24, 0.0735, 0.6865]))


@pytest.mark.parametrize("false_positive", [1e-3, 1e-9])
def test_rare_successes_are_told_from_rare_false_positives(false_positive):
    """Success as rare as false positives are: of what is accepted, t / (1 + t) is right."""
    lanes = jnp.arange(1 << 20, dtype=jnp.uint32)
    log_success = jnp.full(lanes.shape, np.log(false_positive), jnp.float32)
    stream = bits.stream(keys.run_key(0, f"rare {false_positive}"))
    wait, right = Noisy(0.5, false_positive).sampler(None).accepted(stream, log_success, lanes)
    share = 0.5 / (0.5 + (1 - false_positive))
    assert_proportion(int(np.asarray(right).sum()), len(lanes), share)
    rejects(assert_proportion, int(np.asarray(right).sum()), len(lanes), 1.05 * share)
    patient = int((np.asarray(wait) > 1 / false_positive).sum())
    left = np.exp(np.log1p(-1.5 * false_positive + 0.5 * false_positive**2 * 2) / false_positive)
    assert_proportion(patient, len(lanes), left)
    rejects(assert_proportion, patient, len(lanes), 1.05 * left)


@pytest.mark.parametrize("false_positive", [0.0, 0.2])
def test_what_cannot_be_solved_is_never_answered_rightly(false_positive):
    lanes = jnp.arange(1 << 12, dtype=jnp.uint32)
    stream = bits.stream(keys.run_key(0, f"unsolvable {false_positive}"))
    unsolvable = jnp.full(lanes.shape, -jnp.inf, jnp.float32)
    wait, right = jax.jit(Noisy(0.9, false_positive).sampler(None).accepted)(stream, unsolvable, lanes)
    assert not np.asarray(right).any()
    assert np.isinf(np.asarray(wait)).all() if false_positive == 0 else np.isfinite(np.asarray(wait)).all()

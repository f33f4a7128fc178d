"""Pilots drawn on devices: as many attempts at every problem, or each next attempt where successes are fewest.

Members for simulate.curves: a batch is PROBLEMS problems or so, and its rows are pilots. Lanes from `problems` on are
no problems: they have no attempts, so that pilots of several sizes share one program.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import binomial, bits

PROBLEMS = 2**13  # of a batch, or one pilot where that has more
_NARROWEST = 64  # lanes of a pilot
MOST_ATTEMPTS = 10**7  # of a pilot: counts are exact in float32, and sums in int32
_FULL = 10**9  # more attempts than that need not be counted exactly


class Uniform(NamedTuple):
    """So many attempts at every problem of a pilot. Resolution: that of difficulty, and samplers.binomial.draw."""

    difficulty: Any  # a sampler of log success
    attempts: jax.Array  # float32, m
    problems: jax.Array  # uint32, P
    lanes: jax.Array  # uint32 [pilots, lanes of a pilot]

    LEARNERS = 1

    @property
    def bytes(self):
        """Device bytes that one batch needs."""
        return 4 * 48 * self.lanes.size

    @property
    def numbers(self):
        """Random numbers that a batch draws."""
        return 3.0 * self.lanes.size

    def curves(self, key):
        """float32 [pilots, 2 lanes]: attempts, then successes."""
        key_problems, key_counts, key_normals = jax.random.split(key, 3)
        log_success = self.difficulty.at(bits.stream(key_problems), self.lanes)
        attempts = jnp.where(_real(self), self.attempts, 0.0)
        of_counts, of_normals = bits.stream(key_counts), bits.stream(key_normals)
        uniform, normal = bits.uniform(of_counts, 0, self.lanes), bits.normal(of_normals, 0, self.lanes)
        return jnp.concatenate([attempts, binomial.draw(uniform, normal, attempts, bits.exp(log_success))], axis=1)


class Adaptive(NamedTuple):
    """Every next attempt at the problem with the fewest successes; of several, at one with the fewest attempts.

    Kazdan et al. 2025 (arXiv 2510.05197), Alg. 1. Drawn in rounds, of which each brings all problems one success
    further: waiting times say what a round costs, and in the last one attempts rise like water among the unsolved.
    Resolution: that of difficulty and bits.geometric.
    """

    difficulty: Any  # a sampler of log success
    attempts: jax.Array  # float32: of a pilot, over its number of problems
    problems: jax.Array  # uint32, P
    lanes: jax.Array  # uint32 [pilots, lanes of a pilot]

    LEARNERS = 1

    @property
    def bytes(self):
        """Device bytes that one batch needs."""
        return 4 * 48 * self.lanes.size

    @property
    def numbers(self):
        """Random numbers that a batch draws, where one round is all."""
        return 2.0 * self.lanes.size

    def curves(self, key):
        """float32 [pilots, 2 lanes]: attempts, then successes."""
        key_problems, key_waits = jax.random.split(key)
        rate = bits.rate(self.difficulty.at(bits.stream(key_problems), self.lanes))
        waits = bits.stream(key_waits)
        total = jnp.round(self.attempts * self.problems.astype(jnp.float32))

        def wait(level):
            """Attempts to the next success, int32: no more than can be made, and one."""
            turn = jnp.broadcast_to(level.astype(jnp.uint32)[:, None], rate.shape)
            tries = jnp.minimum(bits.geometric(waits, turn, self.lanes, rate), total + 1.0).astype(jnp.int32)
            return jnp.where(_real(self), tries, 0)

        def further(state):
            level, made, left, open_ = state
            waited = wait(level)
            needed = _total(waited)
            goes_on = open_ & (needed <= left)
            made = jnp.where(goes_on[:, None], made + waited, made)
            return level + goes_on.astype(jnp.int32), made, jnp.where(goes_on, left - needed, left), goes_on

        pilots = len(self.lanes)
        left = jnp.full(pilots, total.astype(jnp.int32))
        start = jnp.zeros(pilots, jnp.int32), jnp.zeros(self.lanes.shape, jnp.int32), left, jnp.ones(pilots, bool)
        level, made, left, _ = jax.lax.while_loop(lambda state: state[3].any(), further, start)
        waited = wait(level)
        used = jnp.where(_real(self), _poured(made, waited, left), 0)
        won = jnp.where(_real(self), level[:, None] + (used == waited).astype(jnp.int32), 0)
        return jnp.concatenate([made + used, won], axis=1).astype(jnp.float32)


def _poured(made, waited, left):
    """Attempts that the last round makes, int32 [pilots, lanes]: as level as can be, none after a success."""

    def spent(height):
        return jnp.minimum(waited, jnp.maximum(height[:, None] - made, 0))

    def halve(_, ends):
        low, high = ends
        middle = low + (high - low) // 2
        enough = _total(spent(middle)) > left
        return jnp.where(enough, low, middle), jnp.where(enough, middle, high)

    low, high = jnp.zeros_like(left), made.max(axis=1) + left + 1
    height, _ = jax.lax.fori_loop(0, 25, halve, (low, high))  # 2 MOST_ATTEMPTS < 2^25
    used = spent(height)
    waiting = (made <= height[:, None]) & (used < waited)
    order = jnp.cumsum(waiting.astype(jnp.int32), axis=1)
    return used + (waiting & (order <= (left - _total(used))[:, None])).astype(jnp.int32)


def _total(counts):
    """Sum over a pilot, int32; _FULL where it is more than that."""
    many = counts.astype(jnp.float32).sum(axis=1) > np.float32(_FULL)
    return jnp.where(many, _FULL, counts.sum(axis=1))


def _real(member):
    """bool [pilots, lanes]: those that are problems."""
    place = member.lanes % np.uint32(member.lanes.shape[1])
    return place < member.problems


def build(kind, difficulty, problems, attempts):
    """Uniform or Adaptive pilots of so many problems, and attempts at each, or on average."""
    lanes_each = width(problems)
    pilots = max(1, PROBLEMS // lanes_each)
    lanes = np.arange(pilots * lanes_each, dtype=np.uint32).reshape(pilots, lanes_each)
    return kind(difficulty, np.float32(attempts), np.uint32(problems), lanes)


def width(problems):
    """Lanes of a pilot of so many problems. Each width is compiled, which takes longer than some lanes for nothing."""
    lanes = _NARROWEST
    while lanes < problems:
        lanes *= 4
    return lanes

"""Problems and features that count by weights of their own: what k attempts, or n examples, leave of the weight."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from sim.samplers import bits
from sim.samplers.attempts import Bernoulli

_LARGEST = 87.0  # logarithm of a weight: float32 holds e^87 and e^-87


class Weighted(NamedTuple):
    """Problems of a batch, attempted, and test examples of a batch, set before a learner each: all with weights.

    A problem with success probability s weighs (1 - s)^lift s^-drop, one that cannot be solved at all 0; a test example
    whose feature has probability theta weighs theta^-rarity. Resolution: that of difficulty, attempts, features and
    memory; weights are right to 1e-6 (1e-3 rarity for a feature rarer than the 4096th), between e^-87 and e^87.
    """

    features: Any  # samplers of single test examples
    memory: Any
    difficulty: Any
    attempts: Any
    rarity: jax.Array  # float32 scalars
    lift: jax.Array
    drop: jax.Array
    examples: jax.Array  # float32 grids of n and of k, ascending
    tries: jax.Array
    lanes: jax.Array  # uint32 [pieces, lanes of a piece], all problems of a batch

    LEARNERS = 1

    @property
    def numbers(self):
        """Random numbers that a batch draws."""
        one_by_one = float(self.tries[-1]) if isinstance(self.attempts, Bernoulli) else 1.0
        drawn = getattr(self.difficulty, "STREAMS", 1) + float(getattr(self.memory, "depth", 1))
        return (1.0 + one_by_one + drawn) * self.lanes.size

    @property
    def bytes(self):
        """Device bytes that one batch needs: of a piece, sums, what is added to them, masks, and some temporaries."""
        sums = 2 * (len(self.examples) + len(self.tries) + 2)
        return 4 * (3 * sums + 64) * self.lanes.shape[1] + 4 * self.lanes.size

    def curves(self, key):
        """float32 [1, 2 k + 2 + 2 n + 2].

        Problems without a weight (1), problems not solved in k attempts, their weight, the weight of all (1); the same
        of test examples not memorised after n examples. Numbers of problems are whole, weights means over the batch.
        """
        key_features, key_memory, key_problems, key_attempts = jax.random.split(key, 4)
        of_features, of_memory, of_attempts = map(bits.stream, (key_features, key_memory, key_attempts))
        of_problems = _streams(key_problems, getattr(self.difficulty, "STREAMS", 1))

        def add(sums, lanes):
            log_success = self.difficulty.at(of_problems, lanes)
            unsolved = self.attempts.unsolved(of_attempts, log_success, lanes, self.tries)
            test = self.features.at(of_features, lanes)
            unmemorised = self.memory.unmemorised(of_memory, self.features, test, lanes, self.examples)
            more = *_weighed(unsolved, self._hardness(log_success)), *_weighed(unmemorised, self._rareness(test))
            return jax.tree.map(jnp.add, sums, more), None

        lane = self.lanes.shape[1]
        zeros = [
            jnp.zeros((points, lane), dtype)
            for points in (len(self.tries), len(self.examples))
            for points, dtype in ((1, jnp.int32), (points, jnp.int32), (points, jnp.float32), (1, jnp.float32))
        ]
        sums, _ = jax.lax.scan(add, tuple(zeros), self.lanes)
        share = jnp.float32(1 / self.lanes.size)
        sums = [x.sum(axis=1) for x in sums]
        return jnp.concatenate([x.astype(jnp.float32) if x.dtype == jnp.int32 else share * x for x in sums])[None, :]

    def _hardness(self, log_success):
        """Weight of each problem."""
        rate = jnp.minimum(bits.rate(log_success), 1e30)  # -log(1 - s), infinite at s = 1
        inverse = self.lift * rate + self.drop * jnp.maximum(log_success, -1e30)
        return _reciprocal(jnp.where(log_success > -jnp.inf, 1.0, 0.0), inverse)

    def _rareness(self, test):
        """Weight of each test example."""
        return _reciprocal(jnp.float32(1.0), self.rarity * test.log_probability)


def _reciprocal(numerator, logarithm):
    """numerator / e^x. A division, as XLA on a CPU computes anew for each point of a grid what it takes to be cheap."""
    return numerator / bits.exp(jnp.clip(logarithm, -_LARGEST, _LARGEST))


def _weighed(failed, weight):
    """What a piece adds to the sums over its lanes: lanes without a weight, failures [x, lanes], their weight, all."""
    weight = weight[None, :]
    return (weight == 0.0).astype(jnp.int32), failed.astype(jnp.int32), jnp.where(failed, weight, 0.0), weight


def _streams(key, count):
    """As a sampler of difficulty wants them: one stream, or a tuple of so many."""
    return bits.stream(key) if count == 1 else tuple(map(bits.stream, jax.random.split(key, max(count, 1))))

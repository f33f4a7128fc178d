"""Examples and attempts in pairs: whether a problem is solved after n examples and k attempts, for a list of (n, k).

A grid has every n with every k; the splits of a budget are a few pairs of them.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits

_PIECE = 256  # problems computed together: with their counters they stay in a core's cache


class Splits(NamedTuple):
    """Problems of a batch, each with a training set of its own, counted where one pair after the other fails.

    Resolution: that of the parts.
    """

    features: Any
    memory: Any
    difficulty: Any
    attempts: Any
    examples: jax.Array  # float32 [pairs]: n
    tries: jax.Array  # float32 [pairs]: k
    biases: jax.Array | None  # float32 [pairs]: of a LatentPrecision after n examples; None: its own at any n
    lanes: jax.Array  # uint32 [pieces, lanes of a piece]: the problems of a batch

    LEARNERS = 1

    @property
    def numbers(self):
        """Random numbers that a batch draws."""
        return float(self.lanes.size * sum(getattr(part, "STREAMS", 1) for part in self[:4]))

    @property
    def bytes(self):
        """Device bytes that one batch needs: of a piece, the counters and what is added, and some temporaries."""
        each = 3 if self.biases is None else 12
        return 4 * (each * len(self.examples) + 64) * self.lanes.shape[1] + 4 * self.lanes.size

    def curves(self, key):
        """float32 [1, pairs]: problems that are not solved after n examples and k attempts."""
        streams = [_streams(own, part) for own, part in zip(jax.random.split(key, 4), self[:4], strict=True)]

        def add(total, lanes):
            test = self.features.at(streams[0], lanes)
            unmemorised = self.memory.unmemorised(streams[1], self.features, test, lanes, self.examples)
            unsolved = self._unsolved(streams[2], streams[3], lanes)
            return total + (unmemorised | unsolved).astype(jnp.int32), None

        zero = jnp.zeros((len(self.examples), self.lanes.shape[1]), jnp.int32)
        return jax.lax.scan(add, zero, self.lanes)[0].sum(axis=1).astype(jnp.float32)[None, :]

    def _unsolved(self, problems, attempts, lanes):
        """bool [pairs, lanes]: no success in k attempts; where the bias goes with n, the same problem at any n."""
        if self.biases is None:
            return self.attempts.unsolved(attempts, self.difficulty.at(problems, lanes), lanes, self.tries)

        def pair(bias, tries):
            success = self.difficulty._replace(bias=bias).at(problems, lanes)
            return self.attempts.unsolved(attempts, success, lanes, tries[None])[0]

        return jax.vmap(pair)(self.biases, self.tries)


def splits(features, memory, difficulty, attempts, examples, tries, problems, biases=None):
    """Splits for batches of so many problems, a multiple of 256."""
    lanes = np.arange(problems, dtype=np.uint32).reshape(-1, _PIECE)
    pairs = (np.asarray(x, np.float32) for x in (examples, tries))
    biases = None if biases is None else np.asarray(biases, np.float32)
    return Splits(features, memory, difficulty, attempts, *pairs, biases, lanes)


def _streams(key, part):
    """As a sampler wants them: one stream, or a tuple of as many as it says."""
    count = getattr(part, "STREAMS", 1)
    return bits.stream(key) if count == 1 else tuple(map(bits.stream, jax.random.split(key, count)))

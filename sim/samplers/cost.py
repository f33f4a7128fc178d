"""Cost: attempts made one by one until one succeeds, what they leave unsolved, and what they take."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits

PROBLEMS = 1 << 14  # of a batch
_LEVELS = 7  # halvings of a piece, and as many of the pieces of a batch
_PIECE = 1 << _LEVELS  # problems computed together: with a curve each they stay in a core's cache


class Spending(NamedTuple):
    """Problems that are given up at the first success or after k attempts, for every k of a grid at once.

    A problem's first success comes at attempt T; min(T, k) attempts are made, in ceil(min(T, k) / m) waves where m are
    made at a time and no wave is begun after a success.
    Resolution: that of bits.exponential and bits.rate, T to 1e-6 relative; whole numbers to 2^24, above to 2^-24.
    Sums of 2^14 positive float32 in pairs, pairs of pairs and so on: 14 roundings, relative error below 9e-7.
    """

    difficulty: Any  # sampler of log success
    attempts: jax.Array  # float32 grid of k >= 1
    slots: jax.Array  # float32, m

    LEARNERS = 1

    @property
    def bytes(self):
        """Device bytes of a batch: sums of every piece, and a dozen numbers for each problem of one and each k."""
        return 4 * len(self.attempts) * (3 * PROBLEMS // _PIECE + 12 * _PIECE) + 64 * PROBLEMS

    @property
    def numbers(self):
        """Difficulty and first success of each problem."""
        return 2 * PROBLEMS

    def curves(self, key):
        """float32 [1, 1 + 3 x]: problems beyond reach, then at each k those unsolved, mean attempts, mean waves."""
        key_difficulty, key_attempts = jax.random.split(key)
        difficulty, first = _streams(key_difficulty, self.difficulty), bits.stream(key_attempts)

        def piece(beyond, start):
            lanes = start + jnp.arange(_PIECE, dtype=jnp.uint32)
            log_success = self.difficulty.at(difficulty, lanes)
            return beyond + jnp.isneginf(log_success).sum(dtype=jnp.float32), self._sums(first, log_success, lanes)

        starts = jnp.arange(0, PROBLEMS, _PIECE, dtype=jnp.uint32)
        beyond, sums = jax.lax.scan(piece, jnp.float32(0), starts)
        unsolved, made, waves = map(pairwise_sum, sums)
        return jnp.concatenate([beyond[None], unsolved, made / PROBLEMS, waves / PROBLEMS])[None, :]

    def _sums(self, stream, log_success, lanes):
        """Of a piece, at each k [x]: unsolved problems, attempts, waves."""
        first = bits.geometric(stream, 0, lanes, bits.rate(log_success))
        # Attempt j, a whole number, is in wave floor((j - 1/2) / m) + 1: half an attempt from where rounding decides.
        first_wave, last_wave = (jnp.floor((j - 0.5) / self.slots) + 1.0 for j in (first, self.attempts))
        made = jnp.minimum(first[:, None], self.attempts[None, :])
        waves = jnp.minimum(first_wave[:, None], last_wave[None, :])
        unsolved = (first[:, None] > self.attempts[None, :]).astype(jnp.float32)
        return pairwise_sum(unsolved), pairwise_sum(made), pairwise_sum(waves)


def pairwise_sum(values):
    """Sum of [2^levels, x] over its first axis, in pairs."""
    while len(values) > 1:
        values = values[: len(values) // 2] + values[len(values) // 2 :]
    return values[0]


def _streams(key, sampler):
    """What a sampler of difficulty draws from: a stream, or a tuple of as many as it wants."""
    count = getattr(sampler, "STREAMS", 1)
    streams = tuple(map(bits.stream, jax.random.split(key, count)))
    return streams[0] if count == 1 else streams


def token_flops(parameters, layers, width, prompt, decode):
    """FLOPs of reading the prompt and of writing one attempt, added up token by token: two float64.

    A token costs two for every parameter and 4 width for every layer and token in sight, itself among them
    (Brown et al. 2024, arXiv 2407.21787, Sec. 2.3).
    """
    sight = np.arange(1.0, prompt + decode + 1)
    each = 2 * parameters + 4 * layers * width * sight
    return each[:prompt].sum(), each[prompt:].sum()

"""What a noisy verifier returns: a right answer, a wrong one, or none, counted at every number of attempts."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits
from sim.samplers.verifier import Noisy

ENDLESS = float(np.finfo(np.float32).max)  # as many attempts as it takes
_PIECE = 256  # problems computed together: with their counters they stay in a core's cache
_WRONG = 1 << 16  # a counter of right answers and one of wrong ones share 32 bits


class Outcomes(NamedTuple):
    """Problems of a batch, each answered once: by the first of its attempts that the verifier accepts.

    One waiting time and one uniform a problem say for all k at once what is returned (samplers.verifier.Noisy), so that
    right, wrong and unanswered are those of one and the same attempts. Resolution: that of difficulty and verifier.
    """

    difficulty: Any  # a sampler of log success
    verifier: Noisy
    attempts: jax.Array  # float32 [k], in any order; ENDLESS among them, if need be
    lanes: jax.Array  # uint32 [pieces, lanes of a piece]: the problems of a batch

    LEARNERS = 1

    @property
    def numbers(self):
        """Random numbers that a batch draws."""
        return (getattr(self.difficulty, "STREAMS", 1) + 2.0) * self.lanes.size

    @property
    def bytes(self):
        """Device bytes that one batch needs: of a piece, the counters, what is added, and some temporaries."""
        return 4 * (3 * len(self.attempts) + 64) * self.lanes.shape[1] + 4 * self.lanes.size

    def curves(self, key):
        """float32 [1, 2 len(attempts)]: problems answered rightly within k attempts, then those answered wrongly."""
        key_problems, key_verifier = jax.random.split(key)
        of_problems = _streams(key_problems, getattr(self.difficulty, "STREAMS", 1))
        of_verifier = bits.stream(key_verifier)

        def add(total, lanes):
            log_success = self.difficulty.at(of_problems, lanes)
            wait, right = self.verifier.accepted(of_verifier, log_success, lanes)
            # Ends in a division: XLA on a CPU draws anew for each k what it takes to be cheap.
            signed = wait / bits.pick(right, 1.0, jnp.full(lanes.shape, -1.0, jnp.float32))
            one = bits.pick(signed > 0.0, 1, jnp.full(lanes.shape, _WRONG, jnp.int32))
            return total + jnp.where(jnp.abs(signed)[None, :] <= self.attempts[:, None], one[None, :], 0), None

        zero = jnp.zeros((len(self.attempts), self.lanes.shape[1]), jnp.int32)
        total = jax.lax.scan(add, zero, self.lanes)[0].sum(axis=1)
        return jnp.concatenate([total % _WRONG, total // _WRONG]).astype(jnp.float32)[None, :]


def outcomes(difficulty, verifier, attempts, problems):
    """Outcomes for batches of so many problems: a multiple of 256 below 65,536."""
    lanes = np.arange(problems, dtype=np.uint32).reshape(-1, _PIECE)
    return Outcomes(difficulty, verifier, np.asarray(attempts, np.float32), lanes)


def _streams(key, count):
    """As a sampler of difficulty wants them: one stream, or a tuple of so many."""
    return bits.stream(key) if count == 1 else tuple(map(bits.stream, jax.random.split(key, count)))

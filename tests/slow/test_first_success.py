"""The first success at 2^28 draws: P(T > k) = (1 - q)^k down to success probabilities of 1e-30."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import assert_proportion, rejects

from sim.draw import keys, simulate
from sim.model import build
from sim.samplers import bits

DRAWS, BLOCK, PIECE = 1 << 28, 1 << 24, 1 << 14
# k in units of 1 / q: of 2^28 draws 0.3 succeed before the first, 30 are left after the last.
SHARES = np.array(
    [1e-9, 1e-6, 1e-4, 1e-2, 0.1, 0.2, 0.4, 0.7, 1.0, 1.3, 1.6, 2.0, 2.7, 3.5, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 16.0]
)

pytestmark = pytest.mark.slow


class Coarse:
    """A waiting time from a uniform of 24 binary digits."""

    def unsolved(self, stream, log_success, lanes, attempts):
        uniform = ((bits.words(stream, 0, lanes)[0] >> 8).astype(jnp.float32) + 1) * jnp.float32(2.0**-24)
        return (-jnp.log(uniform) / bits.rate(log_success))[None, :] > attempts[:, None]


def _unsolved(stream, start, log_success, attempts, sampler):
    """How many of the problems start ... start + 2^24 - 1 are unsolved after each number of attempts."""

    def add(total, first):
        lanes = first + jnp.arange(PIECE, dtype=jnp.uint32)
        failed = sampler.unsolved(stream, jnp.full(PIECE, log_success), lanes, attempts)
        return total + failed.astype(jnp.int32), None

    starts = start + jnp.arange(0, BLOCK, PIECE, dtype=jnp.uint32)
    return jax.lax.scan(add, jnp.zeros((len(attempts), PIECE), jnp.int32), starts)[0].sum(axis=1)


unsolved_of_block = simulate.compiled(_unsolved, "cpu", ("sampler",))


def unsolved(sampler, log_success, attempts):
    """How many of 2^28 problems are unsolved after each number of attempts."""
    stream = bits.stream(keys.run_key(0, f"2^28 {log_success}"))
    return sum(
        np.asarray(unsolved_of_block(stream, np.uint32(start), log_success, attempts, sampler), np.int64)
        for start in range(0, DRAWS, BLOCK)
    )


def question(success):
    """The log of a success probability and a grid of k, as float32 holds them."""
    return np.float32(np.log(success)), np.unique(np.maximum(1, np.rint(SHARES / success))).astype(np.float32)


def assert_geometric(left, log_success, attempts, off=0.0):
    """(1 - q)^k of the q and the k that float32 holds, q a share `off` larger."""
    success = np.exp(np.float64(log_success)) * (1 + off)
    assert_proportion(left, DRAWS, np.exp(attempts.astype(float) * np.log1p(-success)))


@pytest.mark.parametrize("success", [0.3, 1e-3, 1e-6, 1e-12, 1e-20, 1e-30])
def test_k_attempts_fail_with_probability_one_minus_q_to_the_k(success):
    """Exact binomial tests at up to 21 k from 1e-9 / q to 16 / q; a q 0.1 % off is seen, to either side."""
    log_success, attempts = question(success)
    left = unsolved(build.attempts_sampler("first_success"), log_success, attempts)
    assert_geometric(left, log_success, attempts)
    for off in (-0.001, 0.001):
        rejects(assert_geometric, left, log_success, attempts, off)


def test_waiting_times_from_uniforms_of_24_digits_do_not_follow_the_law():
    log_success, attempts = question(1e-12)
    rejects(assert_geometric, unsolved(Coarse(), log_success, attempts), log_success, attempts)

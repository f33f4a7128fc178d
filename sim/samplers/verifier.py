"""Verifiers: which problems are answered rightly when not the right but the first accepted attempt is returned."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from sim.samplers import bits


class Noisy(NamedTuple):
    """A right attempt is accepted with probability t, a wrong one with probability f; the first accepted is returned.

    An attempt is accepted with probability a = s t + (1 - s) f: one waiting time T for all k, and one uniform that
    says whether what was accepted is right, with probability s t / a. It stands in place of a sampler of attempts;
    turn 0 of the stream is the waiting time's, turn 1 the uniform's.
    Resolution: acceptance down to 1.2e-38, s t / a down to 2^-65, both to 1e-6 relative.
    """

    log_true: jax.Array  # log t
    false: jax.Array  # f
    gain: jax.Array  # t - f

    def unsolved(self, stream, log_success, lanes, attempts):
        """bool [len(attempts), lanes]: no right answer is returned within k attempts."""
        patience, rate, right = self._accepted(stream, log_success, lanes)
        # Ends in a division: XLA on a CPU draws anew for each k what it takes to be cheap.
        wait = patience / jnp.where(right, rate, 0.0)
        return jnp.maximum(wait, jnp.finfo(jnp.float32).tiny)[None, :] > attempts[:, None]

    def accepted(self, stream, log_success, lanes):
        """Attempts until one is accepted, float32, and whether it is right, bool [lanes]."""
        patience, rate, right = self._accepted(stream, log_success, lanes)
        return jnp.maximum(patience / rate, jnp.finfo(jnp.float32).tiny), right

    def _accepted(self, stream, log_success, lanes):
        """Exponential and rate of the acceptance, and whether what is accepted is right."""
        log_right = log_success + self.log_true
        either = bits.log(jnp.maximum(self.false + self.gain * bits.exp(log_success), 1e-37))
        log_accepted = jnp.where(self.false > 0.0, either, log_right)
        right = bits.log(bits.uniform(stream, 1, lanes)) <= log_right - log_accepted
        rate = bits.rate(jnp.minimum(log_accepted, 0.0))
        return bits.exponential(stream, 0, lanes), rate, right & (log_right > -jnp.inf)

"""Attempts: which problems k attempts leave unsolved, for a whole grid of k in one pass."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from sim.samplers import bits


class FirstSuccess(NamedTuple):
    """The waiting time to the first success, one draw giving all k at once.

    T > k exactly if E > -k log(1 - s) with E a full-resolution exponential, so P(T > k) = (1-s)^k for every k.
    Resolution: success probabilities down to 1e-38 and k up to 1e38, both to 1e-6 relative.
    """

    def unsolved(self, key, log_success, lanes, attempts):
        """bool [len(attempts), lanes]: no success in k attempts.  attempts: float32 grid of k."""
        wait = bits.exponential(bits.stream(key), 0, lanes) / bits.rate(log_success)
        wait = jnp.maximum(wait, jnp.finfo(jnp.float32).tiny)  # certain success too takes an attempt
        return wait[None, :] > attempts[:, None]


class Bernoulli(NamedTuple):
    """Attempts made one by one, each a 64-bit uniform against the success probability.

    Resolution: success probabilities are cut off at 2^-65. Cost grows as k: made for k up to some thousands.
    """

    def unsolved(self, key, log_success, lanes, attempts):
        """bool [len(attempts), lanes], as FirstSuccess; attempts ascending."""
        stream = bits.stream(key)
        success = jnp.exp(log_success)

        def attempt(number, unsolved):
            return unsolved & (bits.uniform(stream, number.astype(jnp.uint32), lanes) > success)

        def segment(unsolved, span):
            unsolved = jax.lax.fori_loop(span[0], span[1], attempt, unsolved)
            return unsolved, unsolved

        stops = attempts.astype(jnp.int32)
        starts = jnp.concatenate([jnp.zeros(1, jnp.int32), stops[:-1]])
        _, unsolved = jax.lax.scan(segment, jnp.ones(lanes.shape, bool), (starts, stops))
        return unsolved


class Replay(NamedTuple):
    """Recorded attempts of a table of problems, replayed in a random order and without replacement.

    With c successes among m recorded attempts the first success comes after Binomial(m - c, V) failures, V the least
    of c uniforms: give every recorded attempt a uniform label and sort by label. Attempts beyond m do not exist.
    recorded, successes: float32 [problems], whole numbers below 2^24.
    """

    recorded: jax.Array
    successes: jax.Array

    def unsolved(self, key, rows, lanes, attempts):
        """bool [len(attempts), lanes]: no success among the first k replayed attempts of problem `rows`."""
        key_label, key_failures = jax.random.split(key)
        failures = self.recorded[rows] - self.successes[rows]
        wait = bits.exponential(bits.stream(key_label), 0, lanes)
        least = -jnp.expm1(-wait / self.successes[rows])  # minimum of c uniforms
        before = jax.random.binomial(key_failures, failures, least, dtype=jnp.float32)
        never = self.successes[rows] == 0
        return (before[None, :] >= attempts[:, None]) | never[None, :]

"""Attempts: which problems k attempts leave unsolved, for a whole grid of k in one pass."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits

_UNROLLED = 8  # pairs of attempts made in one piece of straight code: their state stays in registers


class FirstSuccess(NamedTuple):
    """The waiting time to the first success, one draw giving all k at once.

    T > k exactly if E > -k log(1 - s) with E a full-resolution exponential, so P(T > k) = (1-s)^k for every k.
    Resolution: success probabilities down to 1.2e-38 and k up to 1e38, both to 1e-6 relative.
    """

    def waiting(self, stream, log_success, lanes):
        """float32 [lanes]: the first success comes with attempt ceil of it; infinity where none ever does."""
        wait = bits.exponential(stream, 0, lanes) / bits.rate(log_success)
        return jnp.maximum(wait, jnp.finfo(jnp.float32).tiny)  # certain success too takes an attempt

    def unsolved(self, stream, log_success, lanes, attempts):
        """bool [len(attempts), lanes]: no success in k attempts.  attempts: float32 grid of k."""
        return self.waiting(stream, log_success, lanes)[None, :] > attempts[:, None]


class Bernoulli(NamedTuple):
    """Attempts made one by one, each a random word against the success probability.

    Two attempts share two words: a word that ties with the leading 32 binary digits of the probability is decided by
    the other one. Resolution: success probabilities in steps of 2^-64 (float32 precision); attempts are independent to
    2^-32. Cost grows as k: made for k up to some thousands.
    """

    def unsolved(self, stream, log_success, lanes, attempts):
        """bool [len(attempts), lanes], as FirstSuccess; attempts ascending."""
        success = bits.exp(log_success)
        scaled = success * np.float32(2.0**32)
        high = scaled.astype(jnp.uint32)
        low = ((scaled - high.astype(jnp.float32)) * np.float32(2.0**32)).astype(jnp.uint32)

        def pair(number):
            one, other = bits.words(stream, number, lanes)
            return (x < high + (y < low).astype(jnp.uint32) for x, y in ((one, other), (other, one)))

        def block(number, solved):
            for i in range(_UNROLLED):
                first, second = pair(number.astype(jnp.uint32) * _UNROLLED + i)
                solved = solved | first | second
            return solved

        def segment(solved, span):
            """Attempts made twice change nothing: they fall out as before."""
            start, stop = span
            solved = jax.lax.fori_loop(start // (2 * _UNROLLED), stop // (2 * _UNROLLED), block, solved)

            def remaining(number, solved):
                first, second = pair(number.astype(jnp.uint32))
                return solved | first | (second & (2 * number + 1 < stop))

            first_left = jnp.maximum(start // 2, stop // (2 * _UNROLLED) * _UNROLLED)
            solved = jax.lax.fori_loop(first_left, (stop + 1) // 2, remaining, solved)
            return solved, ~solved

        stops = attempts.astype(jnp.int32)
        starts = jnp.concatenate([jnp.zeros(1, jnp.int32), stops[:-1]])
        _, unsolved = jax.lax.scan(segment, log_success >= 0.0, (starts, stops))
        return unsolved | (stops < 1)[:, None]  # certain success too takes an attempt


class Replay(NamedTuple):
    """Recorded attempts of a table of problems, replayed in a random order and without replacement.

    With c successes among m recorded attempts the first success comes after Binomial(m - c, V) failures, V the least
    of c uniforms: give every recorded attempt a uniform label and sort by label. Attempts beyond m do not exist.
    recorded, successes: float32 [problems], whole numbers below 2^24.
    """

    recorded: jax.Array
    successes: jax.Array
    WHOLE_BATCH = True  # jax.random draws for all lanes of a key together
    STREAMS = 2

    def unsolved(self, streams, rows, lanes, attempts):
        """bool [len(attempts), lanes]: no success among the first k replayed attempts of problem `rows`.

        streams: a stream of bits, and a JAX key.
        """
        label, key_failures = streams
        failures = self.recorded[rows] - self.successes[rows]
        wait = bits.exponential(label, 0, lanes)
        least = -jnp.expm1(-wait / self.successes[rows])  # minimum of c uniforms
        before = jax.random.binomial(key_failures, failures, least, dtype=jnp.float32)
        never = self.successes[rows] == 0
        return (before[None, :] >= attempts[:, None]) | never[None, :]

"""Difficulty: log success probability of one attempt at each problem."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits

_TURNS = 64  # rejections in a row: probability below 0.05^64


class GammaRatio(NamedTuple):
    """Failure probability ~ Beta(alpha, beta) on a share `ceiling` of the problems; the others cannot be solved.

    The literal sampler, by rejection: samplers.quantile draws the same from a table, several times as fast.
    s = G_beta / (G_alpha + G_beta) with Gamma variates held as logarithms, so a success probability of 1e-30 is as
    precise (1e-7 (1 + |log s|) relative) as one of 0.3; log s reaches -1e38. Unsolvable problems have log s = -inf.
    All fields float32 scalars.
    """

    alpha: jax.Array
    beta: jax.Array
    ceiling: jax.Array

    STREAMS = 4

    def at(self, streams, lanes):
        """float32 log success probability of each lane."""
        *gammas, solvable = streams
        log_beta, log_alpha = log_gamma_pair(gammas, (self.beta, self.alpha), lanes)
        reached = bits.uniform(solvable, 0, lanes) <= self.ceiling
        return jnp.where(reached, bits.log_sigmoid(log_beta - log_alpha), -jnp.inf)


class Certain(NamedTuple):
    """Every attempt succeeds."""

    def at(self, stream, lanes):
        """float32 zeros: log success probability of each lane."""
        return jnp.zeros(lanes.shape, jnp.float32)


class Rows(NamedTuple):
    """Row numbers of a table of problems, all rows alike (to within rows / 2^32).  count: uint32 scalar."""

    count: jax.Array

    def at(self, stream, lanes):
        """uint32 row of each lane."""
        word, _ = bits.words(stream, 0, lanes)
        return bits.scaled(word, self.count)


class Table(NamedTuple):
    """Difficulty drawn from a table of problems: each lane takes one row.

    log_success: float32 [problems], log(successes / attempts); -inf where no attempt succeeded.
    """

    log_success: jax.Array

    def at(self, stream, lanes):
        """float32 log success probability of each lane."""
        return self.log_success[Rows(jnp.uint32(self.log_success.shape[0])).at(stream, lanes)]


def log_gamma_pair(streams, shapes, lanes):
    """Logarithms of a Gamma(shapes[0], 1) and a Gamma(shapes[1], 1) variate for each lane, float32, independent.

    Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 2000, for shape + 1, and
    G(shape) = G(shape + 1) U^(1/shape) in logarithms, so that no shape is too small.
    streams: three.  shapes: two scalars > 0.
    """
    normals, accepts, boosts = streams

    def propose(state):
        turn, log_variates = state
        words = bits.words(accepts, turn, lanes)
        proposals = [
            _proposal(*of_one)
            for of_one in zip(shapes, bits.normals(normals, turn, lanes), words, log_variates, strict=True)
        ]
        return turn + 1, tuple(proposals)

    pending = jnp.full(lanes.shape, -jnp.inf, jnp.float32)
    first = propose((np.uint32(0), (pending, pending)))
    _, log_variates = jax.lax.while_loop(
        lambda state: (state[0] < _TURNS) & jnp.any(jnp.isinf(jnp.minimum(*state[1]))), propose, first
    )
    return tuple(
        variate - bits.exponential(boosts, jnp.uint32(turn), lanes) / shape
        for turn, (variate, shape) in enumerate(zip(log_variates, shapes, strict=True))
    )


def _proposal(shape, x, word, log_variate):
    """log_variate where it is one already, else that of the proposal x if `word` accepts it, else still -inf.

    What is pending is read off the variates: a flag of its own could be rounded otherwise than they are.
    """
    d = shape + jnp.float32(2 / 3)
    c = jax.lax.rsqrt(9.0 * d)
    root = jnp.maximum(1.0 + c * x, 1e-6)
    log_v = 3.0 * bits.log(root)
    threshold = 0.5 * x * x + d * (1.0 - root * root * root + log_v)
    log_uniform = bits.log((word.astype(jnp.float32) + 0.5) * np.float32(2.0**-32))
    accepted = (1.0 + c * x > 0) & (log_uniform < threshold)
    return jnp.where(jnp.isinf(log_variate) & accepted, bits.log(d) + log_v, log_variate)

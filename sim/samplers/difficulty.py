"""Difficulty: log success probability of one attempt at each problem."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from sim.samplers import bits

_TURNS = 64  # rejections in a row: probability below 0.05^64


class Beta(NamedTuple):
    """Failure probability ~ Beta(alpha, beta) on a share `ceiling` of the problems; the others cannot be solved.

    s = G_beta / (G_alpha + G_beta) with Gamma variates held as logarithms, so a success probability of 1e-30 is as
    precise (1e-6 relative) as one of 0.3; log s reaches -1e38. Unsolvable problems have log s = -inf.
    All fields float32 scalars.
    """

    alpha: jax.Array
    beta: jax.Array
    ceiling: jax.Array

    def draw(self, key, lanes):
        """float32 log success probability of each lane."""
        key_alpha, key_beta, key_ceiling = jax.random.split(key, 3)
        log_odds = log_gamma_variate(key_alpha, self.alpha, lanes) - log_gamma_variate(key_beta, self.beta, lanes)
        solvable = bits.uniform(bits.stream(key_ceiling), 0, lanes) <= self.ceiling
        return jnp.where(solvable, -jnp.logaddexp(0.0, log_odds), -jnp.inf)


class Rows(NamedTuple):
    """Row numbers of a table of problems, all rows alike (to within rows / 2^32).  count: uint32 scalar."""

    count: jax.Array

    def draw(self, key, lanes):
        """uint32 row of each lane."""
        high, _ = bits.words(bits.stream(key), 0, lanes)
        return high % self.count


class Table(NamedTuple):
    """Difficulty drawn from a table of problems: each lane takes one row.

    log_success: float32 [problems], log(successes / attempts); -inf where no attempt succeeded.
    """

    log_success: jax.Array

    def draw(self, key, lanes):
        """float32 log success probability of each lane."""
        return self.log_success[Rows(jnp.uint32(self.log_success.shape[0])).draw(key, lanes)]


def log_gamma_variate(key, shape, lanes):
    """Logarithm of a Gamma(shape, 1) variate for each lane, float32; shape a scalar > 0.

    Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 2000, for shape + 1, and
    G(shape) = G(shape + 1) U^(1/shape) in logarithms, so that no shape is too small.
    """
    key_normal, key_accept, key_boost = jax.random.split(key, 3)
    normals, accepts = bits.stream(key_normal), bits.stream(key_accept)
    d = shape + jnp.float32(2 / 3)
    c = 1.0 / jnp.sqrt(9.0 * d)

    def propose(state):
        turn, log_variate = state
        x = bits.normal(normals, turn, lanes)
        root = jnp.maximum(1.0 + c * x, 1e-6)
        log_v = 3.0 * jnp.log(root)
        threshold = 0.5 * x * x + d * (1.0 - root * root * root + log_v)
        accepted = (1.0 + c * x > 0) & (-bits.exponential(accepts, turn, lanes) < threshold)
        # What is pending is read off the variates: a flag of its own could be rounded otherwise than they are.
        return turn + 1, jnp.where(jnp.isinf(log_variate) & accepted, jnp.log(d) + log_v, log_variate)

    start = (jnp.uint32(0), jnp.full(lanes.shape, -jnp.inf, jnp.float32))
    _, log_variate = jax.lax.while_loop(
        lambda state: (state[0] < _TURNS) & jnp.any(jnp.isinf(state[1])), propose, start
    )
    return log_variate - bits.exponential(bits.stream(key_boost), 0, lanes) / shape

"""Binomial variates for lanes that share a success probability: a search where few succeed, else a corrected normal."""

import jax
import jax.numpy as jnp

SMALL = 12.0  # mean successes below which the search is made: beyond, the corrected normal is as good
_SEARCH = 72  # most successes that are found: six deviations above a mean of 30
_UNROLLED = 4  # steps of the search between two looks at whether all lanes are done


def search(uniform, count, probability):
    """Successes among `count` tries, by sequential search from 0; float32 whole numbers.

        X > k   where   u < P(X > k),    P(X = k+1) = P(X = k) (count - k)/(k + 1) p/(1 - p)

    uniform: float32 on (0, 1] from 64 bits, so that P(X > 0) may be as small as 2^-65.  count: float32.  probability:
    float32 in [0, 1/2], and count * probability < 30; all broadcast.  Probabilities are right to 1e-6 of P(X > 0).
    """
    log_none = count * jnp.log1p(-probability)
    odds = probability / (1.0 - probability)
    start = (jnp.int32(0), jnp.zeros_like(uniform), jnp.exp(log_none), -jnp.expm1(log_none) - uniform)

    def pending(state):
        return (state[0] < _SEARCH) & jnp.any(state[3] > 0)

    def further(state):
        k, found, mass, rest = state
        for step in range(_UNROLLED):
            below = (k + step).astype(jnp.float32)
            found = found + (rest > 0).astype(jnp.float32)  # the rest only falls: a lane that is done stays done
            mass = mass * ((count - below) * (odds * (1.0 / (below + 1.0))))
            rest = rest - mass
        return k + _UNROLLED, found, mass, rest

    return jnp.minimum(jax.lax.while_loop(pending, further, start)[1], count)


def draw(uniform, normal, count, probability):
    """Successes among `count` tries; float32 whole numbers: a search where few succeed, or few fail, else `deviation`.

    uniform, normal: of each lane, independent.  count: float32, up to 2^24 exactly.  probability: float32 in [0, 1].
    Right as `search` and `deviation` are; all broadcast.
    """
    flipped = probability > 0.5
    rarer = jnp.where(flipped, 1.0 - probability, probability)
    mean = count * rarer
    few = search(uniform, jnp.where(mean < SMALL, count, 0.0), rarer)
    many = jnp.round(jnp.maximum(mean + deviation(normal, jnp.maximum(count, 1.0), rarer, 1.0), 0.0))
    found = jnp.where(mean < SMALL, few, many)
    return jnp.where(flipped, count - found, found)


def deviation(normal, count, probability, rounded):
    """Successes among `count` tries minus count * p, by the expansion of Cornish and Fisher (1938) to the kurtosis.

        sd z + (1-2p)(z^2-1)/6 + z [(1-6pq)(z^2-3)/24 - (1-2p)^2 (2z^2-5)/36 - rounded/24] / sd,    sd^2 = count p q

    normal: z.  rounded: 1 where the caller rounds the successes to whole numbers, which adds 1/12 to the variance; else
    0.  All float32, broadcast.  From a mean of 12 on: mean right to 1e-6 sd, variance to 2e-4, skewness to 5e-3,
    distribution function to 2e-4; at a mean of 100 to 1e-6 sd, 2e-6, 2e-4 and 1e-5.
    """
    mean = count * probability
    variance = mean * (1.0 - probability)
    skew = 1.0 - 2.0 * probability
    square = normal * normal
    kurtosis = (1.0 - 6.0 * probability * (1.0 - probability)) * (square - 3.0) / 24.0
    fourth = kurtosis - skew * skew * (2.0 * square - 5.0) / 36.0 - rounded / 24.0
    sd = jnp.sqrt(variance)
    found = sd * normal + skew * (square - 1.0) / 6.0 + normal * fourth / jnp.maximum(sd, 1.0)
    return jnp.clip(found, -mean, count - mean)

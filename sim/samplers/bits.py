"""Random bits and the full-resolution uniforms and exponentials built from them.

Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) in plain uint32
operations, so that it fuses with whatever consumes it. Word pairs are addressed by (key, turn, lane): a draw is a pure
function of its address and does not depend on how the work is cut.
"""

import jax
import jax.numpy as jnp

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA  # Threefry's key schedule constant


def _rotate_left(x, r):
    return (x << jnp.uint32(r)) | (x >> jnp.uint32(32 - r))


def threefry2x32(key0, key1, counter0, counter1):
    """Two words of Threefry-2x32-20; all arguments uint32, broadcast against each other."""
    schedule = (key0, key1, key0 ^ key1 ^ jnp.uint32(_PARITY))
    x0, x1 = counter0 + schedule[0], counter1 + schedule[1]
    for block in range(5):
        for r in _ROTATIONS[block % 2]:
            x0 = x0 + x1
            x1 = _rotate_left(x1, r) ^ x0
        x0 = x0 + schedule[(block + 1) % 3]
        x1 = x1 + schedule[(block + 2) % 3] + jnp.uint32(block + 1)
    return x0, x1


def stream(key):
    """The two key words of a stream of bits. Consumes the key: a second use raises where key reuse is checked."""
    (own,) = jax.random.split(key, 1)
    data = jax.random.key_data(own)
    return data[0], data[1]


def words(stream, turn, lane):
    """Two uint32 words at address (turn, lane) of a stream; turn and lane uint32, broadcast."""
    turn, lane = jnp.broadcast_arrays(jnp.asarray(turn, jnp.uint32), jnp.asarray(lane, jnp.uint32))
    return threefry2x32(*stream, turn, lane)


def as_float(high, low):
    """(high 2^32 + low + 1/2) / 2^64 in float32: relative precision 2^-24 down to 2^-65, never 0."""
    return high.astype(jnp.float32) * jnp.float32(2.0**-32) + (low.astype(jnp.float32) + 0.5) * jnp.float32(2.0**-64)


def uniform(stream, turn, lane):
    """Uniform on (0, 1], float32, from 64 bits. Resolution: 2^-65 near 0, 2^-24 near 1."""
    return as_float(*words(stream, turn, lane))


def exponential(stream, turn, lane):
    """Exponential with mean 1, float32, from 64 bits.

    Half of the draws are -log(u) with u < 1/2, half -log1p(-u): relative precision at both ends. Values lie between
    2^-65 and 45; P(E > x) is right to 1e-6 relative for every x in between.
    """
    high, low = words(stream, turn, lane)
    upper = high >= jnp.uint32(1 << 31)
    near_zero = as_float(jnp.where(upper, ~high, high), jnp.where(upper, ~low, low))
    return -jnp.where(upper, jnp.log1p(-near_zero), jnp.log(near_zero))


def rate(log_probability):
    """Rate r = -log(1 - p) from log p: ceil(exponential / r) is geometric with success probability p.

    float32, relative precision 1e-6 for p from 1e-38 to 1; 0 below, infinite at p = 1.
    """
    small = log_probability < -0.7
    return -jnp.where(
        small,
        jnp.log1p(-jnp.exp(log_probability)),
        jnp.log(-jnp.expm1(log_probability)),
    )


def normal(stream, turn, lane):
    """Standard normal, float32, by Box-Muller from one word pair. Reaches 6.7 standard deviations."""
    high, low = words(stream, turn, lane)
    radius_squared = -2.0 * jnp.log((high.astype(jnp.float32) + 0.5) * jnp.float32(2.0**-32))
    return jnp.sqrt(radius_squared) * _sine_of_turn(low)


def _sine_of_turn(word):
    """Sine of a uniform angle, float32, error 1e-7: a polynomial, since XLA's own cosine on a CPU is not vectorised."""
    folded = jax.lax.bitcast_convert_type(word, jnp.int32).astype(jnp.float32) * jnp.float32(2.0**-31)  # [-1, 1)
    x = (jnp.abs(folded) - 0.5) * jnp.float32(jnp.pi)  # [-pi/2, pi/2]
    x2 = x * x
    series = jnp.float32(-1 / 39916800)
    for coefficient in (1 / 362880, -1 / 5040, 1 / 120, -1 / 6, 1.0):
        series = series * x2 + jnp.float32(coefficient)
    return x * series

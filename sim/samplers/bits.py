"""Random bits and the full-resolution uniforms and exponentials built from them.

Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) in plain uint32
operations, so that it fuses with whatever consumes it. Word pairs are addressed by (key, turn, lane): a draw is a pure
function of its address and does not depend on how the work is cut.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

LOG2E, _LN2 = 1.4426950408889634, 0.6931471805599453
_LN2_HIGH = 0.693359375  # its first ten binary digits: multiples of it are exact
_LEAST_LOG = -87.33  # of a normal float32
# log(1 + f) = f - f^2/2 + f^3 (...) for sqrt(1/2) <= 1 + f <= sqrt(2), and 2^r = 1 + r (...) for |r| <= 1/2: minimax
# fits, relative errors 6e-9 and 2e-9. XLA's own log is four times as slow on a CPU.
_LOG = (
    *(0.33333331709694836, -0.2500082105621479, 0.20001226667463046, -0.16623356479393206),
    *(0.14201762466995238, -0.13160195052958412, 0.12761550360282764, -0.07634429907697289),
)
_EXP = (
    *(0.6931472028559696, 0.2402264791349899, 0.05550332469693881),
    *(0.009618437366419827, 0.0013398874866589543, 0.00015353360628918923),
)
_SQRT_HALF = 0x3F3504F3  # as the bits of a float32
_ABOVE_SQRT_HALF = 0xB504F334  # the first word from which on a uniform is above sqrt(1/2)
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA  # Threefry's key schedule constant


def pick(mask, x, y):
    """jnp.where of a mask and arrays of its shape, or scalars: a third of the time to trace."""
    array = y if np.ndim(x) == 0 else x
    if {np.shape(v) for v in (x, y)} - {mask.shape, ()} or np.ndim(array) == 0:
        return jnp.where(mask, x, y)
    return lax.select(mask, *(v if np.ndim(v) else lax.full(mask.shape, v, array.dtype) for v in (x, y)))


def _rounds(words, add, xor, rotate_left):
    """Threefry-2x32-20 in the operations given.  words: key0, key1, counter0, counter1, uint32 arrays of one shape."""
    key0, key1, x0, x1 = words
    schedule = (key0, key1, xor(xor(key0, key1), np.uint32(_PARITY)))
    x0, x1 = add(x0, key0), add(x1, key1)
    for block in range(5):
        for r in _ROTATIONS[block % 2]:
            x0 = add(x0, x1)
            x1 = xor(rotate_left(x1, r), x0)
        x0 = add(x0, schedule[(block + 1) % 3])
        x1 = add(add(x1, schedule[(block + 2) % 3]), np.uint32(block + 1))
    return x0, x1


def _rotate_left(x, r):
    return lax.bitwise_or(lax.shift_left(x, np.uint32(r)), lax.shift_right_logical(x, np.uint32(32 - r)))


@jax.jit
def threefry2x32(key0, key1, counter0, counter1):
    """Two words of Threefry-2x32-20; all arguments uint32, broadcast against each other."""
    arrays = jnp.broadcast_arrays(key0, key1, counter0, counter1)
    return _rounds(arrays, lax.add, lax.bitwise_xor, _rotate_left)  # lax: three times as quick to trace as operators


def threefry2x32_on_host(key0, key1, counter0, counter1):
    """The same in NumPy: for the few words a program is started with, compiling costs more than computing them."""
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, np.uint32)) for x in (key0, key1, counter0, counter1)))
    rotate_left = lambda x, r: x << np.uint32(r) | x >> np.uint32(32 - r)  # noqa: E731
    return _rounds(arrays, np.add, np.bitwise_xor, rotate_left)


def stream(key):
    """The two key words of a stream of bits. Consumes the key: a second use raises where key reuse is checked."""
    (own,) = jax.random.split(key, 1)
    data = jax.random.key_data(own)
    return data[0], data[1]


def words(stream, turn, lane):
    """Two uint32 words at address (turn, lane) of a stream; turn and lane uint32, broadcast.

    stream: two key words, or something with `words` of its own (samplers.lattice).
    """
    turn, lane = jnp.asarray(turn, jnp.uint32), jnp.asarray(lane, jnp.uint32)
    if hasattr(stream, "words"):
        return stream.words(turn, lane)
    turn, lane = jnp.broadcast_arrays(turn, lane)
    return threefry2x32(*stream, turn, lane)


@jax.jit
def as_float(high, low):
    """(high 2^32 + low + 1/2) / 2^64 in float32: relative precision 2^-24 down to 2^-65, never 0."""
    return high.astype(jnp.float32) * np.float32(2.0**-32) + (low.astype(jnp.float32) + 0.5) * np.float32(2.0**-64)


def scaled(word, count):
    """floor(word count / 2^32), by halves of words: neighbouring words share a row, as a lattice likes it."""
    half, low = np.uint32(16), np.uint32(0xFFFF)
    (a, b), (c, d) = ((x >> half, x & low) for x in (word, count))
    middle = (a * d & low) + (b * c & low) + (b * d >> half)
    return a * c + (a * d >> half) + (b * c >> half) + (middle >> half)


def uniform(stream, turn, lane):
    """Uniform on (0, 1], float32, from 64 bits. Resolution: 2^-65 near 0, 2^-24 near 1."""
    return as_float(*words(stream, turn, lane))


def _polynomial(x, coefficients):
    total = lax.mul(x, np.float32(coefficients[-1]))
    for coefficient in coefficients[-2:0:-1]:
        total = lax.mul(lax.add(total, np.float32(coefficient)), x)
    return lax.add(total, np.float32(coefficients[0]))


def _octave(x):
    """Whole e and f with x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2); x positive and normal."""
    word = lax.bitcast_convert_type(x, jnp.int32)
    e = (word - np.int32(_SQRT_HALF)) >> np.int32(23)
    return e.astype(jnp.float32), lax.bitcast_convert_type(word - (e << np.int32(23)), jnp.float32) - 1.0


def _log(e, f):
    """log(2^e (1 + f))."""
    return e * np.float32(_LN2) + (f + f * f * (f * _polynomial(f, _LOG) - 0.5))


def log(x):
    """Natural logarithm of positive normal float32, relative error 2e-7."""
    return _log(*_octave(x))


def log2(x):
    """Logarithm to base 2 of positive normal float32, relative error 2e-7."""
    e, f = _octave(x)
    return e + np.float32(LOG2E) * _log(0.0, f)


@jax.jit
def log1p_or_log(x, y, small):
    """log(1 + x) where `small`, for -0.29 <= x <= 0.41, else log(y): one polynomial for both, relative error 2e-7."""
    e, f = _octave(y)
    return _log(pick(small, 0.0, e), pick(small, x, f))


def exp2(x):
    """2^x in float32 for -126 <= x <= 127, relative error 2e-7."""
    whole = lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN)
    rest = x - whole
    power = lax.bitcast_convert_type((whole.astype(jnp.int32) + 127) << 23, jnp.float32)
    return power * (1.0 + rest * _polynomial(rest, _EXP))


def exponential(stream, turn, lane):
    """Exponential with mean 1, float32, from 64 bits.

    -log(u) below u = sqrt(1/2), -log1p(-(1 - u)) above: relative precision at both ends. Values lie between 2^-65 and
    45; P(E > x) is right to 1e-6 relative for every x in between.
    """
    high, low = words(stream, turn, lane)
    upper = high >= np.uint32(_ABOVE_SQRT_HALF)
    near_zero = as_float(pick(upper, ~high, high), pick(upper, ~low, low))
    return -log1p_or_log(-near_zero, near_zero, upper)


@jax.jit
def _exp(x):
    """Two float32, p and q, with e^x = p (1 + q): p a power of two, |q| < 0.42; -87.33 <= x <= 88."""
    whole = lax.round(x * np.float32(LOG2E), lax.RoundingMethod.TO_NEAREST_EVEN)
    rest = (x - whole * np.float32(_LN2_HIGH)) - whole * np.float32(_LN2 - _LN2_HIGH)
    rest = rest * np.float32(LOG2E)
    power = lax.bitcast_convert_type((whole.astype(jnp.int32) + 127) << 23, jnp.float32)
    return power, rest * _polynomial(rest, _EXP)


def exp(x):
    """e^x in float32 for x <= 88, relative error 2e-7; below -87.33, the value there."""
    power, rest = _exp(jnp.maximum(x, _LEAST_LOG))
    return power * (1.0 + rest)


def rate(log_probability):
    """Rate r = -log(1 - p) from log p: ceil(exponential / r) is geometric with success probability p.

    float32, relative precision 1e-6 for p from 1.2e-38 to 1; 0 below, infinite at p = 1.
    """
    power, rest = _exp(jnp.maximum(log_probability, _LEAST_LOG))
    probability = power * (1.0 + rest)
    failure = (1.0 - power) - power * rest  # 1 - p, precise where p is near 1
    found = -log1p_or_log(-probability, jnp.maximum(failure, jnp.finfo(jnp.float32).tiny), probability < 0.29)
    return pick(log_probability < _LEAST_LOG, 0.0, pick(log_probability >= 0.0, jnp.inf, found))


def geometric(stream, turn, lane, rate):
    """Number of the first success, float32, from `rate` of the success probability: ceil of an exponential, >= 1."""
    return jnp.maximum(jnp.ceil(exponential(stream, turn, lane) / rate), 1.0)


def log_sigmoid(x):
    """log(1 / (1 + e^-x)) in float32, relative precision 1e-6 above 1e-38; x finite or infinite."""
    odds = exp(-jnp.abs(x))
    return jnp.minimum(x, 0.0) - log1p_or_log(odds, 1.0 + odds, odds < 0.41)


def normals(stream, turn, lane):
    """Two independent standard normals, float32, by Box-Muller from one word pair. Each reaches 6.7 deviations."""
    high, low = words(stream, turn, lane)
    radius = jnp.sqrt(-2.0 * log((high.astype(jnp.float32) + 0.5) * np.float32(2.0**-32)))
    return radius * _sine_of_turn(low), radius * _sine_of_turn(low + np.uint32(1 << 30))


def normal(stream, turn, lane):
    """Standard normal, float32: the first of `normals`."""
    return normals(stream, turn, lane)[0]


def _sine_of_turn(word):
    """Sine of a uniform angle, float32, error 1e-7: a polynomial, since XLA's own cosine on a CPU is not vectorised."""
    folded = lax.bitcast_convert_type(word, jnp.int32).astype(jnp.float32) * np.float32(2.0**-31)  # [-1, 1)
    x = (jnp.abs(folded) - 0.5) * np.float32(np.pi)  # [-pi/2, pi/2]
    return x * _polynomial(x * x, (1.0, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800))

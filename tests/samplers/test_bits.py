"""Threefry is Threefry, and uniforms, exponentials and normals are right from their smallest value to their largest."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from checks import assert_counts, assert_mean, assert_proportion, rejects
from jax.extend.random import threefry_2x32
from scipy import stats

from sim.draw import keys
from sim.samplers import bits

BLOCK = 1 << 24
KNOWN_ANSWERS = [  # key, counter, output: Random123's kat_vectors, threefry2x32 with 20 rounds
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]
LEAST_NORMAL = float(np.finfo(np.float32).tiny)


def uniforms(stream, lanes):
    return bits.uniform(stream, 0, lanes)


def exponentials(stream, lanes):
    return bits.exponential(stream, 0, lanes)


def normals(stream, lanes):
    return bits.normal(stream, 0, lanes)


def blocks_of(function, name, blocks):
    """function(stream, lanes) of the 2^24 lanes of each block of one stream, which is 256 blocks long."""

    @jax.jit
    def block_of(key, lanes):
        stream = bits.stream(key)
        return jax.lax.map(lambda few: function(stream, few), lanes.reshape(-1, 1 << 14))  # fits the cache

    for block in range(blocks):
        lanes = np.arange(BLOCK, dtype=np.uint32) + np.uint32(block * BLOCK)
        yield np.asarray(block_of(keys.run_key(0, name), lanes))


def cell_counts(cell, name, blocks, cells):
    """How often cell(stream, lanes), int32, is each of 0 ... cells - 1."""
    return sum(np.bincount(x.ravel(), minlength=cells) for x in blocks_of(cell, name, blocks))


def eighth_octaves(sample, name, blocks):
    """How often draws > 0 fall into each eighth of an octave (exactly, by their leading bits), and the edges."""

    def leading(stream, lanes):
        return (jax.lax.bitcast_convert_type(sample(stream, lanes), jnp.uint32) >> jnp.uint32(20)).astype(jnp.int32)

    counts = cell_counts(leading, name, blocks, 2048)
    edges = (np.arange(2049, dtype=np.uint64) << np.uint64(20)).astype(np.uint32).view(np.float32)
    return counts[:2040], edges[:2041].astype(float)  # the last finite eighth ends at infinity


@pytest.mark.parametrize("key, counter, answer", KNOWN_ANSWERS)
def test_threefry_gives_the_known_answers_of_random123(key, counter, answer):
    out = bits.threefry2x32(*(jnp.uint32(word) for word in key + counter))
    assert tuple(int(word) for word in out) == answer


def test_threefry_is_the_one_of_jax():
    rng = np.random.default_rng(0)
    for key in rng.integers(0, 2**32, (5, 2), dtype=np.uint32):
        counters = rng.integers(0, 2**32, (2, 1000), dtype=np.uint32)
        ours = np.array(bits.threefry2x32(*key, *counters))
        assert (ours == np.asarray(threefry_2x32(key, counters.ravel())).reshape(2, -1)).all()


def test_words_are_addressed_by_turn_and_lane():
    own = jax.random.key_data(jax.random.split(keys.run_key(0, "address"), 1)[0])
    stream = bits.stream(keys.run_key(0, "address"))
    lanes = np.array([0, 1, 2, 2**31, 2**32 - 1], np.uint32)
    for turn in (0, 1, 77, 2**32 - 1):
        counters = np.concatenate([np.full(5, turn, np.uint32), lanes])
        oracle = np.asarray(threefry_2x32(own, counters)).reshape(2, -1)
        assert (np.array(bits.words(stream, np.uint32(turn), lanes)) == oracle).all()


def test_a_stream_consumes_its_key():
    key = keys.run_key(0, "reuse")
    bits.stream(key)
    with pytest.raises(jax.errors.KeyReuseError):
        bits.stream(key)


def test_the_least_uniform_is_2_to_the_minus_65_and_the_largest_is_1():
    words = np.array([0, 0, 1, 2**31, 2**32 - 1], np.uint32), np.array([0, 1, 0, 0, 2**32 - 1], np.uint32)
    exact = [float(mpmath.mpf(2**33 * int(h) + 2 * int(w) + 1) / 2**65) for h, w in zip(*words, strict=True)]
    assert np.asarray(bits.as_float(*(jnp.asarray(w) for w in words))) == pytest.approx(exact, rel=2**-23, abs=0)
    assert float(bits.as_float(jnp.uint32(0), jnp.uint32(0))) == 2.0**-65


def test_uniforms_are_uniform():
    """2^26 draws in 256 cells, and the small ones by the octave."""

    def cell(stream, lanes):
        return jnp.minimum((uniforms(stream, lanes) * 256).astype(jnp.int32), 255)

    counts = cell_counts(cell, "uniform", 4, 256)
    assert_counts(counts, np.full(256, 1 / 256))
    rejects(assert_counts, counts, np.diff(np.linspace(0, 1, 257) ** 1.003))


def test_small_uniforms_are_as_frequent_as_they_should():
    """2^26 draws: P(U <= u) = u, by the eighth of an octave."""
    below_one = jnp.float32(1 - 2.0**-24)  # 1 itself, rounded up from here, belongs to the last cell

    def sample(stream, lanes):
        return jnp.minimum(uniforms(stream, lanes), below_one)

    counts, edges = eighth_octaves(sample, "small uniform", 4)
    assert_counts(counts, np.diff(np.minimum(edges, 1.0)))
    whole = np.searchsorted(edges, 2.0 ** np.arange(-26, 0))
    below = np.cumsum(counts)[whole - 1]
    assert_proportion(below, 4 * BLOCK, edges[whole])
    rejects(assert_proportion, below, 4 * BLOCK, edges[whole] ** 1.002)


def test_turns_lanes_and_streams_are_independent():
    """Pairs of one draw's two words, of neighbouring turns, lanes and keys: 64 x 64 cells."""

    @jax.jit
    def cells(key, other_key):
        stream, other = bits.stream(key), bits.stream(other_key)
        lanes = jnp.arange(1 << 22, dtype=jnp.uint32)
        high, low = bits.words(stream, 0, lanes)
        companions = (
            low,
            *(bits.words(*at)[0] for at in [(stream, 1, lanes), (stream, 0, lanes + 1), (other, 0, lanes)]),
        )
        return [(high >> jnp.uint32(26)) * jnp.uint32(64) + (x >> jnp.uint32(26)) for x in companions]

    for pairs in cells(keys.run_key(0, "pairs"), keys.run_key(1, "pairs")):
        counts = np.bincount(np.asarray(pairs), minlength=4096)
        assert_counts(counts, np.full(4096, 1 / 4096))
        same = np.eye(64).ravel()
        rejects(assert_counts, counts, (1 + 0.2 * (same - 1 / 64)) / 4096)  # 3 in 1000 second words copy the first


@pytest.mark.seldom(0)
def test_exponentials_follow_their_law_over_all_magnitudes(exponential_octaves):
    """By the eighth of an octave: none is 0, and beyond 16, which no 23-bit uniform reaches, lie 15."""
    counts, edges = exponential_octaves
    assert_counts(counts, exponential_masses(edges))
    rejects(assert_counts, counts, exponential_masses(1.002 * edges))
    small = np.searchsorted(edges, 2.0 ** np.arange(-27, 0))
    below = np.cumsum(counts)[small - 1]
    assert_proportion(below, 8 * BLOCK, -np.expm1(-edges[small]))
    rejects(assert_proportion, below, 8 * BLOCK, -np.expm1(-1.002 * edges[small]))
    beyond = counts[edges[:-1] >= 16].sum()
    assert_proportion(beyond, 8 * BLOCK, np.exp(-16))
    rejects(assert_proportion, 0, 8 * BLOCK, np.exp(-16))


@pytest.mark.seldom(0)
def test_some_exponentials_of_jax_random_are_zero(exponential_octaves):
    """What these full-resolution ones are for: of 2^26, jax.random.exponential gives eight that are 0."""
    theirs = jax.jit(lambda key: (jax.random.exponential(key, (BLOCK,)) == 0).sum())
    zeros = sum(int(theirs(keys.run_key(seed, "small"))) for seed in range(4))
    rejects(assert_proportion, zeros, 4 * BLOCK, 0.0)
    assert_proportion(exponential_octaves[0][0], 8 * BLOCK, 0.0)


def test_the_mean_of_exponentials_is_one():
    mean = np.mean([x.mean(dtype=float) for x in blocks_of(exponentials, "exponential", 2)])
    assert_mean(mean, 2 * BLOCK, 1.0, 1.0)
    rejects(assert_mean, mean, 2 * BLOCK, 1.001, 1.001)


@pytest.fixture(scope="module")
def exponential_octaves():
    """2^27 exponentials by the eighth of an octave."""
    return eighth_octaves(exponentials, "exponential", 8)


def exponential_masses(edges):
    return np.exp(-edges[:-1]) * -np.expm1(edges[:-1] - edges[1:])


def test_normals_have_the_law_of_a_normal():
    """2^26 draws in cells of a sixteenth of a standard deviation, which reach into both tails."""
    edges = np.arange(-128, 129) / 16

    def cell(stream, lanes):
        return jnp.floor(normals(stream, lanes) * 16).astype(jnp.int32) + 128

    counts = cell_counts(cell, "normal", 4, 256)
    assert_counts(counts, np.diff(stats.norm.cdf(edges)))
    rejects(assert_counts, counts, np.diff(stats.norm.cdf(1.002 * edges)))
    tails = np.array([counts[: 128 - 16 * 5].sum(), counts[128 + 16 * 5 :].sum()])
    assert_proportion(tails, 4 * BLOCK, stats.norm.sf(5))
    rejects(assert_proportion, tails, 4 * BLOCK, stats.norm.sf(5.5))


@pytest.mark.seldom(0)
def test_normals_have_the_moments_of_a_normal():
    """2^24 draws: odd moments vanish, the second is 1, the fourth 3."""
    (x,) = (x.astype(float) for x in blocks_of(normals, "moments", 1))
    square = x * x
    moments = [m.mean() for m in (x, square, x * square, square * square)]
    deviations = np.sqrt([1, 3 - 1, 15, 105 - 9])
    assert_mean(moments, BLOCK, [0, 1, 0, 3], deviations)
    for moment in range(4):
        rejects(assert_mean, moments[moment], BLOCK, [0.003, 1.003, 0.01, 3.02][moment], deviations[moment])


def rate_errors(rate):
    """Largest relative error of rate(log p) against mpmath, p from the least normal float32 to 1 - 1e-7."""
    small = np.log(np.geomspace(LEAST_NORMAL, 0.9, 3000))
    large = -np.geomspace(1e-7, 0.9, 3000)
    middle = np.linspace(-0.75, -0.65, 1001)  # where the two formulas meet
    log_p = np.concatenate([small, middle, large]).astype(np.float32)
    log_p = log_p[log_p >= np.float32(np.log(LEAST_NORMAL)) + np.float32(1e-5)]
    with mpmath.workdps(60):
        exact = [-mpmath.log(-mpmath.expm1(mpmath.mpf(float(x)))) for x in log_p]
        got = [mpmath.mpf(float(x)) for x in np.asarray(rate(log_p))]
        return max(abs(g / e - 1) for g, e in zip(got, exact, strict=True))


@pytest.mark.seldom(0)
def test_the_rate_is_right_to_1e_6_from_the_least_float_to_almost_1():
    assert rate_errors(bits.rate) < 1e-6
    naive = jax.jit(lambda log_p: -jnp.log1p(-jnp.exp(log_p)))
    assert not rate_errors(naive) < 1e-6


def test_the_rate_is_infinite_at_certainty_and_zero_at_impossibility():
    ends = np.asarray(bits.rate(np.array([0.0, -np.inf, -200.0], np.float32)))
    assert ends[0] == np.inf and (ends[1:] == 0).all()


def test_a_geometric_waiting_time_made_from_the_rate_is_geometric():
    """ceil(E / rate) at p = 0.3, which P(T > t) = (1 - p)^t: 2^24 draws."""
    log_p = np.float32(np.log(0.3))
    p = np.exp(float(log_p))

    def wait(stream, lanes):
        return jnp.ceil(exponentials(stream, lanes) / bits.rate(log_p)).astype(jnp.int32)

    counts = cell_counts(wait, "geometric", 1, 100)
    whole_numbers = np.arange(len(counts))
    assert_counts(counts, stats.geom.pmf(whole_numbers, p))
    rejects(assert_counts, counts, stats.geom.pmf(whole_numbers, 1.002 * p))

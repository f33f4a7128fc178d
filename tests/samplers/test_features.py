"""Zipf features follow Zipf's law from the first rank to the last, and no rank is out of reach or drawn too often."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from checks import assert_counts, assert_mean, assert_proportion, rejects
from scipy import special

from sim.draw import keys
from sim.model import build
from sim.samplers import bits, features

BLOCK = 1 << 22
INFINITE = [(s, np.inf) for s in (1.05, 1.2, 1.7, 2.0, 3.0, 8.0)]
FINITE = [
    (0.1, 1e9),
    (0.5, 100),
    (0.5, 1e6),
    (0.5, 1e9),
    (0.999, 1e9),
    (1.0, 100),
    (1.0, 1e6),
    (1.0, 1e9),
    (1.0 + 3e-7, 1e9),  # within the limit taken at 1
    (1.0999, 1e9),  # the two sides of the change of formula
    (1.1, 1e9),
    (1.2, 1e9),
    (2.0, 1e6),
    (3.0, 100),
]

LIKE_OTHERS = [(1.7, np.inf), (8.0, np.inf), (0.1, 1e9), (0.5, 1e6), (0.999, 1e9), (1.0, 1e6), (1.1, 1e9), (1.2, 1e9)]


@jax.jit
def draw(sampler, key, lanes):
    return sampler.at(bits.stream(key), lanes)


@jax.jit
def draw_in_pieces(sampler, key, lanes):
    keys_of_pieces = jax.random.split(key, lanes.shape[0])
    return jax.lax.map(lambda piece: sampler.at(bits.stream(piece[0]), piece[1]), (keys_of_pieces, lanes))


def draws(sampler, name, blocks):
    """(log probability, rank as uint64) of 2^22 features a block."""
    lanes = np.arange(BLOCK, dtype=np.uint32).reshape(-1, 1 << 14)  # pieces that fit the cache
    for block in range(blocks):
        drawn = draw_in_pieces(sampler, keys.run_key(block, name), lanes)
        high, low = (np.asarray(word).ravel().astype(np.uint64) for word in (drawn.high, drawn.low))
        yield np.asarray(drawn.log_probability).ravel(), (high << np.uint64(32)) | low


def ranks(sampler, name, blocks):
    """Ranks, uint64."""
    return np.concatenate([rank for _, rank in draws(sampler, name, blocks)])


def beyond(rank, exponent, size):
    """sum_{rank < i <= size} i^-exponent by Hurwitz's zeta function, of SciPy where it has it and else of mpmath."""
    rank = np.minimum(np.asarray(rank, float), size)
    if exponent > 1 + 1e-4:
        end = 0.0 if np.isinf(size) else special.zeta(exponent, size + 1)
        return special.zeta(exponent, rank + 1) - end
    if exponent == 1:
        return special.digamma(size + 1) - special.digamma(rank + 1)
    with mpmath.workdps(25):
        end = mpmath.zeta(exponent, size + 1)
        return np.array([float(mpmath.zeta(exponent, r + 1) - end) for r in rank.flat]).reshape(rank.shape)


def cell(rank, digits):
    """Number of a rank's cell: its leading 1 + `digits` binary digits and its octave; all from 2^63 on are one cell."""
    first = np.float64(1.0).view(np.uint64) >> np.uint64(52 - digits)
    cells = (rank.astype(np.float64).view(np.uint64) >> np.uint64(52 - digits)) - first
    return np.minimum(cells, np.uint64(63 << digits)).astype(np.int64)


def cell_masses(exponent, size, digits):
    """Probability of every cell; those of impossible ranks, and below 2^digits those without a whole number, have 0."""
    first = np.float64(1.0).view(np.uint64) >> np.uint64(52 - digits)
    cells = np.arange((63 << digits) + 2, dtype=np.uint64)
    edges = np.ceil(((cells + first) << np.uint64(52 - digits)).view(np.float64))
    used = (edges[:-1] <= size) & (edges[1:] > edges[:-1])
    lower = np.append(beyond(edges[:-1][used] - 1, exponent, size), 0.0)
    masses = np.zeros(len(used))
    masses[used] = -np.diff(lower) / lower[0]
    return masses


def assert_cells(counts, exponent, size, digits):
    assert_counts(counts, cell_masses(exponent, size, digits))


@pytest.mark.seldom(1)
@pytest.mark.parametrize("size", [1, 2, 5, 15, 16, 17, 18, 40])
@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_every_rank_of_a_small_set_comes_with_its_probability(exponent, size):
    """2^22 draws; ranks 0 and size + 1 may not occur."""
    counts = np.bincount(ranks(build.feature_sampler(exponent, size), "small", 1), minlength=size + 2)
    law = np.concatenate([[0.0], np.arange(1.0, size + 1) ** -exponent, np.zeros(len(counts) - size - 1)])
    if size == 1:
        assert counts[1] == BLOCK
        return
    assert_counts(counts, law / law.sum())
    other = np.concatenate([[0.0], np.arange(1.0, size + 1) ** -(exponent + 0.02), np.zeros(len(counts) - size - 1)])
    rejects(assert_counts, counts, other / other.sum())


@pytest.mark.seldom(0)
@pytest.mark.parametrize("exponent, size", [(1.5, np.inf), (2.0, np.inf), (2.0, 40), (3.0, 1e6)])
def test_the_rarest_examples_are_those_whose_share_of_the_tail_is_small(exponent, size):
    """2^22 draws of the rarest eighth: the common ranks fall away, the one at the border in part."""

    def rarest(exponent):
        """Probability of each rank to 4095, and of all that are rarer, given that y < 1/8."""
        total = beyond(0, exponent, size)
        tail = np.minimum(beyond(np.arange(4096.0), exponent, size) / total * 8, 1)
        return np.concatenate([[0.0], -np.diff(tail), tail[-1:]])

    found = ranks(build.feature_sampler(exponent, size).rarest(1 / 8), "rarest", 1)
    counts = np.bincount(np.minimum(found, 4096), minlength=4097)
    assert_counts(counts, rarest(exponent))
    rejects(assert_counts, counts, rarest(1.01 * exponent))


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    "exponent, size",
    [pytest.param(*world, marks=pytest.mark.slow) if world in LIKE_OTHERS else world for world in INFINITE + FINITE],
)
def test_ranks_follow_zipf_s_law(exponent, size):
    """2^24 draws: one by one to rank 32, then 32 cells an octave up to 2^63. An exponent 0.005 off is seen."""
    rank = ranks(build.feature_sampler(exponent, size), "ranks", 4)
    counts = np.bincount(cell(rank, 5), minlength=(63 << 5) + 1)
    assert_cells(counts, exponent, size, 5)
    rejects(assert_cells, counts, exponent + 0.005 * max(1, exponent), size, 5)


@pytest.mark.slow  # steeper laws: tests/slow/test_zipf.py
@pytest.mark.parametrize("exponent, size", [(0.5, 1e9), (1.0, 1e9)])
def test_ranks_follow_zipf_s_law_to_one_part_in_ten_thousand(exponent, size):
    """2^28 draws: one by one to rank 64. An exponent 0.2 % off is seen."""
    sampler = build.feature_sampler(exponent, size)
    counts = sum(np.bincount(cell(rank, 6), minlength=(63 << 6) + 1) for _, rank in draws(sampler, "many", 64))
    assert_cells(counts, exponent, size, 6)
    rejects(assert_cells, counts, 1.002 * exponent, size, 6)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("exponent, size", [(0.5, 10_000), (1.0, 10_000), (1.3, 4_097), (2.0, 3_000)])
def test_ranks_of_a_thousand_are_right_one_by_one(exponent, size):
    """2^24 draws, every rank by itself: also those whose last digit is drawn afresh, and the very last."""
    counts = np.bincount(ranks(build.feature_sampler(exponent, size), "one by one", 4), minlength=size + 1)
    law = np.append(0.0, np.arange(1.0, size + 1) ** -exponent)
    assert_counts(counts, law / law.sum())
    shifted = np.roll(law, 1)  # every rank taken for the next, the last for 0
    shifted[:2] = 0.0, law[-1]
    rejects(assert_counts, counts, shifted / shifted.sum())
    other = np.append(0.0, np.arange(1.0, size + 1) ** -(1.02 * exponent))
    rejects(assert_counts, counts, other / other.sum())


BORDERS = [
    (0.5, 1000),
    (0.9, 1e6),
    (1.0, 1e9),
    (1.0 + 3e-7, 1e9),
    (1.05, np.inf),
    (1.2, 1e9),
    (2.0, np.inf),
    (3.0, 1e4),
]


@pytest.mark.parametrize("exponent, size", BORDERS)
def test_the_borders_between_ranks_lie_where_the_tail_sums_are(exponent, size):
    """Beyond rank 5 the tail sum after rank i is inverted to i + 1: to 4e-5 of a rank, where draws see 5e-3."""
    rank = np.arange(6, 200)
    sampler, tail = build.feature_sampler(exponent, size), beyond(rank, exponent, size)
    share = (tail / beyond(0, exponent, size)).astype(np.float32)
    inverse = np.asarray(jax.jit(lambda sampler, share: sampler._tail_rank(share))(sampler, share)).astype(float)
    close = {"abs": 4e-5, "rel": 5e-6}
    assert inverse == pytest.approx(rank + 1, **close)
    assert inverse + exponent / (24 * rank) != pytest.approx(rank + 1, **close)  # the terms of Euler-Maclaurin
    if exponent >= 2:  # the last term is seen
        assert inverse[0] - exponent * (exponent + 2) * (2 * exponent + 7) / (5760 * 6.5**3) != pytest.approx(
            7, **close
        )


def test_a_steep_law_leaves_the_first_rank_as_rarely_as_it_should():
    """s = 20: one draw in a million is rank 2."""
    counts = np.bincount(ranks(build.feature_sampler(20.0, np.inf), "steep", 4), minlength=4)
    assert_proportion(counts[1:4], 4 * BLOCK, np.arange(1.0, 4) ** -20 / special.zeta(20.0))
    rejects(assert_proportion, counts[2], 4 * BLOCK, 2.0**-18 / special.zeta(18.0))


@pytest.mark.seldom(0)
@pytest.mark.parametrize("exponent", [1.05, 1.2, 1.7])
def test_the_far_tail_of_infinitely_many_features_has_its_mass(exponent):
    """P(rank > 2^e) for e up to 62, among 2^24 draws: at s = 1.2 one in 270 lies beyond 2^40."""
    octave = np.bincount(cell(ranks(build.feature_sampler(exponent, np.inf), "tail", 4), 0), minlength=64)
    from_octave = np.cumsum(octave[::-1])[::-1][1:]
    law = special.zeta(exponent, 2.0 ** np.arange(1, 64)) / special.zeta(exponent)
    assert_proportion(from_octave, 4 * BLOCK, law)
    other = special.zeta(1.005 * exponent, 2.0 ** np.arange(1, 64)) / special.zeta(1.005 * exponent)
    rejects(assert_proportion, from_octave, 4 * BLOCK, other)


def equal_pairs(rank):
    """Number of pairs of draws that show the same rank."""
    _, times = np.unique(rank, return_counts=True)
    return int((times * (times - 1) // 2).sum())


def assert_collisions(rank, n, exponent, size, low, high):
    """Pairs of equal ranks in low < rank <= high among n draws: two draws agree with probability sum p^2.

    Pairs are as good as independent, and the binomial test as good as exact, where n p is small.
    """
    within = rank[(rank > low) & (rank <= high)]
    total = beyond(0, exponent, size)
    both = (special.zeta(2 * exponent, low + 1) - special.zeta(2 * exponent, high + 1)) / total**2
    assert_proportion(equal_pairs(within), n * (n - 1) // 2, both)


@pytest.mark.seldom(0)
def test_no_rank_of_a_million_is_out_of_reach_or_drawn_too_often():
    """The rarer half of 10^6 features, s = 1.5: float32 cumulative sums miss 94 %."""
    exponent, size = 1.5, 10**6
    where = (exponent, size, size / 2, size)
    assert_collisions(ranks(build.feature_sampler(exponent, size), "million", 1), BLOCK, *where)
    masses = np.arange(1.0, size + 1) ** -exponent
    masses = (masses / masses.sum()).astype(np.float32)
    choice = jax.jit(lambda key, p: jax.random.choice(key, size, (BLOCK,), p=p))
    theirs = 1 + np.asarray(choice(keys.run_key(0, "million"), masses)).astype(np.int64)
    rejects(assert_collisions, theirs, BLOCK, *where)
    cumulative = np.cumsum(np.arange(1.0, size + 1) ** -exponent) / np.sum(np.arange(1.0, size + 1) ** -exponent)
    uniform = np.random.default_rng(0).random(BLOCK)
    rounded = 1 + np.searchsorted(cumulative.astype(np.float32), uniform.astype(np.float32))
    rejects(assert_collisions, rounded, BLOCK, *where)
    assert_collisions(1 + np.searchsorted(cumulative, uniform), BLOCK, *where)  # in float64 the same sampler passes


@pytest.fixture(scope="module")
def billion():
    """2^24 ranks of 10^9 features at s = 1."""
    return ranks(build.feature_sampler(1.0, 1e9), "billion", 4)


@pytest.mark.seldom(0)
def test_ranks_of_a_billion_repeat_as_often_as_they_should(billion):
    """The octaves from 2^24 on, where float32 holds only every second, fourth ... rank."""
    n = len(billion)
    for octave in range(24, 30):
        low, high = 2.0**octave, min(2.0 ** (octave + 1), 1e9)
        assert_collisions(billion, n, 1.0, 1e9, low, high)
        rejects(assert_collisions, billion.astype(np.float32), n, 1.0, 1e9, low, high)


def distinct_low_ranks(s, size, last, n):
    """Mean and deviation of the number of different ranks <= last among n draws."""
    seen = -np.expm1(-n * np.arange(1, last + 1.0) ** -s / beyond(0, s, size))
    return seen.sum(), np.sqrt((seen * (1 - seen)).sum())


@pytest.mark.seldom(0)
@pytest.mark.parametrize("exponent", [0.1, 0.5])
def test_low_ranks_that_are_rare_are_told_apart_too(exponent):
    """Their mass is far below the float32 resolution of a tail sum: drawn from the top alone they come in clumps."""
    last, sampler = 1 << 14, build.feature_sampler(exponent, 1e9)
    blocks = 4
    low = ranks(sampler, "low", blocks)
    low = low[low <= last]
    law = distinct_low_ranks(exponent, 1e9, last, blocks * BLOCK)
    assert_mean(len(np.unique(low)), 1, *law)
    rejects(assert_mean, len(np.unique(low // 64 * 64)), 1, *law)


def test_the_last_ranks_of_a_billion_have_no_more_than_their_due(billion):
    """The last rank, the last 2^16 of mass 3e-6, and wider windows up to the end."""
    width = 2.0 ** np.array([0, 8, 12, 16, 20, 24, 26, 28])
    hits = np.array([(billion > 1e9 - w).sum() for w in width])
    law = beyond(1e9 - width, 1.0, 1e9) / beyond(0, 1.0, 1e9)
    assert_proportion(hits, len(billion), law)
    rejects(assert_proportion, 2 * hits[3], len(billion), law[3])
    at_the_end = np.minimum(billion + np.uint64(1 << 16), np.uint64(10**9))  # what lies beyond the end put on the last
    rejects(assert_proportion, (at_the_end == 10**9).sum(), len(billion), law[0])
    rejects(assert_proportion, hits, len(billion), 1.02 * law)
    assert billion.max() <= 1e9


def low_digits(rank, digits):
    return np.bincount((rank & np.uint64((1 << digits) - 1)).astype(int), minlength=1 << digits)


def assert_uniform_digits(rank, digits):
    assert_counts(low_digits(rank, digits), np.full(1 << digits, 0.5**digits))


def test_odd_and_even_ranks_beyond_2_to_the_24_are_equally_frequent(billion):
    rare = billion[billion >= 1 << 24]
    assert_uniform_digits(rare, 1)
    assert_uniform_digits(rare, 6)
    rejects(assert_uniform_digits, rare.astype(np.float32).astype(np.uint64), 1)


@pytest.mark.seldom(0)
def test_the_low_digits_of_ranks_up_to_2_to_the_54_are_uniform():
    """s = 1.2: 500,000 of 2^24 draws lie beyond 2^24."""
    rank = ranks(build.feature_sampler(1.2, np.inf), "digits", 4)
    for low, high in [(24, 32), (32, 33), (33, 45), (45, 54)]:
        some = rank[(rank >= np.uint64(1 << low)) & (rank < np.uint64(1 << high))]
        assert_uniform_digits(some, 6 if low == 32 else 8)
        rejects(assert_uniform_digits, some.astype(np.float32).astype(np.uint64), 6)
    told = (rank >= np.uint64(1 << 46)) & (rank < np.uint64(1 << 52))
    high_words = (rank[told] >> np.uint64(28)) & np.uint64(63)  # across the two words
    assert_uniform_digits(high_words, 6)


@pytest.mark.seldom(2)
@pytest.mark.parametrize("exponent, size", [(0.5, 1e9), (1.0, 1e6), (1.2, np.inf), (2.0, np.inf), (3.0, 100)])
def test_the_log_probability_is_that_of_the_rank(exponent, size):
    """log p = -s log rank - log H, to 1e-5 below rank 2^12; beyond, to the s 2^-12 of the digits drawn afresh."""
    ((log_probability, rank),) = draws(build.feature_sampler(exponent, size), "log probability", 1)
    told = rank < np.uint64(1 << 63)
    log_rank = np.log(rank[told].astype(float))
    off = np.abs(log_probability[told] + exponent * log_rank + np.log(beyond(0, exponent, size)))
    near = rank[told] < 1 << 12
    assert off[near].max() < 1e-5
    assert (off[~near] < exponent * 2.0**-12 + 1e-5).all()
    steeper = np.abs(log_probability[told] + 1.02 * exponent * log_rank + np.log(beyond(0, 1.02 * exponent, size)))
    assert not steeper[near].max() < 1e-5


def test_log_probabilities_beyond_2_to_the_63_follow_the_law():
    """s = 1.05, where an eighth of the draws have no rank that could be written down: P(rank > r) to r = 2^110."""
    sampler = build.feature_sampler(1.05, np.inf)
    log_probability = np.concatenate([x for x, _ in draws(sampler, "beyond", 2)]).astype(float)
    r = 2.0 ** np.array([40, 63, 64, 80, 95, 110])
    hits = np.array([(log_probability < -1.05 * np.log(x) - np.log(special.zeta(1.05))).sum() for x in r])
    law = special.zeta(1.05, r) / special.zeta(1.05)
    assert_proportion(hits, len(log_probability), law)
    rejects(assert_proportion, hits, len(log_probability), special.zeta(1.06, r) / special.zeta(1.06))


@pytest.mark.seldom(0)
def test_the_mean_log_rank_is_that_of_the_law():
    """E[log rank] = -zeta'(s) / zeta(s), to 3e-4: the sharpest single test of an exponent."""
    for exponent in (1.7, 2.0, 3.0):
        sampler = build.feature_sampler(exponent, np.inf)
        log_rank = np.concatenate([x for x, _ in draws(sampler, "mean", 4)]).astype(float)
        log_rank = -(log_rank + np.log(special.zeta(exponent))) / exponent
        with mpmath.workdps(20):
            zeta, first, second = (float(mpmath.zeta(exponent, 1, d)) for d in (0, 1, 2))
        deviation = np.sqrt(second / zeta - (first / zeta) ** 2)
        assert_mean(log_rank.mean(), len(log_rank), -first / zeta, deviation)
        rejects(assert_mean, log_rank.mean(), len(log_rank), -first / zeta * 0.995, deviation)


def test_an_example_has_the_same_feature_however_the_work_is_cut():
    sampler = build.feature_sampler(1.2, np.inf)
    whole = draw(sampler, keys.run_key(0, "cut"), np.arange(64, dtype=np.uint32))
    part = draw(sampler, keys.run_key(0, "cut"), np.arange(40, 104, dtype=np.uint32))
    for a, b in zip(whole, part, strict=True):
        assert (np.asarray(a)[40:] == np.asarray(b)[:24]).all()
    other = draw(sampler, keys.run_key(1, "cut"), np.arange(64, dtype=np.uint32))
    assert not jnp.array_equal(whole.low, other.low)


def test_drawing_twice_with_one_key_raises():
    sampler, key, lanes = (
        build.feature_sampler(1.2, np.inf),
        keys.run_key(0, "reuse"),
        np.arange(64, dtype=np.uint32),
    )
    draw(sampler, key, lanes)
    with pytest.raises(jax.errors.KeyReuseError):
        draw(sampler, key, lanes)


# --- other spectra ---------------------------------------------------------------------------------------------------

MASS = np.array([0.6, 0.25, 0.1, 0.04, 0.0099, 1e-4])
SPECTRA = {
    "uniform": (features.Uniform(np.uint32(7), np.float32(-np.log(7))), np.full(7, 1 / 7)),
    "uniform of one": (features.Uniform(np.uint32(1), np.float32(0)), np.ones(1)),
    "exponential": (features.Exponential(np.float32(0.7), np.float32(np.log(-np.expm1(-0.7)))), None),
    "table": (features.table(MASS), MASS),
    "table of one": (features.table(np.ones(1)), np.ones(1)),
}


@pytest.mark.seldom(2)
@pytest.mark.parametrize("name", SPECTRA)
def test_features_of_other_spectra_come_with_their_probabilities(name):
    sampler, mass = SPECTRA[name]
    if mass is None:
        mass = np.exp(-0.7 * np.arange(60)) * -np.expm1(-0.7)
    drawn = draw(sampler, keys.run_key(0, name), jnp.arange(1 << 20, dtype=jnp.uint32))
    rank = np.asarray(drawn.low)
    assert rank.min() >= 1 and not np.asarray(drawn.high).any()
    assert np.allclose(np.asarray(drawn.log_probability), np.log(mass)[rank - 1], rtol=1e-5, atol=1e-6)
    if len(mass) == 1:
        assert set(rank) == {1}
        return
    counts = np.bincount(rank - 1, minlength=len(mass))
    shares = mass / mass.sum()
    assert_counts(counts, shares)
    off = shares * np.where(np.arange(len(shares)) % 2, 0.99, 1.01)
    rejects(assert_counts, counts, off / off.sum())


@pytest.mark.seldom(0)
def test_the_rarest_features_of_a_long_table_are_as_rare_as_they_are():
    """Some 1e-8 each: float32 sums from the front would not tell them apart."""
    mass = np.append(1 - 1e-3, np.full(10**5, 1e-8))
    lanes = jnp.arange(1 << 22, dtype=jnp.uint32)
    rank = np.asarray(draw(features.table(mass), keys.run_key(0, "long table"), lanes).low)
    rare = rank[rank > 1]
    half = (rare > 1 + 5 * 10**4).sum()
    assert_proportion([len(rare), half], [len(lanes), len(rare)], [1e-3, 0.5])
    rejects(assert_proportion, [len(rare), half], [len(lanes), len(rare)], [1.2e-3, 0.5])

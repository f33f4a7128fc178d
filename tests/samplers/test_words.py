"""Every draw from its random words, as its docstring says: in float64 by NumPy and SciPy, lane by lane."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import variates
from checks import assert_counts, assert_mean, rejects
from scipy import special, stats

from sim.model import build, features
from sim.model.dependence import Copula, Markov, Polya, Sticky, Zipf
from sim.model.difficulty import Beta
from sim.model.memory import Arrival, Capacity, Guessing, MultiTrace, TrainingSet
from sim.model.spread import (
    ContinuousBernoulli,
    Reciprocal,
    ScaledBeta,
    ScaledKumaraswamy,
    SmallBall,
    Uniform,
    ZipfRanks,
)
from sim.model.verifier import Noisy
from sim.pilot.frequencies import Frequencies
from sim.samplers import binomial, bits, spread
from sim.samplers.features import Feature

STREAM, OTHER = ((np.uint32(a), np.uint32(b)) for a, b in ((1, 2), (3, 4)))
LANES = np.arange(1 << 12, dtype=np.uint32)
TRIES = np.array([1, 2, 3, 7, 50, 1e4, 1e8], np.float32)
SUCCESS = np.resize([0.5, 1e-3, 0.9, 1e-8, 0.05], LANES.shape)
LOG_SUCCESS = np.log(SUCCESS).astype(np.float32)
LOG_SUCCESS[:20], SUCCESS[:20] = 0.0, 1.0
LOG_SUCCESS[20:40], SUCCESS[20:40] = -np.inf, 0.0


class Known(NamedTuple):
    """A difficulty of which every lane is known."""

    log_success: jax.Array

    def at(self, stream, lanes):
        """As it is."""
        return self.log_success[lanes]


class Told(NamedTuple):
    """A stream whose words are known, at every turn and lane."""

    one: jax.Array
    other: jax.Array

    def words(self, turn, lane):
        """As they are."""
        return self.one[turn, lane], self.other[turn, lane]


def assert_waits(unsolved, waiting, attempts):
    """Unsolved after k attempts are those who wait longer, but for a rounding of float32."""
    waiting, attempts = waiting[None, :], attempts[:, None].astype(float)
    sure = np.abs(waiting - attempts) > 2e-6 * attempts
    assert sure.mean() > 0.999
    assert (np.asarray(unsolved) == (waiting > attempts))[sure].all()


@variates.jit
def at(sampler, stream, lanes):
    """What a sampler draws; one program for all its numbers."""
    return sampler.at(stream, lanes)


def draw(sampler, *streams):
    """Log success of every lane."""
    return np.asarray(at(sampler, streams if len(streams) > 1 else streams[0], LANES), float)


def assert_logs(found, log_success, tolerance=2e-6):
    np.testing.assert_allclose(found, log_success, rtol=tolerance, atol=tolerance)


# --- attempts -------------------------------------------------------------------------------------------------------


def waits(sampler, tries=TRIES, stream=STREAM):
    return unsolved(sampler, stream, LOG_SUCCESS, LANES, tries)


@variates.jit
def unsolved(sampler, *given):
    """Whether a sampler of attempts leaves lanes unsolved; one program for all its numbers."""
    return sampler.unsolved(*given)


def rate(success):
    with np.errstate(divide="ignore"):
        return -np.log1p(-success)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_the_first_success_is_an_exponential_over_its_rate():
    waiting = variates.exponential(STREAM, 0, LANES) / rate(SUCCESS)
    assert_waits(waits(build.attempts_sampler("first_success")), waiting, TRIES)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("discount", [0.5, 1.0, 1.6])
def test_discounted_attempts_have_come_to_the_sum_of_their_weights(discount):
    tries = np.array([1, 2, 3, 50, 4096, 4097, 1e5], np.float32)
    worth = np.cumsum(np.arange(1.0, 1e5 + 1) ** -discount)[tries.astype(int) - 1]
    waiting = variates.exponential(STREAM, 0, LANES) / rate(SUCCESS)
    assert_waits(waits(Zipf(discount).samplers(None, None, tries)[1], tries), waiting, worth)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_repeats_wait_for_the_first_attempt_and_then_for_fresh_ones():
    wait = variates.exponential(STREAM, 0, LANES)
    waiting = 1 + (wait - rate(SUCCESS)) / rate(0.4 * SUCCESS)
    assert_waits(waits(Markov(0.6).samplers(None, None, TRIES)[1]), waiting, TRIES)


def test_attempts_one_by_one_are_words_below_the_success_probability():
    """Two of each pair of words, on grids that end within a block, at its end and after it.

    Of the last lanes a word is 0 and success is as likely as 3/4 of the least one: then the other word decides.
    """
    tries = np.array([0, 1, 2, 3, 15, 16, 17, 33, 40])
    pairs = np.array([variates.words(STREAM, turn, LANES) for turn in np.arange(20, dtype=np.uint32)])
    ties = np.array([[0, 0.7 * 2**32], [0, 0.8 * 2**32], [1, 0], [0.8 * 2**32, 0], [0.7 * 2**32, 0]]).astype(np.uint32)
    pairs[:, :, -5:] = ties.T
    log_success = LOG_SUCCESS.copy()
    log_success[-5:] = np.log(0.75 * 2.0**-32)
    pairs = pairs.transpose(1, 0, 2)
    table = Told(*jnp.asarray(pairs))
    decided = pairs + pairs[::-1] / 2**32
    succeeds = decided.transpose(1, 0, 2).reshape(40, -1) < np.exp(log_success.astype(float)) * 2**32
    first = np.where(succeeds.any(axis=0), 1 + succeeds.argmax(axis=0), np.inf)
    found = unsolved(build.attempts_sampler("bernoulli"), table, log_success, LANES, tries.astype(np.float32))
    assert (np.asarray(found) == (first > tries[:, None])).all()
    assert first[-5:].tolist() == [1, np.inf, 2, np.inf, 2]


def test_a_verifier_waits_for_acceptance_and_then_says_whether_it_is_right():
    t, f = 0.8, 0.1
    accepts = SUCCESS * t + (1 - SUCCESS) * f
    right = variates.uniform(STREAM, 1, LANES) <= SUCCESS * t / accepts
    waiting = variates.exponential(STREAM, 0, LANES) / -np.log1p(-accepts)
    sampler = Noisy(t, f).sampler(None)
    assert_waits(waits(sampler), np.where(right, waiting, np.inf), TRIES)
    found = variates.jit(sampler.accepted)(STREAM, LOG_SUCCESS, LANES)
    np.testing.assert_allclose(found[0], waiting, rtol=2e-6)
    assert (np.asarray(found[1]) == right).all()


def test_a_replay_finds_its_first_success_as_often_as_its_orders_do():
    """No success of 3; 1 of 3; 2 of 4; 3 of 3: every order of the recorded attempts is as likely."""
    lanes = np.arange(1 << 14, dtype=np.uint32)
    recorded, successes = np.array([3.0, 3, 4, 3]), np.array([0.0, 1, 2, 3])
    sampler = build.replay_sampler(recorded, successes)
    grid, streams = np.arange(6, dtype=np.float32), (STREAM, jax.random.key(1, impl="threefry2x32"))
    found = np.asarray(unsolved(sampler, streams, lanes % np.uint32(4), lanes, grid))
    stops = np.array([-np.diff(found[:, lanes % 4 == row].sum(axis=1), append=0) for row in range(4)])
    assert stops[0].tolist() == [0, 0, 0, 0, 0, 4096] and stops[3].tolist() == [4096, 0, 0, 0, 0, 0]
    assert_counts(stops[1], np.array([1, 1, 1, 0, 0, 0]) / 3)
    assert_counts(stops[2], np.array([3, 2, 1, 0, 0, 0]) / 6)
    rejects(assert_counts, stops[2], np.array([8, 4, 2, 1, 1, 0]) / 16)


# --- bits -----------------------------------------------------------------------------------------------------------


def test_functions_of_one_number_are_those_of_float64():
    """Polynomials of float32 on a grid from one end of their reach to the other."""
    log_p = -np.geomspace(1e-30, 87.3, 4001)
    x, odds = np.geomspace(1.2e-38, 3e38, 4001), np.sinh(np.linspace(-5, 5, 2000))
    power = np.linspace(-126, 127, 4001)
    given = [own.astype(np.float32) for own in (log_p, x, odds, power)]

    @variates.jit
    def of_all(log_p, x, odds, power):
        return bits.rate(log_p), bits.exp(log_p), bits.log(x), bits.log2(x), bits.log_sigmoid(odds), bits.exp2(power)

    log_p, x, odds, power = (own.astype(float) for own in given)
    exact = (
        np.where(log_p < -0.7, -np.log1p(-np.exp(np.minimum(log_p, -0.7))), -np.log(-np.expm1(log_p))),
        *(np.exp(log_p), np.log(x), np.log2(x)),
        *(special.log_expit(odds), 2.0**power),
    )
    for own, expected in zip(of_all(*given), exact, strict=True):
        np.testing.assert_allclose(np.asarray(own, float), expected, rtol=2e-6, atol=1e-37)


def test_two_normals_of_a_pair_of_words_are_the_sides_of_one_triangle():
    first, second = (np.asarray(own, float) for own in variates.jit(bits.normals)(STREAM, np.uint32(3), LANES))
    high, low = variates.words(STREAM, 3, LANES)
    radius, angle = np.sqrt(-2 * np.log((high + 0.5) / 2**32)), 2 * np.pi * low / 2**32
    np.testing.assert_allclose(first, variates.normal(STREAM, 3, LANES), atol=2e-6)
    np.testing.assert_allclose(first**2 + second**2, radius**2, rtol=3e-6, atol=1e-6)
    np.testing.assert_allclose(np.abs(first), np.abs(radius * np.cos(angle)), atol=3e-6)


def test_a_word_times_a_count_is_cut_down_to_whole_numbers_exactly():
    word = np.append(variates.words(STREAM, 0, LANES)[0], np.uint32([0, 2**32 - 1, 2**16 - 1, 2**16]))
    for count in (1, 7, 1000, 2**16 + 1, 10**9, 2**32 - 1):
        exact = word.astype(object) * count // 2**32
        assert np.asarray(bits.scaled(word, np.uint32(count))).tolist() == exact.tolist()


# --- dependence -----------------------------------------------------------------------------------------------------


def redrawn(member, *streams):
    difficulty, _ = member.samplers(Known(jnp.asarray(LOG_SUCCESS)), None, TRIES)
    return draw(difficulty, (np.uint32(9), np.uint32(9)), *streams)


def test_sticky_problems_are_chosen_by_one_uniform_and_decided_by_another():
    alike, outcome = (variates.uniform(STREAM, turn, LANES) for turn in (0, 1))
    one = np.where(outcome < SUCCESS, 0.0, -np.inf)
    assert_logs(redrawn(Sticky(0.3), STREAM), np.where(alike <= 0.3, one, LOG_SUCCESS))


def test_a_copula_moves_the_quantile_of_success_by_a_normal_factor():
    factor = variates.normal(STREAM, 0, LANES)
    quantile = special.ndtri_exp(LOG_SUCCESS.astype(float))
    assert_logs(redrawn(Copula(0.3), STREAM), special.log_ndtr((quantile + 0.3**0.5 * factor) / 0.7**0.5), 3e-5)


def test_an_urn_s_limit_has_the_mean_and_the_correlation_of_its_attempts():
    """Two attempts both succeed with probability s^2 + rho s (1 - s)."""
    lanes, success, correlation = np.arange(1 << 15, dtype=np.uint32), 0.3, 0.3
    known = Known(jnp.full(len(lanes), np.log(success), jnp.float32))
    streams = (STREAM, OTHER, (np.uint32(5), np.uint32(6)), (np.uint32(7), np.uint32(8)))
    difficulty, _ = Polya(correlation).samplers(known, None, TRIES)
    limit = np.exp(np.asarray(at(difficulty, streams, lanes), float))

    def law(rho):
        shapes = success * (1 - rho) / rho, (1 - success) * (1 - rho) / rho
        moments = [stats.beta.moment(order, *shapes) for order in range(1, 5)]
        return moments[:2], np.sqrt([moments[1] - moments[0] ** 2, moments[3] - moments[1] ** 2])

    means = [limit.mean(), (limit**2).mean()]
    assert law(correlation)[0][1] == pytest.approx(success**2 + correlation * success * (1 - success))
    assert_mean(means, len(lanes), *law(correlation))
    rejects(assert_mean, means, len(lanes), *law(1.2 * correlation))


# --- difficulty -----------------------------------------------------------------------------------------------------


def test_a_kumaraswamy_power_is_what_an_exponential_leaves_of_one():
    wait = variates.exponential(STREAM, 0, LANES)
    log_success = np.log(0.2) + np.log(-np.expm1(-wait / 3.5)) / 0.25
    assert_logs(draw(ScaledKumaraswamy(3.5, 0.25, 0.2).sampler(), STREAM), log_success)


def test_a_scaled_beta_success_is_the_beta_s_of_the_same_words_times_the_scale():
    plain = draw(Beta(2.0, 0.35, 1.0).sampler(), STREAM)
    assert_logs(draw(ScaledBeta(2.0, 0.35, 0.2).sampler(), STREAM), plain + np.log(0.2))
    below = special.betainc(0.35, 2.0, np.exp(plain))
    np.testing.assert_allclose(below, variates.uniform(STREAM, 0, LANES), rtol=3e-5, atol=1e-6)
    capped = draw(Beta(2.0, 0.35, 0.8).sampler(), STREAM)
    share = variates.uniform(STREAM, 0, LANES) / 0.8
    assert (np.isneginf(capped) == (share > 1)).all()
    np.testing.assert_allclose(special.betainc(0.35, 2.0, np.exp(capped))[share < 1], share[share < 1], rtol=3e-5)


def test_a_success_between_two_bounds_is_even_itself_or_in_its_logarithm():
    share = variates.uniform(STREAM, 0, LANES)
    assert_logs(draw(Uniform(0.1, 0.7).sampler(), STREAM), np.log(0.1 + 0.6 * share))
    assert_logs(draw(Reciprocal(1e-6, 0.7).sampler(), STREAM), np.log(1e-6) + share * np.log(0.7e6))


@pytest.mark.parametrize("ranks", [1, 7, 1000, 2**16 + 1, 10**9])
def test_the_rank_of_a_problem_is_the_whole_part_of_a_uniform_of_64_digits(ranks):
    high, low = (x.astype(object) for x in variates.words(STREAM, 0, LANES))
    rank = ((high * 2**32 + low) * ranks // 2**64 + 1).astype(float)
    assert_logs(draw(ZipfRanks(1.5, 0.2, ranks).sampler(), STREAM), np.log(0.2) - 1.5 * np.log(rank))


def test_one_rank_ends_and_the_next_begins_between_two_words():
    """The last uniform of 64 digits that has a rank, and the first of the next."""
    for ranks in (3, 1000, 2**16 + 1):
        rank = np.unique(np.linspace(1, ranks - 1, 500).astype(int)).astype(object)
        first = (rank * 2**64 + ranks - 1) // ranks
        words = np.concatenate([first - 1, first])
        told = Told(*(jnp.asarray((part % 2**32).astype(np.uint32))[None] for part in (words // 2**32, words)))
        log_success = at(ZipfRanks(1.0, 1.0, ranks).sampler(), told, np.arange(len(words), dtype=np.uint32))
        found = np.rint(np.exp(-np.asarray(log_success, float)))
        assert (found == np.concatenate([rank, rank + 1]).astype(float)).all()


@pytest.mark.parametrize("rate", [0.1, 0.8])
def test_a_continuous_bernoulli_success_is_the_quantile_of_its_uniform(rate):
    success = np.exp(draw(ContinuousBernoulli(rate).sampler(), STREAM))
    below = (rate**success * (1 - rate) ** (1 - success) + rate - 1) / (2 * rate - 1)
    np.testing.assert_allclose(below, variates.uniform(STREAM, 0, LANES), rtol=3e-6, atol=1e-7)


@pytest.mark.parametrize(("dimension", "temperature", "ceiling"), [(4.0, 0.05, 1.0), (1.5, 2.0, 0.8)])
def test_room_in_a_small_ball_is_the_uniform_itself(dimension, temperature, ceiling):
    room = variates.uniform(STREAM, 0, LANES) / ceiling
    reach = np.minimum(room, 1) / (2 * temperature)
    inside, outside = special.gammainc(dimension / 2, reach), special.gammaincc(dimension / 2, reach)
    log_success = np.where(inside < 0.5, np.log(inside), np.log1p(-outside))
    found = draw(SmallBall(dimension, temperature, ceiling).sampler(), STREAM)
    assert_logs(found, np.where(room <= 1, log_success, -np.inf), 1e-5)


def test_an_interval_of_the_normal_law_short_and_long_near_and_far():
    half, offset = (x.ravel() for x in np.meshgrid([1e-12, 1e-3, 0.3, 1.9, 2.1, 5.0], [0.0, 0.5, 1.9, 3.0, 12.0]))
    found = variates.jit(spread._log_interval)(np.log(half).astype(np.float32), offset.astype(np.float32))
    inside = np.array([_normal_mass(*ends) for ends in zip(half, offset, strict=True)])
    assert_logs(np.asarray(found), np.log(inside), 2e-5)


def _normal_mass(half, offset):
    nodes, weights = np.polynomial.legendre.leggauss(80)
    return half * weights @ np.exp(-((offset + half * nodes) ** 2) / 2) / np.sqrt(2 * np.pi)


# --- features -------------------------------------------------------------------------------------------------------


def drawn_features(member):
    drawn = at(member.sampler(), STREAM, LANES)
    return np.asarray(drawn.high).astype(float) * 2**32 + np.asarray(drawn.low), np.asarray(drawn.log_probability)


def test_equal_features_are_the_uniform_cut_in_equal_parts():
    rank, log_mass = drawn_features(features.Uniform(1000.0))
    assert (rank == 1 + variates.words(STREAM, 0, LANES)[0].astype(np.uint64) * 1000 // 2**32).all()
    np.testing.assert_allclose(log_mass, -np.log(1000), rtol=1e-6)


def test_exponential_features_are_whole_steps_of_an_exponential():
    rank, log_mass = drawn_features(features.Exponential(0.3))
    assert (rank == np.ceil(variates.exponential(STREAM, 0, LANES) / 0.3)).all()
    np.testing.assert_allclose(log_mass, np.log(np.expm1(0.3)) - 0.3 * rank, rtol=1e-5)


def test_features_of_a_table_are_looked_up_from_the_rarest_up():
    count = np.array([900, 300, 100, 90, 9, 9, 9, 1.0])
    rank, log_mass = drawn_features(features.Empirical("words", Frequencies("words", count[::-1])))
    beyond = np.append(np.cumsum(count[::-1])[::-1][1:], 0.0) / count.sum()
    assert (rank == 1 + (beyond[None, :] >= variates.uniform(STREAM, 0, LANES)[:, None]).sum(axis=1)).all()
    np.testing.assert_allclose(log_mass, np.log(count / count.sum())[rank.astype(int) - 1], rtol=1e-6)


@pytest.mark.parametrize(("exponent", "size"), [(2.0, np.inf), (3.0, 10**6), (1.3, 10**4), (1.0, 10**4), (0.4, 2000)])
def test_zipf_features_are_where_the_sums_from_the_rarest_up_pass_the_uniform(exponent, size):
    rank, log_mass = drawn_features(features.Zipf(exponent, float(size)))
    last = int(min(size, 10**6))
    mass = np.arange(1, last + 1.0) ** -exponent
    rest = 0.0 if np.isfinite(size) else (last + 0.5) ** (1 - exponent) / (exponent - 1)
    beyond = np.append(np.cumsum(mass[::-1])[::-1], 0.0) + rest
    exact = 1 + np.searchsorted(-beyond[1:] / beyond[0], -variates.uniform(STREAM, 0, LANES))
    near = exact < 4096  # beyond, the last digits of a rank are drawn afresh
    assert near.mean() > 0.3 and (rank == exact)[near].mean() > 0.999
    assert (np.abs(rank - exact) <= np.maximum(1, 2.0**-11 * exact)).all()
    np.testing.assert_allclose(log_mass, -exponent * np.log(rank) - np.log(beyond[0]), rtol=1e-3, atol=1e-5)
    assert rank.max() <= size


def test_the_rarest_examples_are_those_whose_words_begin_with_zeros():
    """An eighth of all: their words as if three binary digits 0 stood before them."""
    one, other = variates.words(STREAM, 0, LANES)
    shifted = one >> np.uint32(3), (one << np.uint32(29)) | (other >> np.uint32(3))
    zipf = build.feature_sampler(1.3, 10**4)
    found, known = (
        at(sampler, Told(jnp.asarray(words[0][None]), jnp.asarray(words[1][None])), LANES)
        for sampler, words in ((zipf.rarest(1 / 8), (one, other)), (zipf, shifted))
    )
    near = np.asarray(known.low) < 4096
    assert (np.asarray(found.low) == np.asarray(known.low))[near].mean() > 0.998
    np.testing.assert_allclose(found.log_probability, known.log_probability, rtol=1e-3)
    assert np.asarray(found.low).min() > 5 and near.mean() > 0.5


@pytest.mark.parametrize("size", [np.inf, 1e9])
def test_the_last_digits_of_a_rare_rank_are_even_and_not_those_of_its_share(size):
    """Shares that agree in their first 30 digits have all ranks of a run, 2^13 or more."""
    lanes = np.arange(1 << 14, dtype=np.uint32)
    one, other = np.full(len(lanes), 37, np.uint32), variates.words(STREAM, 0, lanes)[0] >> np.uint32(9)
    drawn = at(build.feature_sampler(2.0, size), Told(jnp.asarray(one[None]), jnp.asarray(other[None])), lanes)
    rank = np.asarray(drawn.high).astype(np.int64) << 32 | np.asarray(drawn.low)
    assert rank.min() > 2**25
    digits = rank % 2**12
    for cells in (digits % 64, digits // 64):
        counts = np.bincount(cells, minlength=64)
        assert_counts(counts, np.full(64, 1 / 64))
        rejects(assert_counts, counts, np.arange(1, 65) / 2080)


# --- memory ---------------------------------------------------------------------------------------------------------

EXAMPLES = np.array([0, 1, 2, 5, 100, 5000], np.float32)
SEEN = Feature(
    np.where(SUCCESS > 0, LOG_SUCCESS, np.float32(-500)), np.zeros_like(LANES), LANES % np.uint32(7) + np.uint32(1)
)


def unmemorised(member):
    return np.asarray(forgotten(member.sampler(), STREAM, None, SEEN, LANES, EXAMPLES))


@variates.jit
def forgotten(sampler, *given):
    """Whether a sampler of memory has not memorised lanes; one program for all its numbers."""
    return sampler.unmemorised(*given)


def arrival(copies):
    """Examples until so many show the lane's feature."""
    return sum(variates.geometric(STREAM, copy, LANES, SUCCESS) for copy in range(copies))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_feature_arrives_after_d_waits_of_its_own(depth):
    assert (unmemorised(Arrival(depth)) == (arrival(depth) > EXAMPLES[:, None])).all()


def test_a_rank_without_room_is_never_memorised():
    stored = (arrival(2) > EXAMPLES[:, None]) | (SEEN.low > 3)
    assert (unmemorised(Capacity(2, 3)) == stored).all()


def test_a_guess_is_as_good_as_its_chance_at_any_problem():
    own = Guessing(2, 0.05).sampler()
    found = variates.jit(lambda: own.log_success(STREAM, None, SEEN, LANES, EXAMPLES, LOG_SUCCESS))()
    expected = np.where(arrival(2) > EXAMPLES[:, None], np.log(0.05), LOG_SUCCESS)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_traces_are_the_copies_so_far_and_each_is_recalled_by_itself():
    """Copies from one number of examples to the next: so many that the uniform is below the chance of more."""
    probability, examples = np.resize([0.3, 0.9, 1e-3], LANES.shape), np.array([1, 6, 9], np.float32)
    test = Feature(np.log(probability).astype(np.float32), np.zeros_like(LANES), LANES)
    own, of_memorised = MultiTrace(0.2).sampler(), np.full(len(LANES), -0.5, np.float32)
    found = variates.jit(lambda: own.log_success(STREAM, None, test, LANES, examples, of_memorised))()
    copies = np.zeros(len(LANES))
    for number, more in enumerate([1, 5, 3]):
        share = variates.uniform(STREAM, 2 * number, LANES)
        rarer = np.minimum(probability, 1 - probability)
        drawn = (stats.binom.sf(np.arange(6)[:, None], more, rarer) > share).sum(axis=0)
        copies += np.where(probability > 0.5, more - drawn, drawn)
        with np.errstate(divide="ignore"):
            expected = np.log(1 - 0.8**copies) - 0.5
        np.testing.assert_allclose(found[number], expected, rtol=1e-5)


def test_a_training_set_is_counted_example_by_example():
    """Its examples are the first lanes of its stream; 4096 of them are drawn at once."""
    depth, zipf, examples = 3, build.feature_sampler(1.5, np.inf), np.array([0, 1, 10, 4096, 4200], np.float32)
    lanes = LANES[:512]
    test = jax.tree.map(lambda own: np.asarray(own)[:512], at(zipf, OTHER, LANES))
    found = forgotten(TrainingSet(depth).sampler(), STREAM, zipf, test, lanes, examples)
    halves = [at(zipf, STREAM, LANES + np.uint32(first)) for first in (0, 4096)]
    low, high = (np.concatenate([getattr(half, word) for half in halves])[:4200] for word in ("low", "high"))
    same = (low[:, None] == test.low) & (high[:, None] == test.high)
    seen = np.array([same[: int(n)].sum(axis=0) for n in examples])
    assert (np.asarray(found) == (seen < depth)).all()
    assert 0.02 < np.mean(seen[-1] < depth) < 0.9


# --- binomial -------------------------------------------------------------------------------------------------------

successes = variates.jit(binomial.draw)


@pytest.mark.parametrize(("count", "probability"), [(5, 0.4), (1000, 0.01), (10**6, 2e-6), (30, 0.7), (8, 0.999)])
def test_few_successes_are_as_many_as_leave_more_than_the_uniform(count, probability):
    share = variates.uniform(STREAM, 0, LANES)
    rarer = min(probability, 1 - probability)
    more = (stats.binom.sf(np.arange(60)[:, None], count, rarer) > share).sum(axis=0)
    exact = more if probability < 0.5 else count - more
    given = share, variates.normal(STREAM, 1, LANES), np.array(count), np.array(probability)
    found = successes(*(own.astype(np.float32) for own in given))
    assert (np.asarray(found) == exact).mean() > 0.9995


@pytest.mark.parametrize(("count", "probability"), [(1000, 0.1), (10**4, 0.9), (10**5, 0.5)])
def test_many_successes_are_the_quantile_of_their_normal(count, probability):
    normal = np.linspace(-4, 4, len(LANES))
    flipped = normal if probability <= 0.5 else -normal
    exact = stats.binom.ppf(special.ndtr(flipped), count, probability)
    given = np.ones(len(LANES)), normal, np.array(count), np.array(probability)
    found = successes(*(own.astype(np.float32) for own in given))
    off = np.asarray(found) - exact
    assert np.abs(off).max() <= 1 and (off == 0).mean() > 0.4  # whole numbers: it rounds where the quantile rounds up

"""Difficulty from a table of quantiles: the Beta law from tail to tail, any ceiling, and the same as Gamma variates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import assert_counts, assert_mean, assert_proportion, assert_same_distribution, rejects
from scipy import special, stats

from sim.draw import keys
from sim.laws import coverage
from sim.model import quantiles
from sim.samplers import attempts, bits, difficulty, quantile

PIECE, PIECES = 1 << 14, 128
SHAPES = [(5, 0.35), (3.7, 0.15), (0.01, 1), (1, 0.01), (0.05, 3), (185, 0.074), (1, 1), (50, 20), (1e4, 1e-3)]
SMALLEST = 1e-37  # float32 carries failure probabilities, next to 1, down to about here
TRIES = np.array([1, 3, 10, 100, 1e3, 1e4, 1e5, 1e6], np.float32)
SHARES = np.concatenate([[2e-5, 1e-4, 1e-3], np.arange(1, 100) / 100, [0.999, 0.9999, 0.99998]])


def table_sampler(alpha, beta, ceiling=1.0):
    return quantile.beta_quantile(quantiles.beta_log_odds(alpha, beta), ceiling)


@jax.jit
def draw(sampler, keys_of_pieces):
    lanes = jnp.arange(PIECE, dtype=jnp.uint32)
    return jax.lax.map(lambda key: sampler.at(bits.stream(key), lanes), keys_of_pieces)


@jax.jit
def draw_gammas(sampler, keys_of_pieces):
    def piece(key):
        streams = tuple(bits.stream(own) for own in jax.random.split(key, 4))
        return sampler.at(streams, jnp.arange(PIECE, dtype=jnp.uint32))

    return jax.lax.map(piece, keys_of_pieces)


@jax.jit
def unsolved(sampler, keys_of_pieces):
    """Problems that TRIES attempts leave unsolved."""

    def piece(key):
        key_difficulty, key_attempts = jax.random.split(key)
        lanes = jnp.arange(PIECE, dtype=jnp.uint32)
        log_success = sampler.at(bits.stream(key_difficulty), lanes)
        failed = attempts.FirstSuccess().unsolved(bits.stream(key_attempts), log_success, lanes, TRIES)
        return failed.sum(axis=1, dtype=jnp.int32)

    return jax.lax.map(piece, keys_of_pieces).sum(axis=0)


def drawn(sampler, name, pieces=PIECES):
    """One float64 array of 2^14 draws a piece."""
    return np.asarray(draw(sampler, jax.random.split(keys.run_key(0, name), pieces)), float).ravel()


def cumulative(log_success, alpha, beta):
    """P(log s <= x) for a failure probability 1 - s ~ Beta(alpha, beta): by whichever of s and 1 - s is small."""
    x = np.asarray(log_success, float)
    rare = np.exp(beta * x - special.betaln(alpha, beta)) / beta  # relative error O(s)
    small = np.where(x < -600, rare, special.betainc(beta, alpha, np.exp(x)))
    return np.where(x < -0.7, small, special.betaincc(alpha, beta, -np.expm1(x)))


def beyond(log_success, alpha, beta):
    """P(log s > x), precise where it is small."""
    x = np.asarray(log_success, float)
    small = special.betainc(alpha, beta, -np.expm1(x))
    return np.where(x < -0.7, 1 - cumulative(x, alpha, beta), small)


def edges_between(alpha, beta):
    """log s at SHARES, those that float32 can tell apart."""
    low = (np.log(beta * SHARES) + special.betaln(alpha, beta)) / beta  # leading term, for what underflows
    with np.errstate(divide="ignore"):
        success, failure = stats.beta.ppf(SHARES, beta, alpha), stats.beta.ppf(1 - SHARES, alpha, beta)
        edges = np.where(failure < 0.5, np.log1p(-failure), np.where(success > 1e-280, np.log(success), low))
    return np.unique(edges[edges < -SMALLEST].astype(np.float32)).astype(float)


def counts_between(edges, log_success):
    return np.bincount(np.searchsorted(edges, log_success, side="right"), minlength=len(edges) + 1)


def shares_between(edges, alpha, beta):
    return np.diff(np.concatenate([[0.0], cumulative(edges, alpha, beta), [1.0]]))


@pytest.mark.seldom(4)
@pytest.mark.parametrize("alpha, beta", SHAPES)
def test_log_success_follows_the_beta_law_from_tail_to_tail(alpha, beta):
    """2^21 draws in cells of one per cent, the last ones down to 2e-5; the smaller parameter 2 % off is seen."""
    log_success = drawn(table_sampler(alpha, beta), f"quantiles {alpha} {beta}")
    edges = edges_between(alpha, beta)
    counts = counts_between(edges, log_success)
    assert_counts(counts, shares_between(edges, alpha, beta))
    off = (1.02 * alpha, beta) if alpha < beta else (alpha, 1.02 * beta)
    rejects(assert_counts, counts, shares_between(edges, *off))
    assert not np.isinf(log_success).any()  # a ceiling of one leaves no problem hopeless


@pytest.mark.parametrize("alpha, beta", SHAPES)
def test_the_mean_success_and_the_moments_of_log_success_are_those_of_the_law(alpha, beta):
    """E[s] = beta / (alpha + beta), E[log s] = psi(beta) - psi(alpha + beta), and the variance of log s."""
    log_success = drawn(table_sampler(alpha, beta), f"moments {alpha} {beta}")

    def law(alpha, beta):
        """Means and standard deviations of s, log s and its squared distance from the mean."""
        total = alpha + beta
        variance = alpha * beta / (total**2 * (total + 1))
        log_mean = special.digamma(beta) - special.digamma(total)
        log_variance, fourth = (special.polygamma(n, beta) - special.polygamma(n, total) for n in (1, 3))
        spreads = [variance, log_variance, fourth + 2 * log_variance**2]
        return [beta / total, log_mean, log_variance], np.sqrt(spreads)

    centre = law(alpha, beta)[0][1]
    means = [np.exp(log_success).mean(), log_success.mean(), np.mean((log_success - centre) ** 2)]
    skewed = (alpha, beta) in [(0.01, 1), (0.05, 3)]  # of the squares: a sum of 2^21 is not normal
    kept = 2 if skewed else 3
    assert_mean(means[:kept], len(log_success), *(x[:kept] for x in law(alpha, beta)))
    off = law(1.05 * alpha, beta) if alpha < beta else law(alpha, 1.02 * beta)
    rejects(assert_mean, means[:kept], len(log_success), *(x[:kept] for x in off))


@pytest.mark.parametrize("alpha, beta", [(1, 0.01), (5, 0.05), (1e4, 1e-3)])
def test_success_probabilities_below_1e_30_are_as_frequent_as_they_should(alpha, beta):
    log_success = drawn(table_sampler(alpha, beta), f"rare {alpha} {beta}")
    x = -np.log(10) * np.array([30.0, 60, 100, 300, 1000])
    hits = (log_success[:, None] < x).sum(axis=0)
    assert_proportion(hits, len(log_success), cumulative(x, alpha, beta))
    rejects(assert_proportion, hits, len(log_success), cumulative(x, alpha, 1.02 * beta))


@pytest.mark.seldom(2)
@pytest.mark.parametrize("ceiling", [1e-3, 0.3, 0.9, 0.9999])
def test_a_share_of_one_minus_the_ceiling_cannot_be_solved_and_the_others_are_no_easier_for_it(ceiling):
    log_success = drawn(table_sampler(5, 0.35, ceiling), f"ceiling {ceiling}", 2 * PIECES)
    hopeless = np.isneginf(log_success)
    assert_proportion(hopeless.sum(), len(log_success), 1 - ceiling)
    rejects(assert_proportion, hopeless.sum(), len(log_success), 1 - ceiling * (0.9 if ceiling < 0.9 else ceiling))
    counts = counts_between(edges := edges_between(5, 0.35), log_success[~hopeless])
    assert_counts(counts, shares_between(edges, 5, 0.35))
    rejects(assert_counts, counts, shares_between(edges, 5, (1.3 if ceiling < 0.01 else 1.02) * 0.35))


@pytest.mark.parametrize("alpha, beta, ceiling", [(5, 0.35, 1.0), (5, 0.35, 0.9), (185, 0.074, 0.969), (0.3, 0.6, 0.5)])
def test_coverage_of_what_is_drawn_is_the_law_up_to_a_million_attempts(alpha, beta, ceiling):
    pieces = jax.random.split(keys.run_key(0, f"coverage {alpha} {ceiling}"), 2 * PIECES)
    failures, problems = np.asarray(unsolved(table_sampler(alpha, beta, ceiling), pieces)), 2 * PIECES * PIECE
    law, off = (coverage.failure(TRIES.astype(float), alpha, own, ceiling) for own in (beta, 1.02 * beta))
    assert_proportion(failures, problems, law)
    rejects(assert_proportion, failures, problems, off)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("alpha, beta", [(5, 0.35), (0.2, 0.05), (50, 20)])
def test_the_table_and_gamma_variates_draw_from_one_law(alpha, beta):
    sampler = difficulty.GammaRatio(*(np.float32(x) for x in (alpha, beta, 1)))
    other = np.asarray(draw_gammas(sampler, jax.random.split(keys.run_key(0, f"gammas {alpha}"), PIECES)), float)
    edges = edges_between(alpha, beta)
    of_gammas = counts_between(edges, other.ravel())
    assert_same_distribution(counts_between(edges, drawn(table_sampler(alpha, beta), f"same {alpha}")), of_gammas)
    off = counts_between(edges, drawn(table_sampler(alpha, 1.02 * beta), f"same {alpha}"))
    rejects(assert_same_distribution, off, of_gammas)


@pytest.mark.parametrize("alpha, beta", [(5, 0.35), (1, 0.01), (50, 20), (0.05, 3)])
@pytest.mark.parametrize("ceiling", [1.0, 0.9, 2.0**-31, 3e-7])
def test_a_problem_is_the_quantile_of_its_64_bits(monkeypatch, alpha, beta, ceiling):
    """u = (word + 1/2) / 2^64 / ceiling, from 2^-65 / ceiling to 1 minus that; one word more is unsolvable."""
    monkeypatch.setattr(bits, "words", lambda stream, turn, lanes: stream)
    sampler = table_sampler(alpha, beta, ceiling)
    solvable = (int(sampler.last_word) + 1) << 32
    assert solvable / 2**64 == pytest.approx(ceiling, abs=2.0**-32)
    rng = np.random.default_rng(0)
    near = [int(2 ** rng.uniform(0, np.log2(solvable / 2))) for _ in range(500)] + [0, 1, 2, solvable // 2 - 1]
    words = np.array(near + [solvable - 1 - n for n in near], np.uint64)
    u = (np.array(near, float) + 0.5) / solvable
    log_success = at_words(sampler, words)
    lower, upper = np.split(log_success, 2)
    assert_within(cumulative(lower, alpha, beta), u, 4e-7 * tolerance(lower, alpha, beta, u))
    told_apart = upper < -SMALLEST
    upper, u = upper[told_apart], u[told_apart]
    assert_within(beyond(upper, alpha, beta), u, 4e-7 * tolerance(upper, alpha, beta, u))
    if ceiling < 1:
        unsolvable = np.array([solvable, solvable + 1, 2**64 - 1], np.uint64)
        assert np.isneginf(at_words(sampler, unsolvable)).all()


def at_words(sampler, words):
    """float64 log success of words of 64 bits, where bits.words returns its stream."""
    high, low = (words >> np.uint64(32)).astype(np.uint32), (words & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return np.asarray(look_up(sampler, (high, low)), float)


@jax.jit
def look_up(sampler, words):
    return sampler.at(words, words[0])


def tolerance(log_success, alpha, beta, near):
    """1 + |x| |du/dx| / near: a relative rounding of log-odds and of log s, read as one of the uniform."""
    failure = -np.expm1(log_success)
    x = log_success - np.log(failure)
    density = np.exp(beta * log_success + alpha * np.log(failure) - special.betaln(alpha, beta))
    return 1 + (np.abs(x) + 1) * density / near


def assert_within(found, wanted, bound):
    assert (np.abs(found / wanted - 1) < bound).all()
    assert not (np.abs(1.01 * found / wanted - 1) < bound).all()


def test_a_table_of_other_numbers_compiles_nothing():
    compiled = jax.jit(lambda sampler, lanes: sampler.at((jnp.uint32(1), jnp.uint32(2)), lanes))
    lanes = np.arange(8, dtype=np.uint32)
    for alpha, beta, ceiling in [(5, 0.35, 1.0), (50, 20, 0.9)]:
        compiled(table_sampler(alpha, beta, ceiling), lanes)
    assert compiled._cache_size() == 1

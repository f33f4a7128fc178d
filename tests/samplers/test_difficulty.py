"""Difficulty: success probabilities are Beta variates, also below 1e-300; ceilings and tables are as they are given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import assert_counts, assert_mean, assert_proportion, rejects
from scipy import special, stats

from sim.draw import keys, simulate
from sim.laws import coverage
from sim.model import build
from sim.samplers import attempts, bits, difficulty

PIECE, PIECES = 1 << 14, 128
SHAPES = [(5, 0.35), (3.7, 0.15), (0.01, 1), (1, 0.01), (0.05, 3), (185, 0.074), (1, 1), (50, 20), (1e4, 1e-3)]
SMALLEST = 1e-37  # float32 carries failure probabilities, next to 1, down to about here


def streams(sampler, key):
    """A stream for a sampler, or as many as it asks for."""
    own = tuple(bits.stream(one) for one in jax.random.split(key, getattr(sampler, "STREAMS", 1)))
    return own[0] if len(own) == 1 else own


@jax.jit
def draw(sampler, keys_of_pieces):
    lanes = jnp.arange(PIECE, dtype=jnp.uint32)
    return jax.lax.map(lambda key: sampler.at(streams(sampler, key), lanes), keys_of_pieces)


def drawn(sampler, name, pieces):
    """One float64 array (or whole numbers) of 2^14 draws a piece."""
    x = np.asarray(draw(sampler, jax.random.split(keys.run_key(0, name), pieces))).ravel()
    return x.astype(float) if x.dtype == np.float32 else x


def cumulative(log_success, alpha, beta):
    """P(log s <= x) for a failure probability 1 - s ~ Beta(alpha, beta): by whichever of s and 1 - s is small."""
    x = np.asarray(log_success, float)
    with np.errstate(under="ignore"):
        rare = np.exp(beta * x - special.betaln(alpha, beta)) / beta  # relative error O(s)
        small = np.where(x < -600, rare, special.betainc(beta, alpha, np.exp(x)))
        return np.where(x < -0.7, small, special.betaincc(alpha, beta, -np.expm1(x)))


def edges_between(alpha, beta):
    """log s at 1 %, 2 % ... 99 %, those that float32 can tell apart."""
    shares = np.arange(1, 100) / 100
    low = (np.log(beta * shares) + special.betaln(alpha, beta)) / beta  # leading term, for what underflows
    with np.errstate(divide="ignore"):
        success, failure = stats.beta.ppf(shares, beta, alpha), stats.beta.ppf(1 - shares, alpha, beta)
        edges = np.where(failure < 0.5, np.log1p(-failure), np.where(success > 1e-280, np.log(success), low))
    edges = edges[edges < -SMALLEST].astype(np.float32).astype(float)
    return np.unique(edges)


def shares_between(edges, alpha, beta):
    return np.diff(np.concatenate([[0.0], cumulative(edges, alpha, beta), [1.0]]))


@pytest.mark.seldom(0)
@pytest.mark.parametrize("alpha, beta", SHAPES)
def test_success_probabilities_follow_the_beta_law(alpha, beta):
    """2^21 draws in a hundred cells of one per cent; the smaller parameter, which rules, 2 % off is seen."""
    log_success = drawn(build.gamma_ratio_sampler(alpha, beta, 1.0), f"{alpha} {beta}", PIECES)
    edges = edges_between(alpha, beta)
    counts = np.bincount(np.searchsorted(edges, log_success, side="right"), minlength=len(edges) + 1)
    assert_counts(counts, shares_between(edges, alpha, beta))
    off = (1.02 * alpha, beta) if alpha < beta else (alpha, 1.02 * beta)
    rejects(assert_counts, counts, shares_between(edges, *off))


@pytest.mark.slow
@pytest.mark.parametrize("alpha, beta", [(5, 0.35), (185, 0.074), (1, 0.01)])
def test_success_probabilities_follow_the_beta_law_to_one_part_in_ten_thousand(alpha, beta):
    """2^28 draws; a beta 0.2 % off is seen."""
    sampler, edges, counts = build.gamma_ratio_sampler(alpha, beta, 1.0), edges_between(alpha, beta), 0
    cells = jax.jit(lambda x: jnp.searchsorted(jnp.asarray(edges, jnp.float32), x.ravel(), side="right"))
    for block in range(64):
        pieces = draw(sampler, jax.random.split(keys.run_key(block, f"many {alpha} {beta}"), 256))
        counts = counts + np.bincount(np.asarray(cells(pieces)), minlength=len(edges) + 1)
    assert_counts(counts, shares_between(edges, alpha, beta))
    rejects(assert_counts, counts, shares_between(edges, alpha, 1.002 * beta))


@pytest.mark.seldom(1)
@pytest.mark.parametrize("alpha, beta", SHAPES)
def test_the_mean_success_and_the_mean_log_success_are_those_of_the_law(alpha, beta):
    """E[s] = beta / (alpha + beta), E[log s] = psi(beta) - psi(alpha + beta): 2^21 draws."""
    log_success = drawn(build.gamma_ratio_sampler(alpha, beta, 1.0), f"moments {alpha} {beta}", PIECES)
    n = len(log_success)
    means = [np.exp(log_success).mean(), log_success.mean()]

    def law(alpha, beta):
        total = alpha + beta
        mean, variance = beta / total, alpha * beta / (total**2 * (total + 1))
        log_mean = special.digamma(beta) - special.digamma(total)
        log_variance = special.polygamma(1, beta) - special.polygamma(1, total)
        return [mean, log_mean], np.sqrt([variance, log_variance])

    assert_mean(means, n, *law(alpha, beta))
    rejects(assert_mean, means, n, *(law(1.05 * alpha, beta) if alpha < beta else law(alpha, 1.02 * beta)))


@pytest.mark.parametrize("alpha, beta", [(1, 0.01), (5, 0.05), (1e4, 1e-3)])
def test_success_probabilities_below_1e_30_are_as_frequent_as_they_should(alpha, beta):
    """At (1, 0.01) half of the problems have s < 1e-30, and every tenth s < 1e-100, which no float32 is."""
    log_success = drawn(build.gamma_ratio_sampler(alpha, beta, 1.0), f"rare {alpha} {beta}", PIECES)
    x = -np.log(10) * np.array([30.0, 60, 100, 300, 1000])
    hits = (log_success[:, None] < x).sum(axis=0)
    assert_proportion(hits, len(log_success), cumulative(x, alpha, beta))
    rejects(assert_proportion, hits, len(log_success), cumulative(x, alpha, 1.02 * beta))
    assert np.isfinite(log_success).all()
    underflown = (np.exp(log_success.astype(np.float32))[:, None] > 0).sum() - (log_success >= x[2]).sum()
    rejects(assert_proportion, underflown, len(log_success), cumulative(x[2], alpha, beta))


@pytest.mark.seldom(0)
def test_success_probabilities_below_1e_30_are_carried_on_to_the_attempts():
    """Beta (1, 0.01): of all problems half are unsolved after 1e30 attempts, L(k) = B(1 + k, 0.01) / B(1, 0.01)."""
    tries = np.array([1, 1e3, 1e15, 1e30], np.float32)

    @jax.jit
    def unsolved(sampler, keys_of_pieces):
        def piece(key):
            key_difficulty, key_attempts = jax.random.split(key)
            lanes = jnp.arange(PIECE, dtype=jnp.uint32)
            problems = sampler.at(streams(sampler, key_difficulty), lanes)
            failed = attempts.FirstSuccess().unsolved(bits.stream(key_attempts), problems, lanes, tries)
            return failed.sum(axis=1, dtype=jnp.int32)

        return jax.lax.map(piece, keys_of_pieces).sum(axis=0)

    sampler = build.gamma_ratio_sampler(1.0, 0.01, 1.0)
    failures = np.asarray(unsolved(sampler, jax.random.split(keys.run_key(0, "carried"), 256)))
    assert_proportion(failures, 256 * PIECE, coverage.inference_loss(tries.astype(float), 1, 0.01))
    rejects(assert_proportion, failures, 256 * PIECE, coverage.inference_loss(tries.astype(float), 1, 0.0102))


@pytest.mark.parametrize("ceiling", [0.3, 0.969, 0.9999])
def test_a_share_of_one_minus_the_ceiling_cannot_be_solved(ceiling):
    log_success = drawn(build.gamma_ratio_sampler(5, 0.35, ceiling), f"ceiling {ceiling}", PIECES)
    hopeless = np.isneginf(log_success)
    assert_proportion(hopeless.sum(), len(log_success), 1 - ceiling)
    rejects(assert_proportion, hopeless.sum(), len(log_success), 1 - ceiling**2)
    solvable, edges = log_success[~hopeless], edges_between(5, 0.35)  # and the others are no easier for it
    counts = np.bincount(np.searchsorted(edges, solvable, side="right"), minlength=len(edges) + 1)
    assert_counts(counts, shares_between(edges, 5, 0.35))
    rejects(assert_counts, counts, shares_between(edges, 5, 1.03 * 0.35))


def test_a_ceiling_of_one_leaves_no_problem_hopeless():
    assert not np.isneginf(drawn(build.gamma_ratio_sampler(5, 0.35, 1.0), "no ceiling", PIECES)).any()


def log_gamma_pairs(shape, name, pieces):
    """Logarithms of pieces x 2^14 pairs of Gamma variates, [2, draws]."""

    @jax.jit
    def draw(keys_of_pieces, shape):
        def piece(key):
            streams = tuple(bits.stream(own) for own in jax.random.split(key, 3))
            return jnp.stack(difficulty.log_gamma_pair(streams, (shape, shape), jnp.arange(PIECE, dtype=jnp.uint32)))

        return jax.lax.map(piece, keys_of_pieces)

    drawn = draw(jax.random.split(keys.run_key(0, name), pieces), np.float32(shape))
    return np.moveaxis(np.asarray(drawn, float), 1, 0).reshape(2, -1)


@pytest.mark.seldom(0)
def test_the_two_gamma_variates_of_a_problem_are_independent():
    pairs = log_gamma_pairs(0.35, "independent", PIECES)
    edges = stats.loggamma.ppf(np.arange(1, 10) / 10, float(np.float32(0.35)))
    first, second = np.searchsorted(edges, pairs)
    assert_counts(np.bincount(10 * first + second, minlength=100), np.full(100, 0.01))
    rejects(assert_counts, np.bincount(10 * first + first, minlength=100), np.full(100, 0.01))


@pytest.mark.seldom(0)
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("shape", [1e-3, 0.01, 0.15, 0.35, 1.0, 3.7, 185.0, 1e4])
def test_log_gamma_variates_follow_their_law(shape, number):
    """2^21 draws in a hundred cells, the mean and the variance: digamma and trigamma."""

    x = log_gamma_pairs(shape, f"gamma {shape}", PIECES)[number]
    shape = float(np.float32(shape))
    shares = np.arange(1, 100) / 100
    edges = stats.loggamma.ppf(shares, shape)
    assert stats.loggamma.cdf(edges, shape) == pytest.approx(shares, abs=1e-9)
    counts = np.bincount(np.searchsorted(edges, x), minlength=100)
    assert_counts(counts, np.full(100, 0.01))
    rejects(assert_counts, counts, np.diff(np.concatenate([[0], stats.loggamma.cdf(edges, 1.02 * shape), [1]])))
    mean, deviation = special.digamma(shape), np.sqrt(special.polygamma(1, shape))
    assert_mean(x.mean(), len(x), mean, deviation)
    rejects(assert_mean, x.mean(), len(x), special.digamma(1.02 * shape), deviation)
    fourth = special.polygamma(3, shape) + 3 * deviation**4  # fourth central moment: cumulant + 3 variance^2
    square_deviation = np.sqrt(fourth - deviation**4)
    assert_mean(np.mean((x - mean) ** 2), len(x), deviation**2, square_deviation)
    rejects(assert_mean, np.mean((x - mean) ** 2), len(x), special.polygamma(1, 1.02 * shape), square_deviation)


@pytest.mark.parametrize("problems", [1, 2, 128, 1000, 4099])
def test_every_row_of_a_table_is_equally_likely(problems):
    rows = drawn(build.row_sampler(problems), f"rows {problems}", PIECES)
    counts = np.bincount(rows, minlength=problems)
    assert len(counts) == problems
    if problems == 1:
        return
    assert_counts(counts, np.full(problems, 1 / problems))
    uneven = 1 + 0.1 * np.linspace(-1, 1, problems)
    rejects(assert_counts, counts, uneven / problems)


def test_a_table_gives_each_problem_its_own_success_rate_and_none_to_those_never_solved():
    recorded, successes = np.full(5, 100.0), np.array([0.0, 1, 50, 99, 100])
    log_success = drawn(build.table_sampler(recorded, successes), "table", 64)
    values, counts = np.unique(log_success, return_counts=True)
    assert values[0] == -np.inf and values[-1] == 0
    assert np.exp(values) == pytest.approx(successes / recorded, rel=1e-6)
    assert_counts(counts, np.full(5, 0.2))
    rejects(assert_counts, counts, np.array([0.19, 0.21, 0.2, 0.2, 0.2]))


def test_drawing_twice_with_one_key_raises():
    sampler, pieces = build.gamma_ratio_sampler(5, 0.35, 1.0), jax.random.split(keys.run_key(0, "reuse"), PIECES)
    draw(sampler, pieces)
    with pytest.raises(jax.errors.KeyReuseError):
        draw(sampler, pieces)


@pytest.mark.seldom(0)
def test_no_accepted_variate_is_lost():
    """A lane that ends the loop without its variate would be hundreds of standard deviations out."""
    shape, lanes = np.float32(1e4), np.arange(1 << 20, dtype=np.uint32)

    def pair(key):
        streams = tuple(bits.stream(own) for own in jax.random.split(key, 3))
        return difficulty.log_gamma_pair(streams, (shape, shape), lanes)

    draw = simulate.compiled(pair, jax.default_backend(), ())
    for number in range(8):
        variates = np.exp(np.asarray(draw(keys.run_key(number, "lost")), float))
        assert np.abs(variates - shape).max() < 8 * np.sqrt(shape)  # beyond: 1e-15 a draw

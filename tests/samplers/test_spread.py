"""Difficulties by their distribution functions, against SciPy's, from the rarest to the commonest problem."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from checks import assert_counts, assert_same_distribution, rejects
from scipy import special, stats

from sim.draw import keys
from sim.model.spread import (
    ContinuousBernoulli,
    LatentPrecision,
    Reciprocal,
    ScaledBeta,
    ScaledKumaraswamy,
    SmallBall,
    Uniform,
    ZipfRanks,
)
from sim.samplers import bits, spread

LANES = jnp.arange(1 << 20, dtype=jnp.uint32)
SHARES = np.concatenate([[0], np.logspace(-4, -1, 7), np.linspace(0.2, 0.9, 8), 1 - np.logspace(-1.5, -4, 6), [1]])


def dealt(sampler, name):
    """Streams as the simulator deals them."""
    streams = tuple(bits.stream(key) for key in jax.random.split(keys.run_key(0, name), getattr(sampler, "STREAMS", 1)))
    return streams if len(streams) > 1 else streams[0]


@jax.jit
def draw(sampler, streams):
    return sampler.at(streams, LANES)


def log_success(member, name="spread"):
    return np.asarray(draw(member.sampler(), dealt(member.sampler(), f"{name} {member}")), float)


def kumaraswamy(alpha, beta, scale):
    return lambda share: np.log(scale) + np.log(-np.expm1(np.log1p(-share) / alpha)) / beta


def continuous_bernoulli(rate):
    c = np.log((1 - rate) / rate)
    return lambda share: np.log(-np.log1p(share * np.expm1(-c)) / c)


def ranked(decline, scale, ranks):
    return lambda share: np.log(scale) - decline * np.log(ranks * (1 - share))


def latent(beta, tolerance):
    return lambda share: np.log(special.erf(tolerance * np.sqrt(stats.gamma.ppf(share, beta / 2) / 2)))


def ball(dimension, temperature):
    return lambda share: stats.chi2.logcdf(share / temperature, dimension)


QUANTILES = [  # member, logarithm of the success probability that a share of the problems is below; the same 5 % off
    (ScaledBeta(3.5, 0.25, 0.1), lambda q: np.log(0.1 * stats.beta.ppf(q, 0.25, 3.5)),
     lambda q: np.log(0.1 * stats.beta.ppf(q, 0.2625, 3.5))),
    (ScaledKumaraswamy(3.5, 0.25, 0.1), kumaraswamy(3.5, 0.25, 0.1), kumaraswamy(3.5, 0.2625, 0.1)),
    (ScaledKumaraswamy(0.3, 2.0, 1.0), kumaraswamy(0.3, 2.0, 1.0), kumaraswamy(0.315, 2.0, 1.0)),
    (ContinuousBernoulli(0.1), continuous_bernoulli(0.1), continuous_bernoulli(0.105)),
    (ContinuousBernoulli(0.9), continuous_bernoulli(0.9), continuous_bernoulli(0.1)),
    (ContinuousBernoulli(1e-6), continuous_bernoulli(1e-6), continuous_bernoulli(2e-6)),
    (Uniform(0.0, 0.1), lambda q: np.log(0.1 * q), lambda q: np.log(0.105 * q)),
    (Uniform(0.3, 1.0), lambda q: np.log(0.3 + 0.7 * q), lambda q: np.log(0.315 + 0.685 * q)),
    (Reciprocal(1e-3, 0.5), lambda q: np.log(1e-3) + q * np.log(500),
     lambda q: np.log(1.05e-3) + q * np.log(500 / 1.05)),
    (ZipfRanks(1.5, 0.5, 10**9), ranked(1.5, 0.5, 10**9), ranked(1.575, 0.5, 10**9)),
    (ZipfRanks(0.5, 1.0, 10**9), ranked(0.5, 1.0, 10**9), ranked(0.5, 1.0, 0.95e9)),
    (LatentPrecision(2.5, 0.1, 0.0), latent(2.5, 0.1), latent(2.625, 0.1)),
    (LatentPrecision(0.2, 3.0, 0.0), latent(0.2, 3.0), latent(0.21, 3.0)),
    (SmallBall(4.0, 0.05, 1.0), ball(4, 0.05), ball(4, 0.0525)),
    (SmallBall(100.0, 0.02, 1.0), ball(100, 0.02), ball(100, 0.021)),
]  # fmt: skip


def shares_between(drawn, quantile):
    """How many of the drawn lie between the quantiles of SHARES."""
    inner = quantile(SHARES[1:-1])
    return np.bincount(np.searchsorted(inner, drawn), minlength=len(SHARES) - 1)


@pytest.mark.seldom(0)
@pytest.mark.parametrize(
    ("member", "quantile", "wrong"), QUANTILES, ids=lambda x: str(x) if isinstance(x, tuple) else ""
)
def test_success_probabilities_follow_their_distribution_function(member, quantile, wrong):
    drawn = log_success(member)
    assert (drawn <= 0).all() and not np.isnan(drawn).any()
    assert_counts(shares_between(drawn, quantile), np.diff(SHARES))
    rejects(assert_counts, shares_between(drawn, wrong), np.diff(SHARES))


def test_every_rank_of_a_thousand_is_as_likely():
    rank = np.rint(np.exp(-log_success(ZipfRanks(1.0, 1.0, 1000)))).astype(int)
    counts = np.bincount(rank - 1, minlength=1000)
    assert_counts(counts, np.full(1000, 1e-3))
    rejects(assert_counts, counts, np.diff(np.linspace(0, 1, 1001) ** 1.02))


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    ("beta", "tolerance", "bias"), [(2.5, 0.1, 1.0), (1.0, 2.0, 3.0), (6.0, 0.01, 0.5), (0.5, 5.0, 5.0)]
)
def test_a_biased_answer_is_right_as_often_as_normal_answers_are(beta, tolerance, bias):
    """Against precisions and biases drawn by NumPy and SciPy's normal distribution function in float64."""
    rng = keys.host_generator(keys.run_key(1, f"latent {beta} {tolerance} {bias}"))

    def literal(bias):
        root = np.sqrt(rng.gamma(beta / 2, size=1 << 20))
        offset = np.abs(bias * rng.standard_normal(1 << 20)) * root
        near, far = special.log_ndtr(tolerance * root - offset), special.log_ndtr(-tolerance * root - offset)
        return near + np.log1p(-np.exp(np.minimum(far - near, -1e-12)))

    drawn, expected, other = log_success(LatentPrecision(beta, tolerance, bias)), literal(bias), literal(1.1 * bias)
    edges = np.quantile(expected, SHARES)
    edges[0], edges[-1] = -np.inf, np.inf
    counts = [np.histogram(x, np.unique(edges))[0] for x in (drawn, expected, other)]
    assert_same_distribution(*counts[:2])
    rejects(assert_same_distribution, counts[0], counts[2])


@pytest.mark.seldom(0)
def test_an_interval_of_the_normal_law_keeps_its_digits_short_or_long_near_or_far():
    """Against 420 digits of mpmath: half widths from 1e-6 to 50, up to 40 deviations off."""
    halves, offsets = np.meshgrid(np.logspace(-6, 1.7, 30), np.concatenate([[0], np.logspace(-4, 1.6, 30)]))
    halves, offsets = (x.ravel().astype(np.float32) for x in (halves, offsets))
    found = np.asarray(jax.jit(spread._log_interval)(jnp.log(halves), offsets), float)
    with mpmath.workdps(420):
        for value, h, m in zip(found, halves.astype(float), offsets.astype(float), strict=True):
            h = float(np.exp(np.float64(np.log(np.float32(h)))))
            mass = (mpmath.erf((m + h) / mpmath.sqrt(2)) - mpmath.erf((m - h) / mpmath.sqrt(2))) / 2
            assert abs(value - float(mpmath.log(mass))) < 2e-5 * (1 + abs(value)), (h, m)


def test_a_scale_shifts_what_another_sampler_draws_and_leaves_the_unsolvable():
    class Given:
        def at(self, stream, lanes):
            return jnp.array([-jnp.inf, -3.0, 0.0], jnp.float32)

    np.testing.assert_array_equal(spread.Scaled(Given(), np.float32(-2)).at(None, LANES[:3]), [-np.inf, -5, -2])

"""Block chains against the law from 10^3 to 10^15 examples, and against direct draws."""

import jax
import numpy as np
import pytest
from checks import assert_mean, assert_same_distribution, rejects

from sim.draw import keys
from sim.laws import learning_curve, zipf
from sim.model import build
from sim.samplers.learners import block_chain, direct, feature_arrivals

EXAMPLES = np.array([1e3, 1e4, 1e5, 1e6, 1e9, 1e12, 1e15])


@jax.jit
def curves(member, of_batches):
    return jax.lax.map(member.curves, of_batches)


def masses(kernel, exponent, size, depth, examples, batches):
    """Unmemorised mass float64 [learners, n] of so many batches."""
    numbers = (exponent, size, depth, examples, zipf.normaliser(exponent, size))
    features = [build.feature_sampler(exponent, size)] if kernel is direct else []
    member, offset, scale = kernel.build(*features, *numbers)
    of_batches = jax.random.split(keys.run_key(0, f"{kernel.__name__} {numbers}"), batches)
    return offset + scale * np.asarray(curves(member, of_batches), float).reshape(-1, len(examples))


def independent(exponent, size, depth, examples):
    """Mean, standard deviation and excess kurtosis of the mass of independent features, from the law's own sums."""
    moments = []
    for n in examples:
        mass, weight = learning_curve.spectrum(n, exponent, size)
        unseen = learning_curve.fewer(depth, n, mass)
        spread = unseen * (1 - unseen)
        variance = weight @ (mass**2 * spread)
        excess = weight @ (mass**4 * spread * (1 - 6 * spread)) / variance**2
        moments.append((weight @ (mass * unseen), np.sqrt(variance), excess))
    return np.array(moments).T


def check_means(found, exponent, size, depth, examples):
    mean, deviation, _ = independent(exponent, size, depth, examples)
    assert_mean(found.mean(axis=0), len(found), mean, deviation)


def check_spreads(found, exponent, size, depth, examples):
    """Sample variances: their own standard deviation is sqrt((2 + excess) / learners) of them."""
    _, deviation, excess = independent(exponent, size, depth, examples)
    assert_mean(found.var(axis=0, ddof=1) / deviation**2, len(found), 1.0, np.sqrt(2 + excess))


@pytest.mark.seldom(1)
@pytest.mark.parametrize("exponent, depth", [(2.0, 2), (1.5, 1), (3.0, 5)])
def test_means_and_spreads_are_those_of_the_law_up_to_1e15_examples(exponent, depth):
    found = masses(block_chain, exponent, np.inf, depth, EXAMPLES, 8)
    law = exponent, np.inf, depth, EXAMPLES
    np.testing.assert_allclose(independent(*law)[0], learning_curve.unmemorised_mass(EXAMPLES, *law[:3]), rtol=1e-9)
    check_means(found, *law)
    check_spreads(found, *law)
    rejects(check_means, found, 1.02 * exponent, np.inf, depth, EXAMPLES)
    rejects(check_means, found, exponent, np.inf, depth + 1, EXAMPLES)
    rejects(check_spreads, found, 1.1 * exponent, np.inf, depth, EXAMPLES)


@pytest.mark.parametrize(
    "exponent", [1.05, *(pytest.param(s, marks=pytest.mark.slow) for s in (1.001, 1.01, 1.1, 1.2))]
)
def test_spreads_far_below_the_mean_are_drawn(exponent):
    """At s = 1.05 and 10^15 examples learners differ by a relative 1e-8: the mean alone would be no estimate."""
    found = masses(block_chain, exponent, np.inf, 1, EXAMPLES, 32)
    mean, deviation, excess = independent(exponent, np.inf, 1, EXAMPLES)
    assert (deviation < 1e-6 * mean).any()
    exact = learning_curve.unmemorised_mass(EXAMPLES, exponent, np.inf)
    assert_mean(found.mean(axis=0), len(found), exact, deviation)
    assert_mean(found.var(axis=0, ddof=1) / deviation**2, len(found), 1.0, np.sqrt(2 + excess))
    rejects(assert_mean, found.mean(axis=0), len(found), exact + 0.5 * deviation, deviation)
    rejects(assert_mean, 1.5 * found.var(axis=0, ddof=1) / deviation**2, len(found), 1.0, np.sqrt(2 + excess))


@pytest.mark.slow
@pytest.mark.parametrize("exponent", [1.2, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_every_curve_follows_the_law(exponent, depth):
    """Ten thousand learners each, a point every half decade from 10^3 to 10^15."""
    examples = np.rint(np.logspace(3, 15, 25))
    found = masses(block_chain, exponent, np.inf, depth, examples, 80)
    check_means(found, exponent, np.inf, depth, examples)
    check_spreads(found, exponent, np.inf, depth, examples)
    rejects(check_means, found, 1.002 * exponent, np.inf, depth, examples)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("depth", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_arrivals_and_block_chains_agree_in_distribution(depth):
    """A set of 8192 features: means, spreads, correlations between n, and the whole distribution."""
    examples = np.array([10, 1e3, 1e5, 2e5, 1e6])
    chains = masses(block_chain, 1.5, 8192, depth, examples, 24)
    arrivals = masses(feature_arrivals, 1.5, 8192, depth, examples, 8)
    for found in (chains, arrivals):
        check_means(found, 1.5, 8192, depth, examples)
        check_spreads(found, 1.5, 8192, depth, examples)
        rejects(check_means, found, 1.53, 8192, depth, examples)
        rejects(check_means, found, 1.5, 8192, depth + 1, examples)
    pulls = [(found - found.mean(axis=0)) / found.std(axis=0) for found in (chains, arrivals)]
    joint = [pull[:, 2] * pull[:, 3] for pull in pulls]
    error = np.sqrt(sum(x.var() / len(x) for x in joint))
    assert_mean(joint[0].mean() - joint[1].mean(), 1, 0.0, error)
    rejects(assert_mean, joint[0].mean(), 1, 0.0, error)  # neighbouring n are correlated
    edges = np.quantile(arrivals[:, 3], np.linspace(0, 1, 17))
    edges[0], edges[-1] = 0, 1
    assert_same_distribution(*(np.histogram(found[:, 3], edges)[0] for found in (chains, arrivals)))
    wrong = masses(block_chain, 1.53, 8192, depth, examples, 24)
    rejects(assert_same_distribution, *(np.histogram(found[:, 3], edges)[0] for found in (wrong, arrivals)))


@pytest.mark.slow
@pytest.mark.parametrize("exponent", [1.5, 2.0])
@pytest.mark.parametrize("depth", [1, 2])
def test_block_chains_spread_as_direct_draws_do(exponent, depth):
    """2000 training sets and more at 10^4 and 10^5 examples: standard deviations within 5 %, as is their ratio."""
    examples = np.array([1e4, 1e5])
    drawn = masses(direct, exponent, np.inf, depth, examples, 1024)
    chains = masses(block_chain, exponent, np.inf, depth, examples, 80)
    assert len(drawn) >= 2000
    ratio = chains.std(axis=0) / drawn.std(axis=0)
    assert ((ratio > 0.95) & (ratio < 1.05)).all()
    mean, deviation, _ = independent(exponent, np.inf, depth, examples)
    assert_mean(drawn.mean(axis=0), len(drawn), mean, deviation)
    rejects(assert_mean, drawn.mean(axis=0), len(drawn), 1.02 * mean, deviation)


@pytest.mark.slow
def test_a_hundred_million_features_are_not_cut_short():
    """At 10^9 examples a cumulated distribution in float32 would be wrong by a factor of eight."""
    examples = np.array([1e7, 1e9])
    law = learning_curve.unmemorised_mass(examples, 2.0, 1e8)
    found = masses(block_chain, 2.0, 1e8, 1, examples, 8).mean(axis=0)
    np.testing.assert_allclose(found, law, rtol=0.01)
    check_means(masses(block_chain, 2.0, 1e8, 1, examples, 8), 2.0, 1e8, 1, examples)


@pytest.mark.seldom(0)
def test_a_set_that_is_learnt_has_nothing_left():
    found = masses(block_chain, 1.5, 5000, 1, np.array([1e4, 1e9, 1e12]), 1)
    assert (found[:, 0] > 0).all()
    assert np.abs(found[:, 1:]).max() < 1e-30


@pytest.mark.seldom(0)
def test_neighbouring_exponents_share_a_program():
    curves.clear_cache()
    for exponent in (2.0, 2.001, 2.002):
        masses(block_chain, exponent, np.inf, 1, EXAMPLES, 1)
    assert curves._cache_size() == 1

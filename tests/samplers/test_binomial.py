"""Binomial variates against SciPy: the search, the corrected normal, and where one hands over to the other."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import assert_counts, assert_mean, rejects
from scipy import stats

from sim.draw import keys
from sim.samplers import binomial, bits

DRAWS = 1 << 20


@partial(jax.jit, static_argnames="searched")
def variates(key, count, probability, searched):
    """float32 [DRAWS] whole numbers; count and probability scalars."""
    stream, lanes = bits.stream(key), jnp.arange(DRAWS, dtype=jnp.uint32)
    count = jnp.full(DRAWS, count)
    if searched:
        return binomial.search(bits.uniform(stream, 0, lanes), count, probability)
    return jnp.round(count * probability + binomial.deviation(bits.normal(stream, 0, lanes), count, probability, 1.0))


def drawn(count, probability, searched):
    numbers = np.float32(count), np.float32(probability)
    found = np.asarray(variates(keys.run_key(0, f"{count} {probability} {searched}"), *numbers, searched)).astype(int)
    return found, stats.binom(count, float(numbers[1]))


def tally(found, law):
    """Counts and probabilities of 0 ... most, all beyond in one cell."""
    most = int(law.isf(1e-7)) + 1
    counts = np.bincount(np.minimum(found, most), minlength=most + 1)
    return counts, np.append(law.pmf(np.arange(most)), law.sf(most - 1))


SEARCHED = [(1, 0.5), (1, 1e-3), (7, 0.3), (40, 0.3), (60, 0.5), (24, 0.5), (1e4, 1e-3), (4e6, 3e-6), (1e5, 1e-7)]


@pytest.mark.parametrize("count, probability", SEARCHED)
def test_the_search_has_the_binomial_law(count, probability):
    found, law = drawn(count, probability, True)
    assert found.min() >= 0 and found.max() <= count
    assert_counts(*tally(found, law))
    off = 1.02 if count * probability > 0.1 else 1.3  # where a thousand successes are all there are
    rejects(assert_counts, *tally(found, stats.binom(count, off * float(np.float32(probability)))))


def test_rare_successes_are_searched_for_with_64_bits():
    """Expected 1e-4 successes among 1e9 tries: uniforms of 32 bits or an upper tail of 1 - u would lose them."""
    found, _ = drawn(1e9, 1e-13, True)
    assert_mean(found.mean(), DRAWS, 1e-4, 1e-2)
    rejects(assert_mean, found.mean(), DRAWS, 2e-4, 1e-2)


DEVIATES = [(24, 0.5), (40, 0.3), (120, 0.1), (1e5, 1.2e-4), (1e3, 0.5), (1e5, 0.01), (4e6, 0.4)]


def errors_of_deviates(count, probability, rounded):
    """Errors in mean, variance (both in sd), skewness and distribution function: no draws, but all quantiles."""
    probability = np.float32(probability)
    quantile = (np.arange(1 << 20) + 0.5) / (1 << 20)
    normal = stats.norm.ppf(quantile).astype(np.float32)
    moved = jax.jit(binomial.deviation)(normal, np.float32(count), probability, np.float32(rounded))
    found = np.rint(count * float(probability) + np.asarray(moved, float))
    assert found.min() >= 0 and found.max() <= count
    law = stats.binom(count, float(probability))
    mean, variance, skewness = (float(x) for x in law.stats("mvs"))
    z = (found - mean) / np.sqrt(variance)
    k = np.unique(found)
    share = np.searchsorted(found, k, side="right") / len(found)
    return abs(z.mean()), abs(z.var() - 1), abs((z**3).mean() - skewness), np.abs(share - law.cdf(k)).max()


@pytest.mark.seldom(2)
@pytest.mark.parametrize("count, probability", DEVIATES)
def test_the_corrected_normal_is_as_good_as_it_says(count, probability):
    """A mean of 12 and more. The million quantiles leave out 3e-6 of the variance."""
    bounds = np.array([2e-6, 2e-4, 5e-3, 2.1e-4])
    assert (errors_of_deviates(count, probability, 1.0) < bounds).all()
    if count * probability < 100:  # where rounding is not made good
        assert (errors_of_deviates(count, probability, 0.0) > bounds).any()


@pytest.mark.parametrize("count, probability", DEVIATES[:4])
def test_drawn_deviates_have_the_binomial_law_but_for_that(count, probability):
    found, law = drawn(count, probability, False)
    z = (found - law.mean()) / law.std()
    assert_mean(z.mean(), DRAWS, 0.0, 1.0)
    assert_mean(z.var(), DRAWS, 1.0, np.sqrt(2 + float(law.stats("k"))))
    rejects(assert_mean, (found - 0.98 * law.mean()).mean() / law.std(), DRAWS, 0.0, 1.0)


def test_nothing_comes_of_nothing():
    for searched in (True, False):
        assert (drawn(0, 0.3, searched)[0] == 0).all()
    assert (drawn(12, 0.0, True)[0] == 0).all()


@partial(jax.jit)
def chosen(key, count, probability):
    """float32 [DRAWS]: whatever suits count and probability, scalars."""
    key_search, key_normal = jax.random.split(key)
    lanes = jnp.arange(DRAWS, dtype=jnp.uint32)
    uniform, normal = bits.uniform(bits.stream(key_search), 0, lanes), bits.normal(bits.stream(key_normal), 0, lanes)
    return binomial.draw(uniform, normal, jnp.full(DRAWS, count), jnp.full(DRAWS, probability))


@pytest.mark.seldom(0)
@pytest.mark.parametrize("count, probability", [(1, 0.9), (7, 0.6), (40, 0.97), (1e3, 0.999), (50, 0.5), (1e4, 1e-3)])
def test_few_successes_and_few_failures_are_drawn_alike(count, probability):
    found = np.asarray(chosen(keys.run_key(0, f"{count} {probability}"), np.float32(count), np.float32(probability)))
    assert found.min() >= 0 and found.max() <= count
    law = stats.binom(count, float(np.float32(probability)))
    values, counts = np.unique(found.astype(int), return_counts=True)
    low, high = int(law.ppf(1e-7)), int(law.isf(1e-7))
    observed = np.bincount(np.clip(values, low, high) - low, counts, high - low + 1)

    def probabilities(of):
        return np.concatenate([[of.cdf(low)], of.pmf(np.arange(low + 1, high)), [of.sf(high - 1)]])

    assert_counts(observed, probabilities(law))
    off = stats.binom(count, 1 - 1.02 * law.sf(count - 1) if count == 1 else float(np.float32(probability)) * 0.998)
    rejects(assert_counts, observed, probabilities(off))


def test_certain_and_impossible_successes_are_no_matter_of_luck():
    for probability, of_ten in ((0.0, 0), (1.0, 10)):
        found = np.asarray(chosen(keys.run_key(0, "certain"), np.float32(10), np.float32(probability)))
        assert set(found) == {of_ten}
    assert set(np.asarray(chosen(keys.run_key(0, "none"), np.float32(0), np.float32(0.7)))) == {0}

"""Direct draws and jump chains have the exact joint law over n: an urn enumerated, then each against the other."""

import itertools
from functools import partial

import jax
import numpy as np
import pytest
from checks import assert_counts, assert_mean, assert_proportion, assert_same_distribution, rejects
from scipy import stats

from sim.draw import keys
from sim.laws import learning_curve, zipf
from sim.model import build
from sim.samplers import bits
from sim.samplers.learners import block_chain, direct, feature_arrivals, jump_chain

URN = np.array([6, 3, 2]) / 11  # every subset has a mass of its own
GRID = np.arange(5.0)  # n = 0 ... 4


@partial(jax.jit, static_argnames="draws")
def curves(member, of_batches, draws):
    """float32 [batches, learners, n]; draws: direct._DRAWS, so that a fixture that changes it is noticed."""
    return jax.lax.map(member.curves, of_batches)


def masses(name, exponent, size, depth, examples, batches):
    """Unmemorised mass float64 [learners, n] of so many batches."""
    total = zipf.normaliser(exponent, size)
    numbers = (exponent, size, depth, examples, total)
    if name == "direct":
        member, offset, scale = direct.build(build.feature_sampler(exponent, size), *numbers)
    else:
        kernel = {"jump_chain": jump_chain, "feature_arrivals": feature_arrivals, "block_chain": block_chain}[name]
        member, offset, scale = kernel.build(*numbers)
    of_batches = jax.random.split(keys.run_key(0, f"{name} {numbers}"), batches)
    found = np.asarray(curves(member, of_batches, direct._DRAWS), float)
    assert found.shape == (batches, member.LEARNERS, len(examples))
    return offset + scale * found.reshape(-1, len(examples))


def law_of_the_urn(depth):
    """Probability of each course of the unmemorised mass over GRID, in elevenths: all 81 training sets of four."""
    law = {}
    for examples in itertools.product(range(3), repeat=4):
        seen = [np.bincount(examples[:n], minlength=3) for n in range(5)]
        course = tuple(int(np.rint(11 * URN[s < depth].sum())) for s in seen)
        law[course] = law.get(course, 0.0) + URN[list(examples)].prod()
    return law


def courses(name, depth, batches):
    found = np.rint(11 * masses(name, 1.0, 3, depth, GRID, batches)).astype(int)
    return [tuple(course) for course in found]


BATCHES = {"direct": 128, "jump_chain": 16, "feature_arrivals": 64}


@pytest.fixture
def short_chunks(monkeypatch):
    """Examples drawn three at a time, so that tiny training sets are cheap and cross the borders of chunks."""
    monkeypatch.setattr(direct, "_DRAWS", 3)


def tally(found, law):
    return np.array([found.count(course) for course in law] + [sum(course not in law for course in found)])


@pytest.mark.seldom(0)
@pytest.mark.parametrize("name", ["direct", "jump_chain"])
@pytest.mark.parametrize("depth", [1, 2])
def test_every_course_of_learning_an_urn_comes_as_often_as_enumerated(short_chunks, name, depth):
    found, law = courses(name, depth, BATCHES[name]), law_of_the_urn(depth)
    probabilities = np.array([*law.values(), 0.0])
    assert_counts(tally(found, law), probabilities)
    other = law_of_the_urn(3 - depth)
    rejects(assert_counts, tally(found, other), np.array([*other.values(), 0.0]))


def test_independent_features_are_told_from_a_training_set():
    """The control: arrivals independent of each other show two features in one example."""
    law = law_of_the_urn(1)
    found = courses("feature_arrivals", 1, BATCHES["feature_arrivals"])
    rejects(assert_counts, tally(found, law), np.array([*law.values(), 0.0]))


@pytest.mark.seldom(0)
def test_after_d_examples_of_the_only_feature_all_is_memorised():
    for name in ("feature_arrivals", "block_chain"):
        found = masses(name, 2.0, 1, 3, GRID, 1)
        np.testing.assert_allclose(found, np.tile((GRID < 3) * 1.0, (len(found), 1)), atol=1e-6)


EXAMPLES = np.array([1, 10, 100, 1000, 4096, 4097, 10_000.0])


SPANS = [(0, 0), (4096, 4096), (4096, 4097), (4096, 4159), (4101, 4160), (5000, 90_001), (9000, 8000)]


@pytest.mark.seldom(4)
@pytest.mark.parametrize("start, stop", SPANS)
@pytest.mark.parametrize("digits", [0, 1, 3])
def test_sifting_counts_the_examples_whose_first_digits_are_0(start, stop, digits):
    """Against the digits looked up one example at a time."""
    stream = bits.stream(keys.run_key(0, "sifting"))
    found = jax.jit(direct._passing)(stream, np.int32(digits), np.int32(start), np.int32(stop))
    example = np.arange(start, max(start, stop), dtype=np.uint32)
    turns = 1 + np.arange(digits, dtype=np.uint32)[:, None]
    words = np.asarray(bits.words(stream, turns, example[None, :] // 64))
    own = np.where(example // 32 % 2, words[1], words[0]) >> example % 32 & 1
    assert int(found) == np.count_nonzero((own == 0).all(axis=0))
    if stop - start > 1000 and digits:
        assert_proportion(int(found), stop - start, 2.0**-digits)
        rejects(assert_proportion, int(found), stop - start, 2.0**-digits * 1.5)


@pytest.mark.parametrize("exponent, size, depth, digits", [
    (1.2, np.inf, 1, 0), (1.5, np.inf, 1, 2), (2.0, np.inf, 1, 3), (2.0, np.inf, 5, 3), (3.0, 1e6, 1, 5),
])  # fmt: skip
def test_sifting_passes_over_no_feature_that_might_be_new(exponent, size, depth, digits):
    """As many digits as leave a chance of 2^-60, the binomial summed by SciPy, and not one more."""
    total = zipf.normaliser(exponent, size)
    member = direct.build(build.feature_sampler(exponent, size), exponent, size, depth, EXAMPLES, total)[0]
    assert member.digits == digits

    def doubt(digits):
        rank = np.arange(1, 1 + np.argmax(zipf.tail(np.arange(1, 1000), exponent, size) < 2.0**-digits) + 1)
        return stats.binom.cdf(depth - 1, direct._DRAWS, rank**-exponent / total).sum()

    assert digits == 0 or doubt(digits) < 2.0**-60
    assert doubt(digits + 1) > 2.0**-60


def first_memorised(exponent, depth, examples):
    """Probability that the second of two features is memorised by each n and not before, and that it never is."""
    rare = 2.0**-exponent / (1 + 2.0**-exponent)
    return -np.diff(stats.binom.cdf(depth - 1, examples, rare), prepend=1, append=0)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("depth", [1, 2])
def test_what_sifting_leaves_comes_as_often_as_enumerated(depth):
    """Two features, one of them rare: 1 example in 128 passes, and in 64 of these the rare one is shown."""
    examples = np.array([3000, 4096, 5000, 5001, 9000, 14_000.0])
    found = masses("direct", 13.0, 2, depth, examples, 512)
    rare = zipf.mass(2, 13.0, 2)
    unmemorised = np.rint(found / rare).astype(int)
    np.testing.assert_allclose(found, unmemorised * rare, rtol=1e-5)
    counts = np.bincount(unmemorised.sum(axis=1), minlength=7)  # points of the grid before it is memorised
    assert_counts(counts, first_memorised(13.0, depth, examples))
    rejects(assert_counts, counts, first_memorised(13.15, depth, examples))
    rejects(assert_counts, counts, first_memorised(13.0, 3 - depth, examples))


@pytest.mark.seldom(0)
@pytest.mark.parametrize("depth", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_direct_and_jump_chains_agree_in_distribution(depth):
    """A thousand features: means, and the whole distribution at each n."""
    one = masses("direct", 1.5, 1000, depth, EXAMPLES, 64)
    other = masses("jump_chain", 1.5, 1000, depth, EXAMPLES, 8 * depth)
    wrong = masses("jump_chain", 1.53, 1000, depth, EXAMPLES, 8 * depth)
    law = learning_curve.unmemorised_mass(EXAMPLES, 1.5, 1000, depth)
    for found in (one, other):
        spread = one.std(axis=0)
        assert_mean(found.mean(axis=0)[3:], len(found), law[3:], spread[3:])
    rejects(assert_mean, wrong.mean(axis=0)[3:], len(wrong), law[3:], spread[3:])
    for j in (3, 4, 6):
        edges = np.quantile(np.concatenate([one, other])[:, j], np.linspace(0, 1, 11))
        assert_same_distribution(np.histogram(one[:, j], edges)[0], np.histogram(other[:, j], edges)[0])
    edges = np.quantile(one[:, 6], np.linspace(0, 1, 11))
    edges[0], edges[-1] = 0, 1
    rejects(assert_same_distribution, np.histogram(one[:, 6], edges)[0], np.histogram(wrong[:, 6], edges)[0])


@pytest.mark.seldom(0)
def test_direct_draws_have_the_mean_and_the_variance_of_the_law():
    """Infinite features, far beyond the table: means and variances of the missing mass (Karlin)."""
    examples = np.array([1, 3, 30, 300, 4096, 5000, 20_000.0])
    found = masses("direct", 1.5, np.inf, 1, examples, 64)
    law = learning_curve.unmemorised_mass(examples, 1.5, np.inf)
    deviation = np.sqrt(learning_curve.unmemorised_mass_variance(examples, 1.5, np.inf))
    assert_mean(found.mean(axis=0), len(found), law, deviation)
    wrong = learning_curve.unmemorised_mass(examples, 1.53, np.inf)
    rejects(assert_mean, found.mean(axis=0), len(found), wrong, deviation)
    ratio = found.var(axis=0, ddof=1) / deviation**2
    assert_mean(ratio[4:], len(found), 1.0, np.sqrt(2.0))  # nearly normal

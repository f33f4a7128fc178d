"""The posterior: evidence by brute force, the kinds' shares, what it finds, and that it does not starve."""

import numpy as np
import pytest
from scipy import special, stats

from sim.calibration import mixtures, posterior, prediction, prior
from sim.calibration.prior import Kind
from tests import checks

PLAIN = Kind("plain", 1.0, (-1.0, 0.7), (2.0, 1.0), 0.5, 1.0, None, None)


def drawn(generator, problems, attempts, ceiling=1.0, alpha=5.0, beta=0.35):
    success = generator.beta(beta, alpha, problems) * (generator.random(problems) < ceiling)
    return np.full(problems, float(attempts)), generator.binomial(attempts, success).astype(float)


@pytest.fixture(scope="module")
def two_kinds_of_problems():
    """60 solved with a chance of 0.5, 60 with 0.004, 40 never; 100 attempts: likelihood and posterior."""
    success = np.repeat([0.5, 0.004, 0.0], (60, 60, 40))
    successes = np.random.default_rng(2).binomial(100, success).astype(float)
    likelihood = mixtures.of_counts(np.full(160, 100.0), successes)
    return likelihood, posterior.posterior(likelihood)


@pytest.fixture(scope="module")
def of_model():
    """A pilot of the model: likelihood and posterior."""
    likelihood = mixtures.of_counts(*drawn(np.random.default_rng(4), 128, 100))
    return likelihood, posterior.posterior(likelihood)


def test_evidence_and_moments_agree_with_a_fine_grid():
    likelihood = mixtures.of_counts(*drawn(np.random.default_rng(1), 60, 50, ceiling=0.8))
    found = posterior.posterior(likelihood, (PLAIN,))
    axes = np.linspace(-4, 4, 41), np.linspace(-4, 4, 41), special.ndtri(np.linspace(0.0125, 0.9875, 40))
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    log_prior = stats.norm.logpdf(points[:, :2]).sum(axis=1) + 2 * np.log(0.2) - np.log(40)
    laws = np.concatenate([prior.mixing(part, PLAIN) for part in np.array_split(points, 70)])
    log_weight = mixtures.log_likelihood(laws, likelihood) + log_prior
    assert found.log_evidence == pytest.approx(special.logsumexp(log_weight), abs=0.2)
    weight = special.softmax(log_weight)
    for values, own in ((1 - laws[:, 0], found.ceiling), (laws @ mixtures.reach([1e3])[:, 0], None)):
        own = found.mixing @ mixtures.reach([1e3])[:, 0] if own is None else own
        mean = weight @ values
        deviation = np.sqrt(weight @ (values - mean) ** 2)
        checks.assert_mean(own.mean(), 200, mean, deviation)
        checks.rejects(checks.assert_mean, own.mean(), 200, mean + deviation, deviation)
        assert own.std() == pytest.approx(deviation, rel=0.2)


def test_kinds_are_weighed_by_evidence_and_share():
    likelihood = mixtures.of_counts(*drawn(np.random.default_rng(1), 60, 50))
    other = PLAIN._replace(name="other", share=3.0, beta=(1.0, 0.3))
    alone = [posterior.posterior(likelihood, (kind,)).log_evidence for kind in (PLAIN, other)]
    both = posterior.posterior(likelihood, (PLAIN, other))
    expected = special.softmax(alone)  # the share of a kind is in its evidence
    assert list(both.shares) == ["plain", "other"]
    np.testing.assert_allclose(list(both.shares.values()), expected, rtol=1e-9)
    assert both.log_evidence == pytest.approx(np.logaddexp(*alone))
    first = prior.mixing(both.samples[0].points, PLAIN)
    of_first = [bool((law == first).all(axis=1).any()) for law in both.mixing]
    assert sum(of_first) == pytest.approx(1000 * expected[0], abs=1)


def test_the_same_pilot_gives_the_same_draws(of_model):
    likelihood, found = of_model
    again = posterior.posterior(likelihood)
    np.testing.assert_array_equal(found.mixing, again.mixing)
    assert found.weight.sum() == pytest.approx(1) and len(set(found.weight)) == 1
    assert sum(found.shares.values()) == pytest.approx(1) and found.shares == again.shares


@pytest.mark.parametrize(("beta", "alpha"), [(0.35, 5.0), (0.05, 0.3), (2.0, 300.0), (3.0, 0.4)])
def test_the_nearest_beta_law_of_a_beta_law_is_itself(beta, alpha):
    law = prior.mixing(np.array([[(np.log(beta) + 1) / 0.7, np.log(alpha / beta) - 2, 2.0]]), PLAIN)  # with a ceiling
    found = posterior.nearest(law)
    assert [float(one[0]) for one in found] == pytest.approx([alpha, beta], rel=1e-3)


def test_a_pilot_of_the_model_gives_its_parameters_back(of_model):
    _, found = of_model
    for values, truth in ((found.beta, 0.35), (found.alpha, 5.0), (found.ceiling, 1.0)):
        low, high = np.quantile(values, (0.005, 0.995))
        assert low <= truth <= high + 1e-6 and high < 4 * max(low, 0.1)


def test_a_ceiling_that_is_there_is_found():
    with_one = mixtures.of_counts(*drawn(np.random.default_rng(3), 400, 400, ceiling=0.5, alpha=2.0, beta=1.0))
    found = posterior.posterior(with_one)
    low, high = np.quantile(found.ceiling, (0.005, 0.995))
    assert low < 0.5 < high and low > 0.4
    assert np.median(found.ceiling) == pytest.approx(0.5, abs=0.1)


def test_pilots_that_no_beta_law_fits_have_draws_enough_and_the_truth(two_kinds_of_problems):
    """At 202 attempts 57.9 % are solved, at 1,000 74.3 %; Levi's law alone would say 48 %."""
    likelihood, found = two_kinds_of_problems
    assert found.effective > 200
    assert found.shares[prior.LEVI] < 1e-6
    drawn = prediction.shares(found, likelihood, mixtures.reach([202.0, 1000.0]))
    low, high = np.quantile(drawn, (0.005, 0.995), axis=0)
    truth = (60 * (1 - 0.5**202) + 60 * (1 - 0.996 ** np.array([202, 1000]))) / 160
    assert (low <= truth).all() and (truth <= high).all()
    levi = posterior.posterior(likelihood, prior.PRIOR[:1])
    assert prediction.these(levi, likelihood, np.array([202.0])).quantiles[0, -1] < truth[0]


def test_a_wider_prior_is_what_is_sampled_from_it_itself(of_model):
    likelihood, found = of_model
    wide = posterior.widened(found, likelihood)
    scratch = posterior.posterior(likelihood, tuple(kind.wider() for kind in prior.PRIOR))
    for name in prior.KINDS:
        assert wide.shares[name] == pytest.approx(scratch.shares[name], abs=0.15)
    for one, other in ((wide.beta, scratch.beta), (np.log(wide.alpha), np.log(scratch.alpha))):
        assert np.median(one) == pytest.approx(np.median(other), abs=0.35 * other.std())
        assert one.std() == pytest.approx(other.std(), rel=0.35)


def test_very_many_different_counts_are_condensed_without_a_trace():
    generator = np.random.default_rng(7)
    attempts = generator.integers(10, 600, 1500).astype(float)
    success = generator.beta(0.35, 5.0, 1500)
    likelihood = mixtures.of_counts(attempts, generator.binomial(attempts.astype(int), success).astype(float))
    condensed = mixtures.condensed(likelihood)
    assert len(condensed.problems) < len(likelihood.problems) / 2
    assert condensed.problems.sum() == 1500 and condensed.row.max() < len(condensed.problems)
    laws = mixtures.beta(np.log([[0.35, 5.0], [0.4, 5.0], [0.35, 6.0], [0.3, 4.0]]))
    whole, less = (np.log(laws @ one.kernel.T) @ one.problems for one in (likelihood, condensed))
    np.testing.assert_allclose(whole - whole[0], less - less[0], atol=0.5)
    assert np.abs(whole - whole[0]).max() > 5


@pytest.mark.slow
def test_ranks_of_what_was_drawn_from_the_prior_are_uniform():
    """Coverage of new problems at 1,000 attempts, of 200 laws drawn from two kinds (Talts et al. 2018).

    A prior whose exponents are e times as large is seen.
    """
    kinds = (PLAIN._replace(share=0.5), PLAIN._replace(name="other", share=0.5, beta=(0.0, 0.5)))
    elsewhere = tuple(kind._replace(beta=(kind.beta[0] + 1, kind.beta[1])) for kind in kinds)
    ranks = {kinds: [], elsewhere: []}
    for number in range(200):
        generator = np.random.default_rng([number, 11])
        law = prior.mixing(generator.standard_normal((1, 3)), kinds[int(generator.integers(2))])[0]
        success = np.append(0.0, special.expit(mixtures.ODDS))[generator.choice(len(law), 60, p=law / law.sum())]
        likelihood = mixtures.of_counts(np.full(60, 40.0), generator.binomial(40, success).astype(float))
        reach = mixtures.reach([1000.0])[:, 0]
        for own, kept in ranks.items():
            below = posterior.posterior(likelihood, own).mixing @ reach - law @ reach
            kept.append((below < 0).mean() + generator.random() * (below == 0).mean())
    checks.assert_counts(np.histogram(ranks[kinds], 8, (0, 1.001))[0], np.full(8, 1 / 8))
    checks.rejects(checks.assert_counts, np.histogram(ranks[elsewhere], 8, (0, 1.001))[0], np.full(8, 1 / 8))

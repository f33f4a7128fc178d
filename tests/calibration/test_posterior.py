"""The average of laws: evidence by brute force, golden posteriors, and intervals that hold what they say."""

import numpy as np
import pytest
from scipy import special, stats

from sim import estimators
from sim.calibration import curve, mixtures, posterior, prediction
from sim.pilot.pilot import Pilot
from tests import checks


def drawn(generator, problems, attempts, ceiling=1.0, alpha=5.0, beta=0.35):
    success = generator.beta(beta, alpha, problems) * (generator.random(problems) < ceiling)
    return np.full(problems, float(attempts)), generator.binomial(attempts, success).astype(float)


@pytest.mark.parametrize("name", ["beta", "kumaraswamy", "logit-normal"])
def test_evidence_and_moments_agree_with_a_fine_grid(name):
    law = mixtures.LAWS[name]
    likelihood = mixtures.of_counts(*drawn(np.random.default_rng(1), 60, 50))
    found = posterior.posterior(law, likelihood)
    axes = [np.linspace(c - 6 * s, c + 6 * s, 200) for c, s in zip(law.centre, law.scale, strict=True)]
    theta = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    log_prior = stats.norm.logpdf(theta, law.centre, law.scale).sum(axis=1)
    likelihoods = [mixtures.log_likelihood(law.weights(part), likelihood) for part in np.array_split(theta, 40)]
    log_weight = np.concatenate(likelihoods) + log_prior
    area = np.prod([axis[1] - axis[0] for axis in axes])
    assert found.log_evidence == pytest.approx(special.logsumexp(log_weight) + np.log(area), abs=0.05)
    weight = special.softmax(log_weight)
    mean = weight @ theta
    deviation = np.sqrt(weight @ (theta - mean) ** 2)
    np.testing.assert_allclose(found.weight @ found.theta, mean, atol=0.1 * deviation.min())


def test_the_same_pilot_gives_the_same_average():
    likelihood = mixtures.of_counts(*drawn(np.random.default_rng(2), 40, 30))
    one, other = posterior.average(likelihood), posterior.average(likelihood)
    np.testing.assert_array_equal(one.mixing, other.mixing)
    np.testing.assert_array_equal(one.weight, other.weight)
    assert one.weight.sum() == pytest.approx(1)
    assert sum(one.shares.values()) == pytest.approx(1)


def test_evidence_finds_the_ceiling_that_is_there():
    with_ceiling = mixtures.of_counts(*drawn(np.random.default_rng(3), 400, 400, ceiling=0.5, alpha=2.0, beta=1.0))
    without = mixtures.of_counts(*drawn(np.random.default_rng(4), 400, 400, alpha=2.0, beta=1.0))
    names = ["beta", "beta with a ceiling"]
    assert posterior.average(with_ceiling, names).shares["beta with a ceiling"] > 0.999
    assert posterior.average(without, names).shares["beta"] > 0.5


def test_a_problem_with_known_law_has_its_golden_posterior():
    """Failure Beta(5, .35), 97 failures and 3 successes, k = 50: .733888730506; of 100 more such the same."""
    weights = mixtures.beta(np.log([[0.35, 5.0]]))
    average = posterior.Average(np.ones(1), weights, np.array(["beta"], object), {}, {})
    likelihood = mixtures.of_counts(np.full(7, 100.0), np.full(7, 3.0))
    mean, variance = prediction.these_moments(average, likelihood, np.array([50.0]))
    assert mean[0, 0] == pytest.approx(0.733888730506, abs=2e-4)
    assert variance[0, 0] == pytest.approx(0.733888730506 * (1 - 0.733888730506) / 7, rel=1e-3)


def test_intervals_are_in_order_and_coverage_grows():
    likelihood = mixtures.of_counts(*drawn(np.random.default_rng(5), 100, 100))
    average, ks = posterior.average(likelihood), np.geomspace(1, 1e6, 30)
    for interval in (prediction.these(average, likelihood, ks), prediction.new(average, ks)):
        assert (np.diff(interval.quantiles, axis=1) >= 0).all()
        assert (np.diff(interval.mean) >= -1e-12).all()
        assert (0 <= interval.quantiles).all() and (interval.quantiles <= 1).all()


def test_new_problems_are_less_certain_than_these():
    likelihood = mixtures.of_counts(*drawn(np.random.default_rng(6), 60, 400))
    average, ks = posterior.average(likelihood), np.array([100.0])
    width = lambda interval: np.ptp(interval.quantiles[0, [0, 4]])  # noqa: E731
    assert width(prediction.new(average, ks, 60)) > 1.5 * width(prediction.these(average, likelihood, ks))


@pytest.mark.slow
def test_intervals_of_pilots_from_the_model_hold_what_they_say():
    """90 % of 300 pilots of three truths, of what as many attempts and ten times as many will show.

    The 50 % interval in the place of the 90 % one would be seen.
    """
    inside, half, among_more, pilots = 0, 0, 0, 0
    for truth in ((1.0, 5.0, 0.35), (0.8, 5.0, 0.35), (1.0, 15.0, 0.3)):
        for number in range(100):
            generator = np.random.default_rng([number, int(10 * truth[0]), int(truth[1])])
            success = generator.beta(truth[2], truth[1], 140) * (generator.random(140) < truth[0])
            attempts, successes = np.full(140, 100.0), generator.binomial(100, success).astype(float)
            likelihood, ks = mixtures.of_counts(attempts, successes), prediction.curve_grid(100)
            seen = estimators.pass_at_k(ks.astype(int), attempts, successes).mean(axis=1)
            average = posterior.average(likelihood)
            _, interval = prediction.told(average, likelihood, ks, seen, np.array([1000.0]))
            low, quarter, _, three, high = interval.quantiles[0]
            solved = (generator.random(140) < 1 - (1 - success) ** 1000).mean()
            inside, half, pilots = inside + (low <= solved <= high), half + (quarter <= solved <= three), pilots + 1
            more = generator.binomial(10_000, success)
            shown = estimators.pass_at_k([1000], np.full(140, 10_000), more).mean()
            _, interval = prediction.told(average, likelihood, ks, seen, np.array([1000.0]), measured=10_000)
            among_more += interval.quantiles[0, 0] <= shown <= interval.quantiles[0, -1]
    checks.assert_proportion(inside, pilots, 0.9)
    checks.assert_proportion(among_more, pilots, 0.9)
    with pytest.raises(AssertionError):
        checks.assert_proportion(half, pilots, 0.9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["beta", "beta with a ceiling", "kumaraswamy"])
def test_ranks_of_what_was_drawn_from_the_prior_are_uniform(name):
    """400 pilots whose parameters come from the prior (Talts et al. 2018); a prior centred elsewhere is seen."""
    law, ranks, elsewhere = mixtures.LAWS[name], [], []
    moved = law._replace(centre=(law.centre[0] + 1.0, *law.centre[1:]))
    for number in range(400):
        generator = np.random.default_rng([number, len(name)])
        theta = generator.normal(law.centre, law.scale)
        weights = law.weights(theta[None])[0]
        success = np.append(0.0, special.expit(mixtures.ODDS))[generator.choice(len(weights), 120, p=weights)]
        likelihood = mixtures.of_counts(np.full(120, 60.0), generator.binomial(60, success).astype(float))
        for of, kept in ((law, ranks), (moved, elsewhere)):
            found = posterior.posterior(of, likelihood)
            kept.append([found.weight[found.theta[:, j] < theta[j]].sum() for j in range(len(theta))])
    for column in np.array(ranks).T:
        checks.assert_counts(np.histogram(column, 10, (0, 1))[0], np.full(10, 0.1))
    with pytest.raises(AssertionError):
        checks.assert_counts(np.histogram(np.array(elsewhere)[:, 0], 10, (0, 1))[0], np.full(10, 0.1))


@pytest.mark.slow
def test_ranks_of_one_truth_are_uniform_over_large_pilots():
    """200 pilots of A = .5, alpha = 2, beta = 1; an alpha 10 % off is seen."""
    ranks, elsewhere = [], []
    for number in range(200):
        generator = np.random.default_rng([number, 1000])
        likelihood = mixtures.of_counts(*drawn(generator, 1000, 1000, ceiling=0.5, alpha=2.0, beta=1.0))
        of = posterior.posterior(mixtures.LAWS["beta with a ceiling"], likelihood)
        for alpha, kept in ((2.0, ranks), (2.2, elsewhere)):
            kept.append(of.weight @ (of.theta < [0.0, np.log(alpha), 0.0]))
    for column in np.array(ranks).T:
        checks.assert_counts(np.histogram(column, 10, (0, 1))[0], np.full(10, 0.1))
    with pytest.raises(AssertionError):
        checks.assert_counts(np.histogram(np.array(elsewhere)[:, 1], 10, (0, 1))[0], np.full(10, 0.1))


def test_a_pilot_that_rules_the_beta_laws_out_has_a_point_too():
    """Half of the problems all but certain, half all but impossible."""
    successes = np.repeat([16383.0, 5.0], 100)
    pilot = Pilot("two", [str(i) for i in range(200)], np.full(200, 16384.0), successes)
    likelihood, seen = curve.likelihood(pilot), curve.observed(pilot)
    average = posterior.average(likelihood)
    assert not np.isin(average.law, prediction.POINT).any()
    attempts = np.array([1, 100, 16384.0])
    point, _ = prediction.told(average, likelihood, seen.attempts, seen.value, attempts)
    assert (np.diff(point, prepend=0.0) > 0).all() and point[-1] == 1  # every problem was solved

"""Evidence of kinds of law against independent oracles, ranks of what the prior gives, effective sizes."""

import numpy as np
import pytest
from scipy import special, stats

from sim.calibration import mixtures, posterior, prediction, prior
from sim.calibration.prior import Deviation, Kind
from tests import checks

PLAIN = Kind("plain", 0.9, (-1.0, 0.7), (2.0, 1.0), 0.5, 1.0, None, None)
BENT = Kind("bent", 0.1, (-1.0, 0.7), (2.0, 1.5), 0.5, 2.0, Deviation((0.0, 0.5), (1.5, 6.0)), 0.1)
ROUGH = BENT._replace(name="rough", deviation=Deviation((0.7, 0.5), (1.5, 3.0)), bend=None)
FEW = np.array([3.0, 3, 5, 5, 20]), np.array([0.0, 1, 0, 2, 0])
FAR = mixtures.reach([1000.0])[:, 0]
RUNS = 8


def pilot(problems=60, attempts=50, seed=1, alpha=5.0, beta=0.35):
    generator = np.random.default_rng(seed)
    won = generator.binomial(attempts, generator.beta(beta, alpha, problems))
    return np.full(problems, float(attempts)), won.astype(float)


def repeated(kind, likelihood, runs=RUNS, points=400):
    """Independent posteriors of one kind: its name is what numbers are drawn by."""
    return [
        posterior.posterior(likelihood, (kind._replace(name=f"{kind.name} {run}", share=1.0),), points)
        for run in range(runs)
    ]


def averaged(kind, attempts, successes):
    """(log evidence, mean of pass@1000) of a kind without deviation, by the beta-binomial law of SciPy on a grid."""
    nodes = np.linspace(-5, 5, 81)
    weight = stats.norm.pdf(nodes) * (nodes[1] - nodes[0])
    first, second = np.meshgrid(nodes, nodes, indexing="ij")
    beta = np.exp(kind.beta[0] + kind.beta[1] * first.ravel())[:, None]
    alpha = beta * np.exp(kind.odds[0] + kind.odds[1] * second.ravel())[:, None]
    never = np.append(0.0, ((np.arange(40) + 0.5) / 40) ** kind.never)[:, None]
    pairs, problems = np.unique(np.stack([successes, attempts]), axis=1, return_counts=True)
    own = stats.betabinom.pmf(*pairs, beta, alpha)
    each = [problems @ np.log((1 - share) * own + share * (pairs[0] == 0)).T for share in never]
    log_prior = np.log(np.append(kind.solvable, np.full(40, (1 - kind.solvable) / 40)))[:, None]
    logs = np.array(each) + log_prior + np.log(np.outer(weight, weight).ravel())
    reached = 1 - np.exp(special.betaln(alpha + 1000, beta) - special.betaln(alpha, beta))
    return special.logsumexp(logs), (special.softmax(logs) * (1 - never) * reached[:, 0]).sum()


def weighed(kind, attempts, successes, number=40_000):
    """The same of any kind, by laws drawn from it: enough where a pilot says little."""
    likelihood, generator = mixtures.of_counts(attempts, successes), np.random.default_rng(0)
    laws = np.concatenate(
        [prior.mixing(generator.standard_normal((2000, kind.size)), kind) for _ in range(number // 2000)]
    )
    bends = prior.log_bends(laws @ prior.DECADES, kind)
    logs = mixtures.log_likelihood(laws, likelihood) + bends
    return special.logsumexp(logs) - special.logsumexp(bends), special.softmax(logs) @ (laws @ FAR)


@pytest.mark.parametrize(
    ("kind", "counts", "oracle"),
    [(PLAIN, pilot(), averaged), (PLAIN, FEW, averaged), (BENT, FEW, weighed), (ROUGH, FEW, weighed)],
    ids=["plain", "plain, little told", "bent", "rough"],
)
def test_evidence_and_predictions_are_those_of_an_oracle(kind, counts, oracle):
    """In eight runs, of five powers at most, each of which adds 1 / 400 to the variance of the logarithm.

    An evidence without what the bends leave of the kind, 40 % off, is seen.
    """
    log_evidence, reached = oracle(kind, *counts)
    found = repeated(kind, mixtures.of_counts(*counts))
    deviation = np.sqrt(5 / 400)
    mean = np.mean([one.log_evidence for one in found])
    checks.assert_mean(mean, RUNS, log_evidence, deviation)
    checks.rejects(checks.assert_mean, mean, RUNS, log_evidence + np.log(1.4), deviation)
    drawn = np.concatenate([one.mixing @ FAR for one in found])
    effective = sum(one.effective for one in found)
    checks.assert_mean(drawn.mean(), effective, reached, drawn.std())
    checks.rejects(checks.assert_mean, drawn.mean(), effective, reached + 0.3 * drawn.std(), drawn.std())


def test_kinds_have_the_shares_of_prior_times_evidence():
    """Against the oracle; of a kind alone, its share in the prior is part of its evidence."""
    likelihood, other = mixtures.of_counts(*pilot()), PLAIN._replace(name="other", share=0.1, beta=(0.0, 0.3))
    logs = [averaged(kind, *pilot())[0] + np.log(kind.share) for kind in (PLAIN, other)]
    found = posterior.posterior(likelihood, (PLAIN, other))
    assert special.logit(found.shares["plain"]) == pytest.approx(logs[0] - logs[1], abs=0.5)
    assert abs(logs[0] - logs[1] - np.diff([averaged(kind, *pilot())[0] for kind in (other, PLAIN)])[0]) > 2
    assert found.log_evidence == pytest.approx(np.logaddexp(*logs), abs=0.4)
    assert posterior.posterior(likelihood, (other,)).log_evidence == pytest.approx(logs[1], abs=0.4)
    number = round(1000 * found.shares["plain"])
    for place, sample in ((0, found.samples[0]), (number, found.samples[1])):
        law = prior.mixing(sample.points[:1], sample.kind)[0]
        np.testing.assert_allclose(found.mixing[place], law, rtol=1e-9)


@pytest.mark.seldom(0)
def test_few_points_find_the_evidence_that_many_find():
    """Of a pilot that narrows a few of 41 directions."""
    likelihood = mixtures.of_counts(*pilot(140, 100))
    few = np.mean([one.log_evidence for one in repeated(ROUGH, likelihood, points=400)])
    many = np.mean([one.log_evidence for one in repeated(ROUGH, likelihood, 2, points=2000)])
    assert few == pytest.approx(many, abs=0.5)


@pytest.mark.seldom(1)
@pytest.mark.parametrize("kind", [PLAIN, BENT], ids=lambda kind: kind.name)
def test_the_wider_prior_is_the_one_that_is_sampled_from_scratch(kind):
    """Evidence, parameters and coverage; the prior itself in the place of the wider one is seen in the evidence."""
    likelihood = mixtures.of_counts(*pilot())
    own, scratch = repeated(kind, likelihood), repeated(kind.wider(), likelihood)
    wide = [posterior.widened(one, likelihood) for one in own]
    mean = {name: np.mean([one.log_evidence for one in runs]) for name, runs in
            (("own", own), ("wide", wide), ("scratch", scratch))}  # fmt: skip
    deviation = np.sqrt(2 * 8 / 400 + np.mean([1 / one.effective for one in wide]))
    checks.assert_mean(mean["wide"], RUNS, mean["scratch"], deviation)
    checks.rejects(checks.assert_mean, mean["own"], RUNS, mean["scratch"], deviation)
    for of in (
        lambda one: np.log(one.alpha),
        lambda one: np.log(one.beta),
        lambda one: one.ceiling,
        lambda one: one.mixing @ FAR,
    ):
        law, found = (np.concatenate([of(one) for one in runs]) for runs in (scratch, wide))
        worth = [sum(one.effective for one in runs) for runs in (scratch, wide)]
        n = 1 / (1 / worth[0] + 1 / worth[1])
        checks.assert_mean(found.mean(), n, law.mean(), law.std())
        assert found.std() == pytest.approx(law.std(), rel=0.15)


@pytest.mark.parametrize("ceiling", [1.0, 0.6])
@pytest.mark.parametrize("alpha", [0.5, 5.0, 40.0, 300.0, 2000.0])
@pytest.mark.parametrize("beta", [0.05, 0.35, 1.0, 3.0])
def test_the_nearest_beta_law_of_a_beta_law_is_itself_with_any_ceiling(alpha, beta, ceiling):
    law = mixtures.beta(np.log([[beta, alpha]]))
    law = ceiling * law + (1 - ceiling) * np.eye(law.shape[1])[:1]
    found = posterior.nearest(law)
    assert [float(one[0]) for one in found] == pytest.approx([alpha, beta], rel=2e-3)


def test_the_nearest_beta_law_is_the_likeliest():
    """Of a law between two: no other Beta law near it has a smaller divergence, alpha and beta 3 % off."""
    law = (mixtures.beta(np.log([[0.3, 3.0]])) + mixtures.beta(np.log([[1.0, 40.0]])))[0] / 2
    alpha, beta = (float(one[0]) for one in posterior.nearest(law[None]))
    around = [(beta * i, alpha * j) for i in (0.97, 1.0, 1.03) for j in (0.97, 1.0, 1.03)]
    fit = np.log(mixtures.beta(np.log(around))[:, 1:]) @ law[1:]
    assert fit.argmax() == 4


def test_the_order_of_problems_says_nothing():
    attempts, successes = np.array([9.0, 20, 9, 50]), np.array([1.0, 0, 0, 7])
    turned = [posterior.posterior(mixtures.of_counts(attempts[order], successes[order]), (PLAIN,))
              for order in ([0, 1, 2, 3], [3, 1, 0, 2])]  # fmt: skip
    np.testing.assert_array_equal(turned[0].mixing, turned[1].mixing)


@pytest.mark.slow
@pytest.mark.parametrize("kind", prior.PRIOR, ids=lambda kind: kind.name)
def test_the_effective_size_of_predictions_is_honest(kind):
    """40 runs of one pilot: their mean coverage scatters by no more than twice the effective size allows for."""
    likelihood = mixtures.of_counts(*pilot(140, 100))
    found = repeated(kind, likelihood, 40)
    for k in (1e3, 1e5):
        drawn = [one.mixing @ mixtures.reach([k])[:, 0] for one in found]
        variance = np.mean([own.var() / one.effective for own, one in zip(drawn, found, strict=True)])
        scatter = np.var([own.mean() for own in drawn], ddof=1) / variance
        assert stats.chi2(39).ppf(1e-6) / 39 < scatter < 2 * stats.chi2(39).isf(1e-6) / 39


@pytest.mark.slow
def test_ranks_of_laws_drawn_from_the_whole_prior_are_uniform():
    """300 pilots (Talts et al. 2018): of exponent, ceiling, coverage of new problems, and what these will solve.

    A law is kept with the probability of its bends. A prior surer of smaller exponents is seen.
    """
    moved = tuple(kind._replace(beta=(kind.beta[0] - 1.0, 0.3 * kind.beta[1])) for kind in prior.PRIOR)
    ranks, elsewhere = [], []
    for number in range(300):
        generator = np.random.default_rng([number, 5])
        law = drawn_from(prior.PRIOR, generator)
        success = np.append(0.0, special.expit(mixtures.ODDS))[generator.choice(len(law), 60, p=law / law.sum())]
        likelihood = mixtures.of_counts(np.full(60, 60.0), generator.binomial(60, success).astype(float))
        solved = (generator.random(60) < 1 - (1 - success) ** 1000).mean()
        truth = [float(posterior.nearest(law[None])[1][0]), 1 - law[0], law @ FAR, solved]
        for of, kept in ((prior.PRIOR, ranks), (moved, elsewhere)):
            if of is moved and number >= 200:
                continue
            found = posterior.posterior(likelihood, of)
            these = prediction.shares(found, likelihood, FAR[:, None])[:, 0]
            kept.append([rank(own, value, generator) for own, value in
                         zip((found.beta, found.ceiling, found.mixing @ FAR, these), truth, strict=True)])  # fmt: skip
    for column in np.array(ranks).T:
        checks.assert_counts(np.histogram(column, 10, (0, 1))[0], np.full(10, 0.1))
    checks.rejects(checks.assert_counts, np.histogram(np.array(elsewhere)[:, 0], 4, (0, 1))[0], np.full(4, 0.25))


def drawn_from(kinds, generator):
    """Law [1 + cells] from kinds by their shares, and within a kind as its bends allow."""
    kind = kinds[generator.choice(len(kinds), p=[kind.share for kind in kinds])]
    while True:
        law = prior.mixing(generator.standard_normal((1, kind.size)), kind)
        if np.log(generator.random()) < prior.log_bends(law @ prior.DECADES, kind)[0]:
            return law[0]


def rank(draws, value, generator):
    """Share of draws below a value, of those that equal it a random one; up to rounding."""
    below, equal = draws < value - 1e-9, np.abs(draws - value) <= 1e-9
    return below.mean() + generator.random() * equal.mean()

"""Finite suites, and estimates from few attempts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreements.tables import meets
from checks import assert_mean, rejects
from scipy import special

from sim.draw import keys
from sim.judging import fits
from sim.laws import coverage, plug_in
from sim.model import build
from sim.samplers import bits


@pytest.mark.seldom(0)
def test_a_finite_suite_scatters_by_its_problems_alone():
    suites, problems, tries = 2**18, 16, np.array([1, 10, 100, 10_000.0])
    sampler, lanes = build.beta_sampler(5, 0.35, 1.0), jnp.arange(suites * problems, dtype=jnp.uint32)

    @jax.jit
    def failure(key, sampler):
        rate = bits.rate(sampler.at(bits.stream(key), lanes))
        powers = [jnp.exp(-np.float32(k) * rate) for k in tries]  # attempts without end: p^k itself
        return jnp.stack([x.reshape(-1, problems).mean(axis=1) for x in powers], axis=1)

    means = np.asarray(failure(keys.run_key(1, "finite suite"), sampler), float)
    variance = (means[::2] - means[1::2]) ** 2 / 2  # of two suites: needs no mean
    batches = variance.reshape(256, -1, len(tries)).mean(axis=1)
    assert meets(batches, coverage.suite_variance(tries, problems, 5, 0.35))
    assert not meets(batches, coverage.suite_variance(tries, problems, 5, 1.05 * 0.35))
    loss = coverage.inference_loss(tries, 5, 0.35)
    assert not meets(batches, loss * (1 - loss) / problems)  # as if each problem were attempted once


@pytest.mark.seldom(0)
def test_no_number_of_attempts_tells_beta_better_than_the_problems_allow():
    suites, problems = 1000, 500
    rng = keys.host_generator(keys.run_key(1, "Fisher"))

    def scatter(recorded, suites):
        successes = rng.binomial(recorded, rng.beta(0.35, 5, (suites, problems)))
        fit = fits.beta_binomial(np.full((suites, problems), recorded), successes)
        return problems * np.var([fit.alpha, fit.beta], axis=1, ddof=1)

    bounds = np.array([coverage.alpha_variance_bound(5, 0.35), coverage.beta_variance_bound(5, 0.35)])
    deviation = np.sqrt(2 / (suites - 1)) * bounds
    endless = scatter(10**9, suites)
    assert_mean(endless, 1, bounds, deviation)
    known = 1 / (special.polygamma(1, 0.35) - special.polygamma(1, 5.35))  # as if alpha were known
    rejects(assert_mean, endless[1], 1, known, deviation[1])
    few = scatter(20, suites // 4)
    assert np.all(few > bounds)
    rejects(assert_mean, few, 1, bounds, 2 * deviation)


def test_estimates_scatter_least_where_attempts_are_shared_out_by_the_law():
    tries, budget, runs, success = 100, 10**6, 2**18, np.array([1e-3, 3e-3, 1e-2, 2e-2])
    rng = keys.host_generator(keys.run_key(1, "allocation"))

    def scatter(shares):
        recorded = np.rint(budget * shares).astype(int)
        failed = (rng.binomial(recorded, 1 - success, (runs, len(success))) / recorded) ** tries
        return failed.var(axis=0, ddof=1)

    equal, best = np.full(4, 0.25), plug_in.allocation(tries, success)
    own = np.sqrt(equal * scatter(equal))  # a problem's deviation, of one attempt: attempts pay in proportion to it
    deviation = np.sqrt(1 / (2 * runs)) * best
    assert_mean(own / own.sum(), 1, best, deviation)
    rejects(assert_mean, own / own.sum(), 1, plug_in.allocation(1.05 * tries, success), deviation)
    rejects(assert_mean, own / own.sum(), 1, success / success.sum(), deviation)
    for shares in (equal, best):
        law = plug_in.variance_asymptote(tries, budget * shares, success)
        assert_mean(scatter(shares).sum(), 1, law.sum(), np.sqrt(2 / runs * (law**2).sum()))
    moved = [scatter(best * change / (best @ change)).sum() for change in (np.array([2, 1, 1, 1]), [1, 1, 0.5, 1])]
    assert scatter(best).sum() < min(moved)

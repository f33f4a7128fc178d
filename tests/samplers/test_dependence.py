"""Dependent attempts: waiting times against attempts that NumPy makes one after the other, by the mechanism itself."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from checks import assert_counts, assert_same_distribution, rejects
from scipy import special, stats

from sim.draw import keys, simulate
from sim.draw.batches import Parts
from sim.draw.budget import Budget
from sim.model import build
from sim.model.dependence import Copula, Independent, Markov, Polya, Sticky, Zipf
from sim.model.difficulty import Beta
from sim.samplers import bits, dependence

PROBLEMS, MOST = 1 << 18, 40
TRIES = np.arange(1.0, MOST + 1)
LANES = jnp.arange(PROBLEMS, dtype=jnp.uint32)


def literal(member, success, rng):
    """Number of the first success of each problem, MOST + 1 for none: every attempt made."""
    first, before = np.full(len(success), MOST + 1), None
    correlation = getattr(member, "correlation", 0.0)
    factor, right, made = rng.standard_normal(len(success)), np.zeros(len(success)), 0
    stuck = rng.random(len(success)) < getattr(member, "share", 0.0)
    for k in range(1, MOST + 1):
        chance = success
        if isinstance(member, Zipf):
            chance = -np.expm1(np.log1p(-success) * float(k) ** -member.discount)
        if isinstance(member, Polya) and not isinstance(member, Copula):
            theta = correlation / (1 - correlation)
            chance = (success + theta * right) / (1 + theta * made)
        outcome = rng.random(len(success)) < chance
        if isinstance(member, Copula):
            own = rng.standard_normal(len(success))
            outcome = np.sqrt(correlation) * factor + np.sqrt(1 - correlation) * own > -special.ndtri(success)
        if isinstance(member, Markov) and before is not None:
            outcome = np.where(rng.random(len(success)) < member.repeat, before, outcome)
        if isinstance(member, Sticky) and before is not None:
            outcome = np.where(stuck, before, outcome)
        first = np.where(outcome & (first > MOST), k, first)
        right, made, before = right + outcome, made + 1, outcome
    return np.bincount(first, minlength=MOST + 2)[1:]


def first_successes(member, difficulty, attempts="first_success"):
    """The same from the samplers, counted."""
    problems, own = member.samplers(difficulty.sampler(), build.attempts_sampler(attempts), TRIES)
    budget = Budget(problems=PROBLEMS, chunk=0, devices=1)
    parts = Parts(difficulty=problems, attempts=own)
    unsolved = simulate.failures(3, f"{member} {attempts}", parts, budget, tries=TRIES).failures.sum(axis=0)
    return np.append(-np.diff(unsolved, prepend=PROBLEMS), unsolved[-1])


PAIRS = [  # a mechanism, and a neighbour that must be told from it
    (Zipf(0.5), Zipf(0.6)),
    (Zipf(1.7), Zipf(1.5)),
    (Markov(0.8), Markov(0.75)),
    (Markov(0.1), Independent()),
    (Sticky(0.3), Sticky(0.33)),
    (Polya(0.1), Polya(0.13)),
    (Polya(0.6), Copula(0.6)),
    (Copula(0.3), Copula(0.35)),
    (Copula(0.9), Copula(0.8)),
]


@pytest.mark.seldom(0)
@pytest.mark.parametrize(("member", "neighbour"), PAIRS, ids=str)
def test_waiting_times_are_those_of_attempts_made_one_after_the_other(member, neighbour):
    difficulty = Beta(2.0, 1.0, 0.9)
    rng = keys.host_generator(keys.run_key(1, f"one by one {member}"))
    success = np.where(rng.random(PROBLEMS) < 0.9, rng.beta(1.0, 2.0, PROBLEMS), 0.0)
    made = literal(member, success, rng)
    assert_same_distribution(first_successes(member, difficulty), made)
    rejects(assert_same_distribution, first_successes(neighbour, difficulty), made)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("member", [Sticky(0.3), Polya(0.3), Copula(0.5)], ids=str)
def test_exchangeable_attempts_are_made_one_by_one_too(member):
    found = [first_successes(member, Beta(2.0, 1.0, 0.9), attempts) for attempts in ("first_success", "bernoulli")]
    assert_same_distribution(*found)
    rejects(assert_same_distribution, first_successes(Independent(), Beta(2.0, 1.0, 0.9)), found[1])


@pytest.mark.seldom(0)
@pytest.mark.parametrize(
    ("success", "correlation", "off"), [(0.3, 0.05, 1.05), (0.3, 0.5, 1.05), (1e-3, 0.05, 1.05), (1e-3, 0.5, 1.5)]
)
def test_an_urn_s_limit_is_beta_distributed(success, correlation, off):
    """2^20 problems alike, against SciPy's distribution function."""
    theta = correlation / (1 - correlation)
    lanes = jnp.arange(1 << 20, dtype=jnp.uint32)
    streams = tuple(bits.stream(key) for key in jax.random.split(keys.run_key(0, f"urn {success} {correlation}"), 3))
    log_success = jnp.full(lanes.shape, np.log(success), jnp.float32)
    drawn = np.asarray(dependence.Polya(None, np.float32(theta)).redrawn(streams, log_success, lanes), float)
    edges = np.log(np.logspace(-8, -0.05, 20))

    def law(theta):
        return np.diff(stats.beta.cdf(np.exp(edges), success / theta, (1 - success) / theta), prepend=0, append=1)

    counts = np.bincount(np.searchsorted(edges, drawn), minlength=len(edges) + 1)
    assert_counts(counts, law(theta))
    rejects(assert_counts, counts, law(off * theta))


@pytest.mark.seldom(0)
def test_the_normal_quantile_is_scipys_from_one_tail_to_the_other():
    logs = np.concatenate([-np.logspace(-6, 4, 60), np.log1p(-np.logspace(-6, -1, 20))]).astype(np.float32)
    found = np.asarray(dependence._normal_quantile(jnp.asarray(logs)), float)
    np.testing.assert_allclose(found, special.ndtri_exp(logs.astype(float)), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("discount", [0.3, 0.5, 1.0, 1.5, 4.0])
def test_effective_attempts_are_the_sum_of_the_weights(discount):
    few = np.array([1, 2, 100, 4095, 4096, 4097, 10_000])
    plain = [np.sum(np.arange(1.0, k + 1) ** -discount) for k in few]
    np.testing.assert_allclose(dependence.effective_attempts(few, discount), plain, rtol=1e-9)
    with mpmath.workdps(40):  # the zeta function's tail, or the digamma function where it has none
        for k in (1e6, 1e9, 1e15):
            far = mpmath.harmonic(k) if discount == 1 else mpmath.zeta(discount) - mpmath.zeta(discount, k + 1)
            np.testing.assert_allclose(dependence.effective_attempts(k, discount), float(far), rtol=1e-9)


@pytest.mark.seldom(1)
@pytest.mark.parametrize("kind", [Sticky(0.5), Polya(0.5), Copula(0.5)], ids=str)
def test_what_is_certain_or_impossible_stays_so_but_for_the_sticky(kind):
    sampler, _ = kind.samplers(None, None, TRIES)
    lanes = jnp.arange(4, dtype=jnp.uint32)
    streams = tuple(bits.stream(key) for key in jax.random.split(keys.run_key(0, "certain"), sampler.OWN))
    given = jnp.array([-jnp.inf, 0.0, -jnp.inf, 0.0], jnp.float32)
    np.testing.assert_array_equal(np.asarray(sampler.redrawn(streams, given, lanes)), np.asarray(given))

"""THE table: every model against its law at FALSE_ALARM, and beside it a neighbouring law that must be rejected.

A new mechanism is a new row: what is simulated, the law of its failure curve, and a law that is wrong.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import FALSE_ALARM, assert_counts, assert_mean, assert_proportion, rejects

from sim import estimators, keys, simulate, verdict
from sim.axes import MEMBERS
from sim.axes.dependence import Copula, Independent, Markov, Polya, Sticky, Zipf
from sim.axes.difficulty import Beta, Empirical, GammaRatio
from sim.axes.spread import ContinuousBernoulli, LatentPrecision, Reciprocal, ScaledBeta, ScaledKumaraswamy, Uniform
from sim.axes.verifier import Noisy, Perfect
from sim.laws import coverage, joint, learning_curve
from sim.model import Budget, grid
from sim.pilot import counts as pilot
from sim.samplers import bits

N, K = grid(1e6, 25), grid(1e6, 25)
FEW = grid(60, 12)
BUDGET = Budget(problems=2**22, chunk=0, devices=2)
TABLE = pilot.read(pilot.SHIPPED)
FIRST = simulate.attempts_sampler("first_success")


class Row(NamedTuple):
    """Parts and grids of a simulation, its law and a wrong one (failure curves on the grid)."""

    parts: simulate.Parts
    examples: np.ndarray | None
    attempts: np.ndarray | None
    law: np.ndarray
    wrong: np.ndarray


def learning(exponent, size, depth, wrong_exponent, wrong_depth=None):
    parts = simulate.Parts(simulate.feature_sampler(exponent, size), simulate.memory_sampler("arrival", depth))
    law = learning_curve.unmemorised_mass(N, exponent, size, depth)
    return Row(parts, N, None, law, learning_curve.unmemorised_mass(N, wrong_exponent, size, wrong_depth or depth))


def beta(alpha, beta_, ceiling, wrong, attempts=FIRST, tries=K):
    parts = simulate.Parts(difficulty=simulate.beta_sampler(alpha, beta_, ceiling), attempts=attempts)
    return Row(parts, None, tries, coverage.failure(tries, alpha, beta_, ceiling), coverage.failure(tries, *wrong))


LEVI = Beta(5.0, 0.35, 1.0)
CAPPED = Beta(5.0, 0.35, 0.9)
MATH = Empirical(str(pilot.SHIPPED), TABLE)


def member(model, wrong, attempts="first_success", tries=K):
    """Coverage under members of all axes, (difficulty, dependence, verifier); wrong: the same of a neighbouring law."""
    (difficulty, dependence, verifier), sampler = model, simulate.attempts_sampler(attempts)
    problems, own = dependence.samplers(difficulty.sampler(), sampler, tries)
    laws = (of[2].failure(tries, of[1], of[0]) for of in (model, wrong))
    return Row(simulate.Parts(difficulty=problems, attempts=verifier.sampler(own)), None, tries, *laws)


def spread(difficulty, wrong):
    """Independent attempts under a difficulty."""
    return member((difficulty, Independent(), Perfect()), (wrong, Independent(), Perfect()))


def dependent(dependence, wrong, difficulty=LEVI, **more):
    """Dependent attempts."""
    return member((difficulty, dependence, Perfect()), (difficulty, wrong, Perfect()), **more)


def verified(verifier, wrong, difficulty=LEVI, dependence=Independent()):  # noqa: B008 (it cannot change)
    """What a verifier returns."""
    return member((difficulty, dependence, verifier), (difficulty, dependence, wrong))


def both(exponent, depth, alpha, beta_, wrong_exponent, wrong_beta):
    features, memory = simulate.feature_sampler(exponent, np.inf), simulate.memory_sampler("arrival", depth)
    parts = simulate.Parts(features, memory, simulate.beta_sampler(alpha, beta_, 1.0), FIRST)
    failure = lambda s, b: joint.failure(  # noqa: E731
        learning_curve.unmemorised_mass(N, s, np.inf, depth)[:, None], coverage.failure(K, alpha, b)[None, :]
    )
    return Row(parts, N, K, failure(exponent, beta_), failure(wrong_exponent, wrong_beta))


def mixture():
    success = TABLE.successes / TABLE.attempts
    parts = simulate.Parts(difficulty=simulate.table_sampler(TABLE.attempts, TABLE.successes), attempts=FIRST)
    return Row(
        parts, None, K, coverage.mixture_failure(K, success), coverage.mixture_failure(K, np.minimum(1.02 * success, 1))
    )


def replay():
    tries = grid(1e4, 25)
    parts = simulate.Parts(
        difficulty=simulate.row_sampler(len(TABLE.attempts)),
        attempts=simulate.replay_sampler(TABLE.attempts, TABLE.successes),
    )
    unbiased = 1 - estimators.pass_at_k(tries, TABLE.attempts, TABLE.successes).mean(axis=1)
    plug_in = coverage.mixture_failure(tries, TABLE.successes / TABLE.attempts)  # replaced after every draw: biased
    return Row(parts, None, tries, unbiased, plug_in)


ROWS = {  # a law's exponent is moved by 2 % (b = 1 - 1/s), a neighbour is a law for something else
    "learning curve, s = 1.2, against b 2 % off": lambda: learning(1.2, np.inf, 1, 1.2048),
    "learning curve, s = 1.7, depth 3, against b 2 % off": lambda: learning(1.7, np.inf, 3, 1.7242),
    "learning curve, s = 2, against b 2 % off": lambda: learning(2.0, np.inf, 1, 2.0408),
    "learning curve, s = 3, depth 5, against b 2 % off": lambda: learning(3.0, np.inf, 5, 3.125),
    "learning curve, s = 2, depth 2, against depth 3": lambda: learning(2.0, np.inf, 2, 2.0, 3),
    "learning curve, 100 features (cut-off), against s 2 % off": lambda: learning(2.0, 100.0, 1, 2.04),
    "learning curve, 10^6 features, s = 1, against s 2 % off": lambda: learning(1.0, 1e6, 1, 1.02),
    "learning curve, 10^4 features, s = 0.5, against s 5 % off": lambda: learning(0.5, 1e4, 1, 0.525),
    "coverage, alpha 5, beta 0.35, against beta 2 % off": lambda: beta(5, 0.35, 1.0, (5, 0.357)),
    "coverage, alpha 3.7, beta 0.15, against beta 2 % off": lambda: beta(3.7, 0.15, 1.0, (3.7, 0.153)),
    "coverage, alpha 3.7, beta 1.5, against beta 2 % off": lambda: beta(3.7, 1.5, 1.0, (3.7, 1.53)),
    "coverage, alpha 0.8, beta 1.5, against alpha 2 % off": lambda: beta(0.8, 1.5, 1.0, (0.816, 1.5)),
    "coverage, alpha and beta not swapped": lambda: beta(5, 0.35, 1.0, (0.35, 5)),
    "coverage with ceiling 0.9, against ceiling 0.905": lambda: beta(5, 0.35, 0.9, (5, 0.35, 0.905)),
    "coverage, attempts one by one, against beta 2 % off": lambda: beta(
        5, 0.35, 1.0, (5, 0.357), simulate.attempts_sampler("bernoulli"), FEW
    ),
    "coverage by a ratio of Gamma variates, against beta 2 % off": lambda: spread(
        GammaRatio(5.0, 0.35, 0.9), Beta(5.0, 0.357, 0.9)
    ),
    "scaled Beta, against the exponent 5 % off": lambda: spread(
        ScaledBeta(3.5, 0.25, 0.1), ScaledBeta(3.5, 0.2625, 0.1)
    ),
    "scaled Beta, against the scale 5 % off": lambda: spread(ScaledBeta(5, 0.15, 0.8), ScaledBeta(5, 0.15, 0.76)),
    "scaled Kumaraswamy, against the exponent 5 % off": lambda: spread(
        ScaledKumaraswamy(3.5, 0.25, 0.1), ScaledKumaraswamy(3.5, 0.2625, 0.1)
    ),
    "scaled Kumaraswamy, against the scaled Beta": lambda: spread(
        ScaledKumaraswamy(3.5, 0.25, 0.1), ScaledBeta(3.5, 0.25, 0.1)
    ),
    "continuous Bernoulli, against the rate 5 % off": lambda: spread(
        ContinuousBernoulli(0.1), ContinuousBernoulli(0.105)
    ),
    "continuous Bernoulli, rate above 1/2, against its mirror": lambda: spread(
        ContinuousBernoulli(0.8), ContinuousBernoulli(0.2)
    ),
    "uniform from 0, against the bound 5 % off": lambda: spread(Uniform(0.0, 0.1), Uniform(0.0, 0.105)),
    "uniform away from 0 (exponential), against its bound 5 % off": lambda: spread(
        Uniform(0.01, 0.2), Uniform(0.0105, 0.2)
    ),
    "reciprocal (exponential), against its bound 5 % off": lambda: spread(
        Reciprocal(1e-3, 0.5), Reciprocal(1.05e-3, 0.5)
    ),
    "latent precision, against beta 5 % off": lambda: spread(
        LatentPrecision(2.5, 0.1, 0.0), LatentPrecision(2.625, 0.1, 0.0)
    ),
    "latent precision with a bias, against the bias 5 % off": lambda: spread(
        LatentPrecision(2.5, 0.1, 1.0), LatentPrecision(2.5, 0.1, 1.05)
    ),
    "latent precision with a bias, against none": lambda: spread(
        LatentPrecision(1.5, 0.5, 0.3), LatentPrecision(1.5, 0.5, 0.0)
    ),
    "Zipf-discounted attempts, against the discount 5 % off": lambda: dependent(Zipf(0.5), Zipf(0.525)),
    "Zipf-discounted attempts at discount 1 (a power of the logarithm), against 1.05": lambda: dependent(
        Zipf(1.0), Zipf(1.05)
    ),
    "Zipf-discounted attempts beyond 1 (a plateau), against 5 % off": lambda: dependent(Zipf(1.5), Zipf(1.575)),
    "Markov repeats, against r 5 % off": lambda: dependent(Markov(0.8), Markov(0.84)),
    "Markov repeats on a capped Beta, against independent attempts": lambda: dependent(
        Markov(0.2), Independent(), CAPPED
    ),
    "sticky attempts, against the share 5 % off": lambda: dependent(Sticky(0.1), Sticky(0.105)),
    "sticky attempts one by one, against the share 5 % off": lambda: dependent(
        Sticky(0.3), Sticky(0.315), attempts="bernoulli", tries=FEW
    ),
    "Polya urn, against the correlation 5 % off": lambda: dependent(Polya(0.1), Polya(0.105)),
    "Polya urn, attempts one by one, against independent attempts": lambda: dependent(
        Polya(0.3), Independent(), attempts="bernoulli", tries=FEW
    ),
    "Polya urn on a table of problems, against the correlation 5 % off": lambda: dependent(
        Polya(0.3), Polya(0.315), MATH
    ),
    "Gaussian copula, against the correlation 5 % off": lambda: dependent(Copula(0.3), Copula(0.315)),
    "Gaussian copula on scaled Beta problems, against the Polya urn": lambda: dependent(
        Copula(0.3), Polya(0.3), ScaledBeta(3.5, 0.25, 0.1)
    ),
    "noisy verifier, against a true positive rate 5 % off": lambda: verified(Noisy(0.9, 0.02), Noisy(0.855, 0.02)),
    "noisy verifier, against a false positive rate 5 % off": lambda: verified(Noisy(0.9, 0.02), Noisy(0.9, 0.021)),
    "noisy verifier at false positives of 1e-4 (a ceiling), against 5 % off": lambda: verified(
        Noisy(1.0, 1e-4), Noisy(1.0, 1.05e-4)
    ),
    "verifier without false positives (thinning), against 5 % off": lambda: verified(
        Noisy(0.3, 0.0), Noisy(0.315, 0.0)
    ),
    "verifier that accepts everything, against one that is perfect": lambda: verified(Noisy(1.0, 1.0), Perfect()),
    "noisy verifier of sticky attempts at scaled Beta problems, against 5 % off": lambda: verified(
        Noisy(0.9, 0.02), Noisy(0.9, 0.021), ScaledBeta(3.5, 0.25, 0.1), Sticky(0.1)
    ),
    "noisy verifier on a table of problems, against 5 % off": lambda: verified(
        Noisy(0.9, 0.02), Noisy(0.9, 0.021), MATH
    ),
    "coverage of a table of problems, against success 2 % off": mixture,
    "replay without replacement is unbiased, against the plug-in": replay,
    "joint law, depth 1, against b 2 % off": lambda: both(2.0, 1, 5, 0.35, 2.0408, 0.35),
    "joint law, depth 3, against beta 2 % off": lambda: both(1.5, 3, 5, 0.35, 1.5, 0.357),
}


def cells(failure):
    """Probabilities (or counts, if failures are given as counts of one) of the first right answer on a grid."""
    right = 1 - np.asarray(failure, float)
    for axis in range(right.ndim):
        right = np.diff(right, axis=axis, prepend=0)
    return np.append(right.ravel(), 1 - right.sum())


@pytest.mark.parametrize("name", ROWS)
def test_the_simulation_meets_its_law_and_no_other(name):
    row = ROWS[name]()
    drawn = simulate.failures(1, name, row.parts, BUDGET, row.examples, row.attempts)
    total = drawn.failures.shape[0] * drawn.problems
    observed = np.rint(cells(drawn.failures.sum(axis=0) / total) * total)
    assert_counts(observed, np.maximum(cells(row.law), 0))
    rejects(assert_counts, observed, np.maximum(cells(row.wrong), 1e-300))


def test_every_difficulty_dependence_and_verifier_has_a_row():
    used = set()
    for row in ROWS.values():
        names = row.__code__.co_names + tuple(str(x) for x in row.__code__.co_consts)
        used |= set(names)
    named = {"empirical": "MATH"}
    for group in ("difficulty", "dependence", "verifier"):
        for name, kind in MEMBERS[group].items():
            assert named.get(name, kind.__name__) in used, f"{group}={name} has no row"


def test_one_shared_training_set_meets_the_learning_curve_and_its_variance():
    examples, exponent, size = grid(2000, 12), 2.0, 100.0
    features = simulate.feature_sampler(exponent, size)
    parts = simulate.Parts(features, simulate.memory_sampler("training_set", 1))
    drawn = simulate.failures(1, "shared", parts, BUDGET, examples)
    law = learning_curve.unmemorised_mass(examples, exponent, size)
    spread = learning_curve.unmemorised_mass_variance(examples, exponent, size)
    deviation = np.sqrt(spread + (law * (1 - law) - spread) / drawn.problems)  # of one batch: its set and its test
    mean = drawn.failures.mean(axis=0) / drawn.problems
    batches = len(drawn.failures)
    assert_mean(mean, batches, law, deviation)
    rejects(assert_mean, mean, batches, learning_curve.unmemorised_mass(examples, 1.05 * exponent, size), deviation)
    rejects(assert_mean, mean, batches, law, np.sqrt(law * (1 - law) / drawn.problems))  # as if not shared


@pytest.mark.parametrize(("depth", "wrong"), [pytest.param(1, 2, marks=pytest.mark.slow), (3, 2)])
def test_shared_and_own_training_sets_have_one_law_at_every_depth(depth, wrong):
    examples = grid(3000, 12)
    parts = simulate.Parts(simulate.feature_sampler(1.5, np.inf), simulate.memory_sampler("training_set", depth))
    drawn = simulate.failures(2, "shared depth", parts, BUDGET, examples)
    law = learning_curve.unmemorised_mass(examples, 1.5, np.inf, depth)
    assert verdict.chi_square(drawn, law)[2] > FALSE_ALARM
    assert verdict.chi_square(drawn, learning_curve.unmemorised_mass(examples, 1.5, np.inf, wrong))[2] < FALSE_ALARM


@pytest.mark.parametrize("exponent", [1.5, 2.0])
def test_distinct_features_of_training_sets_meet_karlins_law(exponent):
    sets, n, size = 2000, 1000, 2000.0
    features = simulate.feature_sampler(exponent, size)
    lanes = jnp.arange(sets * n, dtype=jnp.uint32)
    ranks = np.asarray(jax.jit(lambda key, f: f.at(bits.stream(key), lanes).low)(keys.run_key(1, "distinct"), features))
    distinct = np.array([len(np.unique(one)) for one in ranks.reshape(sets, n)])
    law = learning_curve.distinct_features(n, exponent, size)
    deviation = np.sqrt(learning_curve.distinct_features_variance(n, exponent, size))
    assert_mean(distinct.mean(), sets, law, deviation)
    rejects(assert_mean, distinct.mean(), sets, learning_curve.distinct_features(n, 1.02 * exponent, size), deviation)


def test_the_hazard_is_the_success_rate_of_the_next_attempt():
    tries = np.sort(np.concatenate([[1, 3, 10, 100, 1000], np.array([1, 3, 10, 100, 1000]) + 1.0]))
    parts = simulate.Parts(difficulty=simulate.beta_sampler(5, 0.35, 1.0), attempts=FIRST)
    failed = simulate.failures(1, "hazard", parts, BUDGET, None, tries).failures.sum(axis=0)
    solved_next, unsolved = failed[::2] - failed[1::2], failed[::2]
    assert_proportion(solved_next, unsolved, coverage.hazard(tries[::2], 5, 0.35))
    rejects(assert_proportion, solved_next, unsolved, coverage.hazard(tries[::2], 5, 0.37))


def test_k_successes_of_k_meet_the_reliability_law():
    lanes, tries = jnp.arange(2**20, dtype=jnp.uint32), np.array([1, 2, 5, 20.0])
    key_difficulty, key_attempts = jax.random.split(keys.run_key(1, "reliability"))
    sampler = simulate.gamma_ratio_sampler(5, 1.5, 1.0)
    log_success = sampler.at(tuple(bits.stream(k) for k in jax.random.split(key_difficulty, sampler.STREAMS)), lanes)
    patience = bits.exponential(bits.stream(key_attempts), 0, lanes)
    successes = [int((patience > k * -log_success).sum()) for k in tries]
    assert_proportion(successes, len(lanes), coverage.reliability(tries, 5, 1.5))
    rejects(assert_proportion, successes, len(lanes), coverage.reliability(tries, 5, 1.53))


def test_the_unbiased_estimator_has_the_total_variance_of_chen():
    problems, recorded, tries = 200_000, 100, np.array([1, 10, 50, 100.0])
    rng = keys.host_generator(keys.run_key(1, "total variance"))
    successes = rng.binomial(recorded, rng.beta(0.35, 5, problems))
    failed = 1 - estimators.pass_at_k(tries, np.full(problems, recorded), successes)
    loss = coverage.inference_loss(tries, 5, 0.35)
    second = np.array([coverage.total_variance(k, recorded, 1, 5, 0.35) for k in tries]) + loss**2
    largest = np.sqrt(second * (1 - second))  # deviation of the square of something in [0, 1]: at most this
    assert_mean((failed**2).mean(axis=1), problems, second, largest)
    without_attempts = coverage.suite_variance(tries, 1, 5, 0.35) + loss**2  # as if every p were known
    rejects(assert_mean, (failed**2).mean(axis=1), problems, without_attempts, largest)

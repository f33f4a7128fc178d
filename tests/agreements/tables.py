"""What is simulated, its law, and a law that is wrong: a row a model."""

from typing import NamedTuple

import numpy as np
from checks import FALSE_ALARM

from sim.draw.batches import Parts
from sim.draw.budget import Budget, grid
from sim.judging import estimators, verdict
from sim.judging.measurement import Prediction
from sim.laws import coverage, dependence, difficulty, joint, learning_curve
from sim.model import build, features
from sim.model.dependence import Copula, Independent, Markov, Polya, Sticky, Zipf
from sim.model.difficulty import Beta, Certain, Empirical, GammaRatio
from sim.model.memory import Arrival, Capacity, Guessing, MultiTrace
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
from sim.model.verifier import Noisy, Perfect
from sim.pilot import counts as pilot
from sim.pilot.frequencies import Frequencies

N, K = grid(1e6, 25), grid(1e6, 25)
FEW = grid(60, 12)
BUDGET = Budget(problems=2**22, chunk=0, devices=2)
TABLE = pilot.read(pilot.SHIPPED)
FIRST = build.attempts_sampler("first_success")


class Row(NamedTuple):
    """Parts and grids of a simulation, its law and a wrong one (failure curves on the grid)."""

    parts: Parts
    examples: np.ndarray | None
    attempts: np.ndarray | None
    law: np.ndarray
    wrong: np.ndarray


def learning(exponent, size, depth, wrong_exponent, wrong_depth=None):
    parts = Parts(build.feature_sampler(exponent, size), build.memory_sampler("arrival", depth))
    law = learning_curve.unmemorised_mass(N, exponent, size, depth)
    return Row(parts, N, None, law, learning_curve.unmemorised_mass(N, wrong_exponent, size, wrong_depth or depth))


def beta(alpha, beta_, ceiling, wrong, attempts=FIRST, tries=K):
    parts = Parts(difficulty=build.beta_sampler(alpha, beta_, ceiling), attempts=attempts)
    return Row(parts, None, tries, coverage.failure(tries, alpha, beta_, ceiling), coverage.failure(tries, *wrong))


LEVI = Beta(5.0, 0.35, 1.0)
CAPPED = Beta(5.0, 0.35, 0.9)
ZIPF = features.Zipf(2.0, np.inf)
WORDS = features.Empirical("words", Frequencies("words", np.array([900, 300, 100, 90, 9, 9, 9, 1.0])))
MORE = features.Empirical("words", Frequencies("words", np.array([900, 300, 100, 90, 9, 9, 9, 3.0])))
MATH = Empirical(str(pilot.SHIPPED), TABLE)


def member(model, wrong, attempts="first_success", tries=K):
    """Coverage under members of all axes, (difficulty, dependence, verifier); wrong: the same of a neighbouring law."""
    (difficulty, dependence, verifier), sampler = model, build.attempts_sampler(attempts)
    problems, own = dependence.samplers(difficulty.sampler(), sampler, tries)
    laws = (of[2].failure(tries, of[1], of[0]) for of in (model, wrong))
    return Row(Parts(difficulty=problems, attempts=verifier.sampler(own)), None, tries, *laws)


def spread(difficulty, wrong):
    """Independent attempts under a difficulty."""
    return member((difficulty, Independent(), Perfect()), (wrong, Independent(), Perfect()))


def dependent(dependence, wrong, difficulty=LEVI, **more):
    """Dependent attempts."""
    return member((difficulty, dependence, Perfect()), (difficulty, wrong, Perfect()), **more)


def verified(verifier, wrong, difficulty=LEVI, dependence=Independent()):  # noqa: B008 (it cannot change)
    """What a verifier returns."""
    return member((difficulty, dependence, verifier), (difficulty, dependence, wrong))


def remembered(memory, wrong, features=ZIPF, wrong_features=None):
    """Error of one attempt under a member of features and of memory; wrong: the same of a neighbouring law."""
    attempt = (Certain().sampler(), FIRST) if memory.graded else (None, None)
    parts = Parts(features.sampler(), memory.sampler(), *attempt)
    law, off = memory.error(N, features), wrong.error(N, wrong_features or features)
    if not memory.graded:
        return Row(parts, N, None, law, off)
    return Row(parts, N, np.ones(1), law[:, None], off[:, None])


def both(exponent, depth, alpha, beta_, wrong_exponent, wrong_beta):
    features, memory = build.feature_sampler(exponent, np.inf), build.memory_sampler("arrival", depth)
    parts = Parts(features, memory, build.beta_sampler(alpha, beta_, 1.0), FIRST)
    failure = lambda s, b: joint.failure(  # noqa: E731
        learning_curve.unmemorised_mass(N, s, np.inf, depth)[:, None], coverage.failure(K, alpha, b)[None, :]
    )
    return Row(parts, N, K, failure(exponent, beta_), failure(wrong_exponent, wrong_beta))


def mixture():
    success = TABLE.successes / TABLE.attempts
    parts = Parts(difficulty=build.table_sampler(TABLE.attempts, TABLE.successes), attempts=FIRST)
    return Row(
        parts, None, K, coverage.mixture_failure(K, success), coverage.mixture_failure(K, np.minimum(1.02 * success, 1))
    )


def replay():
    tries = grid(1e4, 25)
    parts = Parts(
        difficulty=build.row_sampler(len(TABLE.attempts)),
        attempts=build.replay_sampler(TABLE.attempts, TABLE.successes),
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
        5, 0.35, 1.0, (5, 0.357), build.attempts_sampler("bernoulli"), FEW
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
    "ranked problems, success falling as r^-1.5, against the exponent 2 % off": lambda: spread(
        ZipfRanks(1.5, 0.5, 1000), ZipfRanks(1.53, 0.5, 1000)
    ),
    "ranked problems, 10^9 falling as r^-0.5, against the exponent 2 % off": lambda: spread(
        ZipfRanks(0.5, 1.0, 10**9), ZipfRanks(0.51, 1.0, 10**9)
    ),
    "ranked problems, against their number 2 % off": lambda: spread(
        ZipfRanks(1.0, 0.5, 1000), ZipfRanks(1.0, 0.5, 1020)
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
    **{
        f"noise in {m} directions, exponent 2 / {m}, against it 2 % off": lambda m=m: spread(
            SmallBall(m, 0.05, 1.0), SmallBall(m / 1.02, 0.05, 1.0)
        )
        for m in (2.0, 4.0, 8.0)
    },
    "noise in 4 directions, threshold met by 0.8, against a temperature 2 % off": lambda: spread(
        SmallBall(4.0, 0.05, 0.8), SmallBall(4.0, 0.051, 0.8)
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
    "uniform features (exponential, no power law), against their number 5 % off": lambda: remembered(
        Arrival(1), Arrival(1), features.Uniform(1000), features.Uniform(1050)
    ),
    "exponential features, depth 2, against the decay 5 % off": lambda: remembered(
        Arrival(2), Arrival(2), features.Exponential(0.1), features.Exponential(0.105)
    ),
    "features of a table, against one frequency that is off": lambda: remembered(Arrival(1), Arrival(1), WORDS, MORE),
    "capacity M, against room 5 % off": lambda: remembered(Capacity(1, 100), Capacity(1, 105)),
    "capacity M of uniform features, depth 2, against room 5 % off": lambda: remembered(
        Capacity(2, 500), Capacity(2, 525), features.Uniform(1000)
    ),
    "guesses at what is not memorised, against the chance 5 % off": lambda: remembered(
        Guessing(1, 0.2), Guessing(1, 0.21)
    ),
    "multi-trace recall of one attempt, against recall 5 % off": lambda: remembered(
        MultiTrace(0.05), MultiTrace(0.0525)
    ),
    "joint law, depth 1, against b 2 % off": lambda: both(2.0, 1, 5, 0.35, 2.0408, 0.35),
    "joint law, depth 3, against beta 2 % off": lambda: both(1.5, 3, 5, 0.35, 1.5, 0.357),
}

POWER_LAWS = {  # difficulty, dependence, the law of many attempts, and numbers of attempts where it has nothing to add
    "Levi": (LEVI, Independent(), difficulty.beta_tail(5.0, 0.35), (1e4, 1e5, 1e6)),
    "Zipf-discounted, exponent beta (1 - zeta)": (
        *(LEVI, Zipf(0.5)),
        *(dependence.zipf_tail(5.0, 0.35, 0.5), (1e8, 1e9, 1e10)),
    ),
    "Markov repeats, (1 - r) k attempts": (
        *(LEVI, Markov(0.8)),
        *(dependence.markov_tail(5.0, 0.35, 0.8), (1e5, 1e6, 1e7)),
    ),
    "scaled Beta, c k attempts": (
        *(ScaledBeta(3.5, 0.25, 0.1), Independent()),
        *(difficulty.scaled_beta_tail(3.5, 0.25, 0.1), (1e5, 1e6, 1e7)),
    ),
    "noise in 2 directions, exponent 1": (
        *(SmallBall(2.0, 0.05, 1.0), Independent()),
        *(difficulty.small_ball_tail(2.0, 0.05), (3, 10, 100)),
    ),
    "any density near 0, continuous Bernoulli": (
        *(ContinuousBernoulli(0.1), Independent()),
        *(difficulty.continuous_bernoulli_tail(0.1), (2e3,)),
    ),
    "any density near 0, uniform": (Uniform(0.0, 0.01), Independent(), difficulty.uniform_tail(0.01), (3e4, 1e5)),
    "any density near 0, Kumaraswamy": (
        *(ScaledKumaraswamy(1.5, 0.5, 1.0), Independent()),
        *(difficulty.kumaraswamy_tail(1.5, 0.5, 1.0), (1e6, 1e7)),
    ),
}


def cells(failure):
    """Probabilities (or counts, if failures are given as counts of one) of the first right answer on a grid."""
    right = 1 - np.asarray(failure, float)
    for axis in range(right.ndim):
        right = np.diff(right, axis=axis, prepend=0)
    return np.append(right.ravel(), 1 - right.sum())


def meets(means, law):
    """Whether means of independent batches [batches, x] are as a law [x] has them."""
    return verdict.judge_means("", "", means, Prediction(np.asarray(law), None, None, False)).p_value > FALSE_ALARM

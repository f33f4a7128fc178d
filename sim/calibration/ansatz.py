"""Does a pilot look like the memorising model (Levi 2024)? Tests by simulation, each with its p-value.

The model says that attempts at a problem are independent, with a success probability of its own, and that over
problems the failure probability is Beta(alpha, beta) but for a share 1 - A that never succeeds. Counts can show the
second, the order of outcomes the first. What no pilot can show: attempts that depend on each other but might come in
any order look like difficulty (de Finetti).
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import optimize, special

from sim.calibration import mixtures
from sim.draw import seeds

_REPLICATES = 199
_BINS = 12
_MOST, _ATTEMPTS, _SIZES = 4000, 500, 8  # problems, attempts of each, and different numbers of these, tested
COMPONENTS = 6
_URN = 1e8  # attempts of a problem
_LONGEST = 1 - 1e-4  # rho, beyond which an attempt tells as good as nothing new, and rounding begins
_TOLD = 10.0  # variance of the changes of outcome from which on their sum is normal
_LEAST = 1e-9  # damping of a step, relative: far above rounding, so that no information is singular
_ALIKE = 1e-3  # of two statistics: what is left by fits that stop early, where all counts are the same
_STEPS, _DIFFERENCE = 60, 1e-5
FITS, MISFITS, CANNOT_TELL = "fits", "does not fit", "cannot tell"
_PROBLEMS = 10  # at least, that a test of their counts is made for
_LOW, _HIGH = np.array([-9.0, -6.0, -9.0]), np.array([6.0, 16.0, 9.0])  # of theta, as in mixtures.beta


class Shape(NamedTuple):
    """Whether the counts look like the model. theta: (log beta, log alpha, log odds of "never") that fit best.

    statistic: of Neyman's smooth test.  p_value: share of simulated pilots that fit no better.
    lower, upper: ends [bins] of the shares c/m.  observed, expected, low, high: problems [bins], the last two a 90 %
    band under the model.
    """

    theta: np.ndarray
    statistic: float
    p_value: float
    lower: np.ndarray
    upper: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray


def fit(problems, kernel, start=(-1.0, 1.5, -2.0), law=mixtures.beta):
    """Likeliest theta [pilots, 3] of the model for pilots [pilots, pairs] of counts, all at once, by Fisher scoring.

    problems: how many have which counts.  kernel: their likelihood [pairs, 1 + cells] (mixtures.Likelihood).
    start: theta, or one for each pilot.  law: weights of another law with three parameters.
    """
    theta = np.array(np.broadcast_to(np.asarray(start, float), (len(problems), 3)))
    likelihood, score, information = _slopes(law, theta, problems, kernel)
    damping = np.full(len(theta), 1e-6)
    left = np.arange(len(theta))  # those that still move
    for _ in range(_STEPS):
        here, slope = theta[left], score[left]
        damped = information[left] * (1 + damping[left, None, None] * np.eye(3)) + 1e-8 * np.eye(3)
        held = ((here <= _LOW) & (slope < 0)) | ((here >= _HIGH) & (slope > 0))
        damped = np.where(held[:, :, None] | held[:, None, :], 0.0, damped) + held[:, :, None] * np.eye(3)
        step = np.linalg.solve(damped, np.where(held, 0.0, slope)[..., None])[..., 0].clip(-1, 1)
        trial = np.clip(here + step, _LOW, _HIGH)
        reached = _slopes(law, trial, problems[left], kernel)
        rises = reached[0] >= likelihood[left] - 1e-9
        better, gained = left[rises], np.where(rises, reached[0] - likelihood[left], np.inf)
        theta[better], likelihood[better] = trial[rises], reached[0][rises]
        score[better], information[better] = reached[1][rises], reached[2][rises]
        damping[left] = np.where(rises, np.maximum(damping[left] / 5, _LEAST), 10 * damping[left] + 1e-3)
        left = left[(np.abs(step).max(axis=1) >= 1e-3) & (gained > 1e-5)]
        if not len(left):
            break
    return theta


def _slopes(law, theta, problems, kernel):
    """Log likelihood [pilots], its slope by theta, and the information of the counts."""
    chance = np.maximum(law(theta) @ kernel.T, 1e-300)
    slopes = [(law(theta + _DIFFERENCE * np.eye(3)[j]) @ kernel.T / chance - 1) / _DIFFERENCE for j in range(3)]
    slopes = np.stack(slopes, axis=-1)
    score = np.einsum("pc,pcj->pj", problems, slopes)
    information = np.einsum("pc,pci,pcj->pij", problems, slopes, slopes)
    return (problems * np.log(chance)).sum(axis=1), score, information


def shape(attempts, successes, seed, most=_ATTEMPTS):
    """Shape of the counts [problems]: a parametric bootstrap, the model fitted anew to every simulated pilot.

    Tested are at most so many attempts a problem, drawn from those there are (which leaves a binomial count binomial),
    and of more than 4,000 problems every so many-th: a misfit that these do not show is a small one.
    """
    every = -(-len(attempts) // _MOST)
    attempts, successes = attempts[::every], successes[::every]
    generator = seeds.generator(seed, f"ansatz {len(attempts)}")
    own = mixtures.of_counts(attempts, successes)
    theta = fit(own.problems[None], own.kernel)
    statistic = _smooth(*_thinned(attempts, successes, most, generator), generator)
    drawn = _simulated(theta, attempts, generator) / attempts
    cuts = np.unique(np.quantile(drawn, np.arange(_BINS) / _BINS, method="inverted_cdf"))
    observed, *replicates = (
        np.bincount(np.searchsorted(cuts, one), minlength=len(cuts) + 1)
        for one in np.concatenate([(successes / attempts)[None], drawn])
    )
    low, high = np.quantile(replicates, (0.05, 0.95), axis=0)
    ends = np.concatenate([[0.0], cuts]), np.concatenate([cuts, [1.0]])
    p_value = (1 + np.count_nonzero(statistic[1:] >= statistic[0] - _ALIKE)) / len(statistic)
    return Shape(theta[0], float(statistic[0]), p_value, *ends, observed, np.mean(replicates, axis=0), low, high)


def _thinned(attempts, successes, most, generator):
    """Counts of fewer attempts, of at most 8 different numbers of them, drawn without replacement."""
    few = np.unique(np.quantile(np.minimum(attempts, most), np.arange(_SIZES) / _SIZES, method="inverted_cdf"))
    fewer = few[np.searchsorted(few, attempts, side="right") - 1].astype(np.int64)
    many = attempts >= _URN  # so many that what is drawn may as well be put back
    won = np.where(many, 0, successes).astype(np.int64)
    drawn = generator.hypergeometric(won, np.where(many, most, attempts).astype(np.int64) - won, fewer)
    return fewer.astype(float), np.where(many, generator.binomial(fewer, successes / attempts), drawn).astype(float)


def _smooth(attempts, successes, generator):
    """Neyman's smooth statistic [1 + replicates] of the counts and of pilots simulated from what fits them.

    The sum over j of squared, standardised sums of Legendre polynomials of u, u being where in the distribution of the
    fitted model a count lies (the middle of its step; Neyman 1937), j = 1 ... 6.
    """
    sizes, of = np.unique(attempts, return_inverse=True)
    offsets = np.concatenate([[0], np.cumsum(sizes + 1)]).astype(int)
    pairs = np.concatenate([[np.full(int(m) + 1, m), np.arange(m + 1)] for m in sizes], axis=1)
    likelihood = mixtures.of_counts(*pairs)  # pairs are in order, so its rows are these
    own = np.bincount(offsets[of] + successes.astype(int), minlength=pairs.shape[1]).astype(float)
    theta = fit(own[None], likelihood.kernel)
    drawn = _simulated(theta, attempts, generator).astype(int) + offsets[of]
    counts = np.stack([own, *(np.bincount(one, minlength=pairs.shape[1]) for one in drawn)])
    fitted = np.concatenate([theta, fit(counts[1:], likelihood.kernel, theta[0])])
    chance = mixtures.beta(fitted) @ likelihood.kernel.T * np.exp(likelihood.log_scale)
    sums, variances = np.zeros((2, COMPONENTS, len(counts)))
    for begin, end in pairwise(offsets):
        p = chance[:, begin:end] / chance[:, begin:end].sum(axis=1, keepdims=True)
        u = 2 * np.cumsum(p, axis=1) - p - 1
        here = counts[:, begin:end]
        for j in range(COMPONENTS):
            h = special.eval_legendre(j + 1, u)
            mean = (p * h).sum(axis=1, keepdims=True)
            sums[j] += (here * (h - mean)).sum(axis=1)
            variances[j] += here.sum(axis=1) * (p * (h - mean) ** 2).sum(axis=1)
    return (sums**2 / np.maximum(variances, 1e-12)).sum(axis=0)


def _simulated(theta, attempts, generator):
    """Successes [replicates, problems] under the model."""
    weights = mixtures.beta(theta)[0]
    cells = np.searchsorted(np.cumsum(weights), generator.random((_REPLICATES, len(attempts)))).clip(
        0, len(weights) - 1
    )
    odds = np.append(-np.inf, mixtures.ODDS)[cells] + mixtures.STEP * (generator.random(cells.shape) - 0.5)
    return generator.binomial(attempts.astype(np.int64), special.expit(odds)).astype(float)


class Order(NamedTuple):
    """Whether outcomes come in any order. repeats: (expected - observed changes of outcome) over those expected.

    z: of the changes, in standard deviations.  p_value: two-sided.  problems: that tell anything of it.
    """

    repeats: float
    z: float
    p_value: float
    problems: int


def order(outcomes):
    """Order of outcomes (0 or 1, a list of arrays [attempts]), by the runs in each problem; None if too few to tell.

    Given c successes among m attempts every order is equally likely where attempts are independent, whatever the
    difficulty (Wald and Wolfowitz 1940): E[changes] = 2 c (m - c) / m,
    Var = 2 c (m - c) (2 c (m - c) - m) / (m^2 (m - 1)).
    """
    mixed = [one for one in outcomes if 0 < np.sum(one) < len(one)]
    made, won = (np.array([f(one) for one in mixed], float) for f in (len, np.sum))
    changes = np.array([np.count_nonzero(np.diff(np.asarray(one, np.int8))) for one in mixed])
    twice = 2 * won * (made - won)
    expected, variance = twice / made, twice * (twice - made) / (made**2 * (made - 1))
    if variance.sum() < _TOLD:
        return None
    z = (changes - expected).sum() / np.sqrt(variance.sum())
    return Order(float(1 - changes.sum() / expected.sum()), float(z), float(2 * special.ndtr(-abs(z))), len(mixed))


def effective(attempts, repeats):
    """How many independent attempts estimate a share of successes as well as attempts that repeat each other.

    An attempt repeats the outcome before it with probability rho, else it is drawn anew, so that outcomes are a Markov
    chain whose correlation over j attempts is rho^j (Bayley and Hammersley 1946). The variance of the share of
    successes among m attempts is that of m / v independent ones:

        v = 1 + 2 sum_{j<m} (1 - j/m) rho^j = (1 + rho) / (1 - rho) - 2 rho (1 - rho^m) / (m (1 - rho)^2)

    so that m attempts are worth about m (1 - rho) / (1 + rho). The share itself scatters with it, and with the share
    the changes expected given it, so that the fraction of these that is missing (Order.repeats) is rho to O(1/m) only:

        E[changes] = 2 s (1-s) (m - 1) (1 - rho),     E[2 c (m - c) / m] = 2 s (1-s) (m - v)

    attempts: m > 2 of a problem (the order of two says nothing, given their successes).  repeats: of Order.
    """

    def missing(rho):
        return 1 - (attempts - 1) * (1 - rho) / (attempts - _inflation(attempts, rho))

    if repeats <= 0:
        return float(attempts)
    if repeats >= missing(_LONGEST):
        return 1.0
    rho = optimize.brentq(lambda rho: missing(rho) - repeats, 0, _LONGEST)
    return float(attempts / _inflation(attempts, rho))


def _inflation(attempts, rho):
    """v of `effective`."""
    return (1 + rho) / (1 - rho) - 2 * rho * -np.expm1(attempts * np.log(max(rho, 1e-300))) / (
        attempts * (1 - rho) ** 2
    )


def together(*p_values):
    """One p-value of several independent tests, from the smallest of them (Sidak 1967)."""
    return 1 - (1 - min(p_values)) ** len(p_values)


class FitTest(NamedTuple):
    """Whether the memorising model fits a pilot: verdict FITS, MISFITS or CANNOT_TELL.

    p_value: of all tests together, None where none could be made: neither can where attempts ended with success.
    shape: None where the counts hold too little.  order: None where the order of outcomes is not known, or too little
    happens to tell.  attempts, effective: of a problem, the median, and how many independent ones they are worth; None
    but where outcomes repeat the one before more often than chance would have it.
    """

    verdict: str
    p_value: float | None
    shape: Shape | None
    order: Order | None
    attempts: float | None
    effective: float | None


def fit_test(pilot, level, seed):
    """FitTest of a pilot (sim.pilot.pilot.Pilot).  level: below this p-value the model does not fit."""
    fixed = pilot.stopping.kind == "fixed"  # where success ends the attempts it comes last, and counts are few
    enough = np.count_nonzero(pilot.successes) >= 2 and len(pilot.attempts) >= _PROBLEMS and pilot.attempts.max() >= 2
    counts = shape(pilot.attempts, pilot.successes, seed) if fixed and enough else None
    turns = order(pilot.outcomes) if fixed and pilot.outcomes is not None else None
    p_values = [test.p_value for test in (counts, turns) if test is not None]
    if not p_values:
        return FitTest(CANNOT_TELL, None, counts, turns, None, None)
    p_value = together(*p_values)
    verdict, made = MISFITS if p_value < level else FITS, float(np.median(pilot.attempts))
    if turns is None or turns.p_value >= level or turns.repeats <= 0 or made <= 2:
        return FitTest(verdict, p_value, counts, turns, None, None)
    return FitTest(verdict, p_value, counts, turns, made, effective(made, turns.repeats))

"""What a pilot is made for: coverage at k, the exponent, or the choice of k; and how far a refit is from the truth."""

from typing import NamedTuple

import numpy as np

from sim.laws import cost, coverage, fisher

LOST = 0.01  # share of pilots without an estimate from which on a size is no answer
_SURE = 2  # standard errors by which a simulated error is to be below the one that is wanted
_MOST = 60  # binary digits of the largest number of attempts that is chosen


class Truth(NamedTuple):
    """Difficulty that pilots are drawn from, and what is asked of them.

    target: "coverage" (at `attempts` k), "exponent", or "decision": the k with the largest net value
    V A (1 - L(k)) - c k, with value V and price c.
    """

    alpha: float
    beta: float
    ceiling: float
    target: str
    attempts: float
    value: float
    price: float

    @property
    def best(self):
        """Number of attempts that pays best."""
        return float(cost.optimal_parallel(self.value, self.price, self.alpha, self.beta, self.ceiling))


class Error(NamedTuple):
    """Of a target: root of the mean squared error, or the mean regret, with its standard error over pilots.

    bias: mean error; NaN for a regret.  lost: share of pilots that give no estimate, which the others do not contain.
    Standard errors: pilots independent; normal, which the largest errors of small pilots are not.
    """

    error: float
    stderr: float
    bias: float
    lost: float

    def reaches(self, wanted):
        """Whether it is surely no larger than what is wanted."""
        return self.lost <= LOST and self.error + _SURE * self.stderr <= wanted


def error(truth, fits):
    """Error of a target from the Fits of pilots (sim.design.refit)."""
    own = truth.alpha, truth.beta, truth.ceiling
    if truth.target == "coverage":
        predicted = coverage.coverage(truth.attempts, fits.alpha, fits.beta, fits.ceiling)
        return _root_mean_square(predicted - coverage.coverage(truth.attempts, *own), 0.0)
    if truth.target == "exponent":
        return _root_mean_square((fits.beta - truth.beta)[~fits.at_wall], fits.at_wall.mean())
    worth = lambda k: cost.net_value_parallel(k, truth.value, truth.price, *own)  # noqa: E731
    regret = worth(truth.best) - worth(best_attempts(truth.value, truth.price, fits))
    return Error(regret.mean(), regret.std(ddof=1) / np.sqrt(len(regret)), np.nan, 0.0)


def best_attempts(value, price, fits):
    """cost.optimal_parallel for the parameters of many pilots at once, [pilots]."""

    def enough(k):
        loss = coverage.inference_loss(k, fits.alpha, fits.beta)
        return value * fits.ceiling * loss * fits.beta <= price * (fits.alpha + fits.beta + k)

    found = np.full(fits.alpha.shape, -1.0)  # the largest that is not enough
    for digit in 2.0 ** np.arange(_MOST, -1, -1):
        found = np.where(enough(found + digit), found, found + digit)
    return found + 1


def bound(truth, problems, attempts):
    """Least error that an unbiased estimate can have; of the decision, the regret of large pilots. NaN where none is.

    attempts: of each problem; np.inf for what no number of attempts can better.
    """
    own = truth.alpha, truth.beta, truth.ceiling
    if truth.target == "decision":
        if truth.best < 1:
            return np.nan
        gradient = fisher.regret_gradient(truth.best, truth.value, *own)
        return float(fisher.variance_bound(gradient, problems, attempts, *own))
    of_coverage = truth.target == "coverage"
    gradient = fisher.coverage_gradient(truth.attempts, *own) if of_coverage else fisher.beta_gradient(truth.ceiling)
    return float(np.sqrt(fisher.variance_bound(gradient, problems, attempts, *own)))


def _root_mean_square(errors, lost):
    if len(errors) < 2:
        return Error(np.nan, np.nan, np.nan, lost)
    square = errors**2
    root = np.sqrt(square.mean())
    spread = square.std(ddof=1) / np.sqrt(len(errors))
    return Error(root, spread / (2 * root) if root > 0 else 0.0, errors.mean(), lost)

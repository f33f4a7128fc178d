"""One budget for examples and attempts: how should it be split?

n examples at a price c_n each, and k attempts at each of Q problems at a price c_k each:  n c_n + Q k c_k = B.
"""

import numpy as np
from scipy import interpolate, optimize

_ODDS = np.linspace(-30, 30, 241)  # log-odds of the share spent on examples that are tried before the best is refined
_FAR = 1e-12  # of the log-odds
_A_DECADE = 16, 9  # variances of the bias, and attempts, between which the loss is interpolated


def attempts_left(examples, budget, example, attempts):
    """Attempts at each problem that the rest of a budget pays for, k = (B - n c_n) / (Q c_k).

    examples: n, any shape.  budget: B.  example: c_n.  attempts: Q c_k, one attempt at every problem.
    """
    return (budget - np.asarray(examples, float) * example) / attempts


def learnt_bias(loss, variances, attempts):
    """L(k; v) of any bias and attempts between two of either, as a function of (v [m], k [m]).

    For attempts whose bias the learner lessens (Levi 2026, LID, arXiv 2601.03764), at one v for every n.
    loss: (v, k [m]) -> L(k; v), which takes long.  variances, attempts: the least and the largest, above 0.
    A cubic spline in the logarithms of all three: where v is the share not memorised, to 1e-4 of E(n, k) or better.
    """
    logs = [_logs(*ends, each) for ends, each in zip((variances, attempts), _A_DECADE, strict=True)]
    table = [np.log(loss(float(variance), np.exp(logs[1]))) for variance in np.exp(logs[0])]
    spline = interpolate.RectBivariateSpline(*logs, np.array(table))
    return lambda v, k: np.exp(spline(np.log(v), np.log(k), grid=False))


def _logs(least, largest, each):
    """Logarithms from one to the other, so many a decade, and at least four."""
    return np.linspace(np.log(least), np.log(largest), max(4, 1 + int(np.ceil(each * np.log10(largest / least)))))


def best_split(budget, example, attempts, failure):
    """Real numbers (n, k), each at least 1, that leave least unsolved, and how much that is.

        min E(n, k),  n c_n + Q k c_k = B                                                                 derived here

    budget, example, attempts as in attempts_left, budget > example + attempts.  failure: (n [m], k [m]) -> E(n, k).
    By search along the budget, to 1e-6 of n or better: the optimum is flat.
    """

    def split(odds):
        spare = budget - example - attempts  # what is left when there is one of either
        share = 1 / (1 + np.exp(-odds))
        return 1 + spare * share / example, 1 + spare * (1 - share) / attempts

    def unsolved(odds):
        return np.log(failure(*split(np.atleast_1d(odds))))

    tried = unsolved(_ODDS)
    at = int(np.argmin(tried))
    bounds = _ODDS[max(at - 1, 0)], _ODDS[min(at + 1, len(_ODDS) - 1)]
    found = optimize.minimize_scalar(lambda odds: unsolved(odds)[0], bounds=bounds, options={"xatol": _FAR}).x
    return (*map(float, split(found)), float(np.exp(unsolved(found)[0])))


def best_split_of_power_laws(budget, example, attempts, learning, inference):
    """(n, k) of two power laws that add up, c n^-b + C k^-beta.

        b c n^(-b-1) / c_n = beta C k^(-beta-1) / (Q c_k)        derived; of E(n, k) for n, k >> 1, to O(E_n + L(k))

    learning: (b, c).  inference: (beta, C).  Below a ceiling A of coverage it is A c n^-b + C k^-beta that is least.
    """
    (b, c), (beta, prefactor) = learning, inference

    def gain(log_k):
        k = np.exp(log_k)
        n = (budget - k * attempts) / example
        return np.log(b * c / example) - (b + 1) * np.log(n) - np.log(beta * prefactor / attempts) + (beta + 1) * log_k

    most = np.log(budget / attempts)
    log_k = optimize.brentq(gain, -50.0, most - 1e-12)
    return float((budget - np.exp(log_k) * attempts) / example), float(np.exp(log_k))

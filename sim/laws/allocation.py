"""One budget for examples and attempts: how should it be split?

n examples at a price c_n each, and k attempts at each of Q problems at a price c_k each:  n c_n + Q k c_k = B.
"""

import numpy as np
from scipy import optimize

from sim.laws import joint

_ODDS = np.linspace(-30, 30, 241)  # log-odds of the share spent on examples that are tried before the best is refined
_FAR = 1e-12  # of the log-odds


def attempts_left(examples, budget, example, attempts):
    """Attempts at each problem that the rest of a budget pays for, k = (B - n c_n) / (Q c_k).

    examples: n, any shape.  budget: B.  example: c_n.  attempts: Q c_k, one attempt at every problem.
    """
    return (budget - np.asarray(examples, float) * example) / attempts


def best_split(budget, example, attempts, error, loss):
    """Real numbers (n, k), each at least 1, that leave least unsolved, and how much that is.

        min E_n + (1 - E_n) L(k),  n c_n + Q k c_k = B                                                    derived here

    budget, example, attempts as in attempts_left, budget > example + attempts.  error: n [m] -> E_n.  loss: k [m] ->
    L(k).  By search along the budget, to 1e-6 of n or better: the optimum is flat.
    """

    def split(odds):
        spare = budget - example - attempts  # what is left when there is one of either
        share = 1 / (1 + np.exp(-odds))
        return 1 + spare * share / example, 1 + spare * (1 - share) / attempts

    def unsolved(odds):
        n, k = split(np.atleast_1d(odds))
        return np.log(joint.failure(error(n), loss(k)))

    tried = unsolved(_ODDS)
    at = int(np.argmin(tried))
    bounds = _ODDS[max(at - 1, 0)], _ODDS[min(at + 1, len(_ODDS) - 1)]
    found = optimize.minimize_scalar(lambda odds: unsolved(odds)[0], bounds=bounds, options={"xatol": _FAR}).x
    return (*map(float, split(found)), float(np.exp(unsolved(found)[0])))


def best_split_of_power_laws(budget, example, attempts, learning, inference):
    """(n, k) of two power laws that add up, c n^-b + C k^-beta.

        b c n^(-b-1) / c_n = beta C k^(-beta-1) / (Q c_k)        derived; of E(n, k) for n, k >> 1, to O(E_n + L(k))

    learning: (b, c).  inference: (beta, C).
    """
    (b, c), (beta, prefactor) = learning, inference

    def gain(log_k):
        k = np.exp(log_k)
        n = (budget - k * attempts) / example
        return np.log(b * c / example) - (b + 1) * np.log(n) - np.log(beta * prefactor / attempts) + (beta + 1) * log_k

    most = np.log(budget / attempts)
    log_k = optimize.brentq(gain, -50.0, most - 1e-12)
    return float((budget - np.exp(log_k) * attempts) / example), float(np.exp(log_k))

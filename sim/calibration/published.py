"""Curves that others fit to pass@k, for comparison. All are least squares.

Each takes ks [k], the curve there, and the attempts to predict at; each returns the predicted pass@k.
"""

import numpy as np
from scipy import optimize, special


def line(ks, curve, attempts):
    """log(-log pass@k) = log a - b log k, a line by least squares (Schaeffer et al. 2025, Table 1, as reproduced).

    NaN for a curve that has fewer than two points between 0 and 1.
    """
    inside = (curve > 0) & (curve < 1)
    if np.count_nonzero(inside) < 2:
        return np.full(len(attempts), 1.0 if (curve >= 1).any() else np.nan)
    x, y = np.log(ks[inside]), np.log(-np.log(curve[inside]))
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    return np.exp(-np.exp(y.mean() + slope * (np.log(attempts) - x.mean())))


def exponential_power(ks, curve, attempts):
    """pass@k = exp(-a k^-b), by least squares of pass@k (Brown et al. 2024, Eq. 3)."""
    return _least_squares(lambda theta, k: np.exp(-np.exp(theta[0] - theta[1] * np.log(k))), (1, 0.3), ks, curve)(
        attempts
    )


def ceiling_law(ks, curve, attempts):
    """pass@k = A (1 - B(alpha + k, beta) / B(alpha, beta)), by least squares of pass@k (Levi 2024, Eq. 7)."""
    return levi(ceiling_law_fit(ks, curve), np.asarray(attempts, float))


def ceiling_law_fit(ks, curve, start=(2.0, -1.0, 3.0)):
    """(log alpha, log beta, log odds of A) of `ceiling_law`.  start: of the search."""
    return _found(levi, start, ks, curve)


def levi(theta, k):
    """pass@k of Eq. 7, from theta as `ceiling_law_fit` has it."""
    alpha, beta = np.exp(theta[0]), np.exp(theta[1])
    return special.expit(theta[2]) * -np.expm1(special.betaln(alpha + k, beta) - special.betaln(alpha, beta))


def _least_squares(law, start, ks, curve):
    """The law with the parameters that fit best, as a function of k."""
    theta = _found(law, start, ks, curve)
    return lambda attempts: law(theta, np.asarray(attempts, float))


def _found(law, start, ks, curve):
    """Parameters, each between -12 and 12, that fit best."""
    return optimize.least_squares(lambda theta: law(theta, ks) - curve, np.array(start, float), bounds=(-12, 12)).x


def plug_in(attempts_made, successes, attempts):
    """1 - (1 - c/m)^k averaged over problems: what a share of successes would give if it were the probability."""
    share = (successes / attempts_made)[:, None]
    with np.errstate(divide="ignore"):
        return -np.expm1(attempts * np.log1p(-share)).mean(axis=0)


def free_mixture(likelihood, reached, rounds=2000):
    """The likeliest distribution of s on the grid, whatever its shape (EM; Laird 1978), and its pass@k.

    likelihood: sim.calibration.mixtures.Likelihood.  reached: from mixtures.reach, [1 + cells, k].
    """
    weights = np.full(likelihood.kernel.shape[1], 1 / likelihood.kernel.shape[1])
    for _ in range(rounds):
        share = likelihood.kernel * weights
        weights = likelihood.problems @ (share / share.sum(axis=1, keepdims=True)) / likelihood.problems.sum()
    return weights @ reached

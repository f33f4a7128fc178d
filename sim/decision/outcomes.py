"""What k attempts at a problem come to, on the grid of its success probability s (sim.calibration.mixtures).

An attempt is accepted with probability a = s t + (1-s) f, t = 1 - false_reject, f = false_accept, and the first
accepted answer is returned (Stroebl, Kapoor, Narayanan 2024, arXiv 2411.17501). Cells: "never" first, then ODDS.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from sim.calibration import mixtures

SUCCESS, FAILURE = np.append(0.0, special.expit(mixtures.ODDS)), np.append(1.0, special.expit(-mixtures.ODDS))


class Trial(NamedTuple):
    """One attempt, [1 + cells] each: log_refused, ln(1-a); accepted, a; right, the share s t / a of right ones among
    accepted ones; gain, V s t - W (1-s) f, what it is worth on average."""

    log_refused: np.ndarray
    accepted: np.ndarray
    right: np.ndarray
    gain: np.ndarray


class Outcomes(NamedTuple):
    """Of k attempts, [1 + cells, k] each: probability that a right or a wrong answer is returned; means of the money
    spent, of its square, of what the answer is worth, of the square of that, and of worth times money."""

    right: np.ndarray
    wrong: np.ndarray
    cost: np.ndarray
    cost_square: np.ndarray
    worth: np.ndarray
    worth_square: np.ndarray
    worth_cost: np.ndarray


def trial(prices):
    """One attempt under a verifier."""
    true_accept, false_accept = 1 - prices.false_reject, prices.false_accept
    right, wrong = SUCCESS * true_accept, FAILURE * false_accept
    accepted = right + wrong
    refused = SUCCESS * prices.false_reject + FAILURE * (1 - false_accept)
    with np.errstate(divide="ignore"):
        logs = np.where(accepted < 0.5, np.log1p(-np.minimum(accepted, 0.5)), np.log(refused))
    share = right / np.where(accepted > 0, accepted, 1.0)
    return Trial(logs, accepted, share, prices.value * right - prices.wrong * wrong)


def remaining(own, attempts):
    """Probability (1-a)^k that none of k attempts is accepted, [1 + cells, k]."""
    return np.exp(np.outer(own.log_refused, attempts))


def outcomes(prices, attempts):
    """Outcomes of k attempts.

        E[min(T, k)] = (1 - q^k) / a,  q = 1 - a;   E[min(T, k)^2] = sum_{j<k} (2j + 1) q^j;   T: first one accepted

    attempts: [k], whole numbers >= 0.
    """
    own, k = trial(prices), np.asarray(attempts, float)
    left = remaining(own, k)
    done = -np.expm1(np.outer(own.log_refused, k))
    right, wrong = own.right[:, None] * done, (1 - own.right)[:, None] * done
    start = prices.setup * (k > 0)
    if prices.sequential:
        used, square, when = _used(own.accepted[:, None], k, done, left)
    else:
        used, square, when = (np.broadcast_to(values, left.shape) for values in (k, k * k, k * done))
    cost = start + prices.each * used
    cost_square = start**2 + 2 * start * prices.each * used + prices.each**2 * square
    paid = start * done + prices.each * when  # mean money spent where an answer is returned, times its probability
    worth = prices.value * right - prices.wrong * wrong
    worth_square = prices.value**2 * right + prices.wrong**2 * wrong
    each = prices.value * own.right - prices.wrong * (1 - own.right)  # worth of an answer that is returned
    return Outcomes(right, wrong, cost, cost_square, worth, worth_square, each[:, None] * paid)


def _used(accepted, k, done, left):
    """Means of N = min(T, k), N^2, and N where an answer is returned, times its probability."""
    some = accepted * k > 1e-8  # below, none of k attempts is accepted, to 8 digits
    safe = np.where(accepted > 0, accepted, 1.0)
    used = np.where(some, done / safe, k)
    weighted = np.where(some, (used - 1 - (k - 1) * left) / safe, k * (k - 1) / 2)  # sum_{j<k} j q^j
    return used, used + 2 * weighted, np.maximum(used - k * left, 0)

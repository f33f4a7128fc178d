"""Laws of how success probabilities spread over problems, as weights on a grid, and how likely counts make them.

Whatever the law, the counts of a problem know its success probability s only through s^c (1 - s)^(m - c), so laws are
held as weights on a grid of log odds, and a pilot as what the likelihood is on that grid.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

STEP = 0.125  # in log odds: laws are smooth on it; the likelihood, which need not be, is averaged over each cell
ODDS = np.arange(-30, 18 + STEP / 2, STEP)
LOG_SUCCESS, LOG_FAILURE = -np.logaddexp(0, -ODDS), -np.logaddexp(0, ODDS)
_EDGES = np.append(ODDS - STEP / 2, ODDS[-1] + STEP / 2)
_MANY, _ALIKE = 400, (0.2, 0.25)  # rows beyond which those alike are one: log odds, and log of their width
_PAIRS = 3000  # of counts; what they say of s beyond that is not worth the time
_LOWEST, _HIGHEST = special.expit(_EDGES[[0, -1]])


def reach(attempts):
    """Chance 1 - (1 - s)^k of at least one success in k attempts, [1 + cells, k]."""
    return np.concatenate([np.zeros((1, len(attempts))), -np.expm1(np.outer(LOG_FAILURE, attempts))])


def twice(attempts, measured):
    """Mean square of the share C(m - c, k) / C(m, k) of those k out of m attempts that all fail, [1 + cells, k].

    Two such choices of k have j attempts in common, hypergeometric, so that it is the mean of (1 - s)^(2k - j).
    attempts: k, [k].  measured: m, no fewer.
    """
    log_failure = np.append(0.0, LOG_FAILURE)
    found = []
    for k in attempts:
        spread = 12 * (1 + np.sqrt(k * k / measured))
        least, most = max(0.0, 2 * k - measured), k
        common = np.arange(np.ceil(max(least, k * k / measured - spread)), min(most, k * k / measured + spread) + 1)
        shared, rest = _log_choose(k, common), _log_choose(measured - k, k - common)
        found.append(np.exp(np.outer(log_failure, 2 * k - common)) @ special.softmax(shared + rest))
    return np.stack(found, axis=1)


def _log_choose(n, k):
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


# Laws -----------------------------------------------------------------------------------------------------------------


def _on_grid(log_density, below, above, never):
    """Weights from log densities [n, cells] in log odds, with what lies beyond both ends [n], thinned by never [n]."""
    inner = special.softmax(log_density, axis=-1) * (1 - below - above)[:, None]
    inner[:, -1] += above
    return np.concatenate([(never + (1 - never) * below)[:, None], (1 - never)[:, None] * inner], axis=-1)


def beta(theta):
    """s ~ Beta(beta, alpha) (Levi 2024, Sec. 3: the failure probability is Beta(alpha, beta)), with a point mass at 0.

    theta [n, 2 or 3]: log beta, log alpha, and the log odds of the point mass.
    """
    own, other = np.exp(theta[:, 0]), np.exp(theta[:, 1])
    density = own[:, None] * LOG_SUCCESS + other[:, None] * LOG_FAILURE
    below, above = special.betainc(own, other, _LOWEST), special.betainc(other, own, 1 - _HIGHEST)
    return _on_grid(density, below, above, _never(theta, 2))


def scaled_kumaraswamy(theta):
    """s = c z, z of Kumaraswamy's law (Schaeffer et al. 2025, Sec. 4); theta [n, 3]: log a, log b, log odds of c."""
    a, b, log_scale = np.exp(theta[:, :1]), np.exp(theta[:, 1:2]), special.log_expit(theta[:, 2:])
    power = a * (LOG_SUCCESS - log_scale)
    inside = np.minimum(power, -1e-12)
    density = np.where(power < 0, inside + (b - 1) * np.log(-np.expm1(inside)) + LOG_FAILURE, -np.inf)
    below = -np.expm1(b[:, 0] * np.log1p(-np.exp(np.minimum(a[:, 0] * (np.log(_LOWEST) - log_scale[:, 0]), -1e-12))))
    return _on_grid(density, below, np.zeros(len(theta)), np.zeros(len(theta)))


def scaled_beta(theta):
    """s = c z, z ~ Beta (Schaeffer et al. 2025, Sec. 4); theta [n, 3]: log beta, log alpha, log odds of c."""
    own, other, log_scale = np.exp(theta[:, :1]), np.exp(theta[:, 1:2]), special.log_expit(theta[:, 2:])
    log_share = np.minimum(LOG_SUCCESS - log_scale, -1e-12)
    density = own * log_share + (other - 1) * np.log(-np.expm1(log_share)) + LOG_FAILURE
    density = np.where(LOG_SUCCESS < log_scale, density, -np.inf)
    below = special.betainc(own[:, 0], other[:, 0], np.minimum(_LOWEST / np.exp(log_scale[:, 0]), 1))
    return _on_grid(density, below, np.zeros(len(theta)), np.zeros(len(theta)))


def _never(theta, position):
    return special.expit(theta[:, position]) if theta.shape[1] > position else np.zeros(len(theta))


# Likelihood -----------------------------------------------------------------------------------------------------------


class Likelihood(NamedTuple):
    """What the counts of a pilot say of s: a row for each pair of counts that occurs.

    kernel: [pairs, 1 + cells], the likelihood averaged over each cell, its largest value 1.  log_scale: what it was
    divided by, [pairs].  problems: with these counts, [pairs].  row: of each problem.
    """

    kernel: np.ndarray
    log_scale: np.ndarray
    problems: np.ndarray
    row: np.ndarray


def of_counts(attempts, successes):
    """Likelihood C(m, c) s^c (1 - s)^(m - c) of c successes in m attempts [problems], whatever ended the attempts."""
    pairs, row, problems = np.unique(np.stack([attempts, successes]), axis=1, return_inverse=True, return_counts=True)
    (m, c), row, problems = _gathered(np.asarray(pairs, float), np.ravel(row), problems)
    log_kernel = c[:, None] * LOG_SUCCESS + (m - c)[:, None] * LOG_FAILURE
    inner = (c > 0) & (c < m)  # a peak, which may be narrower than a cell
    ci, mi = c[inner], m[inner]
    below = special.betainc(ci[:, None], (mi - ci)[:, None], special.expit(_EDGES))
    above = special.betainc((mi - ci)[:, None], ci[:, None], special.expit(-_EDGES))
    share = np.where(below[:, 1:] < 0.5, np.diff(below), -np.diff(above))
    averaged = np.log(np.maximum(share, 1e-300)) + special.betaln(ci, mi - ci)[:, None] - np.log(STEP)
    # Where nothing of the peak is left in a cell, its middle stands for it: else counts whose peak lies beyond the last
    # cell, as 10^12 - 1 of 10^12, would be likely nowhere.
    log_kernel[inner] = np.where(share > 1e-300, averaged, log_kernel[inner])
    never = np.where(c == 0, 0.0, -np.inf)
    log_kernel = np.concatenate([never[:, None], log_kernel], axis=1)
    return _scaled(log_kernel, _log_choose(m, c), problems, row)


def _gathered(pairs, row, problems):
    """(pairs, row, problems), those of nearly the same counts as one where there are very many.

    Successes and failures to a tenth of an octave, the few below fourteen as they are; one pair has the mean of both.
    """
    if pairs.shape[1] <= _PAIRS:
        return pairs, row, problems
    m, c = pairs
    _, one = np.unique(np.round(10 * np.log2([c + 1, m - c + 1])), axis=1, return_inverse=True)
    one = np.ravel(one)
    total = np.bincount(one, problems)
    return np.stack([np.bincount(one, problems * own) / total for own in pairs]), one[row], total.astype(int)


def of_batches(attempts, solved, batch):
    """Likelihood (1 - s)^(m - b) (1 - (1 - s)^b) of problems solved in the last of their batches of b attempts.

    attempts: m, [problems].  solved: bool [problems]; the others have failed m times.
    """
    pairs, row, problems = np.unique(np.stack([attempts, solved]), axis=1, return_inverse=True, return_counts=True)
    m, won = np.asarray(pairs[0], float), pairs[1] > 0
    failed = np.where(won, m - batch, m)[:, None] * LOG_FAILURE
    with np.errstate(divide="ignore"):
        last = np.where(won[:, None], np.log(-np.expm1(batch * LOG_FAILURE)), 0.0)
    never = np.where(won, -np.inf, 0.0)
    return _scaled(np.concatenate([never[:, None], failed + last], axis=1), np.zeros(len(m)), problems, row)


def condensed(likelihood):
    """The likelihood with rows that are nearly alike in one, where there are many; laws are smooth on that scale.

    Alike: with success or without, and where and how wide in log odds they lie.
    """
    if len(likelihood.problems) <= _MANY:
        return likelihood
    inner = likelihood.kernel[:, 1:] / likelihood.kernel[:, 1:].sum(axis=1, keepdims=True)
    place = inner @ ODDS
    width = np.sqrt(np.maximum(inner @ ODDS**2 - place**2, STEP**2 / 12))
    keys = np.stack([likelihood.kernel[:, 0] > 0, np.round(place / _ALIKE[0]), np.round(np.log(width) / _ALIKE[1])])
    _, row = np.unique(keys, axis=1, return_inverse=True)
    row, number = np.ravel(row), int(np.max(row)) + 1
    problems = np.bincount(row, likelihood.problems, number)
    logs = np.zeros((number, likelihood.kernel.shape[1]))
    with np.errstate(divide="ignore"):
        np.add.at(logs, row, likelihood.problems[:, None] * np.maximum(np.log(likelihood.kernel), -1e3))
    logs /= problems[:, None]
    return Likelihood(np.exp(logs), np.zeros(number), problems, row[likelihood.row])


def _scaled(log_kernel, log_scale, problems, row):
    top = log_kernel.max(axis=1, keepdims=True)
    return Likelihood(np.exp(log_kernel - top), log_scale + top[:, 0], problems.astype(float), np.ravel(row))


def log_likelihood(weights, likelihood):
    """Log likelihood of weights [n, 1 + cells]: [n]."""
    each = np.log(np.maximum(weights @ likelihood.kernel.T, 1e-300)) + likelihood.log_scale
    return each @ likelihood.problems

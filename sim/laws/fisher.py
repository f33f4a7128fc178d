"""Information in a pilot: how well counts of successes can tell the Beta law of difficulty, however they are used."""

import numpy as np
from scipy import special

from sim.laws import coverage

_LARGE = 1e3  # from which on three terms of a series in 1 / x are enough


def information(attempts, alpha, beta, ceiling=1.0):
    """Fisher information on (alpha, beta), and on the ceiling A if A < 1, of one problem with m attempts.

        I_ij = sum_{c=0}^{m} P(c) d_i ln P(c) d_j ln P(c),      P(c) = A Q(c) + (1 - A) [c = 0]         derived here
        Q(c) = C(m, c) B(alpha + m - c, beta + c) / B(alpha, beta)   Kazdan et al. 2025 (arXiv 2510.05197), Eq. 15

    attempts: m >= 0, whole, one number; np.inf: success probabilities themselves are seen, as in attempts without end.
    alpha, beta > 0, 0 < ceiling <= 1: scalars.  Returns [2, 2], or [3, 3] for ceiling < 1; no more than the first
    attempt tells is known at m = 1, so that [2, 2] is singular there.
    Relative error about 1e-11 for m up to 1e5; time and memory grow as m.
    """
    if np.isinf(attempts):
        return _of_endless(alpha, beta, ceiling)
    attempts = int(attempts)
    count = np.arange(attempts + 1.0)
    failed = attempts - count
    chance = np.exp(log_chance(count, attempts, alpha, beta))
    of_sum = special.digamma(alpha + beta + attempts) - special.digamma(alpha + beta)
    slopes = np.stack(
        [
            special.digamma(alpha + failed) - special.digamma(alpha) - of_sum,
            special.digamma(beta + count) - special.digamma(beta) - of_sum,
        ]
    )
    if ceiling < 1:
        none = chance[0]
        chance = ceiling * chance
        chance[0] += 1 - ceiling
        slopes[:, 0] *= ceiling * none / chance[0]
        of_ceiling = np.full(attempts + 1, 1 / ceiling)
        of_ceiling[0] = (none - 1) / chance[0]
        slopes = np.concatenate([slopes, of_ceiling[None]])
    return (slopes * chance) @ slopes.T


def log_chance(successes, attempts, alpha, beta):
    """ln Q(c), as in `information`: of c successes in m attempts at a problem that can be solved; they broadcast."""
    ways = (
        special.gammaln(attempts + 1.0) - special.gammaln(successes + 1.0) - special.gammaln(attempts - successes + 1)
    )
    return ways + special.betaln(alpha + attempts - successes, beta + successes) - special.betaln(alpha, beta)


def variance_bound(gradient, problems, attempts, alpha, beta, ceiling=1.0):
    """Least variance of an unbiased estimate of a function of the parameters, from P problems with m attempts each.

        g^T I^-1 g / P                                                              Cramer-Rao, problems independent

    gradient: g by (alpha, beta), and by the ceiling if it is below 1.  problems: P, any shape.  Others as in
    `information`.  np.inf where the counts cannot tell it, as at m = 1.
    """
    gradient, known = np.asarray(gradient, dtype=float), information(attempts, alpha, beta, ceiling)
    scale = np.sqrt(np.diag(known))
    if not (scale > 0).all():
        return np.full(np.shape(problems), np.inf)[()]
    values, vectors = np.linalg.eigh(known / scale / scale[:, None])
    along = (vectors.T @ (gradient / scale)) ** 2
    if values[0] < 1e-11:  # rounding: one direction is not told
        return np.full(np.shape(problems), np.inf)[()]
    return np.sum(along / values) / np.asarray(problems, dtype=float)


def beta_gradient(ceiling=1.0):
    """Of the exponent beta."""
    return np.array([0.0, 1.0, 0.0])[: 2 if ceiling == 1 else 3]


def coverage_gradient(attempts, alpha, beta, ceiling=1.0):
    """Of coverage A (1 - L(k)): by alpha, beta, and the ceiling if it is below 1.

        d ln L / d alpha = psi(alpha+k) - psi(alpha) - psi(alpha+beta+k) + psi(alpha+beta)                  derived here
        d ln L / d beta  = psi(alpha+beta) - psi(alpha+beta+k)

    attempts: k >= 0, one number.
    """
    loss, by_alpha, by_beta = _log_slopes(attempts, alpha, beta)
    gradient = np.array([-ceiling * loss * by_alpha, -ceiling * loss * by_beta, 1 - loss])
    return gradient[: 2 if ceiling == 1 else 3]


def regret_gradient(attempts, value, alpha, beta, ceiling=1.0):
    """g with g^T I^-1 g / P the regret to expect of the best k that a large pilot tells: paid for all k attempts.

        regret ~ 1/2 |u''| Var(k),   u(k) = V A (1 - L(k)) - c k,   k' = -(d_theta u') / u''               derived here

    so that g = (d_theta u') / sqrt(2 |u''|).  A limit for large pilots: relative error O(1/P).
    attempts: the best k, real, > 0.  value: V.
    """
    loss, by_alpha, by_beta = _log_slopes(attempts, alpha, beta)
    fall = -coverage.local_exponent(attempts, alpha, beta) / attempts
    of_both = special.polygamma(1, alpha + beta + attempts)
    apart = _trigamma_difference(alpha + attempts, beta)
    bend = value * ceiling * loss * (fall**2 + apart)
    slope = -value * ceiling * loss * np.array([by_alpha * fall + apart, by_beta * fall - of_both])
    slope = np.append(slope, -value * loss * fall)
    return (slope / np.sqrt(2 * bend))[: 2 if ceiling == 1 else 3]


def _trigamma_difference(x, step):
    """psi'(x) - psi'(x + step), which cancels where x is large; relative error about 1e-12."""
    if x < _LARGE:
        return special.polygamma(1, x) - special.polygamma(1, x + step)
    both, total = x * (x + step), 2 * x + step
    return step / both + step * total / (2 * both**2) + step * (total**2 - both) / (6 * both**3)


def _log_slopes(attempts, alpha, beta):
    """L(k), and the slopes of ln L by alpha and beta."""
    of_sum = special.digamma(alpha + beta) - special.digamma(alpha + beta + attempts)
    by_alpha = special.digamma(alpha + attempts) - special.digamma(alpha) + of_sum
    return np.exp(special.betaln(alpha + attempts, beta) - special.betaln(alpha, beta)), by_alpha, of_sum


def _of_endless(alpha, beta, ceiling):
    """Of the success probability itself, or of being told that there is none."""
    both = special.polygamma(1, alpha + beta)
    own = np.diag([special.polygamma(1, alpha), special.polygamma(1, beta)]) - both
    if ceiling == 1:
        return own
    of_all = np.zeros((3, 3))
    of_all[:2, :2], of_all[2, 2] = ceiling * own, 1 / (ceiling * (1 - ceiling))
    return of_all

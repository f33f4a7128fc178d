"""The plug-in estimate of pass@k, 1 - (1 - c/m)^k from c successes among m attempts: bias, scatter, economy."""

import numpy as np
from scipy import special


def failure(attempts, recorded, success):
    """Mean of the plug-in estimate of (1-s)^k at one problem: above it, so that coverage is underestimated.

        E[(F/m)^k] = sum_f C(m, f) (1-s)^f s^(m-f) (f/m)^k                                               derived here

    attempts: k >= 0, real.  recorded: m >= 1, whole.  success: s in [0, 1].  All broadcast.  F: failures among the m.
    A sum of positive terms, relative error below 1e-10 to m = 10^4.
    """

    def mean(k, m, s):
        share, chance = _shares(m, s)
        return chance @ share**k

    return np.vectorize(mean, otypes=[float])(attempts, recorded, success)[()]


def variance(attempts, recorded, success):
    """Variance of the plug-in estimate at one problem.

        E[((F/m)^k - E[(F/m)^k])^2]                                                                     derived here

    Arguments and error as in failure.
    """

    def spread(k, m, s):
        share, chance = _shares(m, s)
        return chance @ (share**k - chance @ share**k) ** 2

    return np.vectorize(spread, otypes=[float])(attempts, recorded, success)[()]


def variance_asymptote(attempts, recorded, success):
    """Variance of the plug-in estimate at one problem, from many recorded attempts.

        k^2 s (1-s)^(2k-1) / m                      delta method; derived here, relative error O((k^2 s + 1/s) / m)

    Arguments as in failure; recorded may be real.
    """
    attempts, success = np.asarray(attempts, dtype=float), np.asarray(success, dtype=float)
    return attempts**2 * success * np.exp(special.xlog1py(2 * attempts - 1, -success)) / recorded


def allocation(attempts, success):
    """Shares of a budget of attempts at which the summed variance of the plug-in estimates is least.

        m_i ~ sqrt(s_i (1-s_i)^(2k-1))         minimises sum_i variance_asymptote; Kazdan et al. 2025 (arXiv 2510.05197)

    attempts: k >= 1, one number.  success: s_i in [0, 1], [problems], not all 0 or 1.  Returns [problems], sum 1.
    """
    success = np.asarray(success, dtype=float)
    logs = special.xlogy(1.0, success) + special.xlog1py(2 * attempts - 1, -success)
    return special.softmax(logs / 2)


def _shares(recorded, success):
    """Shares f/m of failures, f = 0 ... m, and their binomial probabilities."""
    failures = np.arange(recorded + 1)
    choices = -special.gammaln(failures + 1) - special.gammaln(recorded - failures + 1)
    logs = choices + special.xlog1py(failures, -success) + special.xlogy(recorded - failures, success)
    return failures / recorded, special.softmax(logs)

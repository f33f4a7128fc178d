"""Learning and inference together: errors after n examples and k attempts."""

import numpy as np


def failure(unmemorised, loss):
    """Probability that all attempts fail, when what is not memorised can never be retrieved.

        E(n, k) = 1 - (1 - E_n) (1 - L(k)) = E_n + (1 - E_n) L(k)

    (Hutter 2021, arXiv 2102.04074, for E_n; Levi 2024, arXiv 2410.16377, Eq. 7, for L; their product derived here.)
    unmemorised: E_n, and loss: L(k), both in [0, 1]; they broadcast against each other.
    Exact when difficulty is independent of frequency; a sum of positive terms, so small errors keep their digits.
    """
    return unmemorised + (1 - unmemorised) * loss


def failure_of_features(mass, n, loss):
    """As `failure`, where features are known to differ in difficulty: E(n, k), [n, k].

        E(n, k) = sum_i theta_i [(1 - theta_i)^n + (1 - (1 - theta_i)^n) l_i(k)]                       derived here

    mass: theta [features], adding up to 1.  n: examples [n].  loss: l_i(k), [k, features].
    """
    unseen = np.exp(np.multiply.outer(n, np.log1p(-mass)))  # [n, features]
    return ((unseen + (1 - unseen) * loss[:, None, :]) @ mass).T


def ceiling(unmemorised):
    """Largest coverage that attempts can reach: the memorised mass.

        A = 1 - E_n                          the factor A of Levi 2024 (arXiv 2410.16377), Eq. 7, derived from E_n

    unmemorised: E_n in [0, 1], any shape.
    """
    return 1 - unmemorised

"""Noise of learning curves: how much one run says.  Three errors with one mean, or nearly, and three scatters.

Zipf features, g = 1/s, E_n the unmemorised mass.  That the first deteriorates while the third improves is the claim of
Hutter 2021 (arXiv 2102.04074, abstract); the exponents are derived here.
    instantaneous    is example n + 1 an error?                 mean E_n                    relative noise n^+(1-g)/2
    conditional      error of one training run, all its future  mean E_n                    relative noise n^-g/2
    time average     errors among the first N examples, over N  mean E[K_N]/N ~ s E_N       relative noise N^-g/2
K_N is the number of different features among N examples: every one of them was an error once, and no more.
Variances of the conditional error, and of K_N: learning_curve.unmemorised_mass_variance, distinct_features_variance.
Of a finite set while n theta < 350 for its rarest feature: beyond, the variances leave the range of floats.
"""

import numpy as np
from scipy import special

from sim.laws import learning_curve


def instantaneous_variance(examples, exponent, size):
    """Variance of whether example n + 1 is an error.

        E_n (1 - E_n)                                                                          a coin; derived here

    examples: n >= 0, any shape.  exponent: s > 0, and s > 1 when size is infinite.  size: a number or np.inf.
    """
    unmemorised = learning_curve.unmemorised_mass(examples, exponent, size)
    return unmemorised * _memorised(unmemorised)


def instantaneous_noise(examples, exponent, size):
    """Standard deviation over mean of whether example n + 1 is an error.

        sqrt[(1 - E_n) / E_n] ~ c^(-1/2) n^(+(1-g)/2)                        deteriorates with n; derived here

    Arguments as in instantaneous_variance.
    """
    unmemorised = learning_curve.unmemorised_mass(examples, exponent, size)
    return np.sqrt(_memorised(unmemorised) / unmemorised)


def conditional_noise(examples, exponent, size):
    """Standard deviation over mean, over training runs, of the error that a run goes on to make.

        sqrt(Var) / E_n ~ sqrt(v) / c n^(-g/2),   v n^-(2-g) as in learning_curve        improves with n; derived here

    Arguments as in instantaneous_variance; cost as in learning_curve.unmemorised_mass_variance.
    """
    variance = learning_curve.unmemorised_mass_variance(examples, exponent, size)
    return np.sqrt(variance) / learning_curve.unmemorised_mass(examples, exponent, size)


def time_average(examples, exponent, size):
    """Expected fraction of errors among the first N examples.

        (1/N) sum_{n<N} E_n = E[K_N] / N ~ s c N^-(1-g), s times the error at N                derived here, Karlin 1967

    examples: N >= 1, any shape.  exponent, size as in instantaneous_variance.  Exact, relative error below 1e-11.
    """
    return learning_curve.distinct_features(examples, exponent, size) / np.asarray(examples, dtype=float)


def time_average_variance(examples, exponent, size):
    """Variance over training runs of the fraction of errors among the first N examples.

        Var[K_N] / N^2 ~ (2^g - 1) Gamma(1-g) Z^-g N^-(2-g)                                    derived here, Karlin 1967

    Arguments as in time_average; cost as in learning_curve.distinct_features_variance.
    """
    variance = learning_curve.distinct_features_variance(examples, exponent, size)
    return variance / np.asarray(examples, dtype=float) ** 2


def time_average_noise(examples, exponent, size):
    """Standard deviation over mean of the fraction of errors among the first N examples.

        sqrt(Var[K_N]) / E[K_N] ~ N^(-g/2)                                   improves with N; derived here

    Arguments as in time_average_variance.
    """
    deviation = np.sqrt(time_average_variance(examples, exponent, size))
    return deviation / time_average(examples, exponent, size)


def instantaneous_noise_exponent(exponent):
    """Exponent of the relative noise of one error: n^+(1-g)/2, s > 1, infinite size (derived here)."""
    return learning_curve.decay_exponent(exponent) / 2


def conditional_noise_exponent(exponent):
    """Exponent of the relative noise of the error of one training run: n^-g/2, s > 1, infinite size (derived here)."""
    return -1 / (2 * exponent)


def time_average_noise_exponent(exponent):
    """Exponent of the relative noise of the time average: N^-g/2, s > 1, infinite size (derived here)."""
    return -1 / (2 * exponent)


def instantaneous_selection_error(examples, better, worse, size):
    """Probability of choosing the wrong one of two learners by one error each, after n examples; a tie tosses a coin.

        1/2 - (E_n^worse - E_n^better) / 2                                    tends to 1/2; exact, derived here

    examples: n >= 0, any shape.  better, worse: Zipf exponents s of what the two learn, independently of each other.
    Above 1/2 where the curves have crossed (finite size, n >> 1/theta_N: the steeper law has the rarer features).
    """
    gap = learning_curve.unmemorised_mass(examples, worse, size)
    gap = gap - learning_curve.unmemorised_mass(examples, better, size)
    return 0.5 - gap / 2


def conditional_selection_error(examples, better, worse, size):
    """Probability of choosing the wrong one of two learners by the whole error of one training run of n examples each.

        Phi[-(mu_worse - mu_better) / sqrt(v_worse + v_better)],   mean and variance exact      normal; derived here

    examples: n >= 1, any shape.  better, worse, size as in instantaneous_selection_error, sizes of 2 and more.
    Asymptotic: absolute error O(n^(-g/2)), the skewness, while n theta_N << 1; no good for the size of tiny errors.
    """
    means = [learning_curve.unmemorised_mass(examples, s, size) for s in (better, worse)]
    variances = [learning_curve.unmemorised_mass_variance(examples, s, size) for s in (better, worse)]
    return special.ndtr((means[0] - means[1]) / np.sqrt(variances[0] + variances[1]))


def time_average_selection_error(examples, better, worse, size):
    """Probability of choosing the wrong one of two learners by their errors so far; a tie tosses a coin.

        Phi[-(mu_worse - mu_better) / sqrt(v_worse + v_better)],   mu = E[K_N], v = Var[K_N]    normal; derived here

    examples: N >= 2, any shape.  Other arguments, and error, as in conditional_selection_error.
    """
    means = [learning_curve.distinct_features(examples, s, size) for s in (better, worse)]
    variances = [learning_curve.distinct_features_variance(examples, s, size) for s in (better, worse)]
    return special.ndtr((means[0] - means[1]) / np.sqrt(variances[0] + variances[1]))


def _memorised(unmemorised):
    """1 - E_n, not below 0 where rounding leaves E_0 above 1."""
    return np.maximum(1 - unmemorised, 0.0)

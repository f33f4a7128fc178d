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

_DEVIATIONS = 8  # that a difference may be off its mean, and that a Gaussian phi is followed for: beyond lie 1e-14
_ARC, _NODES = 9, 24  # half of an arc, in units of n^(-1/2), beyond which e^(z - n) is below 1e-17; points on it
_RARE = 1e-7  # expected sightings below which features count by their mass alone
_AGREED = 1e-6  # probabilities from an arc and from one twice as wide, which would see what the first leaves out
_VANISHED = 5e-3  # of phi where its series ends: it leaves 1e-4 of a probability


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
    deviation = np.sqrt(np.maximum(time_average_variance(examples, exponent, size), 0))  # 0 but for rounding, at N = 1
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


def exact_time_average_selection_error(examples, better, worse, size):
    """What time_average_selection_error approximates, a tie half a wrong choice.  Absolute error below 1e-6, or NaN.

        1/2 + (2/M) sum_{odd k < M/2} cot(t/2) Im phi(t),  t = 2 pi k / M    phi of K_N^better - K_N^worse; derived here

    The Fourier series of the sign of a whole number below M/2 in size.  examples: N >= 2, whole, any shape.  Other
    arguments as in time_average_selection_error.  NaN where features hardly ever repeat: phi is then not to be had from
    an arc.  Costs some 90 ms per N.
    """

    def wrong(n):
        moments = learning_curve.distinct_features, learning_curve.distinct_features_variance
        gap, deviation = _difference_moments(n, better, worse, size, *moments)
        if abs(gap) > _DEVIATIONS * deviation:
            return float(gap > 0)
        period = 2 * np.ceil(min(abs(gap) + _DEVIATIONS * deviation + 1, n))  # both numbers are from 1 to n
        t = 2 * np.pi * np.arange(1, period / 2, 2) / period
        t = t[t < _DEVIATIONS / deviation]
        found = [
            0.5
            + 2 / period * np.sum(_difference(n, t, better, worse, size, _errors_so_far, wider).imag / np.tan(t / 2))
            for wider in (1, 2)
        ]
        return np.clip(found[0], 0, 1) if abs(found[1] - found[0]) < _AGREED else np.nan

    return learning_curve.each(wrong, examples)


def exact_conditional_selection_error(examples, better, worse, size):
    """What conditional_selection_error approximates.  Absolute error below 1e-3; NaN where that cannot be had.

        1/2 + (2/pi) sum_{odd k} Im phi(t) / k,  t = 2 pi k / P              phi of U_n^better - U_n^worse; derived here

    The Fourier series of the sign of a number below P/2 in size.  NaN at few examples, which show so few features that
    phi does not vanish; below 1e-4 at s = 2 and n >= 100.  examples: n >= 1, any shape.  Other arguments as in
    conditional_selection_error.  Costs some 30 ms per n.
    """

    def wrong(n):
        moments = learning_curve.unmemorised_mass, learning_curve.unmemorised_mass_variance
        gap, deviation = _difference_moments(n, better, worse, size, *moments)
        if abs(gap) > _DEVIATIONS * deviation:
            return float(gap > 0)
        reach = abs(gap) + _DEVIATIONS * deviation
        k = np.arange(1, reach * _DEVIATIONS / deviation / np.pi, 2)
        phi = _difference(n, np.pi * k / reach, better, worse, size, _error_to_come)
        vague = np.abs(phi[-4:]).max() > _VANISHED
        return np.nan if vague else np.clip(0.5 + 2 / np.pi * np.sum(phi.imag / k), 0, 1)

    return learning_curve.each(wrong, examples)


def _memorised(unmemorised):
    """1 - E_n, not below 0 where rounding leaves E_0 above 1."""
    return np.maximum(1 - unmemorised, 0.0)


def _difference_moments(examples, better, worse, size, mean, variance):
    """Mean and standard deviation of what better shows minus what worse does."""
    gap = mean(examples, better, size) - mean(examples, worse, size)
    total = variance(examples, better, size) + variance(examples, worse, size)
    return gap, np.sqrt(max(total, np.finfo(float).tiny))


def _difference(examples, t, better, worse, size, terms, wider=1):
    """Characteristic function of what better shows minus what worse does, [t]."""
    return _phi(examples, t, better, size, terms, wider) * _phi(examples, t, worse, size, terms, wider).conj()


def _phi(examples, t, exponent, size, terms, wider=1):
    """Characteristic function of a sum over the features of what the unseen, or the seen, are worth, [t].

        n! / (2 pi i) oint prod_i [e^(theta_i z) (1 + term_i)] dz / z^(n+1)          features independent; derived here

    By the trapezoidal rule on the circle |z| = n, or on the arc near n where alone the integrand counts.  wider: times
    as wide an arc.
    """
    mass, weight = _distinguished(examples, *learning_curve.spectrum(examples, exponent, size))
    arc, nodes = wider * _ARC / np.sqrt(examples), wider * _NODES
    if arc > np.pi / 2:  # the product grows on the far side of the circle, where it is cheap to go all around
        arc, nodes = np.pi, 2 * wider * _NODES
    angle = arc * (2 * np.arange(nodes) + 1 - nodes) / nodes
    seen = -np.expm1(-mass[:, None] * (examples * np.exp(1j * angle)))
    chance = np.exp(examples * (np.expm1(1j * angle) - 1j * angle))
    single = weight == 1  # no logarithm is taken of these, which is what takes time
    factors = [
        (np.prod(1 + term[single], axis=0), np.exp(weight[~single] @ np.log1p(term[~single])))
        for term in (terms(own, mass[:, None], seen) for own in t)
    ]
    return np.array([chance @ (one * many) for one, many in factors]) / chance.sum()


def _distinguished(examples, mass, weight):
    """The same features with all that are hardly ever seen made one, of weight enough to have their mass."""
    rare = examples * mass < _RARE
    if not rare.any():
        return mass, weight
    one = mass[rare].max()
    return np.append(mass[~rare], one), np.append(weight[~rare], weight[rare] @ mass[rare] / one)


def _errors_so_far(t, mass, seen):
    """Terms of K_n: a feature seen is worth 1."""
    return np.expm1(1j * t) * seen


def _error_to_come(t, mass, seen):
    """Terms of U_n: a feature unseen is worth its mass."""
    return np.expm1(1j * t * mass) * (1 - seen)

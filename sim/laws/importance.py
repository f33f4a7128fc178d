"""Importance: coverage and learning when some problems, or some features, count more than others."""

import numpy as np
from scipy import special

from sim.laws import cost, coverage, zipf

HEAD = 512  # ranks summed one by one before the rest becomes an integral: its end correction then leaves 1e-13
# Sum beyond rank m less the integral beyond m + 1/2, at ranks m-1 ... m+2: [f]'/24 - 17 [f]'''/5760 in differences.
END_CORRECTION = np.array([17.0, -291.0, 291.0, -17.0]) / 5760


def weighted_failure(attempts, success, weight):
    """Weighted fraction of listed problems that all of k attempts fail.

        sum_i w_i (1 - s_i)^k / sum_i w_i                                                               derived here

    attempts: k >= 0, real, finite, any shape.  success: s_i in [0, 1], and weight: w_i >= 0, shape [problems].
    """
    failed = np.exp(special.xlog1py(np.asarray(attempts, dtype=float)[..., None], -np.asarray(success)))
    return failed @ (np.asarray(weight, dtype=float) / np.sum(weight))


def weighted_loss(attempts, alpha, beta, lift):
    """Weighted fraction of problems that all of k attempts fail, when problems count by their failure to a power.

        w ~ p^lift:    E[w p^k] / E[w] = L(k; alpha + lift, beta)                                       derived here

    attempts: k >= 0, real, any shape, np.inf allowed.  lift: > -alpha, 0 for equal weights.
    The exponent stays beta; the prefactor grows by (1 + lift/alpha)^beta for alpha >> 1.  Relative error about 1e-15.
    """
    return coverage.inference_loss(attempts, alpha + lift, beta)


def tail_weighted_loss(attempts, alpha, beta, drop):
    """Weighted fraction of problems that all of k attempts fail, when hard problems count by their rare success.

        w ~ (1-p)^-drop:    E[w p^k] / E[w] = L(k; alpha, beta - drop) ~ k^-(beta - drop)               derived here

    attempts: as in weighted_loss.  drop: 0 <= drop < beta.  The exponent falls from beta to beta - drop.
    """
    return coverage.inference_loss(attempts, alpha, beta - drop)


def attempts_needed(target, alpha, beta):
    """Smallest number of attempts that brings the failure, weighted or not, down to a target.

        smallest whole k >= 0 with L(k) <= target                                                       derived here

    target: in (0, 1], any shape.  alpha, beta: with the weights in them, as in weighted_loss and tail_weighted_loss.
    Whole numbers in float64; above 1e14 beta the last digits are rounded; np.inf beyond 1e308.  Where L(k) equals the
    target to 1e-15, rounding decides.
    """

    def solve(goal):
        return cost.first_attempts(lambda k: coverage.inference_loss(k, alpha, beta) <= goal)

    return np.vectorize(solve, otypes=[float])(target)[()]


def weighted_unmemorised(examples, exponent, size, lift):
    """Weighted fraction of a finite set of features not yet memorised after n examples.

        sum_i w_i (1 - theta_i)^n / sum_i w_i,    w_i ~ i^lift,  theta_i = i^-s / Z                      derived here

    examples: n >= 0, any shape.  exponent: s > 0 of Zipf's law.  size: number of features, up to about 1e6: every one
    is summed.  lift: any; -s weights by frequency (the learning curve), 0 counts features, above 0 the rare ones rule.
    """
    rank = np.arange(1.0, size + 1)
    mass, weight = zipf.mass(rank, exponent, size), rank**lift
    weight /= weight.sum()
    return _each(lambda n: weight @ np.exp(special.xlog1py(n, -mass)), examples)


def weighted_unmemorised_infinite(examples, exponent, importance):
    """Weighted fraction of infinitely many features not yet memorised after n examples.

        sum_i i^-v (1 - theta_i)^n / zeta(v),    theta_i = i^-s / zeta(s)                                derived here

    examples: n >= 0, any shape, up to 1e15.  exponent: s > 1.  importance: v > 1; v = s is the learning curve.
    Exact, relative error below 1e-12.  Beyond HEAD the sum is an incomplete Beta integral, its end corrected.
    """
    rank = np.arange(1.0, HEAD + 3)
    mass, weight = rank**-exponent / special.zeta(exponent), rank**-importance / special.zeta(importance)
    weight[-4:] *= np.array([1, 1, 0, 0]) + END_CORRECTION
    reach = (HEAD + 0.5) ** -exponent / special.zeta(exponent)
    decay = importance_exponent(exponent, importance)

    def law(n):
        beyond = special.betainc(decay, n + 1, reach) * weighted_beta_form(n, exponent, importance)
        return weight @ np.exp(special.xlog1py(n, -mass)) + beyond

    return _each(law, examples)


def importance_exponent(exponent, importance):
    """Exponent of the power law of learning when features count by importance.

        b = (v - 1) / s                         0 for v -> 1: what is important is rare; (s-1)/s for v = s; derived here

    exponent: s > 1 of the frequencies.  importance: v > 1.
    """
    return (importance - 1) / exponent


def weighted_prefactor(exponent, importance):
    """Prefactor c of the power law c n^-b of learning when features count by importance.

        c = zeta(s)^b Gamma(1 + b) / [(v-1) zeta(v)],    b = (v - 1) / s                                 derived here

    Arguments as in importance_exponent.  v = s gives Hutter's, g zeta(s)^-g Gamma(1 - g).
    """
    decay = importance_exponent(exponent, importance)
    scale = (importance - 1) * special.zeta(importance)
    return special.zeta(exponent) ** decay * special.gamma(1 + decay) / scale


def weighted_beta_form(examples, exponent, importance):
    """The weighted fraction not yet memorised with the sum over features replaced by an integral.

        c n^-b with Gamma(n+1) / Gamma(n+1+b) for n^-b: Levi's L(n; 1, b), times c / Gamma(1 + b)        derived here

    examples: n >= 0, any shape.  Other arguments as in importance_exponent.
    Relative error smaller than any power of 1/n: it falls as exp(-const x*), x* = [n / zeta(s)]^(1/s).
    """
    decay = importance_exponent(exponent, importance)
    scale = (importance - 1) * special.zeta(importance)
    return special.zeta(exponent) ** decay / scale * coverage.inference_loss(examples, 1, decay)


def weighted_asymptote(examples, exponent, importance):
    """The power law of learning when features count by importance.

        c n^-b                                          relative error O(1/n): b (1 + b) / (2n), too large; derived here

    examples: n > 0, any shape.  Other arguments as in importance_exponent.
    """
    decay = importance_exponent(exponent, importance)
    return weighted_prefactor(exponent, importance) * np.asarray(examples, dtype=float) ** -decay


def _each(law, examples):
    """The law at each number of examples: one at a time, as each takes a sum over ranks."""
    examples = np.asarray(examples, dtype=float)
    return np.array([law(n) for n in examples.flat]).reshape(examples.shape)[()]

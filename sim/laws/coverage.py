"""Inference: what repeated attempts find.  Levi's model: failure probability of a problem p ~ Beta(alpha, beta)."""

import numpy as np
from scipy import special

SHIFT = 10  # recurrences before Stirling's series: at arguments of 10 and more, six of its terms leave 1e-15
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)


def inference_loss(attempts, alpha, beta):
    """Probability that all of k attempts fail, averaged over problems.

        L(k) = E[p^k] = B(alpha + k, beta) / B(alpha, beta)            Levi 2024 (arXiv 2410.16377), Eq. 7 with A = 1

    attempts: k >= 0, real, any shape, np.inf allowed.  alpha, beta > 0: shape of the failure probability.
    Relative error about 1e-15 (1 + beta), at every k.
    """
    return np.exp(_log_loss(attempts, alpha, beta))


def coverage(attempts, alpha, beta, ceiling=1.0):
    """Probability that at least one of k attempts succeeds, averaged over problems: pass@k.

        A (1 - L(k))                                                            Levi 2024 (arXiv 2410.16377), Eq. 7

    ceiling: A, the fraction of problems that can be solved at all.  Other arguments as in inference_loss.
    Relative error about 1e-15 also where coverage is small.
    """
    return ceiling * (0.0 - np.expm1(_log_loss(attempts, alpha, beta)))


def failure(attempts, alpha, beta, ceiling=1.0):
    """Probability that all of k attempts fail, the problems beyond the ceiling included.

        1 - pass@k = 1 - A + A L(k)                         bent by its floor 1 - A: fit no power law to it when A < 1

    Arguments as in coverage.
    """
    return 1 - ceiling + excess_loss(attempts, alpha, beta, ceiling)


def excess_loss(attempts, alpha, beta, ceiling=1.0):
    """What further attempts can still gain: the pure power law.

        A - pass@k = A L(k)                                                     Levi 2024 (arXiv 2410.16377), Eq. 8

    Arguments as in coverage.
    """
    return ceiling * inference_loss(attempts, alpha, beta)


def prefactor(alpha, beta):
    """Prefactor of the inference power law, L(k) ~ C k^-beta.

    C = Gamma(alpha + beta) / Gamma(alpha)                                          from Levi 2024, Eq. 7
    """
    return special.poch(alpha, beta)


def asymptote(attempts, alpha, beta):
    """The inference power law.

        L(k) ~ C k^-beta            relative error O(1/k): beta (2 alpha + beta - 1) / (2k); from Levi 2024, Eq. 7

    attempts: k > 0, any shape.  It starts only where k is much larger than alpha.
    """
    return prefactor(alpha, beta) * np.asarray(attempts, dtype=float) ** -beta


def shifted_asymptote(attempts, alpha, beta):
    """The inference power law in a shifted number of attempts.

        L(k) ~ C (k + alpha + (beta - 1)/2)^-beta             relative error O(1/k^2): 6e-5 at k = 10 for (5, 0.35)

    attempts: k >= 0, any shape, with k + alpha + (beta - 1)/2 > 0.
    """
    return prefactor(alpha, beta) * (np.asarray(attempts, dtype=float) + alpha + (beta - 1) / 2) ** -beta


def local_exponent(attempts, alpha, beta):
    """Slope of the inference loss on log-log axes, sign turned.

        -d ln L / d ln k = k [psi(k + alpha + beta) - psi(k + alpha)]              rises to beta from below

    attempts: k >= 0, finite, any shape.  Relative error about 1e-15 at every k.
    """
    attempts = np.asarray(attempts, dtype=float)
    x = attempts + alpha
    slope = sum(attempts / (x + j) * (beta / (x + j + beta)) for j in range(SHIFT))
    x = x + SHIFT
    smooth = np.log1p(beta / x) + beta / (2 * x * (x + beta))
    return slope + attempts * (smooth + _even_series(DIGAMMA, x) - _even_series(DIGAMMA, x + beta))


def local_exponent_log_coverage(attempts, alpha, beta):
    """Slope of -ln pass@k on log-log axes, sign turned: the b of Brown et al. 2024 (arXiv 2407.21787), at A = 1.

        -d ln(-ln pass@k) / d ln k = local_exponent L / [-(1-L) ln(1-L)]        comes down to beta from above

    attempts: k > 0, finite, any shape.  It overestimates beta by up to 25 % at the usual k of 10 to 10^4.
    """
    loss, covered = inference_loss(attempts, alpha, beta), coverage(attempts, alpha, beta)
    # The logarithm of whichever of the two is not rounded.
    log_coverage = np.where(loss < 0.5, np.log1p(-np.minimum(loss, 0.5)), np.log(covered))
    return local_exponent(attempts, alpha, beta) * loss / (-covered * log_coverage)


def hazard(attempts, alpha, beta, ceiling=1.0):
    """Probability that attempt k + 1 succeeds after k failures.

        beta / (alpha + beta + k) times A L(k) / (1 - A + A L(k)), the chance that the problem can be solved at all

    attempts: k >= 0, real, any shape.  From Levi 2024, Eq. 7.
    """
    solvable = special.expit(special.logit(ceiling) + _log_loss(attempts, alpha, beta))
    return beta / (alpha + beta + np.asarray(attempts, dtype=float)) * solvable


def reliability(attempts, alpha, beta):
    """Probability that all of k attempts succeed, averaged over problems: pass^k.

        E[(1-p)^k] = B(beta + k, alpha) / B(beta, alpha) ~ Gamma(alpha + beta)/Gamma(beta) k^-alpha

    Arguments as in inference_loss, alpha and beta changing places.
    """
    return inference_loss(attempts, beta, alpha)


def suite_variance(attempts, problems, alpha, beta):
    """Variance of the failure of a benchmark, its attempts unlimited: the problems alone are random.

        Var[(1/P) sum_i p_i^k] = [L(2k) - L(k)^2] / P                                   problems independent

    attempts: k >= 0, real, any shape.  problems: P.
    No digits are lost at large k; where alpha >> k the relative error is 1e-15 alpha / max(k, 1).
    """
    log_loss, log_pair = _log_loss(attempts, alpha, beta), _log_loss(2 * np.asarray(attempts), alpha, beta)
    return np.exp(2 * log_loss) * np.expm1(log_pair - 2 * log_loss) / problems


def estimator_variance(attempts, recorded, failure):
    """Variance of the unbiased estimate of pass@k from n recorded attempts at one problem.

        sum_j h_j p^(2k-j) - p^(2k),  h_j = C(k,j) C(n-k,k-j) / C(n,k)     estimator: Chen et al. 2021, arXiv 2107.03374

    attempts: k, whole, 0 <= k <= n.  recorded: n.  failure: p in [0, 1].  All broadcast.  Attempts independent given p.
    h_j is the chance that two samples of k among the n share j.  Stable to n = 10^4: a sum of positive terms.
    """

    def variance(k, n, p):
        shared, weight = _shared(k, n)
        return weight @ (p ** (2 * k - shared) * -np.expm1(special.xlogy(shared, p)))

    return np.vectorize(variance, otypes=[float])(attempts, recorded, failure)[()]


def total_variance(attempts, recorded, problems, alpha, beta):
    """Variance of a benchmark's pass@k: problems and attempts both random.

        [sum_j h_j L(2k-j) - L(k)^2] / P,   h_j as in estimator_variance              problems and attempts independent

    attempts: k, whole, 0 <= k <= n.  recorded: n attempts at every problem.  problems: P.  All three broadcast.
    """

    def variance(k, n):
        shared, weight = _shared(k, n)
        log_loss = _log_loss(k, alpha, beta)
        return np.exp(2 * log_loss) * (weight @ np.expm1(_log_loss(2 * k - shared, alpha, beta) - 2 * log_loss))

    return np.vectorize(variance, otypes=[float])(attempts, recorded)[()] / problems


def suite_cut_off(problems, alpha, beta):
    """Number of attempts beyond which the hardest problem of a benchmark rules: the power law turns exponential.

    k_c = [P / (beta B(alpha, beta))]^(1/beta)        derived here: of P problems one is expected with 1 - p < 1/k_c
    """
    return np.exp((np.log(problems) - np.log(beta) - special.betaln(alpha, beta)) / beta)


def beta_variance_bound(alpha, beta):
    """Least variance of an unbiased estimate of beta, times the number of problems, whatever the attempts.

        P Var >= [psi'(alpha) - psi'(alpha+beta)] / D                                  Cramer-Rao, problems independent
        D = [psi'(alpha) - psi'(alpha+beta)] [psi'(beta) - psi'(alpha+beta)] - psi'(alpha+beta)^2

    alpha, beta > 0.  Relative error about 1e-15 (alpha/beta + beta/alpha).
    """
    return alpha_variance_bound(beta, alpha)


def alpha_variance_bound(alpha, beta):
    """Least variance of an unbiased estimate of alpha, times the number of problems, whatever the attempts.

        P Var >= [psi'(beta) - psi'(alpha+beta)] / D                        Cramer-Rao, D as in beta_variance_bound

    alpha, beta > 0, as in beta_variance_bound.
    """
    both = special.polygamma(1, alpha + beta)
    first, second = special.polygamma(1, alpha) - both, special.polygamma(1, beta) - both
    return second / (first * second - both**2)


def mixture_failure(attempts, success):
    """Probability that all of k attempts fail, averaged over problems whose success probabilities are known.

        (1/P) sum_i (1 - s_i)^k

    attempts: k >= 0, real, finite, any shape.  success: s_i in [0, 1], shape [problems]; kept as success because
    1 - s rounds away what decides at large k.
    """
    return np.mean(np.exp(special.xlog1py(np.asarray(attempts, dtype=float)[..., None], -np.asarray(success))), axis=-1)


def _log_loss(attempts, alpha, beta):
    """ln L(k) = ln[Gamma(alpha+k) Gamma(alpha+beta) / (Gamma(alpha) Gamma(alpha+k+beta))], relative error about 1e-15.

    Four log Gammas cancel at large k, and at large alpha; so the recurrence Gamma(x) = Gamma(x+1)/x SHIFT times, each a
    term of one sign, then the same combination of Stirling's series written in logarithms of ratios.
    """
    attempts = np.asarray(attempts, dtype=float)
    k = np.where(np.isinf(attempts), 0.0, attempts)
    a = alpha + SHIFT
    log_loss = sum(_log_cross_ratio(alpha + j, k, beta) for j in range(SHIFT))
    log_loss = log_loss - k * np.log1p(beta / (a + k)) - beta * np.log1p(k / (a + beta))
    log_loss = log_loss - (a - 0.5) * _log_cross_ratio(a, k, beta) - _cross_remainder(a, k, beta)
    return np.where(np.isinf(attempts), -np.inf, log_loss)[()]


def _log_cross_ratio(a, k, beta):
    """ln[a (a+k+beta) / ((a+k) (a+beta))] <= 0: through 1 minus a product near 1, through the ratio near 0."""
    product = k / (a + k) * (beta / (a + beta))
    ratio = a / (a + beta) * (1 + beta / (a + k))
    return np.where(product < 0.5, np.log1p(-np.minimum(product, 0.5)), np.log(ratio))


def _cross_remainder(a, k, beta):
    """r(a) - r(a+k) - r(a+beta) + r(a+k+beta) of Stirling's remainder r(x) = 1/(12x) - 1/(360x^3) + ...

    The first term, written as one fraction, keeps its digits where k and beta are small beside a.
    """
    first = beta / (a + beta) * (k / (a + k)) * ((2 * a + k + beta) / (a + k + beta)) / (12 * a)
    higher = (0.0, *STIRLING[1:])
    r = [_even_series(higher, x) * x for x in (a, a + k, a + beta, a + k + beta)]
    return first + r[0] - r[1] - r[2] + r[3]


def _even_series(coefficients, x):
    """c_1/x^2 + c_2/x^4 + ..."""
    return np.polynomial.polynomial.polyval((1 / np.asarray(x, dtype=float)) ** 2, (0.0, *coefficients))


def _shared(attempts, recorded):
    """Numbers j that two samples of k among n recorded attempts can share, and their hypergeometric probabilities."""
    shared = np.arange(max(0, 2 * attempts - recorded), attempts + 1)
    left = shared[:-1]
    steps = 2 * np.log(attempts - left) - np.log(left + 1) - np.log(recorded - 2 * attempts + left + 1)
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    weight = np.exp(logs - logs.max())
    return shared, weight / weight.sum()

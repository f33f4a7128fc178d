"""Difficulty: how the success probability s of one attempt is distributed over problems, as a quadrature rule.

A rule averages any conditional law f(s) over problems: weight @ f.  Every rule is trapezoidal, in a variable in which
law and density are analytic near the real axis and fall exponentially: its error is below rounding for (1-s)^k at every
k, and for what is no sharper in s.  alpha and beta stay Levi's: beta rules the hard tail s -> 0.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

LEAST = np.log(1e-30)  # success below which 10^15 attempts change nothing but the last of 15 digits
UNDERFLOW = -750.0  # logarithm of what is 0 in float64
TINY = 1e-300  # stands for a probability that underflows; its logarithm is beyond LEAST
STEP = 1 / 8  # exp(-k s) is analytic within pi/2 of the real logit of s, which leaves exp(-pi^2 / STEP) = 1e-34
HEAD = 1024  # ranks summed one by one: beyond, r^-zeta is smooth from one to the next
RULE = 16  # nodes of a block of ranks: exact to degree 31, which leaves e^-y 1e-20 where y grows twofold in the block
POINTS, POINT_WEIGHTS = np.polynomial.legendre.leggauss(16)


class Problems(NamedTuple):
    """A distribution over problems: ln s, ln(1 - s) (both precise) and the weight of each node, float64 [m] each.

    The weights sum to 1.  The last node but one is certain to be solved (1 - s = 1e-30, whose logarithm is finite), the
    last cannot be solved (s = 0, ln s = -inf); what lies beyond either is in them.
    """

    log_success: np.ndarray
    log_failure: np.ndarray
    weight: np.ndarray


class Tail(NamedTuple):
    """A power law of inference, excess loss ~ prefactor k^-exponent."""

    exponent: float
    prefactor: float


def failure(attempts, problems):
    """Probability that all of k attempts fail, averaged over problems: E[(1-s)^k].

    attempts: k >= 0, real, finite, any shape.  problems: Problems.
    """
    attempts = np.asarray(attempts, dtype=float)
    averages = [problems.weight @ np.exp(k * problems.log_failure) for k in attempts.flat]
    return np.array(averages).reshape(attempts.shape)[()]


def success(problems):
    """Probability that one attempt succeeds, averaged over problems: E[s] = pass@1.  problems: Problems."""
    return problems.weight @ np.exp(problems.log_success)


def listed(success):
    """Problems whose success probabilities are known, all equally likely.  success: s_i in [0, 1], shape [problems]."""
    success = np.asarray(success, dtype=float)
    with np.errstate(divide="ignore"):
        logs = np.log(success), np.maximum(np.log1p(-success), LEAST)
    return Problems(*logs, np.full(len(success), 1 / len(success)))


def beta(alpha, beta, ceiling=1.0):
    """Levi's difficulty: failure probability p ~ Beta(alpha, beta) on a share of the problems; no others can be solved.

        s^(beta-1) (1-s)^(alpha-1) / B(alpha, beta)                             Levi 2024 (arXiv 2410.16377), from Eq. 7

    alpha, beta > 0.  ceiling: A, the fraction that can be solved at all.
    E[(1-s)^k] to a relative 1e-12 for k up to 1e15, whether alpha is 1e-3 or 1e6.
    """
    return _beta(alpha, beta, 1.0, ceiling)


def scaled_beta(alpha, beta, scale):
    """Bounded ease, s = c z with z ~ Beta(beta, alpha): the scale thins the attempts, k_eff = c k.

        E[(1-s)^k] = 2F1(-k, beta; alpha+beta; c)       Schaeffer et al. 2025 (arXiv 2502.17578), their alpha our beta

    alpha, beta > 0.  scale: c in (0, 1].  Relative error as in beta.
    """
    return _beta(alpha, beta, scale, 1.0)


def scaled_kumaraswamy(alpha, beta, scale):
    """Bounded ease, s = c z with z of Kumaraswamy's distribution, P(z < y) = 1 - (1 - y^beta)^alpha.

        alpha beta z^(beta-1) (1 - z^beta)^(alpha-1)    Schaeffer et al. 2025 (arXiv 2502.17578), their alpha our beta

    alpha, beta > 0.  scale: c in (0, 1].  E[(1-s)^k] to a relative 1e-13 for k up to 1e15.
    """
    # Through the power y = z^max(1, beta), whose density is no sharper than that of a Beta variate.
    power, shape = max(1, beta), min(1, beta)
    x, step = _grid(max(LEAST * power, UNDERFLOW) / shape)
    log_y, log_rest = special.log_expit(x), special.log_expit(-x)
    log_weight = shape * log_y + log_rest + (alpha - 1) * np.log(-np.expm1(shape * log_y))
    z, rest = np.exp(log_y / power), -np.expm1(log_y / power)
    return _problems(*_between(z, rest, 0.0, scale), _closed(log_weight, shape * step, alpha * step))


def continuous_bernoulli(rate):
    """Success probability with a density that falls (rate < 1/2) or rises exponentially over all of [0, 1].

        C(lambda) lambda^s (1-lambda)^(1-s),  C = ln((1-l)/l) / (1-2l)       Schaeffer et al. 2025 (arXiv 2502.17578)

    rate: lambda in (0, 1).  E[(1-s)^k] to a relative 1e-13.
    """
    x, _ = _grid(LEAST)
    log_weight = special.log_expit(x) + special.log_expit(-x) + special.logit(rate) * special.expit(x)
    return _problems(*_between(special.expit(x), special.expit(-x), 0.0, 1.0), log_weight)


def uniform(low, high):
    """Every success probability between two bounds equally likely.

        E[(1-s)^k] = [(1-low)^(k+1) - (1-high)^(k+1)] / ((k+1) (high-low))     Schaeffer et al. 2025 (arXiv 2502.17578)

    0 <= low < high <= 1; the paper has low = 0.  The average to a relative 1e-13.
    """
    x, _ = _grid(LEAST)
    logs = _between(special.expit(x), special.expit(-x), low, high)
    return _problems(*logs, special.log_expit(x) + special.log_expit(-x))


def reciprocal(low, high):
    """Every order of magnitude between two bounds equally likely: density 1/s, and nothing hardest beyond low.

        E[(1-s)^k] = Theta((1-low)^k / k)                                    Schaeffer et al. 2025 (arXiv 2502.17578)

    0 < low < high <= 1.  The average to a relative 1e-13.
    """
    span = np.log(high / low)
    x, _ = _grid(LEAST, span / 8)
    log_success = np.log(high) - span * special.expit(-x)
    logs = _logs(np.exp(log_success), -np.expm1(log_success))
    return _problems(*logs, special.log_expit(x) + special.log_expit(-x))


def zipf_ranks(decline, scale, ranks):
    """A finite set of problems, each equally likely, whose success falls as a power of their rank.

        L(k) = 1/R sum_{r <= R} (1 - c r^-zeta)^k               inferred reading of Levi 2024 (arXiv 2410.16377)

    decline: zeta > 0.  scale: c in (0, 1].  ranks: R >= 1, whole.  The sum to a relative 1e-12, for k up to 1e15.
    With x = c k R^-zeta it is E_p(x) / zeta, p = 1 + 1/zeta (generalised exponential integral), to an absolute
    O(1/R + 1/k): no power law, as no problem is harder than the last, but 1 - L rises as zipf_ranks_rise has it for
    x << 1, and L ~ e^-x / (zeta x) for 1 << x << R; (1 - c R^-zeta)^k / R beyond.  Derived here.
    """
    rank, weight = _ranks(ranks, decline)
    log_success = np.log(scale) - decline * np.log(rank)
    return _problems(*_logs(np.exp(log_success), -np.expm1(log_success)), np.log(weight))


def latent_precision(beta, tolerance):
    """Problems whose answers scatter with a random precision, predicted without bias.

        tau ~ Gamma(beta/2, 1),  s = erf(t sqrt(tau/2))                  Levi 2026, LID (arXiv 2601.03764), second-hand

    beta > 0: exponent of the hard tail.  tolerance: t = delta/sigma > 0, how near an answer must come.
    E[(1-s)^k] to a relative 1e-13 for k up to 1e15.
    """
    log_precision, log_weight = _precisions(beta, tolerance)
    reach = tolerance * np.exp(log_precision / 2) / np.sqrt(2)
    return _problems(*_logs(special.erf(reach), special.erfc(reach)), log_weight)


def latent_precision_biased(beta, tolerance, bias_variance):
    """Problems whose answers scatter with a random precision around a prediction with a random bias.

        tau ~ Gamma(beta/2, 1),  B ~ N(0, v),  s = Phi((t-B) sqrt(tau)) - Phi((-t-B) sqrt(tau))

    (Levi 2026, LID, arXiv 2601.03764, second-hand; s exact here.)  beta > 0.  tolerance: t = delta/sigma > 0.
    bias_variance: v / sigma^2 > 0.  Some 10^5 nodes; E[(1-s)^k] to a relative 1e-12 for k up to 1e15.
    """
    nodes = []
    for log_precision, log_weight in zip(*_precisions(beta, tolerance), strict=True):
        spread = np.sqrt(bias_variance) * np.exp(log_precision / 2)
        # In w = |B| sqrt(tau) a law at k attempts turns within 1/sqrt(2 ln k) whatever tau: 30 steps a unit.
        normal = np.arange(0.0, 38.0, 1 / max(1.5, 30 * spread))
        mirrored = np.where(normal > 0, np.log(2), 0.0) - normal**2 / 2
        weight = log_weight + mirrored - special.logsumexp(mirrored)
        half = tolerance * np.exp(log_precision / 2)
        near = spread * normal < half + np.sqrt(-2 * LEAST)  # farther off all attempts fail
        nodes.append([*_logs(*_window(half, spread * normal[near])), weight[near]])
        if not near.all():
            nodes.append([[-np.inf], [0.0], [special.logsumexp(weight[~near])]])
    return _problems(*np.concatenate(nodes, axis=1))


def small_ball(dimension, temperature, ceiling=1.0):
    """A toy autoencoder: an attempt is right if noise of its own leaves the reconstruction within a threshold.

        u ~ Uniform(0, 1),  s = P(chi2_m <= u / tau) = P(m/2, u / (2 tau))          regularised Gamma; derived here

    u: room below the threshold, in units of it, that a problem's own error leaves.  dimension: m > 0 of the noise.
    temperature: tau > 0, variance of its components in the same units.  ceiling: A, the share of problems with room:
    own errors are uniform up to 1/A.  E[(1-s)^k] to a relative 1e-12 for k up to 1e15.
    """
    rise = max(1, dimension / 2)  # s ~ u^(m/2): so much sharper in the logit of u, so much sooner below all attempts
    x, step = _grid(LEAST * max(1, 2 / dimension), rise)
    reach = special.expit(x) / (2 * temperature)
    logs = _logs(special.gammainc(dimension / 2, reach), special.gammaincc(dimension / 2, reach))
    return _problems(*logs, _closed(special.log_expit(x) + special.log_expit(-x), step, step), ceiling)


def _ranks(count, decline):
    """Ranks 1 ... count, the first HEAD one by one, and how many problems each stands for, float64 [m] each.

    The others stand in blocks of Gauss's rule for sums over whole numbers. A block ends where r^decline has grown by
    e^(1/2), where r has doubled, or half-way to the last rank, whichever comes first: (1 - s)^k is smooth in each, also
    where it has fallen so far that only the last ranks count.
    """
    head = np.arange(1.0, (HEAD if count >= HEAD + RULE else count) + 1)
    edges, growth = [len(head)], np.expm1(min(np.log(2), 0.5 / decline))
    while edges[-1] < count:
        left = count - edges[-1]
        step = int(max(RULE, min(growth * edges[-1], left / 2)))
        edges.append(edges[-1] + (step if left - step >= RULE else left))
    if len(edges) == 1:
        return head, np.ones(len(head))
    width = np.diff(edges)
    places, weights = _gauss_over_integers(width)
    places += np.array(edges[:-1])[:, None] + (width[:, None] + 1) / 2
    return np.append(head, places), np.append(np.ones(len(head)), weights)


def _gauss_over_integers(width):
    """Gauss's rule of RULE nodes for a sum over `width` neighbouring whole numbers: places from their middle, weights.

    width: whole numbers >= RULE, [m].  Returns float64 [m, RULE] twice.  By the recurrence of the discrete Chebyshev
    polynomials, n^2 (N^2 - n^2) / (4 (4 n^2 - 1)) (Golub and Welsch, Math. Comp. 1969).
    """
    n, half = np.arange(1, RULE), width[:, None] / 2
    matrix = np.zeros((len(width), RULE, RULE))
    matrix[:, n, n - 1] = n * np.sqrt((1 - (n / (2 * half)) ** 2) / (4 * n**2 - 1))  # in half widths; lower triangle
    places, vectors = np.linalg.eigh(matrix)
    return places * half, 2 * half * vectors[:, 0] ** 2


def _exp(logarithm):
    """e^x, infinite where float64 has no such number: a prefactor that nobody will read off a curve."""
    with np.errstate(over="ignore"):
        return float(np.exp(logarithm))


def beta_tail(alpha, beta, ceiling=1.0):
    """A L(k) ~ A Gamma(alpha+beta)/Gamma(alpha) k^-beta, relative error O(1/k); Levi 2024 (arXiv 2410.16377), Eq. 7."""
    return Tail(beta, ceiling * special.poch(alpha, beta))


def scaled_beta_tail(alpha, beta, scale):
    """L(k) ~ Gamma(alpha+beta)/Gamma(alpha) (c k)^-beta, relative error O(1/(c k)); Schaeffer et al. 2025 with c."""
    log_ratio = special.gammaln(alpha + beta) - special.gammaln(alpha)
    return Tail(beta, _exp(log_ratio - beta * np.log(scale)))


def kumaraswamy_tail(alpha, beta, scale):
    """L(k) ~ alpha Gamma(1+beta) (c k)^-beta, Schaeffer et al. 2025 (arXiv 2502.17578) with c.

    Relative error O(k^-min(beta, 1)), slow: (alpha-1) Gamma(2 beta)/Gamma(beta) (c k)^-beta for beta < 1, derived here.
    """
    return Tail(beta, _exp(np.log(alpha) + special.gammaln(1 + beta) - beta * np.log(scale)))


def continuous_bernoulli_tail(rate):
    """L(k) ~ C(lambda) (1-lambda) / k, relative error O(1/k); Schaeffer et al. 2025 (arXiv 2502.17578).

    rate: lambda in (0, 1); the paper has it for lambda < 1/2, it holds for all.  C = 2 artanh(1-2l) / (1-2l).
    """
    lean = 1 - 2 * rate
    return Tail(1.0, (1 - rate) * (2 * np.arctanh(lean) / lean if lean else 2.0))


def uniform_tail(high):
    """L(k) ~ 1/(high k) from the bound low = 0, relative error O(1/k); Schaeffer et al. 2025 (arXiv 2502.17578)."""
    return Tail(1.0, 1 / high)


def zipf_ranks_rise(attempts, decline, scale, ranks):
    """Share 1 - L(k) of ranked problems that k attempts solve while they solve few; derived here.

        Gamma(1-1/zeta) (c k)^(1/zeta) / R               zeta > 1, too high by x / (zeta-1) + 1/(2R)
        x (ln(1/x) + 1 - gamma)                          zeta = 1, gamma = 0.5772, too low by x^2 / 2 + O(1/R)
        x / (1-zeta)                                     zeta < 1, too high by -Gamma(1-1/zeta) x^(1/zeta) + O(x^2)

    attempts: 1/c << k << R^zeta / c, real, any shape; x = c k R^-zeta.  decline: zeta > 0.  scale: c.  ranks: R.
    Errors to leading order; relative ones of O(1/k) beside them.
    """
    counted = scale * np.asarray(attempts, dtype=float)
    if decline > 1:
        return special.gamma(1 - 1 / decline) * counted ** (1 / decline) / ranks
    last = counted * ranks**-decline
    return last * (1 - np.euler_gamma - np.log(last)) if decline == 1 else last / (1 - decline)


def latent_precision_tail(beta, tolerance):
    """L(k) ~ 2 Gamma(beta)/Gamma(beta/2) (sqrt(pi/2) / t)^beta k^-beta, relative error O(1/k); derived here."""
    log_scale = np.log(np.sqrt(np.pi / 2) / tolerance)
    return Tail(beta, 2 * _exp(special.gammaln(beta) - special.gammaln(beta / 2) + beta * log_scale))


def small_ball_tail(dimension, temperature, ceiling=1.0):
    """A L(k) ~ A 2 tau Gamma(m/2+1)^(2/m) Gamma(1+2/m) k^-(2/m); derived here.

    The exponent is the dimension's, the prefactor the temperature's.  Relative error O(k^-min(1, 2/m)).
    """
    exponent = 2 / dimension
    log_ball = np.log(2 * temperature) + exponent * special.gammaln(dimension / 2 + 1)
    return Tail(exponent, ceiling * _exp(log_ball + special.gammaln(1 + exponent)))


def latent_precision_biased_slope(attempts, bias_variance):
    """Local exponent -d ln L / d ln k with bias: no power law, it falls to 0.

        1 / sqrt(v ln k)        derived here from P(s < e) ~ exp(-2 sqrt(ln(1/e) / v)); the paper claims Theta(1/v)

    attempts: k > 1, any shape.  bias_variance: v / sigma^2 > 0.  Where it is below beta, the exponent without bias.
    Relative error O(sqrt(v / ln k)): 6 % too low at k = 1e9 for beta = 2.5, v = 0.3.
    """
    return 1 / np.sqrt(bias_variance * np.log(attempts))


def _beta(alpha, beta, scale, solvable):
    """s = scale * z, z ~ Beta(beta, alpha)."""
    x, step = _grid(LEAST, np.sqrt(beta) / 4)
    log_weight = beta * special.log_expit(x) + alpha * special.log_expit(-x)
    logs = _between(special.expit(x), special.expit(-x), 0.0, scale)
    return _problems(*logs, _closed(log_weight, beta * step, alpha * step), solvable)


def _grid(low, sharpness=1):
    """Logits from low to -LEAST, where 1 minus their variable is 1e-30, and their step: the smaller the sharper."""
    step = STEP / max(1, sharpness)
    return np.arange(low, -LEAST, step), step


def _closed(log_weight, *decays):
    """The end weights with all beyond them: geometric series, as the density falls by e^-decay a step there."""
    log_weight[[0, -1]] -= np.log(-np.expm1(-np.array(decays)))
    return log_weight


def _between(z, rest, low, high):
    """ln s and ln(1-s) of s = low + (high - low) z, where rest is 1 - z."""
    return _logs(low + (high - low) * z, (1 - high) + (high - low) * rest)


def _logs(success, failure):
    """ln s and ln(1-s), each through the smaller of the two."""
    log_failure = np.where(success < 0.5, np.log1p(-np.minimum(success, 0.5)), np.log(np.maximum(failure, TINY)))
    log_success = np.where(failure < 0.5, np.log1p(-np.minimum(failure, 0.5)), np.log(np.maximum(success, TINY)))
    return log_success, log_failure


def _precisions(beta, tolerance):
    """Logarithms of Gamma(beta/2) variates and of their weights, from where s or the density has vanished."""
    shape = beta / 2
    low, high = 2 * LEAST - 2 * max(0.0, np.log(tolerance)), np.log(shape + 40 * np.sqrt(shape) + 800)
    step = STEP / max(1, np.sqrt(shape) / 2)
    log_precision = np.arange(low, high, step)
    log_weight = _closed(shape * log_precision - np.exp(log_precision), shape * step, np.inf)
    seen = log_weight > log_weight.max() + UNDERFLOW
    return log_precision[seen], log_weight[seen]


def _window(half, offset):
    """Normal probability of [w - a, w + a] and of the rest, w >= 0; a narrow one as an integral, no difference."""
    narrow = np.minimum(half, 2 / (1 + offset))
    height = np.exp(-(offset**2) / 2) / np.sqrt(2 * np.pi)
    within = np.exp(-np.outer(narrow * offset, POINTS) - np.outer(narrow**2 / 2, POINTS**2)) @ POINT_WEIGHTS
    inside = np.where(
        half > narrow, special.ndtr(half - offset) - special.ndtr(-half - offset), narrow * height * within
    )
    return inside, special.ndtr(offset - half) + special.ndtr(-half - offset)


def _problems(log_success, log_failure, log_weight, solvable=1.0):
    """Nodes with normalised weights, those beyond LEAST merged."""
    weight = np.exp(log_weight - log_weight.max())
    weight *= solvable / weight.sum()
    hopeless, certain = log_success <= LEAST, log_failure <= LEAST
    rest = [weight[certain].sum(), weight[hopeless].sum() + (1 - solvable)]
    kept = ~hopeless & ~certain & (weight > 0)
    return Problems(
        np.append(log_success[kept], [0.0, -np.inf]),
        np.append(log_failure[kept], [LEAST, 0.0]),
        np.append(weight[kept], rest),
    )

"""Learning: the mass of features not yet memorised after n examples, and how many have been seen.

Karlin's infinite urn scheme (1967) with the Zipf masses of Hutter 2021 (arXiv 2102.04074), theta_i = i^-s / Z.
Throughout g = 1/s.  Everything counted here is a sum over features, and one rule serves them all (`spectrum`).
"""

import numpy as np
from scipy import special

HEAD = 512  # ranks summed one by one before the rest of a large or infinite feature set becomes an integral
DIRECT = 8192  # up to this size every feature is summed: above, the end correction holds to 1e-10 even at E_n = 1e-300
REACH = 1e-18  # of one expected occurrence: features rarer than that contribute in proportion to their mass
# Sum minus integral beyond m + 1/2 (Euler-Maclaurin): 1/(2 asinh(d/2)) - 1/d in powers of the central difference d.
END_CORRECTION = (1 / 24, -17 / 5760, 367 / 967680, -27859 / 464486400, 1295803 / 122624409600)
POINTS, POINT_WEIGHTS = np.polynomial.legendre.leggauss(16)  # 16 on a factor e of mass: 1e-20 for a Poisson law


def unmemorised_mass(examples, exponent, size, depth=1):
    """Probability that the next example shows a feature not yet memorised, the learning curve E_n.

        E_n = sum_i theta_i P(Bin(n, theta_i) < d)        d = 1: sum_i theta_i (1 - theta_i)^n  Hutter 2021, Karlin 1967

    examples: n >= 0, any shape, up to 1e18.  exponent: s > 0, and s > 1 when size is infinite.  size: number of
    features, a number or np.inf.  depth: d >= 1 (up to 20), occurrences before a feature is memorised.
    Exact, relative error below 1e-11.  Costs up to 8192 terms per n, however many the features.
    """
    mass, weight = spectrum(examples, exponent, size)
    return each(lambda n: (weight * mass) @ fewer(depth, n, mass), examples)


def memorising_moments(examples, exponent, size, depth=1):
    """Second and fourth moments of the mass that a learner memorises between one number of examples and the next.

        sum_i theta_i^2 Q_i (1 - Q_i),  sum_i theta_i^4 Q_i (1 - Q_i)    Q_i: probability that i is memorised there

    M2^2 / M4 is the number of rare events of one size that would scatter as much: how normal a sum is.
    examples: n ascending, [n].  Returns float64 [n + 1] each: up to the first n, between them, and beyond the last.
    """
    mass, weight = spectrum(examples, exponent, size)
    left = np.array([np.ones_like(mass), *(fewer(depth, n, mass) for n in examples), np.zeros_like(mass)])
    passed = np.clip(left[:-1] - left[1:], 0.0, 1.0)
    passed *= 1 - passed
    return passed @ (weight * mass**2), passed @ (weight * mass**4)


def unmemorised_moments(examples, exponent, size, depth=1):
    """Second and fourth moments of the mass that a learner has not memorised after n examples.

        sum_i theta_i^2 P_i (1 - P_i),  sum_i theta_i^4 P_i (1 - P_i)    P_i = P(Binomial(n, theta_i) < d)

    As in memorising_moments, features taken for independent; float64 [n] each.
    """
    mass, weight = spectrum(examples, exponent, size)

    def moment(power):
        def at(n):
            left = fewer(depth, n, mass)
            return (left * (1 - left)) @ (weight * mass**power)

        return each(at, examples)

    return moment(2), moment(4)


def unmemorised_mass_poisson(examples, exponent, size):
    """The learning curve when the number of examples is itself Poisson with mean n.

        sum_i theta_i exp(-n theta_i)                    above the curve at fixed n by a relative O(1/n)     Karlin 1967

    Arguments as in unmemorised_mass, depth 1.
    """
    mass, weight = spectrum(examples, exponent, size)
    return each(lambda n: (weight * mass) @ np.exp(-n * mass), examples)


def distinct_features(examples, exponent, size):
    """Expected number of different features among n examples.

        E K_n = sum_i [1 - (1 - theta_i)^n] = sum_{m < n} E_m                                              Karlin 1967

    Arguments as in unmemorised_mass.  Exact, relative error below 1e-11.
    """
    mass, weight = spectrum(examples, exponent, size)
    return each(lambda n: weight @ (0.0 - np.expm1(special.xlog1py(n, -mass))), examples)


def unmemorised_mass_variance(examples, exponent, size):
    """Variance of the unmemorised mass over training sets of n examples (depth 1).

        sum_i theta_i^2 (q_i - q_i^2) + sum_{i != j} theta_i theta_j [(1 - theta_i - theta_j)^n - q_i q_j]
        q_i = (1 - theta_i)^n                                                                              Karlin 1967

    Exact for multinomial counts; the second sum, which a Poisson number of examples lacks, is smaller by n^-(1-g) only.
    Arguments as in unmemorised_mass.  Takes every pair of terms: 0.3 s per n at size 8192, 10 ms above.
    """
    mass, weight = spectrum(examples, exponent, size)
    return each(lambda n: _variance_of_unseen(n, mass, weight, mass), examples)


def distinct_features_variance(examples, exponent, size):
    """Variance of the number of different features among n examples.

        as unmemorised_mass_variance, every unseen feature counting 1 instead of theta_i                     Karlin 1967

    Arguments and cost as in unmemorised_mass_variance.
    """
    mass, weight = spectrum(examples, exponent, size)
    return each(lambda n: _variance_of_unseen(n, mass, weight, np.ones_like(mass)), examples)


def decay_exponent(exponent):
    """Exponent of the power law of learning.

        E_n ~ n^-(1 - 1/s)                                                Hutter 2021, a/(1+a) with his a = s - 1

    exponent: s > 1, infinite size.
    """
    return 1 - 1 / exponent


def depth_ratio(exponent, depth):
    """How much more is unmemorised when it takes d occurrences instead of one.

        E^(d) / E^(1) = Gamma(d + b) / (Gamma(d) Gamma(1 + b)),   b = 1 - 1/s             ~ d^b / Gamma(1 + b)

    exponent: s > 1, infinite size.  Exact in the continuum for every n >= d - 1; as E_n, see beta_form.
    """
    decay = decay_exponent(exponent)
    return special.poch(depth, decay) / special.gamma(1 + decay)


def prefactor(exponent, depth=1):
    """Prefactor c of the power law of learning, E_n ~ c n^-(1-g), for whole-number ranks.

        c = g zeta(s)^-g Gamma(1 - g) times the depth ratio                   Hutter 2021 with the normalisation zeta(s)

    exponent: s > 1, infinite size.
    """
    rarity = 1 / exponent
    return rarity * special.zeta(exponent) ** -rarity * special.gamma(1 - rarity) * depth_ratio(exponent, depth)


def prefactor_continuous(exponent, depth=1):
    """The prefactor when the ranks are continuous, theta(x) = (s-1) x^-s for x >= 1: not that of a simulation.

        c' = g (s - 1)^g Gamma(1 - g) times the depth ratio                                                 Hutter 2021

    exponent: s > 1.  c' / c = [(s - 1) zeta(s)]^g: 1.28 at s = 2.
    """
    return prefactor(exponent, depth) * ((exponent - 1) * special.zeta(exponent)) ** (1 / exponent)


def asymptote(examples, exponent, depth=1):
    """The power law of learning.

        E_n ~ c n^-(1-g)                      relative error O(1/n): -(2-g)(1-g)/(2n) at depth 1           Hutter 2021

    examples: n > 0, any shape.  exponent: s > 1, infinite size.
    """
    return prefactor(exponent, depth) * np.asarray(examples, dtype=float) ** -decay_exponent(exponent)


def beta_form(examples, exponent, depth=1):
    """The learning curve with the sum over features replaced by an integral.

        E_n ~ g zeta(s)^-g B(1-g, n+1) times the depth ratio                relative error smaller than any power of 1/n

    examples: n >= depth - 1, any shape.  exponent: s > 1, infinite size.
    The error oscillates and falls as exp(-const x*), x* = [n/(d zeta(s))]^g the rank seen about d times.
    At depth 1 and n = 1000 it is 3e-12 at s = 2, 3e-6 at s = 3, and 7 % at s = 6, where x* = 3.
    """
    decay = decay_exponent(exponent)
    return prefactor(exponent, depth) / special.poch(np.asarray(examples, dtype=float) + 1, decay)


def cut_off_form(examples, exponent, size):
    """The learning curve of a finite feature set with the sum replaced by an integral.

        E_n ~ g Z^-g n^-(1-g) Gamma(1-g, n theta_N) + theta_N exp(-n theta_N) / 2       incomplete Gamma; derived here

    examples: n > 0, any shape.  exponent: s > 1.  size: N, finite.
    A power law for n << 1/theta_N, exponential beyond.  Relative error of the order of
    1/n + n theta_N^2 / 2 + (s n theta_N / N)^2 / 12.
    """
    examples = np.asarray(examples, dtype=float)
    rarity, decay, end = 1 / exponent, decay_exponent(exponent), cut_off(exponent, size)
    rest = special.gamma(decay) * special.gammaincc(decay, examples / end)
    power_law = rarity * (size**exponent / end) ** rarity * examples**-decay
    return power_law * rest + np.exp(-examples / end) / (2 * end)


def cut_off(exponent, size):
    """Number of examples after which a finite feature set is learnt: the power law ends, an exponential begins.

        1 / theta_N = Z N^s

    exponent: s > 0, and s > 1 when size is infinite (np.inf, and so is the result).
    """
    mass, _ = spectrum(1, exponent, size)
    return float(size) ** exponent / mass[0]


def distinct_features_asymptote(examples, exponent):
    """Expected number of different features among n examples, with the sum replaced by an integral.

        E K_n ~ zeta(s)^-g Gamma(1-g) Gamma(n+1)/Gamma(n+1-g) - 1/2      error below any power of 1/n   Karlin 1967

    examples: n >= 1, any shape.  exponent: s > 1, infinite size.
    """
    rarity = 1 / exponent
    scale = special.zeta(exponent) ** -rarity * special.gamma(1 - rarity)
    return scale * special.poch(np.asarray(examples, dtype=float) + 1 - rarity, rarity) - 0.5


def unmemorised_mass_variance_asymptote(examples, exponent):
    """The power law of the variance of the unmemorised mass over training sets.

        v n^-(2-g) - w n^-(3-2g),   v = g zeta(s)^-g Gamma(2-g) (1 - 2^(g-2)),  w = [g zeta(s)^-g Gamma(2-g)]^2

    (Karlin 1967; constants derived here.)  examples: n > 0, any shape.  exponent: s > 1, infinite size.
    Relative error O(1/n).
    """
    examples, rarity = np.asarray(examples, dtype=float), 1 / exponent
    scale = rarity * special.zeta(exponent) ** -rarity * special.gamma(2 - rarity)
    poisson = scale * (1 - 2 ** (rarity - 2)) * examples ** (rarity - 2)
    return poisson - scale**2 * examples ** (2 * rarity - 3)


def distinct_features_variance_asymptote(examples, exponent):
    """The power law of the variance of the number of different features.

        (2^g - 1) Gamma(1-g) zeta(s)^-g n^g - c^2 n^(2g-1)                                                 Karlin 1967

    examples: n > 0, any shape.  exponent: s > 1, infinite size.  Relative error O(1/n).
    """
    examples, rarity = np.asarray(examples, dtype=float), 1 / exponent
    leading = (2**rarity - 1) * exponent * prefactor(exponent) * examples**rarity
    return leading - prefactor(exponent) ** 2 * examples ** (2 * rarity - 1)


def each(law, examples):
    """The law at each number of examples: one at a time, as a number of examples takes thousands of terms."""
    examples = np.asarray(examples, dtype=float)
    return np.array([law(n) for n in examples.flat]).reshape(examples.shape)[()]


def fewer(depth, examples, mass):
    """P(Bin(n, theta) < d), term by term: every one is positive, and n theta may be as large as n."""
    term, total = np.ones_like(mass), np.zeros_like(mass)
    for seen in range(depth):
        others = max(examples - seen, 0.0)
        total += term * np.exp(special.xlog1py(others, -mass))
        # Above 1e4 occurrences the exponential is 0 and the power must only not overflow.
        term *= np.minimum(others * mass, 1e4) / (seen + 1)
    return total


def _variance_of_unseen(examples, mass, weight, value):
    """Variance of the summed value of the features unseen in n examples.

        sum_i v_i^2 [q_i - (1-2 theta_i)^n] - sum_ij v_i v_j [q_i q_j - (1-theta_i-theta_j)^n]

    All pairs minus the diagonal, so that the weights hold for both sums.  The brackets are
    q_i [1 - (1 - odds_i)^n] and q_i q_j [1 - (1 - odds_i odds_j)^n]: nothing cancels in them.
    A negative 1 - 2 theta is replaced by 0 in both sums, where it cancels.
    """
    unseen = np.exp(special.xlog1py(examples, -mass))
    odds = mass / np.maximum(1 - mass, 1e-100)  # finite for the only feature of a set of one
    total = (weight * value**2 * unseen) @ -np.expm1(special.xlog1py(examples, -np.minimum(odds, 1)))
    part = weight * value * unseen
    for i in np.flatnonzero(part):
        joint = -np.expm1(special.xlog1py(examples, -np.minimum(odds[i] * odds[i:], 1)))
        total -= part[i] * (2 * (part[i:] @ joint) - part[i] * joint[0])
    return total


def spectrum(examples, exponent, size):
    """Masses and weights that stand for all features: sum_i f(theta_i) = weight @ f(mass) for every f used here."""
    if size <= DIRECT:
        rank = np.arange(1.0, size + 1)
        weight = np.ones_like(rank)
    else:
        rank, weight = _ranks(exponent, size, ((1 + np.max(examples)) / REACH) ** (1 / exponent))
    power = rank**-exponent
    return power / (weight @ power), weight


def _ranks(exponent, size, reach):
    """Ranks and weights: the head, an integral from HEAD + 1/2 to size + 1/2 or to reach, and what lies beyond.

    Euler-Maclaurin corrects the ends.  Beyond reach every summand is proportional to x^-s: one rank stands for all.
    """
    low = HEAD + 0.5
    head = np.arange(1.0, HEAD + 1)
    offset, correction = _end_correction()
    if np.isinf(size):
        high = max(reach, low)
        rank, weight = _integral(low, high, exponent)
        last_rank, last_weight = np.array([high]), np.array([high / (exponent - 1)])
    else:
        rank, weight = _integral(low, size + 0.5, exponent)
        last_rank, last_weight = size + offset, -correction
    ranks = np.concatenate([head, HEAD + offset, rank, last_rank])
    return ranks, np.concatenate([np.ones(HEAD), correction, weight, last_weight])


def _integral(low, high, exponent):
    """Ranks and weights of an integral over ranks: Gauss-Legendre in log rank, a factor e of mass at a time.

    Six halvings towards the upper end resolve a curve that falls by e^-700 within the last factor e (n theta_N >> 1).
    """
    count = max(1, int(np.ceil(np.log(high / low) * max(exponent, 1))))
    edges = np.linspace(0, np.log(high / low), count + 1)
    halvings = edges[-1] - (edges[-1] - edges[-2:-1]) * 0.5 ** np.arange(1, 7)
    edges = np.concatenate([edges[:-1], halvings, edges[-1:]])
    width = np.diff(edges)[:, None] / 2
    rank = low * np.exp(edges[:-1, None] + width * (1 + POINTS))
    return rank.ravel(), (rank * width * POINT_WEIGHTS).ravel()


def _end_correction():
    """Offsets from the last summed rank m, and weights: sum beyond m minus integral beyond m + 1/2."""
    offset = np.arange(1 - len(END_CORRECTION), len(END_CORRECTION) + 1)
    weight, difference = np.zeros(offset.size), np.array([-1.0, 1.0])
    for order, coefficient in enumerate(END_CORRECTION):
        middle = slice(len(END_CORRECTION) - 1 - order, len(END_CORRECTION) + 1 + order)
        weight[middle] += coefficient * difference
        difference = np.convolve(difference, [1, -2, 1])
    return offset, weight

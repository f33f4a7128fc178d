"""Memory that is small, noisy or helped by luck: what is not stored, not recalled, or guessed.

Zipf features, theta_i = i^-s / Z (Hutter 2021, arXiv 2102.04074, his alpha a = s - 1); throughout g = 1/s.
"""

import numpy as np
from scipy import optimize, special

from sim.laws import learning_curve, zipf


def capacity_unmemorised(examples, exponent, size, capacity, depth=1):
    """Unmemorised mass of a learner that has room for the M most frequent features only.

        E_{n,M} = sum_{i<=M} theta_i P(Bin(n, theta_i) < d) + sum_{i>M} theta_i                             derived here

    examples: n >= 0, any shape, up to 1e18.  exponent: s > 0, and s > 1 when size is infinite.  size: number of
    features, a number or np.inf.  capacity: M >= 0, whole or np.inf.  depth: d >= 1 (up to 20).
    Exact, relative error below 1e-11, up to 8192 terms per n.
    """
    mass, weight = _stored(examples, exponent, size, capacity)
    curve = learning_curve.each(lambda n: (weight * mass) @ learning_curve.fewer(depth, n, mass), examples)
    return curve + capacity_floor(exponent, size, capacity)


def capacity_floor(exponent, size, capacity):
    """What a learner with room for M features never memorises, however many the examples.

        sum_{i>M} theta_i = zeta(s, M+1) / zeta(s) for an infinite size                                     derived here

    capacity: M >= 0, whole, any shape.  Other arguments as in capacity_unmemorised.  Relative error about 1e-14.
    """
    return zipf.tail(capacity, exponent, size)


def capacity_floor_asymptote(exponent, capacity):
    """The power law of the floor.

        (M + 1/2)^-a / (a zeta(s)),   a = s - 1            relative error a (a+1) / [24 (M + 1/2)^2] + O(M^-4); derived

    exponent: s > 1, infinite size.  capacity: M > 0, any shape.
    """
    excess = exponent - 1
    return (np.asarray(capacity, dtype=float) + 0.5) ** -excess / (excess * special.zeta(exponent))


def capacity_asymptote(examples, exponent, capacity):
    """Learning and its floor together, with the sums replaced by integrals.

        g Z^-g [n^-(1-g) Gamma(1-g, n t) + t^(1-g) / (1-g)],   t = (M + 1/2)^-s / Z    incomplete Gamma; derived here

    examples: n > 0, capacity: M > 0; they broadcast.  exponent: s > 1, infinite size.  Relative error O(1/n + 1/M^2).
    """
    examples, rarity, decay = np.asarray(examples, dtype=float), 1 / exponent, 1 - 1 / exponent
    end = (np.asarray(capacity, dtype=float) + 0.5) ** -exponent / special.zeta(exponent)
    learnt = examples**-decay * special.gamma(decay) * special.gammaincc(decay, examples * end)
    return rarity * special.zeta(exponent) ** -rarity * (learnt + end**decay / decay)


def capacity_crossover(exponent, size, capacity):
    """Number of examples from which on room is scarcer than data: the rarest storable feature has occurred once.

        n = 1 / theta_M = Z M^s,   that is M = (n/Z)^(1/s)                                                  derived here

    capacity: M >= 1, at most size, any shape.  Other arguments as in capacity_unmemorised.
    """
    return 1 / zipf.mass(capacity, exponent, size)


def optimal_capacity(product, exponent):
    """Room M that leaves least unmemorised when room and examples share one budget, n M = C.

        argmin_M E_{C/M, M}, by bisection of the exact difference E_{C/M, M} - E_{C/(M+1), M+1}             derived here

    product: C >= 1, any shape, up to 1e18.  exponent: s > 1, infinite size, depth 1.  Returns a whole number, as float.
    Exact: each side of the difference is a sum of positive terms, good to 1e-11, and one feature shifts it by 1/M.
    """
    return learning_curve.each(lambda budget: _best(budget, exponent), product)


def optimal_capacity_asymptote(product, exponent):
    """The power law of the best room.

        M ~ (C / (y Z))^(1/(s+1)),   y^(1-g) (1 - e^-y) = g Gamma(2-g, y)           relative error O(1/M); derived here

    y = n theta_M, how often the rarest stored feature should have occurred: ln 2 at s = 1, 0.58 at s = 2, 0.31 at 10.
    product: C > 0, any shape.  exponent: s > 1, infinite size.
    """
    rarity = 1 / exponent

    def imbalance(y):
        lost = rarity * special.gamma(2 - rarity) * special.gammaincc(2 - rarity, y)
        return y ** (1 - rarity) * -np.expm1(-y) - lost

    occurrences = optimize.brentq(imbalance, 1e-3, 10.0, xtol=1e-14)
    return (np.asarray(product, dtype=float) / (occurrences * special.zeta(exponent))) ** (1 / (exponent + 1))


def optimal_split_exponent(exponent):
    """Exponent of the power law of learning when examples and room share a budget C = n M at its best split.

        E ~ C^-(a/(2+a)) = C^-((s-1)/(s+1)),   n ~ C^(s/(s+1)),   M ~ C^(1/(s+1))         relative error O(1/M); derived

    exponent: s > 1, infinite size.  Below both exponents of its parts, 1 - 1/s in n and s - 1 in M.
    """
    return (exponent - 1) / (exponent + 1)


def multi_trace(examples, attempts, exponent, size, recall):
    """Failure of k attempts when every example leaves a trace, and an attempt recalls each trace with probability q.

        E(n, k) = sum_i theta_i (1 - theta_i u)^n,   u = 1 - (1-q)^k                                        derived here

    examples: n >= 0, up to 1e18, attempts: k >= 0, real, np.inf allowed; they broadcast against each other.
    exponent, size as in capacity_unmemorised.  recall: q in (0, 1].  Exact, relative error below 1e-11.
    """
    mass, weight = learning_curve.spectrum(examples, exponent, size)
    found = _found(attempts, recall)

    def law(n, u):
        return (weight * mass) @ np.exp(special.xlog1py(n, -mass * u))

    return np.vectorize(law, otypes=[float])(examples, found)[()]


def effective_examples(examples, attempts, recall):
    """Number of examples that perfect recall would need to fail as often: attempts act as data.

        n_eff = n u,   u = 1 - (1-q)^k ~ k q, and 1 after k ~ 1/q                  asymptotic: see multi_trace_asymptote

    examples, attempts, recall as in multi_trace.
    """
    return np.asarray(examples, dtype=float) * _found(attempts, recall)


def multi_trace_asymptote(examples, attempts, exponent, recall):
    """The power law of recall from many traces, in examples and (while k q << 1) attempts alike.

        E(n, k) ~ c (n u)^-(1-g)         relative error O(1/n), n u >> 1: -(2-g)(1-g)/(2n), whatever u; derived here

    Arguments as in multi_trace, infinite size.  It saturates at the learning curve c n^-(1-g) after k ~ 1/q.
    """
    return learning_curve.asymptote(effective_examples(examples, attempts, recall), exponent)


def guessed_failure(unmemorised, loss, attempts, guess):
    """Probability that all of k attempts fail, when what is not memorised can still be guessed.

        E(n, k) = E_n (1 - gamma)^k + (1 - E_n) L(k)                                                        derived here

    unmemorised: E_n, loss: L(k), both in [0, 1]; attempts: k >= 0, real; guess: gamma in [0, 1]; all broadcast.
    Exact when difficulty is independent of frequency.  Guesses raise the ceiling to 1: without them, joint.failure.
    """
    return unmemorised * np.exp(special.xlog1py(attempts, -np.asarray(guess))) + (1 - unmemorised) * loss


def _found(attempts, recall):
    """Probability that k attempts recall one trace at least once."""
    return 0.0 - np.expm1(special.xlog1py(attempts, -recall))


def _stored(examples, exponent, size, capacity):
    """Masses and weights that stand for the features that have room: those of a set of M, on the scale of the whole."""
    room = min(capacity, size)
    mass, weight = learning_curve.spectrum(examples, exponent, room)
    return mass * (zipf.normaliser(exponent, room) / zipf.normaliser(exponent, size)), weight


def _best(product, exponent):
    """The least whole M at which room for one more feature does not pay."""
    low, high = 1.0, max(np.floor(product), 1.0)
    while low < high:
        middle = min(np.floor(np.sqrt(low * high)), high - 1)
        low, high = (middle + 1, high) if _gain(middle, product, exponent) > 0 else (low, middle)
    return low


def _gain(capacity, product, exponent):
    """E_{C/M, M} - E_{C/(M+1), M+1}: what feature M + 1 is worth minus what the fewer examples lose."""
    fewer = product / (capacity + 1)
    newcomer = zipf.mass(capacity + 1, exponent, np.inf)
    worth = newcomer * -np.expm1(special.xlog1py(fewer, -newcomer))
    mass, weight = _stored(fewer, exponent, np.inf, capacity)
    lost = np.exp(special.xlog1py(fewer, -mass)) * -np.expm1(special.xlog1py(fewer / capacity, -mass))
    return worth - (weight * mass) @ lost

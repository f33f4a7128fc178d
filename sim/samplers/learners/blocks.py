"""Blocks of neighbouring ranks, and what is unmemorised of each after n examples: float64, on the host."""

from typing import NamedTuple

import numpy as np

WIDTH = 0.125  # of a block in log theta: taking its features for alike leaves out WIDTH^2 / 12 of a variance, or less
EXPLICIT = 1 << 14  # ranks up to here are summed one by one; beyond, midpoint sums are right to 1e-11
REACH = 2.0**-50  # sightings expected of the rarest rank in a block: beyond, nothing will have been memorised
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(8)  # exact to 1e-12 on a block up to 16 expected sightings


class Unmemorised(NamedTuple):
    """Of each block, after each n: float64 [n, blocks]. P_i is the probability that feature i is unmemorised."""

    count: np.ndarray  # sum of P_i
    mass: np.ndarray  # sum of theta_i P_i
    variance: np.ndarray  # sum of theta_i^2 P_i (1 - P_i)


def fewer(depth, examples, mass):
    """P(Binomial(n, theta) < d), term by term: all are positive, so rare events keep their relative precision.

    examples: n, real.  mass: theta < 1, or 1 with a whole n.
    """
    with np.errstate(divide="ignore"):
        log_miss = np.log1p(-mass)
    term, total = np.ones_like(mass), np.zeros_like(mass)
    for seen in range(depth):
        others = max(examples - seen, 0.0)
        total += term * np.exp(others * log_miss if others else np.zeros_like(mass))
        term *= np.minimum(others * mass, 1e4) / (seen + 1)  # where the power is 0 the term must only not overflow
    return np.minimum(total, 1.0)


def edges(first, examples, exponent, size, total):
    """Whole numbers e_0 = first < e_1 < ...: block b holds the ranks e_b + 1 ... e_(b+1), a factor e^WIDTH of mass.

    They end at `size`, or where the largest n expects only REACH sightings.
    """
    reach = np.exp(np.log(max(np.max(examples), 1.0) / total / REACH) / exponent)
    last = min(size, max(np.rint(reach), 2.0 * first))
    if last <= first:
        return np.array([float(first)])
    count = int(np.ceil(np.log(last / first) * exponent / WIDTH))
    return np.unique(np.append(np.rint(first * np.exp(WIDTH / exponent * np.arange(count))), last))


def unmemorised(edges, examples, exponent, total, depth):
    """Unmemorised features of the blocks between `edges`."""
    rank, weight, starts = _nodes(edges)
    mass = np.exp(-exponent * np.log(rank)) / total
    found = []
    for n in examples:
        unseen = fewer(depth, n, mass)
        summands = weight * (unseen, mass * unseen, mass**2 * unseen * (1 - unseen))
        found.append(np.add.reduceat(summands, starts, axis=1))
    return Unmemorised(*np.stack(found, axis=1))


def rest(edge, exponent, size, total):
    """Mass of the ranks beyond the last edge, which nobody memorises; to s^4 / edge^4."""
    if edge >= size:
        return 0.0
    first, last, excess = edge + 0.5, size + 0.5, exponent - 1
    if np.isinf(size):
        integral = first**-excess / excess
    else:
        reach = np.log(last / first)
        integral = first**-excess * (-np.expm1(-excess * reach) / excess if excess else reach)
    ends = exponent / 24 * (first ** (-1 - exponent) - last ** (-1 - exponent))
    return (integral - ends) / total


def _nodes(edges):
    """Ranks and weights that sum over each block, and where each block begins among them.

    Up to EXPLICIT every rank; beyond, Gauss-Legendre in log rank between half-integers, corrected at both ends by
    -f'/24 (Euler-Maclaurin for midpoints), f' as the difference of neighbouring ranks.
    """
    whole = np.searchsorted(edges, EXPLICIT, side="right") - 1 if edges[0] < EXPLICIT else 0
    near = np.arange(edges[0] + 1, edges[whole] + 1)
    low, high = edges[whole:-1, None], edges[whole + 1 :, None]
    half = np.log((high + 0.5) / (low + 0.5)) / 2
    inner = (low + 0.5) * np.exp(half * (1 + _POINTS))
    rank = np.concatenate([inner, low, low + 1, high, high + 1], axis=1)
    ends = np.tile([-1 / 24, 1 / 24, 1 / 24, -1 / 24], (len(low), 1))
    weight = np.concatenate([inner * half * _WEIGHTS, ends], axis=1)
    starts = np.concatenate([edges[:whole] - edges[0], len(near) + rank.shape[1] * np.arange(len(low))]).astype(int)
    return np.concatenate([near, rank.ravel()]), np.concatenate([np.ones(len(near)), weight.ravel()]), starts

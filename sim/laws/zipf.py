"""Zipf's law: how often each feature occurs."""

import numpy as np
from scipy.special import exprel

HEAD = 1024  # ranks summed one by one: beyond, two Euler-Maclaurin terms leave 1e-16 at exponent 10, 1e-12 at 50


def normaliser(exponent, size):
    """Sum of all unnormalised masses, 1 over the mass of the commonest feature.

        Z = sum_{i <= size} i^-s                   zeta(s) for an infinite size (Hutter 2021, arXiv 2102.04074)

    exponent: s > 0, and s > 1 when size is infinite.  size: number of features, a number or np.inf.
    A float, relative error about 1e-15 (no loop over the features).
    """
    return float(_sum_beyond(0, exponent, size))


def mass(rank, exponent, size):
    """Probability that an example shows the feature of this rank.

        theta_i = i^-s / Z,    0 beyond the last feature

    rank: whole numbers >= 1, any shape.  exponent: s > 0, and s > 1 when size is infinite.
    """
    rank = np.asarray(rank, dtype=float)
    return np.where(rank > size, 0.0, rank**-exponent / normaliser(exponent, size))[()]


def tail(rank, exponent, size):
    """Probability that an example shows a feature rarer than this rank.

        P(i > r) = sum_{r < i <= size} i^-s / Z ~ r^(1-s) / ((s-1) Z)              1 at rank 0, 0 from rank size on

    rank: whole numbers >= 0, any shape.  exponent: s > 0, and s > 1 when size is infinite.
    The relative error stays about 1e-14 however small the tail: it is a sum, not 1 minus a sum.
    """
    return _sum_beyond(rank, exponent, size) / normaliser(exponent, size)


def _sum_beyond(rank, exponent, size):
    """sum_{rank < i <= size} i^-s: the head one by one, from the rarest up; the rest by Euler-Maclaurin."""
    rank = np.minimum(np.asarray(rank, dtype=float), size)
    last = int(min(HEAD, size))
    head = np.arange(1.0, last + 1) ** -exponent
    beyond = np.append(np.cumsum(head[::-1])[::-1], 0.0)
    return beyond[np.minimum(rank, last).astype(int)] + _integral_beyond(np.maximum(rank, last), exponent, size)


def _integral_beyond(rank, exponent, size):
    """The same sum for ranks from HEAD on: an integral between half-integers, corrected at both ends.

    Euler-Maclaurin for midpoints, [H - h'/24 + 7 h'''/5760] from rank + 1/2 to size + 1/2, H' = h.
    """
    low, high = rank + 0.5, size + 0.5
    if np.isinf(size):
        return low ** (1 - exponent) / (exponent - 1) - _midpoint_terms(low, exponent)
    # The integral as log(high / low) times a mean height: exact also at s = 1 and for a window of one rank.
    log_ratio = np.log1p((size - rank) / low)
    integral = low ** (1 - exponent) * log_ratio * exprel((1 - exponent) * log_ratio)
    return integral + _midpoint_terms(high, exponent) - _midpoint_terms(low, exponent)


def _midpoint_terms(x, exponent):
    """-h'/24 + 7 h'''/5760 of h = x^-s."""
    s = exponent
    first = s / x
    third = first * (s + 1) * (s + 2) / x**2
    return x**-s * (first / 24 - 7 * third / 5760)

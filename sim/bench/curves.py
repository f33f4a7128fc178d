"""One learning curve from n direct draws, as the peers make it: draw, count, mass still unseen at each of the n."""

import math

import numpy as np
from numpy.random import PCG64, Generator

from sim.bench.rows import CURVE_DRAWS, CURVE_SIZE
from sim.bench.timing import Contestant, need_mean, package
from sim.laws import learning_curve, zipf

EXPONENT = 2.0
EXAMPLES = CURVE_DRAWS // 4 ** np.arange(6, -1, -1)  # 7 n, ascending


def check(curve):
    """Wrong unless the curve lies within 6 standard deviations of the law at every n."""
    arguments = EXAMPLES, EXPONENT, CURVE_SIZE
    means, variances = learning_curve.unmemorised_mass(*arguments), learning_curve.unmemorised_mass_variance(*arguments)
    for n, found, mean, variance in zip(EXAMPLES, curve, means, variances, strict=True):
        need_mean(f"mass unseen after {n} examples", found, mean, math.sqrt(variance), 1)


def _masses():
    return zipf.mass(np.arange(1, CURVE_SIZE + 1), EXPONENT, CURVE_SIZE)


def numpy_curve():
    """Generator.zipf and bincount; ranks beyond the last feature fall into a cell that counts nothing."""
    rng, masses = Generator(PCG64(0)), np.append(_masses(), 0.0)
    spans = np.diff(EXAMPLES, prepend=0)

    def call():
        seen, curve = np.zeros(CURVE_SIZE + 1, np.int64), []
        for span in spans:
            ranks = rng.zipf(EXPONENT, span)
            np.minimum(ranks, CURVE_SIZE + 1, out=ranks)
            ranks -= 1
            seen += np.bincount(ranks, minlength=CURVE_SIZE + 1)
            curve.append(masses[seen == 0].sum())
        return curve

    return Contestant(call, CURVE_DRAWS, check)


def numba_curve():
    """Walker's alias table in compiled code: one 64-bit word and one table entry a draw, counted at once."""
    numba = package("numba")
    table, masses = alias_table(_masses()), _masses()
    compiled = numba.njit(alias_curve)
    shift = np.uint64(64 - int(math.log2(CURVE_SIZE)))
    return Contestant(lambda: compiled(table, shift, masses, EXAMPLES, np.uint64(0)), CURVE_DRAWS, check)


def numba_plain_curve():
    """As numba_curve in its usual form: numba's own random numbers, two tables, whole counts."""
    numba = package("numba")
    table, masses = alias_table(_masses()), _masses()
    accept, alias = (table >> np.uint64(32)) / 2.0**32, (table & np.uint64(0xFFFFFFFF)).astype(np.int64)
    compiled = numba.njit(plain_alias_curve)
    return Contestant(lambda: compiled(accept, alias, masses, EXAMPLES), CURVE_DRAWS, check)


def alias_table(masses):
    """Walker's table by Vose's method: acceptance in the upper 32 bits, alias in the lower, a power of two entries."""
    scaled, alias = masses / masses.sum() * len(masses), np.arange(len(masses))
    small, large = list(np.flatnonzero(scaled < 1)), list(np.flatnonzero(scaled >= 1))
    while small and large:
        poor, rich = small.pop(), large[-1]
        alias[poor] = rich
        scaled[rich] -= 1 - scaled[poor]
        if scaled[rich] < 1:
            small.append(large.pop())
    accept = np.minimum(np.rint(np.clip(scaled, 0, 1) * 2.0**32), 2.0**32 - 1)
    return (accept.astype(np.uint64) << np.uint64(32)) | alias.astype(np.uint64)


def alias_curve(table, shift, masses, examples, word):
    """Mass unseen at each n; bits from SplitMix64, which starts at `word`. To be compiled."""
    seen, curve = np.zeros(len(table), np.uint8), np.empty(len(examples))
    unseen, drawn, low = 1.0, 0, np.uint64(0xFFFFFFFF)
    for point in range(len(examples)):
        for _ in range(examples[point] - drawn):
            word += np.uint64(0x9E3779B97F4A7C15)
            z = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z = z ^ (z >> np.uint64(31))
            entry = table[z >> shift]
            kept = (z & low) < (entry >> np.uint64(32))
            feature = z >> shift if kept else entry & low
            if not seen[feature]:
                seen[feature] = 1
                unseen -= masses[feature]
        drawn = examples[point]
        curve[point] = unseen
    return curve


def plain_alias_curve(accept, alias, masses, examples):
    """Mass unseen at each n, by np.random. To be compiled."""
    counts, curve, unseen, drawn = np.zeros(len(accept), np.int32), np.empty(len(examples)), 1.0, 0
    for point in range(len(examples)):
        for _ in range(examples[point] - drawn):
            place = np.random.random() * len(accept)  # noqa: NPY002 (what numba compiles)
            column = int(place)
            feature = column if place - column < accept[column] else alias[column]
            counts[feature] += 1
            if counts[feature] == 1:
                unseen -= masses[feature]
        drawn = examples[point]
        curve[point] = unseen
    return curve

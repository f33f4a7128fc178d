"""How much less a curve scatters that is drawn in another way: the ratio of variances at equal cost in problems."""

import numpy as np

from sim.bench.timing import Ratio


def variance_ratio(ours, peer, keys):
    """Ratio of variances of a curve over independent replicates, the least over the grid.

    ours, peer: functions of a key to the estimated curve, float64 [k], from as many problems each.  keys: a key a
    replicate. The fields that hold nanoseconds elsewhere hold the variances; quartiles are those over the grid. With
    R replicates the relative error of a ratio is 2 / sqrt(R).
    """
    variances = [np.var([draw(key) for key in keys], axis=0, ddof=1) for draw in (ours, peer)]
    ratios = variances[1] / variances[0]
    worst = int(np.argmin(ratios))
    quartiles = tuple(np.quantile(ratios, (0.25, 0.75)).tolist())
    return Ratio(float(variances[0][worst]), float(variances[1][worst]), float(ratios[worst]), quartiles)

"""Ratios of variances."""

import numpy as np
import pytest

from sim.bench import variance
from sim.bench.measure import measure
from sim.bench.rows import NAMES, ROWS
from sim.bench.timing import Wrong
from sim.bench.variance import Curves, variance_ratio

LAW = np.array([0.2, 0.5, 0.7])


def replicates(divisors):
    """400 curves that scatter by 0.01 over each divisor."""
    noise = np.random.default_rng(0).normal(scale=0.01, size=(400, 3))
    return Curves(LAW + noise / divisors, LAW)


def test_the_least_ratio_over_the_grid_counts():
    measured = variance_ratio(replicates((2, 3, 4)), replicates((1, 1, 1)))
    assert measured.value == pytest.approx(4)
    assert measured.quartiles == pytest.approx((6.5, 12.5))
    assert measured.peer == pytest.approx(4 * measured.ours)


def test_a_biased_curve_is_wrong_on_either_side():
    good = replicates((1, 1, 1))
    biased = Curves(good.values + np.array([0, 0, 0.005]), LAW)
    for pair in ((good, biased), (biased, good)):
        with pytest.raises(Wrong, match="mean of the replicates at point 2"):
            variance_ratio(*pair)


@pytest.mark.seldom(0)
def test_the_row_of_the_lattice_is_measured(monkeypatch):
    monkeypatch.setattr(variance, "_REPLICATES", 128)
    [measured] = measure([ROWS[NAMES.index("lattice_variance")]], 1, None)
    assert measured.holds
    assert measured.ratio.value < 1000


def test_independent_draws_in_place_of_the_lattice_miss_the_bar(monkeypatch):
    monkeypatch.setattr(variance, "_REPLICATES", 128)
    monkeypatch.setattr(variance, "lattice_curves", variance.independent_curves)
    [measured] = measure([ROWS[NAMES.index("lattice_variance")]], 1, None)
    assert measured.holds is False

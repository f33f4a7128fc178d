"""Ratios of variances."""

import numpy as np
import pytest

from sim.bench.variance import variance_ratio


def test_the_least_ratio_over_the_grid_counts():
    noise = np.random.default_rng(0).normal(size=(400, 3))
    measured = variance_ratio(lambda key: noise[key] / (2, 3, 4), lambda key: noise[key], range(400))
    assert measured.value == pytest.approx(4)
    assert measured.quartiles == pytest.approx((6.5, 12.5))
    assert measured.peer == pytest.approx(4 * measured.ours)

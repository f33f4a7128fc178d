"""Zipf masses against direct sums and the Hurwitz zeta function."""

import json
from pathlib import Path

import mpmath
import numpy as np
import pytest

from sim.laws import zipf

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())


def zeta_sum(rank, exponent, size):
    """sum_{rank < i <= size} i^-s by zeta functions: independent of Euler-Maclaurin in float64."""
    s = mpmath.mpf(exponent)
    if s == 1:
        return mpmath.digamma(size + 1) - mpmath.digamma(rank + 1)
    return mpmath.zeta(s, rank + 1) - (0 if size == np.inf else mpmath.zeta(s, size + 1))


def test_three_features_by_hand():
    total = 1 + 1 / 2 + 1 / 3
    np.testing.assert_allclose(zipf.normaliser(1.0, 3), total, rtol=1e-15)
    np.testing.assert_allclose(zipf.mass([1, 2, 3], 1.0, 3), np.array([1, 1 / 2, 1 / 3]) / total, rtol=1e-15)
    np.testing.assert_allclose(zipf.tail([0, 1, 2, 3, 4], 1.0, 3), [1, 5 / 11, 2 / 11, 0, 0], rtol=1e-15)


@pytest.mark.parametrize("case", GOLDEN["capacity_floor"])
def test_the_tail_has_the_golden_value(case):
    exponent, rank = 1 + float(case["params"]["alpha"]), int(case["params"]["M"])
    np.testing.assert_allclose(zipf.tail(rank, exponent, np.inf), float(case["value"]), rtol=1e-12)


@pytest.mark.parametrize("exponent", [1.01, 1.5, 2, 5, 10, 40])
def test_the_infinite_normaliser_is_the_zeta_function(exponent):
    expected = float(mpmath.zeta(mpmath.mpf(exponent)))
    assert zipf.normaliser(exponent, np.inf) == pytest.approx(expected, rel=1e-13, abs=0)


@pytest.mark.parametrize("exponent", [0.1, 0.5, 0.99, 1, 1 + 1e-9, 1.5, 3, 10])
@pytest.mark.parametrize("size", [1, 2, 1023, 1024, 1025, 10**6, 10**9])
def test_the_finite_normaliser_is_a_difference_of_zeta_functions(exponent, size):
    with mpmath.workdps(60):  # the difference cancels near exponent 1
        expected = float(zeta_sum(0, exponent, size))
    assert zipf.normaliser(exponent, size) == pytest.approx(expected, rel=1e-13, abs=0)


@pytest.mark.parametrize("exponent", [1.001, 1.5, 2, 6, 15])
@pytest.mark.parametrize("rank", [0, 1, 7, 1023, 1024, 1025, 10**6, 10**12, 10**18])
def test_the_far_tail_keeps_its_digits(exponent, rank):
    with mpmath.workdps(100):  # mpmath's own zeta function loses 30 of its digits at rank 1024 and exponent 15
        expected = float(zeta_sum(rank, exponent, np.inf) / mpmath.zeta(mpmath.mpf(exponent)))
    assert zipf.tail(rank, exponent, np.inf) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("exponent", [0.3, 1.0, 1.5, 4.0])
@pytest.mark.parametrize("size", [5, 1500, 10**9])
def test_the_tail_of_the_last_features_is_their_mass(exponent, size):
    ranks = np.array([size - 2, size - 1, size])
    rarest_first = np.cumsum(zipf.mass(ranks[::-1], exponent, size))
    np.testing.assert_allclose(zipf.tail(ranks[::-1] - 1, exponent, size), rarest_first, rtol=1e-13)
    assert zipf.tail(size, exponent, size) == 0
    assert zipf.tail(0, exponent, size) == 1


def test_consecutive_tails_differ_by_one_mass():
    ranks = np.arange(1, 3000)
    difference = zipf.tail(ranks - 1, 1.3, 10**7) - zipf.tail(ranks, 1.3, 10**7)
    np.testing.assert_allclose(difference, zipf.mass(ranks, 1.3, 10**7), rtol=1e-9)


def test_there_is_no_feature_beyond_the_last():
    np.testing.assert_array_equal(zipf.mass([3, 4, 5], 1.0, 3) > 0, [True, False, False])


def test_shape_and_type_are_those_of_the_ranks():
    assert zipf.mass(np.ones((2, 3), int), 2, 10).shape == (2, 3)
    assert zipf.tail(np.ones((2, 3), int), 2, np.inf).dtype == np.float64
    assert isinstance(zipf.normaliser(2, 10), float)

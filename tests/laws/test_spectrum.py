"""Spectra that are no Zipf law: by enumeration, golden values and 30-digit sums, and their power law or none."""

import json
from itertools import product
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy import stats

from sim.laws import spectrum, zipf

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
SKEWED = np.array([0.6, 0.25, 0.1, 0.05])


@pytest.fixture(autouse=True)
def thirty_digits():
    with mpmath.workdps(30):
        yield


def rows(name):
    """Parameters and value of each row of a golden table."""
    return [({k: float(v) for k, v in row["params"].items()}, float(row["value"]), row["name"]) for row in GOLDEN[name]]


def fewer(depth, examples, mass):
    """P(Bin(n, theta) < d) in 30 digits."""
    n, t = mpmath.mpf(examples), mpmath.mpf(mass)
    return mpmath.fsum(mpmath.binomial(n, j) * t**j * (1 - t) ** (n - j) for j in range(min(depth, int(n) + 1)))


def exponential(examples, decay, depth):
    """The curve of exponentially falling masses in 30 digits, features summed until they hold 1e-40."""
    step = mpmath.exp(-mpmath.mpf(decay))
    masses = [(1 / step - 1) * step**i for i in range(1, int(92 / decay) + 2)]
    return mpmath.fsum(t * fewer(depth, examples, t) for t in masses)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("examples", [0, 1, 2, 5])
def test_the_curve_of_four_features_by_enumeration(examples, depth):
    expected = 0.0
    for features in product(range(4), repeat=examples):
        counts = np.bincount(np.array(features, dtype=int), minlength=4)
        expected += np.prod(SKEWED[list(features)]) * SKEWED[counts < depth].sum()
    assert spectrum.unmemorised_mass(examples, SKEWED, depth) == pytest.approx(expected, rel=1e-14, abs=0)


def test_the_masses_by_hand():
    np.testing.assert_array_equal(spectrum.frequencies([3, 0, 1]), [0.75, 0, 0.25])
    np.testing.assert_array_equal(spectrum.uniform_masses(4), [0.25, 0.25, 0.25, 0.25])
    np.testing.assert_allclose(spectrum.exponential_mass([1, 2, 3], np.log(2)), [1 / 2, 1 / 4, 1 / 8], rtol=1e-15)


@pytest.mark.parametrize(("p", "value", "name"), rows("hutter_uniform_m"))
def test_equal_masses_have_the_golden_value(p, value, name):
    np.testing.assert_allclose(spectrum.uniform_unmemorised(p["n"], p["m"]), value, rtol=1e-12, err_msg=name)
    mass = spectrum.uniform_masses(int(p["m"]))
    np.testing.assert_allclose(spectrum.unmemorised_mass(p["n"], mass), value, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize(("p", "value", "name"), rows("hutter_finite_m"))
def test_a_table_of_zipf_masses_has_the_golden_value(p, value, name):
    mass = zipf.mass(np.arange(1, p["m"] + 1), 1 + p["alpha"], p["m"])
    np.testing.assert_allclose(spectrum.unmemorised_mass(p["n"], mass), value, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize(("p", "value", "name"), rows("depth_En"))
def test_a_table_of_a_million_zipf_masses_has_the_golden_value_at_depth(p, value, name):
    """The table ends where n theta = 6e-10: what is beyond is not memorised."""
    exponent = 1 + p["alpha"]
    mass = zipf.mass(np.arange(1, 10**6 + 1), exponent, np.inf)
    law = spectrum.unmemorised_mass(p["n"], mass, int(p["d"])) + zipf.tail(10**6, exponent, np.inf)
    np.testing.assert_allclose(law, value, rtol=1e-11, err_msg=name)


@pytest.mark.parametrize("depth", [1, 2, 7])
def test_the_curve_agrees_with_the_binomial_distribution_function(depth):
    examples = np.array([1, 10, 100, 300])
    expected = [SKEWED @ stats.binom.cdf(depth - 1, n, SKEWED) for n in examples]
    np.testing.assert_allclose(spectrum.unmemorised_mass(examples, SKEWED, depth), expected, rtol=1e-11)


@pytest.mark.parametrize("depth", [1, 3, 20])
@pytest.mark.parametrize("examples", [1e3, 1e9, 1e15])
def test_the_curve_is_stable_at_1e15_examples(examples, depth):
    rare = np.array([1e-6, 0.01, 0.1, 1, 10]) / examples
    mass = np.append(rare, 1 - rare.sum())
    expected = float(mpmath.fsum(mpmath.mpf(t) * fewer(depth, examples, t) for t in mass))
    assert spectrum.unmemorised_mass(examples, mass, depth) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("depth", [1, 2, 20])
@pytest.mark.parametrize(("examples", "size"), [(5, 3), (40, 1), (1e3, 10), (1e3, 1e6), (1e15, 1e13), (1e15, 1e15)])
def test_equal_features_are_missed_as_one_of_them_is(examples, size, depth):
    expected = float(fewer(depth, examples, 1 / size))
    assert spectrum.uniform_unmemorised(examples, size, depth) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@pytest.mark.seldom(4)
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("decay", [0.03, 0.5, 2.0, 10.0])
@pytest.mark.parametrize("examples", [1, 30, 1e6, 1e15])
def test_the_exponential_curve_agrees_with_a_30_digit_sum(examples, decay, depth):
    expected = float(exponential(examples, decay, depth))
    assert spectrum.exponential_unmemorised(examples, decay, depth) == pytest.approx(expected, rel=1e-11, abs=0)


def test_the_exponential_curve_is_that_of_its_own_masses_in_a_table():
    mass = spectrum.exponential_mass(np.arange(1, 400), 0.1)
    examples = np.array([0, 1, 10, 1e3, 1e6])
    law = spectrum.exponential_unmemorised(examples, 0.1, 2)
    np.testing.assert_allclose(law, spectrum.unmemorised_mass(examples, mass, 2), rtol=1e-9)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_exponential_asymptote_has_no_error_but_an_invisible_ripple_for_slow_decay(depth):
    n = np.array([2e3, 1e4, 1e6])
    exact = spectrum.exponential_unmemorised(n, 0.1, depth)
    np.testing.assert_allclose(exact, spectrum.exponential_asymptote(n, 0.1, depth), rtol=1e-11)
    np.testing.assert_allclose((depth / (0.1 * n) / exact - 1) * n, 1, rtol=1e-3)


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("decay", [0.5, 1.0, 2.0])
def test_the_ripple_of_the_exponential_curve_never_dies_and_has_the_stated_size(decay, depth):
    for start in (1e6, 1e12):
        n = np.round(start * np.exp(decay * np.arange(64) / 64))
        excess = spectrum.exponential_unmemorised(n, decay, depth) / spectrum.exponential_asymptote(n, decay, depth) - 1
        harmonics = 2 * np.abs(np.fft.rfft(excess)) / 64
        ripple = spectrum.exponential_ripple(decay, depth)
        np.testing.assert_allclose(harmonics[1], ripple, rtol=1e-4)
        assert harmonics[2] < 0.1 * ripple and harmonics[0] < 1e-3 * ripple


def test_the_ripple_at_depth_1_has_its_elementary_form():
    y = 2 * np.pi / np.array([0.25, 0.5, 1.0, 2.0])
    expected = 2 * np.sqrt(np.pi * y / np.sinh(np.pi * y))
    np.testing.assert_allclose(spectrum.exponential_ripple(2 * np.pi / y), expected, rtol=1e-12)
    np.testing.assert_allclose(expected, [2e-16, 5e-8, 6e-4, 6e-2], rtol=0.15)


@pytest.mark.parametrize("examples", [1.0, 30.0, 2000.0])
def test_the_local_exponent_is_the_derivative_of_the_curve(examples):
    def log_curve(log_n):
        n = mpmath.exp(log_n)
        return mpmath.log(mpmath.fsum(mpmath.mpf(t) * (1 - mpmath.mpf(t)) ** n for t in SKEWED))

    expected = float(-mpmath.diff(log_curve, mpmath.log(mpmath.mpf(examples))))
    assert spectrum.local_exponent(examples, SKEWED) == pytest.approx(expected, rel=1e-12, abs=0)


def test_only_a_power_law_spectrum_has_a_slope_between_0_and_1_that_stays():
    n = 10.0 ** np.arange(2, 6)
    power_law = spectrum.local_exponent(n, zipf.mass(np.arange(1, 10**6 + 1), 2, 1e6))
    np.testing.assert_allclose(power_law, 1 / 2, rtol=0.01)
    exponential = spectrum.local_exponent(n, spectrum.exponential_mass(np.arange(1, 301), 0.2))
    np.testing.assert_allclose(exponential, n / (n + 1), rtol=1e-5)
    equal = spectrum.local_exponent(n, spectrum.uniform_masses(1000))
    np.testing.assert_allclose(equal, n / 1000, rtol=1e-3)


def test_the_local_exponent_survives_where_the_curve_has_vanished():
    assert spectrum.unmemorised_mass(1e6, SKEWED) == 0
    assert spectrum.local_exponent(1e6, SKEWED) == pytest.approx(-1e6 * np.log(0.95), rel=1e-13, abs=0)
    assert spectrum.local_exponent(1e6, [*SKEWED, 0.0]) == spectrum.local_exponent(1e6, SKEWED)
    assert spectrum.local_exponent(0, SKEWED) == 0


def test_an_empirical_table_learns_too_fast_beyond_its_own_length():
    counts = np.round(1000 * zipf.mass(np.arange(1, 100), 2, np.inf))
    mass = spectrum.frequencies(counts)
    true = zipf.mass(np.arange(1, 10**5), 2, np.inf)
    ratio = spectrum.unmemorised_mass([10, 1e4], mass) / spectrum.unmemorised_mass([10, 1e4], true)
    assert ratio[0] > 0.9 and ratio[1] < 0.1


def test_without_examples_nothing_is_memorised_and_a_feature_that_always_occurs_is_learnt_at_once():
    for depth in (1, 4):
        assert spectrum.unmemorised_mass(0, SKEWED, depth) == pytest.approx(1, rel=1e-15, abs=0)
        assert spectrum.uniform_unmemorised(0, 50, depth) == 1
        assert spectrum.exponential_unmemorised(0, 0.3, depth) == pytest.approx(1, rel=1e-14, abs=0)
    np.testing.assert_array_equal(spectrum.unmemorised_mass([0, 1, 2, 3], [1.0], 2), [1, 1, 0, 0])


def test_a_number_gives_a_number_and_a_table_gives_a_table():
    for law in (
        lambda n: spectrum.unmemorised_mass(n, SKEWED),
        lambda n: spectrum.local_exponent(n, SKEWED),
        lambda n: spectrum.uniform_unmemorised(n, 5),
        lambda n: spectrum.exponential_unmemorised(n, 1.0),
        lambda n: spectrum.exponential_asymptote(n, 1.0),
    ):
        assert isinstance(law(3), np.float64)
        assert law([[1, 2, 3], [4, 5, 6]]).shape == (2, 3)


@pytest.mark.parametrize("depth", [1, 3])
def test_features_of_one_mass_may_stand_together_with_their_number(depth):
    """2 of 0.2, 4 of 0.1, 20 of 0.01: room may end among those of one mass."""
    mass, weight, n = np.array([0.2, 0.1, 0.01]), np.array([2.0, 4, 20]), np.array([0, 1, 5, 100.0])
    each = np.repeat(mass, weight.astype(int))
    for room in (0, 1, 2, 4, 6, 10, 26, np.inf):
        known = spectrum.capacity_unmemorised(n, each, room, depth)
        np.testing.assert_allclose(spectrum.capacity_unmemorised(n, mass, room, depth, weight), known, rtol=1e-12)
        few = int(min(room, 26))
        law = each[:few] @ stats.binom.cdf(depth - 1, n[:, None], each[:few]).T + each[few:].sum()
        np.testing.assert_allclose(known, law, rtol=1e-10)
    grid = n[:, None], np.array([0.0, 1, 3])
    traces = spectrum.multi_trace(*grid, mass, 0.3, weight)
    np.testing.assert_allclose(traces, spectrum.multi_trace(*grid, each, 0.3), rtol=1e-12)

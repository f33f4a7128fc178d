"""The plug-in estimate: by enumeration, against golden values, against the unbiased one, and where shares are best."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from sim.laws import coverage, plug_in

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())


def rows(name):
    """Parameters and value of each row of a golden table."""
    return [({k: float(v) for k, v in row["params"].items()}, float(row["value"]), row["name"]) for row in GOLDEN[name]]


@pytest.mark.parametrize("attempts", [0, 1, 2, 3.5, 9])
@pytest.mark.parametrize("success", [0.0, 0.3, 1.0])
def test_bias_and_variance_by_enumeration_of_attempts(attempts, success):
    recorded, mean, square = 4, 0.0, 0.0
    for outcome in product([0, 1], repeat=recorded):
        chance = np.prod([success if right else 1 - success for right in outcome])
        estimate = (1 - sum(outcome) / recorded) ** attempts
        mean, square = mean + chance * estimate, square + chance * estimate**2
    assert plug_in.failure(attempts, recorded, success) == pytest.approx(mean, rel=1e-13, abs=0)
    assert plug_in.variance(attempts, recorded, success) == pytest.approx(square - mean**2, rel=1e-12, abs=1e-16)


def test_the_bias_has_the_golden_value():
    for p, value, name in rows("plugin_bias"):
        bias = plug_in.failure(p["k"], p["n"], 1 - p["p"]) - p["p"] ** p["k"]
        assert bias == pytest.approx(value, rel=1e-12, abs=0), name


def test_the_shares_have_the_golden_values():
    table = rows("kazdan_allocation")
    (attempts,) = {p["k"] for p, _, _ in table}
    shares = plug_in.allocation(attempts, [p["s"] for p, _, _ in table])
    np.testing.assert_allclose(shares, [value for _, value, _ in table], rtol=1e-12)
    assert shares.sum() == pytest.approx(1, rel=1e-15)


def test_the_failure_is_overestimated_and_ever_less_so():
    bias = plug_in.failure(10, np.array([10, 100, 1000, 10_000]), 0.1) / 0.9**10 - 1
    assert np.all(bias > 0)
    np.testing.assert_allclose(bias[2:] * [1000, 10_000], 10 * 9 / 2 * 0.1 / 0.9, rtol=1e-2)  # half the curvature


@pytest.mark.parametrize(("attempts", "success"), [(1, 0.3), (10, 0.1), (50, 0.01)])
def test_from_many_attempts_it_scatters_as_the_delta_method_says(attempts, success):
    recorded = np.array([1000, 10_000])
    law = plug_in.variance_asymptote(attempts, recorded, success)
    errors = np.abs(plug_in.variance(attempts, recorded, success) / law - 1)
    assert np.all(errors < (attempts**2 * success + 1 / success) / recorded)
    assert errors[1] < max(0.12 * errors[0], 1e-9)  # of one attempt it is exact
    unbiased = coverage.estimator_variance(attempts, recorded, 1 - success) / law - 1
    assert np.all(np.abs(unbiased) < (attempts**2 * success + 1 / success) / recorded)


@pytest.mark.parametrize("attempts", [1, 30, 1000])
def test_any_change_of_the_shares_makes_it_worse(attempts):
    success = np.array([1e-4, 3e-3, 0.02])
    shares = plug_in.allocation(attempts, success)
    least = plug_in.variance_asymptote(attempts, 1e6 * shares, success).sum()
    for change in np.eye(3):
        moved = shares * np.exp(0.05 * change)
        assert plug_in.variance_asymptote(attempts, 1e6 * moved / moved.sum(), success).sum() > least


def test_what_is_certain_is_not_attempted():
    np.testing.assert_array_equal(plug_in.allocation(5, [0.0, 0.2, 1.0]), [0, 1, 0])
    assert plug_in.variance(5, 100, 1.0) == plug_in.variance(5, 100, 0.0) == 0


def test_a_number_gives_a_number_and_a_table_gives_a_table():
    for law in (plug_in.failure, plug_in.variance, plug_in.variance_asymptote):
        assert isinstance(law(3, 10, 0.2), np.float64), law.__name__
        assert law([[1], [2]], [10, 20, 30], 0.2).shape == (2, 3)

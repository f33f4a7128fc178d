"""What is swept: the keys that tell points apart, their values as they were typed, and the grid that they make."""

import numpy as np
import pytest

from sim.app.sweeps import parameters


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("null", None), ("NULL", None), ("true", True), ("False", False), ("3", 3), ("-3", -3), ("1e3", 1000.0)),
        *(("0.5", 0.5), ("inf", np.inf), ("beta", "beta"), ("[1,2]", "[1,2]"), ("", "")),
    ],
)
def test_a_swept_value_is_what_was_typed(text, value):
    found = parameters._typed(text)
    assert found == value and type(found) is type(value)


def test_what_is_swept_is_what_tells_the_points_apart_by_its_own_name():
    """Groups by their members; keys without a prefix or quotes; what only says how the work is done is none."""
    typed = [
        ["difficulty=beta", "+seed=1", "experiment=joint", "budget.chunk=1", "memory.depth=2", "law.beta='0.3'"],
        ["difficulty=uniform", "+seed=1", "experiment=coverage", "budget.chunk=2", "~memory.depth", "law.beta='0.4'"],
    ]
    configs = [
        {"difficulty": {"name": "beta", "alpha": 5}, "seed": 1, "experiments": ["joint"], "memory": {"depth": 2}},
        {"difficulty": {"name": "uniform", "low": 0.1}, "seed": 1, "experiments": ["coverage"], "memory": {}},
    ]
    found = parameters.read(typed, configs)
    assert found.swept == ("difficulty.name", "experiments", "memory.depth", "law.beta")
    assert found.values["law.beta"] == [0.3, 0.4] and found.values["experiments"] == ["joint", "coverage"]
    assert found.values["memory.depth"] == [2, ""]
    assert found.values["difficulty.alpha"] == [5, None] and found.values["difficulty.low"] == [None, 0.1]
    assert found.shared == {"seed": 1}
    assert list(found.values)[: len(found.swept)] == list(found.swept)


def test_a_grid_has_every_combination_once():
    made = parameters.Parameters({"a": [1, 2, 1, 2], "b": ["x", "x", "y", "y"]}, ("a", "b"), {})
    grid = parameters.grid(made, 4)
    assert grid.order.tolist() == [0, 2, 1, 3]
    assert {name: own.tolist() for name, own in grid.coordinates.items()} == {"a": [1, 2], "b": ["x", "y"]}
    for wrong in ({"a": [1, 2, 1, 1], "b": ["x", "x", "y", "y"]}, {"a": [1, 2, 1], "b": ["x", "x", "y"]}):
        assert parameters.grid(made._replace(values=wrong), len(wrong["a"])) is None
    assert parameters.grid(parameters.Parameters({}, (), {}), 1) is None
    nothing = parameters.Parameters({"a": [None, 2.0]}, ("a",), {})
    assert np.isnan(parameters.grid(nothing, 2).coordinates["a"][-1])

"""The dataset of a sweep: every number, its dimensions, where it comes from."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray
from sweeps import (
    ALL,
    begin,
    columns,
    config,
    files,
    joined,
    opened,
    rows,
    verdict,
    write_done,
    write_status,
    write_table,
)

from sim.app.sweeps import collect, dataset, parameters
from sim.experiments import EXPERIMENTS
from sim.records import folder

REFERENCE = Path(__file__).resolve().parents[2] / "outputs/reference"


def found(data, name, number):
    """The rows of a quantity of a point, as the dataset has them: (examples, attempts, depth, four values), sorted."""
    parts = [data[f"{name}.{column}"] for column in ("stderr", "law", "sigmas")]
    where = [_place(data, name, column) for column in ("examples", "attempts", "depth")]
    at = [_of_point(part, data, number) for part in [*where, data[name], *parts]]
    arrays = [own.values.ravel() for own in xarray.broadcast(*at)]
    return sorted(
        row for row in map(_bare, zip(*arrays, strict=True)) if row[3]
    )  # not those that fill up other points' grids


def _place(data, name, column):
    experiment = name.split(".")[0]
    for own in (f"{name}.{column}", f"{experiment}.{column}", column):
        if own in data.coords and (own == f"{name}.{column}" or own in data[name].dims):
            return data[own]
    return xarray.DataArray(np.nan)


def _of_point(array, data, number):
    """The part of an array that belongs to a point, by its number."""
    dims = data["point"].dims
    at = dict(zip(dims, (int(own[0]) for own in np.nonzero(data["point"].values == number)), strict=True))
    return array.drop_vars(list(array.coords)).isel({dim: own for dim, own in at.items() if dim in array.dims})


def _bare(row):
    return tuple("" if value != value else repr(float(value)) for value in row)


def written(where, number, experiment, quantity):
    """The same, as table.csv has them."""
    table = folder.read_run(where / f"point_{number}" / experiment).table
    chosen = table["quantity"] == quantity
    return sorted(map(_bare, zip(*(table[name][chosen] for name in folder.COLUMNS[1:]), strict=True)))


def assert_round_trip(where):
    data, checked = opened(where), 0
    for path in where.glob("point_*/*/table.csv"):
        number, experiment = int(path.parts[-3].removeprefix("point_")), path.parts[-2]
        own = folder.read_run(path.parent).table["quantity"]
        columns = (*folder.COLUMNS, *EXPERIMENTS[experiment].further)
        assert [tuple(row[name] for name in columns) for row in rows(where)
                if (row["point"], row["experiment"]) == (str(number), experiment)] == [
            tuple(line.split(",")) for line in path.read_text().splitlines()[1:]
        ]  # fmt: skip
        for quantity in dict.fromkeys(own):
            assert found(data, f"{experiment}.{quantity}", number) == written(where, number, experiment, quantity)
            checked += 1
    return checked


def copied(where, number, source):
    """A point with the tables of a run that is on record, but without a figure."""
    manifest = json.loads((source / "manifest.json").read_text())
    target = where / f"point_{number}" / manifest["experiment"]
    target.mkdir(parents=True)
    for name in ("table.csv", "verdict.json"):
        shutil.copy(source / name, target / name)
    folder.write_json(target / "manifest.json", manifest | {"config": manifest["config"] | {"figure": False}})


def recorded(experiment):
    found = [
        path.parent
        for path in sorted(REFERENCE.glob("*/*/manifest.json"))
        if path.parent.parent.name not in ("bench", "calibration")
    ]
    return [path for path in found if json.loads((path / "manifest.json").read_text())["experiment"] == experiment]


@pytest.mark.seldom(6)
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_number_of_every_experiment_is_in_the_dataset(tmp_path, experiment):
    sources = recorded(experiment)
    assert sources
    for number, source in enumerate(sources):  # members of an axis: no grid of points
        copied(tmp_path, number, source)
    collect.collect(tmp_path)
    quantities = {name for source in sources for name in folder.read_run(source).table["quantity"]}
    assert assert_round_trip(tmp_path) >= len(quantities) == len(EXPERIMENTS[experiment].quantities)
    data = opened(tmp_path)
    for quantity, heading in EXPERIMENTS[experiment].quantities.items():
        own = data[f"{experiment}.{quantity}"]
        assert (own.attrs["units"], own.attrs["long_name"]) == (heading.unit, heading.words)
        assert data[f"{experiment}.{quantity}.stderr"].attrs["units"] == heading.unit
        assert data[f"{experiment}.{quantity}.sigmas"].attrs["units"] == "1"


def test_experiments_of_one_run_lie_beside_each_other(tmp_path):
    for name in ("learning_curve", "coverage", "joint", "replay"):
        copied(tmp_path, 0, REFERENCE / "default" / name)
    collect.collect(tmp_path)
    assert assert_round_trip(tmp_path) == 6
    data = opened(tmp_path)
    assert data["joint.failure"].dims == ("point", "examples", "attempts")
    assert data["learning_curve.error"].dims == ("point", "examples")
    assert data["coverage.failure"].dims == ("point", "attempts")
    assert data["replay.coverage"].dims == ("point", "replay.attempts")  # another grid
    exponent = data["joint.failure_over_n.measured"].item()
    assert abs(exponent - 0.5) < 5 * data["joint.failure_over_n.measured.stderr"].item()
    assert data["joint.failure_over_k.predicted"].item() == 0.35
    assert np.isnan(data["joint.ceiling.measured"].item()) and data["joint.ceiling.verdict"].item() == "confirmed"
    assert data["joint.ceiling.verdict.law"].item() == "A = 1 - E_n, free in the fit"
    assert 0 < data["replay.coverage_beta.p_value"].item() <= 1


# Its dimensions -------------------------------------------------------------------------------------------------------


def test_points_of_a_full_grid_lie_along_their_parameters(tmp_path):
    grid = [(alpha, beta) for alpha in (20, 1, 5) for beta in (0.15, 0.7)]
    begin(tmp_path, *(f"difficulty.alpha={alpha} difficulty.beta={beta}" for alpha, beta in grid))
    for number, (alpha, beta) in enumerate(grid):
        table = columns(quantity="failure", attempts=[1, 10, 100]) | {"estimate": alpha + beta + np.arange(3)}
        write_done(tmp_path, number, config(alpha, beta), table=table)
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert data["coverage.failure"].dims == ("difficulty.alpha", "difficulty.beta", "attempts")
    assert data["difficulty.alpha"].values.tolist() == [1, 5, 20]
    for number, (alpha, beta) in enumerate(grid):
        at = data.sel({"difficulty.alpha": alpha, "difficulty.beta": beta})
        assert at["point"].item() == number
        assert at["coverage.failure"].sel(attempts=10).item() == alpha + beta + 1
    assert assert_round_trip(tmp_path) == 6


def test_points_that_are_no_grid_lie_along_their_number(tmp_path):
    grid = [(1, 0.15), (5, 0.15), (1, 0.7)]
    begin(tmp_path, *(f"difficulty.alpha={alpha} difficulty.beta={beta}" for alpha, beta in grid))
    for number, own in enumerate(grid):
        write_done(tmp_path, number, config(*own))
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert data["coverage.failure"].dims == ("point",)
    assert data["point"].values.tolist() == [0, 1, 2]
    assert data["difficulty.alpha"].dims == data["difficulty.beta"].dims == ("point",)
    assert set(data["coverage.failure"].coords) >= {"difficulty.alpha", "difficulty.beta"}
    assert data["difficulty.beta"].values.tolist() == [0.15, 0.15, 0.7]


def test_missing_points_of_a_grid_have_their_place_in_it(tmp_path):
    begin(tmp_path, "features.exponent=2 size=1e3", "features.exponent=2 size=inf", "features.exponent=3 size=1e3",
          "features.exponent=3 size=inf")  # fmt: skip
    write_done(tmp_path, 3, config(features={"exponent": 3.0}, size="inf"))
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert dict(data["coverage.failure"].sizes) == {"features.exponent": 2, "size": 2}
    assert data["size"].values.tolist() == [1000, np.inf]
    assert data["state"].sel({"features.exponent": 3, "size": np.inf}).item() == "done"
    assert np.isfinite(data["coverage.failure"].values).tolist() == [[False, False], [False, True]]


def test_members_are_text_and_what_they_bring_along_lies_beside(tmp_path):
    begin(
        tmp_path,
        "difficulty=beta seed=0",
        "difficulty=beta seed=1",
        "difficulty=größer seed=0",
        "difficulty=größer seed=1",
    )
    for number in range(4):
        member = {"name": "beta", "beta": 0.35} if number < 2 else {"name": "größer", "low": 0.01}
        write_done(tmp_path, number, config(seed=number % 2) | {"difficulty": member})
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert dict(data["coverage.failure"].sizes) == {"difficulty.name": 2, "seed": 2}
    assert data["difficulty.name"].values.tolist() == ["beta", "größer"]
    assert data["difficulty.low"].sel({"difficulty.name": "größer"}).values.tolist() == [0.01, 0.01]
    assert np.isnan(data["difficulty.low"].sel({"difficulty.name": "beta"})).all()
    assert {"difficulty.low", "difficulty.beta", "point"} <= set(data["coverage.failure"].coords)


def test_a_sweep_over_experiments_and_budgets_is_told_by_what_was_typed(tmp_path):
    typed = [(experiment, budget) for experiment in ("coverage", "joint") for budget in ("smoke", "default")]
    begin(tmp_path, *(f"experiment={experiment} budget={budget}" for experiment, budget in typed))
    for number, (experiment, budget) in enumerate(typed):
        settings = config(experiments=[experiment], budget={"problems": 1 + (budget == "smoke")})
        write_done(tmp_path, number, settings, experiment=experiment)
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert data["joint.failure"].dims == ("experiments", "budget")
    assert (data["experiments"].values.tolist(), data["budget"].values.tolist()) == (
        ["coverage", "joint"],
        ["smoke", "default"],
    )
    assert np.isfinite(data["joint.failure"].sel(experiments="joint")).all()
    assert np.isnan(data["joint.failure"].sel(experiments="coverage")).all()
    assert data["budget.problems"].dims == ("experiments", "budget")
    assert [row["experiment"] for row in rows(tmp_path)] == ["coverage", "coverage", "joint", "joint"]
    assert folder.read_summary(tmp_path)["experiment"].tolist() == ["coverage", "coverage", "joint", "joint"]


def test_where_overrides_are_not_known_parameters_that_follow_from_others_are_none(tmp_path):
    for number in range(4):
        member = {"name": "beta", "alpha": 5.0} if number < 2 else {"name": "uniform", "low": 0.01}
        write_table(tmp_path, number, config(seed=number % 2) | {"difficulty": member})
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert dict(data["coverage.failure"].sizes) == {"difficulty.name": 2, "seed": 2}
    assert "difficulty.low" in data.coords and "difficulty.low" not in data.dims


def test_points_with_grids_of_their_own_have_rows(tmp_path):
    begin(tmp_path, "attempts.max=10", "attempts.max=1e3")
    for number, attempts in enumerate(([1, 10], [1, 10, 100, 1000])):
        table = joined(columns(quantity="failure", attempts=attempts, examples=7, depth=2),
                       columns(quantity="ceiling", examples=[1, 10, 100]))  # fmt: skip
        write_done(tmp_path, number, config(attempts={"max": attempts[-1]}), experiment="joint", table=table)
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert data["joint.failure"].dims == ("attempts.max", "joint.failure.row")
    assert data["joint.failure.attempts"].sel({"attempts.max": 1000}).values.tolist() == [1, 10, 100, 1000]
    assert np.isnan(data["joint.failure.attempts"].sel({"attempts.max": 10}).values[2:]).all()
    assert data["joint.failure.examples"].dims == data["joint.failure.depth"].dims == ("attempts.max",)
    assert data["joint.ceiling"].dims == ("attempts.max", "examples")  # which all points share
    assert assert_round_trip(tmp_path) == 4


def test_one_row_a_point_lies_along_the_points(tmp_path):
    for number, best in enumerate((440, 1380)):
        table = joined(columns(quantity="best_parallel", attempts=[best]), columns(quantity="flops", attempts=[1, 10]))
        write_table(tmp_path, number, config(seed=number), "cost", table=table)
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert data["cost.best_parallel"].dims == ("seed",)
    assert data["cost.best_parallel"].coords["cost.best_parallel.attempts"].values.tolist() == [440, 1380]
    assert data["cost.flops"].dims == ("seed", "attempts")
    assert (data["cost.flops"].attrs["units"], data["cost.best_parallel"].attrs["units"]) == ("petaFLOP", "attempts")
    assert assert_round_trip(tmp_path) == 4


def test_grids_that_differ_between_quantities_and_experiments_have_names_of_their_own(tmp_path):
    table = joined(*(columns(quantity=name, attempts=own) for name, own in
                     (("right", [1, 2]), ("wrong", [1, 3]), ("unanswered", [1, 4]), ("utility", [1, 2]))))  # fmt: skip
    write_table(tmp_path, 0, config(), "verification", table=table)
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert [data[f"verification.{name}"].dims[-1] for name in ("right", "wrong", "unanswered", "utility")] == [
        "attempts", "verification.attempts", "verification.unanswered.attempts", "attempts",
    ]  # fmt: skip
    assert assert_round_trip(tmp_path) == 4


@pytest.mark.parametrize(
    "places",
    [
        {"attempts": [1, 1, 2], "examples": [1, 2, 1]},  # a corner is missing
        {"attempts": [1, 1, 2, 2], "examples": [1, 1, 2, 2]},  # twice the same
        {"attempts": [1, np.nan, 2]},
        {"attempts": [1, np.inf]},
        {"attempts": [2, 1, 3]},
        {"attempts": [1, 2], "depth": [1, 2]},
        {"depth": [1, 2, 3]},
    ],
)
def test_rows_of_any_shape_come_back(tmp_path, places):
    for number in (0, 1):
        write_table(tmp_path, number, config(seed=number), table=columns(quantity="failure", **places))
    collect.collect(tmp_path)
    assert assert_round_trip(tmp_path) == 2


def test_text_and_numbers_that_no_float_holds_are_text():
    assert parameters.column([1, "1e3", None, "inf"]).tolist()[:2] == [1, 1000]
    assert parameters.column([2**60 + 1, 1]).tolist() == [str(2**60 + 1), "1"]
    assert parameters.column([True, 1]).tolist() == ["True", "1"]
    assert parameters.column(["beta", None]).tolist() == ["beta", ""]


def test_a_second_verdict_of_the_same_kind_is_numbered():
    entries = [{"quantity": "failure", "law": law} for law in ("a, over k", "b, over n", "c", "d", "e, over 2 axes")]
    assert list(dataset._labelled(entries)) == [
        "failure_over_k", "failure_over_n", "failure", "failure_number_2", "failure_number_3",
    ]  # fmt: skip


# Where it comes from --------------------------------------------------------------------------------------------------


def test_the_dataset_says_where_it_comes_from(tmp_path):
    begin(tmp_path, "difficulty.alpha=1", "difficulty.alpha=2")
    for number, commit in enumerate(("abc", "def")):
        own = {
            "versions": {"sim": "0.1.0", "jax": "0.9.0"},
            "commit": commit,
            "device": "2 x cpu (cpu)",
            "source": "MATH",
        }
        write_table(tmp_path, number, config(number + 1.0, seed=7), **own)
        write_status(tmp_path / f"point_{number}", "done", {"coverage": ("done", 8, 8)}, config(number + 1.0, seed=7))
    collect.collect(tmp_path)
    attributes = opened(tmp_path).attrs
    since = json.loads((tmp_path / "sweep.json").read_text())["since"]
    assert attributes["title"] == "sim sweep of coverage over difficulty.alpha"
    assert attributes["Conventions"] == "CF-1.11"
    assert attributes["history"] == f"{since} python -m sim run --multirun difficulty.alpha=1,2"
    assert (attributes["sim_version"], attributes["date_created"]) == ("0.1.0", since)
    assert attributes["commit"] == "abc, def"
    assert json.loads(attributes["versions"]) == {"sim": "0.1.0", "jax": "0.9.0"}
    assert json.loads(attributes["configuration"]) == {
        "difficulty": {"beta": 0.35}, "seed": 7, "budget": {"problems": 2**19},
    }  # fmt: skip
    assert attributes["source"].startswith("sim 0.1.0: ")
    assert (attributes["device"], attributes["data"]) == ("2 x cpu (cpu)", "MATH")


def test_the_same_sweep_gives_the_same_files(tmp_path):
    for number in (0, 1):
        write_table(tmp_path, number, config(seed=number, figure=True))
    both = []
    for _ in range(2):
        collect.collect(tmp_path)
        both.append({name: (tmp_path / name).read_bytes() for name in ALL})
    assert both[0] == both[1]


@pytest.mark.seldom(0)
def test_a_real_sweep_of_members_and_grids_is_a_dataset(sim, tmp_path):
    words = "experiment=coverage", "budget=smoke", "budget.devices=1", "difficulty=uniform,beta", "attempts.max=1e3,1e4"
    assert sim("run", "-m", *words)[0] == 0
    [where] = (tmp_path / "outputs").iterdir()
    assert files(where) >= {"dataset.csv", "dataset.nc", "summary.csv"}
    code, out, err = sim("collect", str(where))
    assert (code, err) == (0, "")
    assert out.startswith(f"{where}: 4 of 4 points collected\n")
    data = opened(where)
    assert dict(data["state"].sizes) == {"difficulty.name": 2, "attempts.max": 2}
    assert data["coverage.failure"].dims == ("difficulty.name", "attempts.max", "coverage.failure.row")
    assert data["coverage.failure.measured"].sel({"difficulty.name": "beta"}).notnull().all()
    assert assert_round_trip(where) == 4


def test_every_number_of_a_verdict_has_a_name_of_its_own(tmp_path):
    own = verdict(predicted=0.35, measured=0.3503, word="undecided", law="(1 - q)^k, over k")
    write_table(tmp_path, 0, config(seed=0), verdicts=[own])
    write_table(tmp_path, 1, config(seed=1), verdicts=[verdict(predicted=None, measured=None)])
    collect.collect(tmp_path)
    data = opened(tmp_path)
    told = {name: data[f"coverage.failure_over_k.{name}"].values.tolist() for name in dataset._OF_VERDICTS}
    assert {name: values[0] for name, values in told.items()} == {
        "measured": 0.3503, "measured.stderr": 1e-3, "predicted": 0.35, "p_value": 0.3, "verdict": "undecided",
        "verdict.law": "(1 - q)^k, over k",
    }  # fmt: skip
    assert {values[1] for name, values in told.items() if name.startswith("verdict")} == {""}
    assert all(np.isnan(values[1]) for name, values in told.items() if not name.startswith("verdict"))
    assert data["coverage.failure.verdict"].values.tolist() == ["", "confirmed"]
    assert np.isnan(data["coverage.failure.measured"].values).all()
    assert data["coverage.failure.p_value"].values.tolist()[1] == 0.3


def test_rows_in_any_order_lie_where_their_grid_has_them(tmp_path):
    """Of two quantities in turn, and a grid from its last corner to its first."""
    examples, attempts = (own.ravel() for own in np.meshgrid([1, 10, 100], [1, 5], indexing="ij"))
    own = columns(quantity="failure", examples=examples, attempts=attempts)
    own["estimate"] = 1000 * examples + attempts
    other = columns(quantity="ceiling", examples=[1, 10, 100])
    table = joined(own, other)
    order = np.random.default_rng(3).permutation(len(table["estimate"]))
    write_table(tmp_path, 0, config(), "joint", table={name: values[order] for name, values in table.items()})
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert data["joint.failure"].dims == ("point", "examples", "attempts")
    for n in (1, 10, 100):
        for k in (1, 5):
            assert data["joint.failure"].sel(examples=n, attempts=k).item() == 1000 * n + k
    assert assert_round_trip(tmp_path) == 2


def test_points_in_any_order_lie_where_the_grid_of_their_parameters_has_them(tmp_path):
    """Three parameters of 2, 3 and 2 values, every point with a number that tells them."""
    grid = [(a, b, c) for a in (1, 2) for b in ("x", "y", "z") for c in (0.5, 0.25)]
    grid = [grid[i] for i in np.random.default_rng(5).permutation(len(grid))]
    begin(tmp_path, *(f"seed={a} name={b} difficulty.beta={c}" for a, b, c in grid))
    for number, (a, b, c) in enumerate(grid):
        table = columns(quantity="failure", attempts=[1, 10])
        table["estimate"] = np.array([0.0, 1.0]) + 1000 * a + 10 * "xyz".index(b) + c
        write_done(tmp_path, number, config(beta=c, seed=a, name=b), table=table)
    collect.collect(tmp_path)
    data = opened(tmp_path)
    assert data["coverage.failure"].dims == ("seed", "name", "difficulty.beta", "attempts")
    for number, (a, b, c) in enumerate(grid):
        at = data.sel({"seed": a, "name": b, "difficulty.beta": c})
        assert at["point"].item() == number
        expected = 1000 * a + 10 * "xyz".index(b) + c
        assert at["coverage.failure"].values.tolist() == [expected, expected + 1]


def test_a_column_that_varies_in_some_points_lies_along_the_rows_of_all(tmp_path):
    begin(tmp_path, "attempts.max=10", "attempts.max=100")
    for number, (attempts, depth) in enumerate((([1, 10], [2, 2]), ([1, 10, 100], [2, 2, 5]))):
        table = columns(quantity="failure", attempts=attempts, depth=depth)
        write_done(tmp_path, number, config(attempts={"max": attempts[-1]}), table=table)
    collect.collect(tmp_path)
    depth = opened(tmp_path)["coverage.failure.depth"]
    assert depth.dims == ("attempts.max", "coverage.failure.row")
    assert depth.values[1].tolist() == [2, 2, 5]
    assert depth.values[0, :2].tolist() == [2, 2] and np.isnan(depth.values[0, 2])
    assert assert_round_trip(tmp_path) == 2


def test_a_sweep_without_a_record_began_with_its_first_point_and_names_what_is_known(tmp_path):
    for number, (since, more) in enumerate((("2026-02-01", {"device": "2 x cpu (cpu)"}), ("2026-01-01", {}))):
        write_table(tmp_path, number, config(seed=number), versions={"sim": f"0.{number}"}, **more)
        told = {"coverage": ("done", 8, 8)}
        write_status(
            tmp_path / f"point_{number}", "done", told, config(seed=number), started=since, overrides=[f"seed={number}"]
        )
    collect.collect(tmp_path)
    attributes = opened(tmp_path).attrs
    assert attributes["date_created"] == "2026-01-01" and "history" not in attributes
    assert attributes["device"] == "2 x cpu (cpu)" and "commit" not in attributes and "data" not in attributes
    assert attributes["sim_version"] == "0.0, 0.1"
    assert [json.loads(own)["sim"] for own in attributes["versions"].split("; ")] == ["0.0", "0.1"]
    assert attributes["title"] == "sim sweep of coverage over seed"

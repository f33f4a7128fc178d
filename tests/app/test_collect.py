"""A sweep joined: its verdicts, all its rows, a labelled dataset, a figure; and what is missing is named."""

import csv
import errno
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray
from sweeps import begin, columns, config, joined, verdict, write_done, write_status, write_table

from sim.app import collect, dataset, folder, parameters, writing
from sim.experiments import EXPERIMENTS
from sim.figures import files as figure

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "outputs/reference"
ALL = {"dataset.csv", "dataset.nc", "summary.csv", "figure.png", "figure.pdf"}
VALUES = ("estimate", "stderr", "law", "sigmas")


def files(where):
    return {path.name for path in where.iterdir() if path.is_file()} - {"sweep.json", "jobs.json"}


def words(where):
    return collect.collect(where).words


def opened(where):
    return xarray.load_dataset(where / "dataset.nc")


def rows(where):
    with (where / "dataset.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# The verdicts: summary.csv and its figure ----------------------------------------------------------------------------


def test_a_sweep_is_summed_up_in_tables_and_one_figure(tmp_path):
    for number, (alpha, beta) in enumerate([(1.0, 0.15), (5.0, 0.15), (1.0, 0.35)]):
        own = [verdict(predicted=beta, measured=1.001 * beta)]
        write_table(tmp_path, number, config(alpha, beta, figure=True), verdicts=own)
    assert words(tmp_path) == 3 * ["confirmed"]
    assert files(tmp_path) == ALL
    summary = folder.read_summary(tmp_path)
    assert tuple(summary) == (
        *folder.SUMMARY_COLUMNS,
        "difficulty.alpha",
        "difficulty.beta",
    )  # what varied, and no more
    assert summary["point"].tolist() == ["0", "1", "2"]
    assert summary["experiment"].tolist() == 3 * ["coverage"]
    assert summary["difficulty.alpha"].tolist() == ["1", "5", "1"]
    assert summary["difficulty.beta"].tolist() == ["0.15", "0.15", "0.35"]
    assert np.array_equal(summary["predicted"], [0.15, 0.15, 0.35])
    assert np.array_equal(summary["measured"], [0.15 * 1.001, 0.15 * 1.001, 0.35 * 1.001])


def test_point_10_comes_after_point_2(tmp_path):
    for number in (10, 2, 0, 1, 11, 9, 100):
        write_table(tmp_path, number, config(seed=number))
    collect.collect(tmp_path)
    summary = folder.read_summary(tmp_path)
    assert summary["point"].tolist() == ["0", "1", "2", "9", "10", "11", "100"]
    assert summary["seed"].tolist() == summary["point"].tolist()


def test_a_point_has_a_row_for_every_verdict_of_every_experiment(tmp_path):
    for number in (0, 1):
        write_table(tmp_path, number, config(seed=number), "learning_curve", [verdict("error", word="undecided")])
        write_table(
            tmp_path, number, config(seed=number), "joint", [verdict("over k"), verdict("over n", word="refuted")]
        )
    assert words(tmp_path) == 2 * ["undecided", "confirmed", "refuted"]
    summary = folder.read_summary(tmp_path)
    told = list(zip(summary["point"], summary["experiment"], summary["quantity"], summary["verdict"], strict=True))
    assert told[:3] == [
        ("0", "learning_curve", "error", "undecided"),
        ("0", "joint", "over k", "confirmed"),
        ("0", "joint", "over n", "refuted"),
    ]
    assert [row[0] for row in told] == ["0", "0", "0", "1", "1", "1"]


def test_a_key_that_only_some_points_have_varies(tmp_path):
    write_table(tmp_path, 0, config(law={"beta": None}))
    write_table(tmp_path, 1, config(law={"beta": 0.36}))
    write_table(tmp_path, 2, {**config(law={"beta": None}), "difficulty": {"path": "a, b.csv"}})
    collect.collect(tmp_path)
    summary = folder.read_summary(tmp_path)
    assert set(summary) - set(folder.SUMMARY_COLUMNS) == {
        "law.beta", "difficulty.alpha", "difficulty.beta", "difficulty.path",
    }  # fmt: skip
    assert summary["law.beta"].tolist() == ["", "0.36", ""]
    assert summary["difficulty.path"].tolist() == ["", "", "a, b.csv"]
    assert summary["difficulty.alpha"].tolist() == ["5", "5", ""]
    assert [row["difficulty.path"] for row in rows(tmp_path)] == ["", "", "a, b.csv"]


def test_a_list_that_varies_is_one_cell(tmp_path):
    for number, experiments in enumerate((["coverage"], ["coverage", "joint"])):
        write_table(tmp_path, number, config(experiments=experiments))
    collect.collect(tmp_path)
    assert folder.read_summary(tmp_path)["experiments"].tolist() == ["['coverage']", "['coverage', 'joint']"]


def test_zero_false_and_nothing_are_different_values(tmp_path):
    for number, value in enumerate((0, False, None)):
        write_table(tmp_path, number, config(seed=value))
    collect.collect(tmp_path)
    assert folder.read_summary(tmp_path)["seed"].tolist() == ["0", "False", ""]


def test_how_a_point_was_run_is_no_parameter_of_it(tmp_path):
    for number, resume in enumerate((False, True)):
        write_table(tmp_path, number, config(seed=number, resume=resume, output=f"o{number}"))
    collect.collect(tmp_path)
    assert set(folder.read_summary(tmp_path)) - set(folder.SUMMARY_COLUMNS) == {"seed"}


def test_a_sweep_without_exponents_has_a_summary_and_no_figure(tmp_path):
    for number in (0, 1):
        own = [verdict(predicted=None, measured=None)]
        write_table(tmp_path, number, config(seed=number, figure=True), verdicts=own)
    assert words(tmp_path) == 2 * ["confirmed"]
    assert files(tmp_path) == ALL - {"figure.png", "figure.pdf"}


def test_a_sweep_without_laws_has_a_dataset_alone(tmp_path):
    write_table(tmp_path, 0, config(), verdicts=[])
    assert words(tmp_path) == []
    assert files(tmp_path) == {"dataset.csv", "dataset.nc"}
    assert collect.report(tmp_path) == f"sweep: 1 tables without a law to be held against in {tmp_path}"


@pytest.mark.parametrize("switches", [(False, False), (False, True), (True, True)])
def test_a_sweep_is_drawn_unless_all_its_points_were_run_without_figures(tmp_path, switches):
    for number, switch in enumerate(switches):
        write_table(tmp_path, number, config(seed=number, figure=switch))
    collect.collect(tmp_path)
    assert (tmp_path / "figure.png").exists() is any(switches)


def test_a_thousand_points_are_drawn_smaller_than_ten():
    sizes = []
    for count in (10, 1000):
        numbers = np.linspace(0.1, 1, count)
        summary = dict.fromkeys(("predicted", "measured", "stderr"), numbers) | {"verdict": ["confirmed"] * count}
        [foot, _] = figure.draw_sweep(summary).axes
        sizes += [line.get_markersize() for line in foot.lines if len(line.get_xdata()) == count]
    assert sizes[0] == 5 > 2 * sizes[1] > 0


def test_what_became_of_a_sweep_is_said_in_one_line(tmp_path):
    (tmp_path / "point_0").mkdir()
    assert collect.report(tmp_path) == f"sweep: no point was finished in {tmp_path}"
    assert files(tmp_path) == set()
    write_table(tmp_path, 0, config(seed=0, figure=True))
    write_table(tmp_path, 1, config(seed=1), verdicts=[verdict(word="refuted"), verdict()])
    assert collect.report(str(tmp_path)) == (
        f"sweep: 2 confirmed, 1 refuted; joined in {tmp_path / 'summary.csv'}, drawn in {tmp_path / 'figure.png'}"
    )


def test_no_figure_is_promised_where_none_was_drawn(tmp_path):
    write_table(tmp_path, 0, config(figure=True), verdicts=[verdict(predicted=None, measured=None)])
    line = collect.report(tmp_path)
    assert not (tmp_path / "figure.png").exists()
    assert "figure.png" not in line


# What is missing ------------------------------------------------------------------------------------------------------


def test_what_is_missing_is_named_and_the_rest_collected(sim, tmp_path):
    begin(tmp_path, *(f"difficulty.alpha={alpha}" for alpha in range(1, 13)))
    for number in range(8):
        write_done(tmp_path, number, config(number + 1.0))
    write_status(tmp_path / "point_8", "failed", settings=config(9.0), sentence="budget.memory: need more")
    write_status(tmp_path / "point_9", "running", {"coverage": ("running", 1, 4)}, config(10.0))
    code, out, err = sim("collect", str(tmp_path))
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        f"{tmp_path}: 8 of 12 points collected",
        "  point 8 failed (difficulty.alpha=9): budget.memory: need more",
        "  point 9 stopped (difficulty.alpha=10): its process ended without a word at 25 %; "
        "the same command with resume=true goes on",
        "  waiting: points 10-11",
        "  verdicts: 8 confirmed",
        "  8 rows, written to dataset.csv, dataset.nc, summary.csv",
    ]
    joined_up = opened(tmp_path)
    assert joined_up["difficulty.alpha"].values.tolist() == list(range(1, 13))
    assert joined_up["state"].values.tolist() == 8 * ["done"] + ["failed", "stopped", "waiting", "waiting"]
    assert np.isnan(joined_up["coverage.failure"].values[8:]).all()
    assert not np.isnan(joined_up["coverage.failure"].values[:8]).any()
    assert joined_up["coverage.failure.verdict"].values.tolist() == 8 * ["confirmed"] + 4 * [""]


@pytest.mark.parametrize(("state", "code"), [("interrupted", 0), ("waiting", 0), ("done", 0), ("failed", 1)])
def test_the_exit_code_says_whether_a_point_went_wrong(sim, tmp_path, state, code):
    begin(tmp_path, "seed=0", "seed=1")
    write_done(tmp_path, 0, config(seed=0))
    write_status(tmp_path / "point_1", state, sentence="wrong" if state == "failed" else None)
    assert sim("collect", str(tmp_path))[0] == code


def test_finished_experiments_of_an_unfinished_point_are_collected_and_unfinished_ones_are_not(sim, tmp_path):
    begin(tmp_path, "seed=0")
    for name in ("coverage", "joint"):  # joint: of an earlier command, with a smaller budget
        write_table(tmp_path, 0, config(), name)
    write_status(tmp_path / "point_0", "failed", {"coverage": ("done", 8, 8), "joint": ("failed", 0, 8)}, sentence="no")
    code, out, _ = sim("collect", str(tmp_path))
    assert code == 1
    assert f"{tmp_path}: 0 of 1 point collected, and 1 finished table of the others\n" in out
    assert {row["experiment"] for row in rows(tmp_path)} == {"coverage"}


def test_points_that_were_refused_or_broken_off_leave_no_row(tmp_path):
    write_table(tmp_path, 0, config(seed=0))
    write_table(tmp_path, 2, config(seed=2))
    (tmp_path / "point_1").mkdir()
    write_table(tmp_path, 3, config(seed=3))
    (tmp_path / "point_3" / "coverage" / "manifest.json").unlink()  # the file that is written last
    assert words(tmp_path) == 2 * ["confirmed"]
    assert folder.read_summary(tmp_path)["point"].tolist() == ["0", "2"]


DAMAGE = {
    "manifest.json": ('{"experiment": ', "not valid JSON"),
    "verdict.json": ('[{"law": 3}]', "field quantity is absent"),
    "table.csv": ("quantity,examples\nfailure,1\n", "column attempts is absent"),
    "table.csv ": ("\n".join([",".join((*folder.COLUMNS, "more")), "failure,,1,,1,1,1,1,1"]), "in this order"),
    "table.csv  ": (",".join(folder.COLUMNS) + "\nfailure,,one,,1,1,1,1\n", "needs a number or nothing, got 'one'"),
    "table.csv   ": (None, "cannot be read"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_point_is_named_counts_as_failed_and_costs_no_other(sim, tmp_path, name):
    begin(tmp_path, "seed=0", "seed=1", "seed=2")
    for number in range(3):
        write_done(tmp_path, number, config(seed=number))
        write_table(tmp_path, number, config(seed=number), "joint")
    content, why = DAMAGE[name]
    path = tmp_path / "point_1" / "coverage" / name.strip()
    path.unlink() if content is None else path.write_text(content)
    code, out, err = sim("collect", str(tmp_path))
    assert (code, err) == (1, "")
    assert out.startswith(f"{tmp_path}: 2 of 3 points collected\n  point 1 failed (seed=1): {path}")
    assert why in out.splitlines()[1]
    assert {row["point"] for row in rows(tmp_path)} == {"0", "2"}
    assert opened(tmp_path)["state"].values.tolist() == ["done", "failed", "done"]


def test_a_point_that_ends_while_others_are_read_is_there_the_next_time(sim, tmp_path, monkeypatch):
    begin(tmp_path, "seed=0", "seed=1", "seed=2")
    write_done(tmp_path, 0, config(seed=0))
    read = folder.read_run

    def meanwhile(where):
        write_done(tmp_path, 2, config(seed=2))
        return read(where)

    monkeypatch.setattr(folder, "read_run", meanwhile)
    for found, states in (("1 of 3", ["done", "waiting", "waiting"]), ("2 of 3", ["done", "waiting", "done"])):
        code, out, err = sim("collect", str(tmp_path))
        assert (code, err) == (0, "")
        assert f"{found} points collected" in out
        both = opened(tmp_path)
        assert both["state"].values.tolist() == states
        assert [bool(np.isfinite(value)) for value in both["coverage.failure"]] == [word == "done" for word in states]


def test_a_full_disk_is_one_sentence_and_the_dataset_before_it_stays(sim, tmp_path, monkeypatch):
    write_table(tmp_path, 0, config())
    assert sim("collect", str(tmp_path))[0] == 0
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_table(tmp_path, 1, config(seed=1))
    monkeypatch.setattr(writing.os, "fsync", full)
    assert sim("collect", str(tmp_path)) == (2, "", f"sim collect: {tmp_path}: No space left on device\n")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_a_figure_that_cannot_be_drawn_leaves_nothing_half_written(tmp_path, monkeypatch):
    write_table(tmp_path, 0, config(figure=True))

    def broken(_, stem):
        Path(f"{stem}.png").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(figure, "save", broken)
    with pytest.raises(OSError):
        collect.collect(tmp_path)
    assert files(tmp_path) == ALL - {"figure.png", "figure.pdf"}


REFUSED = {
    "": "need one folder, got none",
    "none": "none: no such folder",
    "file": "file: no such folder",
    "empty": "empty: need the folder of a sweep",
    "run": "run: need the folder of a sweep",
    "empty run": "need one folder, got 'empty' 'run'",
    "empty --json": "--json: no such option; need --help or none",
    "torn": "torn/sweep.json, line 1: not valid JSON",
    "list": "list/sweep.json: need an object with the field points (list)",
    "jobs": "jobs/jobs.json: need an object of point numbers and Slurm jobs",
}


@pytest.mark.parametrize("typed", REFUSED)
def test_bad_input_is_one_sentence_and_exit_code_2(sim, tmp_path, typed):
    for name in ("empty", "run", "torn", "list", "jobs"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    write_status(tmp_path / "run", "done")
    (tmp_path / "torn/sweep.json").write_text('{"points": ')
    (tmp_path / "list/sweep.json").write_text("[]")
    begin(tmp_path / "jobs", "seed=0")
    (tmp_path / "jobs/jobs.json").write_text('["4711"]')
    code, out, err = sim("collect", *typed.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(r"sim collect: [^\n]+\n", err)
    assert REFUSED[typed] in err


def test_help_is_given(sim):
    assert sim("collect", "--help") == (0, collect.HELP, "")


# The dataset: every number ------------------------------------------------------------------------------------------


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


# The dataset: its dimensions ------------------------------------------------------------------------------------------


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


# The dataset: where it comes from -------------------------------------------------------------------------------------


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

"""A sweep joined: its verdicts, a figure, all files; and what is missing is named."""

import errno
import os
import re
from pathlib import Path

import numpy as np
import pytest
from sweeps import (
    ALL,
    begin,
    columns,
    config,
    files,
    opened,
    rows,
    verdict,
    words,
    write_done,
    write_status,
    write_table,
)

from sim.app.sweeps import collect
from sim.figures import files as figure
from sim.records import folder, writing

# The verdicts: summary.csv and its figure -----------------------------------------------------------------------------


def test_a_sweep_is_summed_up_in_tables_and_one_figure(tmp_path):
    for number, (alpha, beta) in enumerate([(1.0, 0.15), (5.0, 0.15), (1.0, 0.35)]):
        own = [verdict(predicted=beta, measured=1.001 * beta)]
        write_table(tmp_path, number, config(alpha, beta, figure=True), verdicts=own)
    assert words(tmp_path) == 3 * ["confirmed"]
    assert files(tmp_path) == ALL
    summary = folder.read_summary(tmp_path)
    assert tuple(summary) == (
        "point",
        "sample",
        *folder.SUMMARY_COLUMNS[1:],
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
        "sample", "law.beta", "difficulty.alpha", "difficulty.beta", "difficulty.path",
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
    assert set(folder.read_summary(tmp_path)) - set(folder.SUMMARY_COLUMNS) == {"sample", "seed"}


@pytest.mark.parametrize(
    ("changes", "samples"),
    [
        ([{"attempts": {"max": 10}}, {"attempts": {"max": 99}}, {"attempts": {"max": 99, "points": 3}}], [0, 0, 0]),
        ([{"law": {"beta": 0.3}}, {"law": {"beta": 0.4}}], [0, 0]),
        ([{"seed": 1}, {"seed": 2}, {"seed": 1}], [0, 1, 0]),
        ([{"examples": {"max": 10}}, {"examples": {"max": 99}}, {"examples": {"most": 3}}], [0, 0, 1]),
        ([{"memory": {"name": "arrival", "depth": 1}}, {"memory": {"name": "arrival", "depth": 2}}], [0, 1]),
    ],
)
def test_points_of_the_same_draws_are_one_sample_and_counted_as_such(tmp_path, changes, samples):
    for number, change in enumerate(changes):
        write_table(tmp_path, number, config(**change))
    found = collect.collect(tmp_path)
    assert folder.read_summary(tmp_path)["sample"].tolist() == [str(number) for number in samples]
    counted = f"{len(samples)} confirmed"
    if len(set(samples)) < len(samples):
        counted += f" (of {len(set(samples))} different sample{'s' if len(set(samples)) > 1 else ''})"
    assert collect._counted(found) == counted


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
    assert collect.report(tmp_path) == f"sweep: 1 tables without a law to test in {tmp_path}"


@pytest.mark.seldom(1)
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
    assert collect.report(tmp_path) == f"sweep: no point is finished in {tmp_path}"
    assert files(tmp_path) == set()
    write_table(tmp_path, 0, config(seed=0, figure=True))
    write_table(tmp_path, 1, config(seed=1), verdicts=[verdict(word="refuted"), verdict()])
    assert collect.report(str(tmp_path)) == (
        f"sweep: 2 confirmed, 1 refuted; summarised in {tmp_path / 'summary.csv'}, plotted in {tmp_path / 'figure.png'}"
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
        "  point 9 stopped (difficulty.alpha=10): its process ended without a message at 25 %; "
        "the same command with resume=true continues it",
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
    "verdict.json": ('[{"law": 3}]', "field quantity is missing"),
    "table.csv": ("quantity,examples\nfailure,1\n", "column attempts is missing"),
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


def test_finished_tables_of_points_that_are_not_done_are_counted_apart(sim, tmp_path):
    begin(tmp_path, "seed=0", "seed=1", "seed=2")
    write_done(tmp_path, 0, config(seed=0))
    for number, others in ((1, "1 finished table"), (2, "2 finished tables")):
        names = ("coverage", "joint")[:number]
        for name in names:
            write_table(tmp_path, 2, config(seed=2), name)
        told = dict.fromkeys(names, ("done", 8, 8)) | {"replay": ("running", 1, 8)}
        write_status(tmp_path / "point_2", "interrupted", told, config(seed=2))
        code, out, _ = sim("collect", str(tmp_path))
        assert code == 0
        assert out.splitlines()[0].endswith(f": 1 of 3 points collected, and {others} of the others")
        assert f"  {1 + number} rows, written to dataset.csv, dataset.nc, summary.csv" in out
        assert "  waiting: point 1" in out and "point 2 interrupted" in out


def test_columns_that_only_some_experiments_have_are_empty_for_the_others(tmp_path):
    more = {name: np.array([value]) for name, value in (("temperature", 2.0), ("threshold", 0.25), ("latent", 8.0))}
    table = columns(quantity="coverage", attempts=[3.0]) | more
    write_table(tmp_path, 0, config(seed=0), "generative", table=table)
    write_table(tmp_path, 1, config(seed=1), table=columns(quantity="failure", attempts=[7.0]))
    collect.collect(tmp_path)
    found = [(row["attempts"], row["temperature"], row["threshold"], row["latent"]) for row in rows(tmp_path)]
    assert found == [("3", "2", "0.25", "8"), ("7", "", "", "")]
    assert [row["sigmas"] for row in rows(tmp_path)] == [
        repr(float(table["sigmas"][0])), repr(float(columns(quantity="failure", attempts=[7.0])["sigmas"][0])),
    ]  # fmt: skip

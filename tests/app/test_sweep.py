"""The end of a sweep: one summary of all points in their numeric order, and one figure."""

import numpy as np
import pytest

from sim.app import folder, sweep
from sim.verdict import Verdict


def verdict(quantity="failure", predicted=0.35, measured=0.3503, word="confirmed"):
    stderr = None if measured is None else 1e-3
    window = None if measured is None else (10.0, 1e6)
    return Verdict(
        "the law", quantity, predicted, measured, stderr, None, None, None, window, 2.0, 9.0, 8, 0.3, word, 64, None
    )


def config(alpha=5.0, beta=0.35, seed=0, **more):
    return {"difficulty": {"alpha": alpha, "beta": beta}, "seed": seed, "budget": {"problems": 2**19}, **more}


def write_point(where, number, settings, experiment="coverage", verdicts=None):
    columns = {name: [1.0] for name in folder.COLUMNS} | {"quantity": ["failure"]}
    manifest = {"experiment": experiment, "config": settings}
    folder.write_run(where / f"point_{number}" / experiment, columns, verdicts or [verdict()], manifest)


def files(where):
    return {path.name for path in where.iterdir() if path.is_file()}


def test_a_sweep_is_summed_up_in_one_table_and_one_figure(tmp_path):
    for number, (alpha, beta) in enumerate([(1.0, 0.15), (5.0, 0.15), (1.0, 0.35)]):
        write_point(tmp_path, number, config(alpha, beta), verdicts=[verdict(predicted=beta, measured=1.001 * beta)])
    assert sweep.collect(tmp_path) == 3 * ["confirmed"]
    assert files(tmp_path) == {"summary.csv", "figure.png", "figure.pdf"}
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
        write_point(tmp_path, number, config(seed=number))
    sweep.collect(tmp_path)
    summary = folder.read_summary(tmp_path)
    assert summary["point"].tolist() == ["0", "1", "2", "9", "10", "11", "100"]
    assert summary["seed"].tolist() == summary["point"].tolist()


def test_a_point_has_a_row_for_every_verdict_of_every_experiment(tmp_path):
    for number in (0, 1):
        write_point(tmp_path, number, config(seed=number), "learning_curve", [verdict("error", word="undecided")])
        write_point(
            tmp_path, number, config(seed=number), "joint", [verdict("over k"), verdict("over n", word="refuted")]
        )
    assert sweep.collect(tmp_path) == 2 * ["confirmed", "refuted", "undecided"]
    summary = folder.read_summary(tmp_path)
    rows = list(zip(summary["point"], summary["experiment"], summary["quantity"], summary["verdict"], strict=True))
    assert rows[:3] == [
        ("0", "joint", "over k", "confirmed"),
        ("0", "joint", "over n", "refuted"),
        ("0", "learning_curve", "error", "undecided"),
    ]
    assert [row[0] for row in rows] == ["0", "0", "0", "1", "1", "1"]


def test_a_key_that_only_some_points_have_varies(tmp_path):
    write_point(tmp_path, 0, config(law={"beta": None}))
    write_point(tmp_path, 1, config(law={"beta": 0.36}))
    write_point(tmp_path, 2, {**config(law={"beta": None}), "difficulty": {"path": "a, b.csv"}})
    sweep.collect(tmp_path)
    summary = folder.read_summary(tmp_path)
    assert set(summary) - set(folder.SUMMARY_COLUMNS) == {
        "law.beta", "difficulty.alpha", "difficulty.beta", "difficulty.path",
    }  # fmt: skip
    assert summary["law.beta"].tolist() == ["", "0.36", ""]
    assert summary["difficulty.path"].tolist() == ["", "", "a, b.csv"]
    assert summary["difficulty.alpha"].tolist() == ["5", "5", ""]


def test_a_list_that_varies_is_one_cell(tmp_path):
    for number, experiments in enumerate((["coverage"], ["coverage", "joint"])):
        write_point(tmp_path, number, config(experiments=experiments))
    sweep.collect(tmp_path)
    assert folder.read_summary(tmp_path)["experiments"].tolist() == ["['coverage']", "['coverage', 'joint']"]


def test_zero_false_and_nothing_are_different_values(tmp_path):
    for number, value in enumerate((0, False, None)):
        write_point(tmp_path, number, config(seed=value))
    sweep.collect(tmp_path)
    assert folder.read_summary(tmp_path)["seed"].tolist() == ["0", "False", ""]


def test_a_sweep_without_exponents_has_a_summary_and_no_figure(tmp_path):
    for number in (0, 1):
        write_point(tmp_path, number, config(seed=number), verdicts=[verdict(predicted=None, measured=None)])
    assert sweep.collect(tmp_path) == 2 * ["confirmed"]
    assert files(tmp_path) == {"summary.csv"}


@pytest.mark.parametrize("switches", [(False, False), (False, True), (True, True)])
def test_a_sweep_is_drawn_unless_all_its_points_were_run_without_figures(tmp_path, switches):
    for number, switch in enumerate(switches):
        write_point(tmp_path, number, config(seed=number, figure=switch))
    sweep.collect(tmp_path)
    assert (tmp_path / "figure.png").exists() is any(switches)


def test_points_that_were_refused_or_broken_off_leave_no_row(tmp_path):
    write_point(tmp_path, 0, config(seed=0))
    write_point(tmp_path, 2, config(seed=2))
    (tmp_path / "point_1").mkdir()
    write_point(tmp_path, 3, config(seed=3))
    (tmp_path / "point_3" / "coverage" / "manifest.json").unlink()  # the file that is written last
    assert sweep.collect(tmp_path) == 2 * ["confirmed"]
    assert folder.read_summary(tmp_path)["point"].tolist() == ["0", "2"]


def test_a_sweep_without_a_finished_point_writes_nothing(tmp_path):
    (tmp_path / "point_0").mkdir()
    assert sweep.collect(tmp_path) == []
    assert files(tmp_path) == set()
    assert sweep.collect(tmp_path / "none") == []


@pytest.mark.parametrize("name", ["manifest.json", "verdict.json"])
def test_a_damaged_point_is_named(tmp_path, name):
    write_point(tmp_path, 0, config())
    path = tmp_path / "point_0" / "coverage" / name
    path.write_text('{"experiment": ')
    with pytest.raises(ValueError) as caught:
        sweep.collect(tmp_path)
    assert str(path) in str(caught.value)


def test_a_path_may_be_text(tmp_path):
    write_point(tmp_path, 0, config())
    assert sweep.collect(str(tmp_path)) == ["confirmed"]


def test_what_became_of_a_sweep_is_said_in_one_line(tmp_path):
    assert sweep.report(tmp_path) == f"sweep: no point was finished in {tmp_path}"
    write_point(tmp_path, 0, config(seed=0))
    write_point(tmp_path, 1, config(seed=1), verdicts=[verdict(word="refuted"), verdict()])
    assert sweep.report(tmp_path) == (
        f"sweep: 2 confirmed, 1 refuted; joined in {tmp_path / 'summary.csv'}, drawn in {tmp_path / 'figure.png'}"
    )


def test_no_figure_is_promised_where_none_was_drawn(tmp_path):
    write_point(tmp_path, 0, config(), verdicts=[verdict(predicted=None, measured=None)])
    line = sweep.report(tmp_path)
    assert not (tmp_path / "figure.png").exists()
    assert "figure.png" not in line

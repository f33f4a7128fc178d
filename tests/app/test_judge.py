"""Counts that are kept are judged as the run judged them, and against other laws as a run against these would."""

import json

import numpy as np
import pytest

SMALL = ("budget=smoke", "budget.devices=2", "attempts.max=1e4", "examples.max=1e4")


def run(sim, *asked):
    code, out, err = sim("run", *SMALL, "output=out", *asked)
    assert (code, err) == (0, ""), err
    return out


@pytest.fixture
def folder(tmp_path):
    return lambda name="out": next((tmp_path / name).iterdir())


def same(one, other):
    for name in ("table.csv", "verdict.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


@pytest.mark.seldom(2)
@pytest.mark.parametrize(
    ("experiment", "law"),
    [
        ("coverage", "law.beta=0.5"),
        ("joint", "law.depth=2"),
        ("learning_curve", "law.normalisation=continuous"),
        ("replay", "law.alpha=2 law.beta=0.3"),
    ],
)
def test_a_verdict_on_kept_counts_is_that_of_a_run_against_the_same_law(sim, tmp_path, folder, experiment, law):
    run(sim, f"experiment={experiment}")
    where = folder()
    code, said, err = sim("judge", str(where), "output=own")
    assert (code, err) == (0, "")
    same(tmp_path / "own" / experiment, where / experiment)
    code, said, _ = sim("judge", str(where / experiment), *law.split(), "output=other")
    assert code == 0 and "representing" in said
    code, _, err = sim("run", *SMALL, "output=anew", f"experiment={experiment}", *law.split())
    assert code == 0, err
    same(tmp_path / "other" / experiment, folder("anew") / experiment)
    assert (tmp_path / "other" / experiment / "verdict.json").read_bytes() != (
        where / experiment / "verdict.json"
    ).read_bytes()


def columns(where):
    return np.genfromtxt(where / "table.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")


def test_part_of_the_grid_is_judged_as_though_no_other_points_had_been_drawn(sim, tmp_path, folder):
    run(sim, "experiments=[coverage,joint,learning_curve]")
    whole = {where.name: where for where in folder().iterdir() if where.is_dir()}
    assert sim("judge", str(folder()), "attempts=1:1e4", "output=same")[0] == 0
    same(tmp_path / "same" / "coverage", whole["coverage"])
    assert sorted(path.name for path in (tmp_path / "same").iterdir()) == ["coverage", "joint"]

    assert sim("judge", str(folder()), "attempts=10:1e3", "examples=10:1e3", "output=own")[0] == 0
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["joint"]  # the others have one grid
    for name, window in (("coverage", ("attempts",)), ("learning_curve", ("examples",))):
        own = tmp_path / "part" / name
        assert sim("judge", str(whole[name]), *(f"{axis}=10:1000" for axis in window), "output=part")[0] == 0
        rows, part = columns(whole[name]), columns(own)
        inside = np.isin(rows[window[0]], part[window[0]])
        assert part[window[0]].min() >= 10 and part[window[0]].max() <= 1000 and 3 < inside.sum() < len(rows)
        assert part[["quantity", "estimate"]].tolist() == rows[inside][["quantity", "estimate"]].tolist()
        for column in ("law", "stderr"):
            np.testing.assert_allclose(part[column], rows[column][inside], rtol=1e-12)
        [verdict], [before] = (json.loads((path / "verdict.json").read_text()) for path in (own, whole[name]))
        assert verdict["degrees"] < before["degrees"] and verdict["p_value"] != before["p_value"]
        assert verdict["window"] is None or 10 <= verdict["window"][0] < verdict["window"][1] <= 1000
        assert json.loads((own / "manifest.json").read_text())["windows"] == {window[0]: [10, 1000]}
    joint = columns(tmp_path / "own" / "joint")
    failure = joint[joint["quantity"] == "failure"]
    assert all(failure[axis].min() >= 10 and failure[axis].max() <= 1000 for axis in ("attempts", "examples"))


def test_a_law_is_refuted_below_the_level_that_is_asked_for(sim, tmp_path, folder):
    run(sim, "experiment=coverage")
    words = {}
    for level in ("1e-12", "1e-4", "0.5"):
        assert sim("judge", str(folder()), f"level={level}", "law.beta=0.352", f"output={level}")[0] == 0
        [found] = json.loads((tmp_path / level / "coverage" / "verdict.json").read_text())
        words[level] = found["verdict"]
    assert 1e-4 < found["p_value"] < 0.5 and words["0.5"] == "refuted" != words["1e-4"]
    assert sim("judge", str(folder()), "law.beta=0.352", "output=usual")[0] == 0
    same(tmp_path / "usual" / "coverage", tmp_path / "1e-4" / "coverage")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("level=2", "level: need a number from 1e-12 to 0.5, got '2'"),
        ("level=", "level: need a number from 1e-12 to 0.5, got ''"),
        ("level=true", "level: need a number from 1e-12 to 0.5, got 'true'"),
        ("attempts=3", "attempts: need LOW:HIGH, two numbers, the lower one first, got '3'"),
        ("attempts=9:1", "attempts: need LOW:HIGH, two numbers, the lower one first, got '9:1'"),
        ("attempts=nan:3", "attempts: need LOW:HIGH, two numbers, the lower one first, got 'nan:3'"),
        ("attempts=1:2:3", "attempts: need LOW:HIGH, two numbers, the lower one first, got '1:2:3'"),
        ("examples=1:9", "examples: need counts of learning_curve or joint for a window, got those of coverage"),
        (
            "attempts=1e5:1e6",
            "attempts: need a window with at least 2 points of the grid from 1 to 10000, got 100000 to 1e+06, with 0",
        ),
    ],
)
def test_a_level_or_window_that_cannot_be_is_one_sentence(sim, tmp_path, folder, asked, sentence):
    run(sim, "experiment=coverage")
    assert sim("judge", str(folder()), asked, "output=own") == (2, "", f"sim judge: {sentence}\n")
    assert not (tmp_path / "own").exists()


def test_nothing_is_drawn(sim, folder, monkeypatch):
    from sim.draw.plan import Steps

    run(sim, "experiment=coverage")
    monkeypatch.setattr(Steps, "counts", None)
    assert sim("judge", str(folder()), "law.beta=0.4", "output=own")[0] == 0


def test_of_several_experiments_those_are_judged_that_have_the_law(sim, tmp_path, folder):
    run(sim, "experiments=[learning_curve,coverage]")
    assert sim("judge", str(folder()), "law.beta=0.4", "output=own")[0] == 0
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["coverage"]


def test_points_that_a_law_has_chosen_are_not_taken_for_those_of_another(sim, folder):
    """The best numbers of attempts by the law are simulated too: another law has others."""
    run(sim, "experiment=cost")
    assert sim("judge", str(folder()), "output=own")[0] == 0
    code, _, err = sim("judge", str(folder()), "law.beta=0.6", "output=other")
    assert code == 2 and "this law needs others: run it again" in err


def test_a_run_until_a_standard_error_is_judged_with_all_that_it_drew(sim, tmp_path, folder):
    run(sim, "experiment=coverage", "budget.problems=4194304", "budget.until=loss@100:2e-3")
    assert sim("judge", str(folder()), "output=own")[0] == 0
    same(tmp_path / "own" / "coverage", folder() / "coverage")


def test_counts_are_kept_of_runs_and_of_points_where_they_are_asked_for(sim, tmp_path, folder):
    run(sim, "experiment=coverage", "counts=false")
    assert not (folder() / "coverage" / "counts.npz").exists()
    swept = "--multirun", "experiment=coverage", "seed=1,2", *SMALL
    for more, kept in (((), 0), (("counts=true",), 2)):
        assert sim("run", *swept, f"output=sweep{kept}", *more)[0] == 0
        assert len(list((tmp_path / f"sweep{kept}").glob("*/point_*/coverage/counts.npz"))) == kept


def test_bad_input_is_one_sentence(sim, tmp_path, folder):
    run(sim, "experiment=coverage")
    where, own = str(folder()), folder() / "coverage"
    (tmp_path / "empty").mkdir()
    cases = [
        ((), "need the folder of one run, got none"),
        ((where, where), "need the folder of one run, got '"),
        (("nowhere",), "nowhere: no such folder"),
        (("empty",), "empty: need a folder with manifest.json"),
        ((where, "law.bta=1"), "law.bta: no such key; need one of normalisation,"),
        ((where, "law.beta=-1"), "law.beta: need beta > 0, got -1"),
        ((where, "law.beta=one"), "law.beta: need a number, got 'one'"),
        ((where, "law.exponent=3"), "law.exponent: no law of the experiments coverage has it"),
        ((where, "difficulty.beta=0.4"), "the simulation itself cannot be changed here"),
        ((where, "figure=maybe"), "figure: need true or false, got 'maybe'"),
        ((where, "output="), "output: need the name of a folder"),
        ((where, "--fast"), "--fast: no such option"),
    ]
    for arguments, phrase in cases:
        code, out, err = sim("judge", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1) and phrase in err, err
    arrays = dict(np.load(own / "counts.npz"))
    identity = json.loads(arrays["identity"].tobytes())
    as_bytes = lambda record: np.frombuffer(json.dumps(record).encode(), np.uint8)  # noqa: E731
    damaged = {
        "of another run: seed is 7 there": arrays | {"identity": as_bytes(identity | {"seed": 7})},
        "changed (its checksum is wrong)": arrays | {"counts": arrays["counts"][:7]},
        "cannot be read; need the file": arrays | {"identity": as_bytes([1])},
    }
    for phrase, content in damaged.items():
        np.savez(own / "counts.npz", **content)
        code, _, err = sim("judge", where)
        assert (code, err.count("\n")) == (2, 1) and phrase in err
    for content in (b"PK damaged", b"", b"text"):
        (own / "counts.npz").write_bytes(content)
        assert "counts.npz: cannot be read" in sim("judge", where)[2]
    assert "output: need a folder in which no run is overwritten" in sim("judge", where, f"output={where}")[2]
    (own / "counts.npz").unlink()
    code, _, err = sim("judge", where)
    assert code == 2 and "counts.npz: no such file; need the counts of the run" in err
    assert sim("judge", "--help")[1].startswith("python -m sim judge")

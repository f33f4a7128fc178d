"""The command line as a user meets it: every experiment and sweep, what they write, and what they refuse."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from sim import __main__ as command_line
from sim import simulate
from sim.app import folder, run
from sim.experiments import NAMES

ROOT = Path(__file__).resolve().parents[2]
SMOKE = ["budget=smoke", "budget.devices=2"]


@pytest.fixture
def sim(monkeypatch, capsys, tmp_path):
    """Run `python -m sim ...` in this process and in tmp_path: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    jax.local_devices()  # so that the backend has the devices of conftest.py, not those of the first command

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sim", *arguments])
        code = command_line.main()
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def undrawn(monkeypatch):
    """Runs without their figures, which take longer than a small budget: for tests that look at numbers."""
    monkeypatch.setattr(run, "_draw", lambda target: None)


def runs(tmp_path, experiment):
    return sorted((tmp_path / "outputs").glob(f"**/{experiment}"))


def members(group):
    return sorted(path.stem for path in (ROOT / "conf" / group).glob("*.yaml"))


@pytest.mark.parametrize("experiment", members("experiment"))
def test_every_experiment_runs_and_writes_what_it_promises(sim, tmp_path, experiment):
    code, out, err = sim("run", f"experiment={experiment}", *SMOKE)
    assert (code, err) == (0, "")
    names = NAMES if experiment == "all" else [experiment]
    for name in names:
        [where] = runs(tmp_path, name)
        files = {path.name for path in where.iterdir()}
        assert files == {"table.csv", "verdict.json", "manifest.json", "figure.png", "figure.pdf"}
        table, verdicts, manifest = folder.read_run(where)
        assert tuple(table)[: len(folder.COLUMNS)] == folder.COLUMNS
        assert all(entry["verdict"] != "refuted" for entry in verdicts)
        assert np.abs(table["sigmas"][table["quantity"] != "coverage_beta"]).max() < 5
        needed = {"config", "seed", "versions", "commit", "device", "seconds", "problems", "represented"}
        assert needed <= set(manifest)
        assert f"{name}: " in out


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("preset", members("sweep"))
def test_every_sweep_compiles_once_and_is_joined_in_one_summary_and_figure(sim, tmp_path, preset):
    before = simulate.kernel(simulate._failures, "cpu")._cache_size()
    code, out, err = sim("run", "--multirun", f"sweep={preset}", *SMOKE)
    assert (code, err) == (0, "")
    assert simulate.kernel(simulate._failures, "cpu")._cache_size() - before <= 1
    [where] = (tmp_path / "outputs").glob("sweep_*")
    points = list(where.glob("point_*/*/manifest.json"))
    with (where / "summary.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(points) >= 12
    assert {int(row["point"]) for row in rows} == set(range(len(points)))
    swept = {"exponent_depth": "memory.depth", "exponent_attempts": "attempts.max", "difficulty": "difficulty.beta"}
    assert len({row[swept[preset]] for row in rows}) >= 3
    assert (where / "figure.png").stat().st_size > 10_000
    assert "sweep: " in out


@pytest.mark.usefixtures("undrawn")
def test_the_same_command_gives_the_same_table_on_any_devices_and_chunk(sim, tmp_path):
    for i, cut in enumerate((["budget.devices=1"], ["budget.devices=8", "budget.chunk=3"])):
        assert sim("run", "experiment=coverage", "budget=smoke", f"output=outputs/{i}", *cut)[0] == 0
    one, other = (path / "table.csv" for path in runs(tmp_path, "coverage"))
    assert one.read_bytes() == other.read_bytes()
    assert sim("run", "experiment=coverage", "budget=smoke", "seed=1", "output=outputs/2")[0] == 0
    assert runs(tmp_path, "coverage")[-1].joinpath("table.csv").read_bytes() != one.read_bytes()


WRONG_LAWS = {
    "learning_curve": ("law.exponent=2.0408", "law.normalisation=continuous", "law.depth=2"),
    "coverage": ("law.beta=0.357", "law.alpha=5.2", "law.ceiling=0.995"),
    "joint": ("law.beta=0.357", "law.exponent=2.0408"),
}


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("experiment", "law"), [(e, law) for e, laws in WRONG_LAWS.items() for law in laws])
def test_a_law_two_percent_off_is_refuted_and_the_models_own_is_not(sim, tmp_path, experiment, law):
    assert sim("run", f"experiment={experiment}", law, "budget.problems=4e6", "budget.devices=2")[0] == 0
    [where] = runs(tmp_path, experiment)
    assert "refuted" in {entry["verdict"] for entry in folder.read_run(where).verdicts}


@pytest.mark.usefixtures("undrawn")
def test_a_small_budget_is_undecided_and_says_what_would_decide(sim, tmp_path):
    code, out, _ = sim("run", "experiment=learning_curve", "features.exponent=3", "budget.problems=4e4")
    [where] = runs(tmp_path, "learning_curve")
    [entry] = folder.read_run(where).verdicts
    assert (code, entry["verdict"]) == (0, "undecided")
    assert entry["batches_needed"] > entry["batches"]
    assert f"budget.problems={entry['batches_needed'] * 16384}" in out


def test_attempts_one_by_one_and_a_shared_training_set_run_too(sim, tmp_path):
    cheap = ["examples.max=1e3", "attempts.max=30", "budget.problems=1e5"]
    code, _, err = sim("run", "experiment=joint", "memory=training_set", "attempts=bernoulli", *cheap)
    assert (code, err) == (0, "")
    [where] = runs(tmp_path, "joint")
    assert all(entry["verdict"] != "refuted" for entry in folder.read_run(where).verdicts)


def test_a_users_own_table_is_the_difficulty_of_all_experiments_that_have_one(sim, tmp_path):
    Path("mine.csv").write_text("problem_id,attempts,successes\na,100,3\nb,100,50\nc,100,0\nd,80,8\n")
    code, out, err = sim("run", "difficulty=empirical", "difficulty.path=mine.csv", *SMOKE)
    assert (code, err) == (0, "")
    assert "mine.csv, 4 problems" in out
    [where] = runs(tmp_path, "coverage")
    table = folder.read_run(where).table
    law = np.mean([0.97, 0.5, 1, 0.9])
    assert abs(table["law"][0] - law) < 1e-12
    [where] = runs(tmp_path, "replay")
    assert folder.read_run(where).table["attempts"].max() <= 80


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    "arguments",
    [
        ["memory.depth=2"],  # after one example nothing is memorised, so nothing is solved
        ["memory.depth=5", "features.exponent=1.7"],
        ["difficulty.ceiling=1e-7"],
        ["difficulty.alpha=1000", "attempts.max=100"],  # no attempt comes near the ceiling
        ["difficulty.beta=0.001"],
        ["features.size=1"],
    ],
)
def test_a_joint_run_says_nothing_of_ceilings_it_cannot_see(sim, tmp_path, arguments):
    code, _, err = sim("run", "experiment=joint", *arguments, *SMOKE)
    assert (code, err) == (0, "")
    [where] = runs(tmp_path, "joint")
    table, verdicts, _ = folder.read_run(where)
    assert all(entry["verdict"] != "refuted" for entry in verdicts)
    assert np.abs(table["sigmas"]).max() < 5


@pytest.mark.parametrize("rows", ["a,10,10\nb,10,10", "a,1,1\nb,1,0", "a,10,3\nb,10,1", "a,100,50\nb,100,50\nc,100,50"])
def test_odd_tables_are_replayed_without_a_word_of_numpys(sim, tmp_path, rows):
    Path("odd.csv").write_text(f"problem_id,attempts,successes\n{rows}\n")
    code, _, err = sim("run", "experiment=replay", "difficulty=empirical", "difficulty.path=odd.csv", *SMOKE)
    if "a,1,1" in rows:  # one attempt is no curve
        assert code in (0, 2)
    else:
        assert (code, err) == (0, "")
    assert "Error" not in err


REFUSED = {  # what a hurried person types -> what the sentence must name
    "features.exponent=1": "features.exponent: need an exponent > 1 when features.size is infinite",
    "features.exponent=abc": "features.exponent: need a number, got 'abc'",
    "features.exponent=nan": "features.exponent: need a number, got nan",
    "features.exponent=[1,2]": "features.exponent: need a number",
    "features.size=1e12": "features.size: need a whole number from 1 to 1e9, or inf",
    "features.size=0": "features.size",
    "features=zopf": "features: no member zopf; need one of: zipf",
    "features=3": "need",
    "memory.depth=0": "memory.depth",
    "memory.depth=1.5": "memory.depth: need a whole number, got 1.5",
    "difficulty.alpha=-1": "difficulty.alpha",
    "difficulty.beta=0": "difficulty.beta",
    "difficulty.beta=0,35": "several values need --multirun",
    "difficulty.gamma=3": "difficulty.gamma: no such key",
    "+difficulty.gamma=3": "difficulty.gamma: no such key; difficulty has name, alpha, beta, ceiling",
    "difficulty.ceiling=1.5": "difficulty.ceiling: need 0 < ceiling <= 1, got 1.5",
    "difficulty.alpha=true": "difficulty.alpha: need a number",
    "attempts.max=0": "attempts.max: need a number from 1 to 1e+15, got 0",
    "attempts.max=-5": "attempts.max",
    "attempts.points=1": "attempts.points",
    "examples.max=inf": "examples.max",
    "budget=huge": "budget: no member huge; need one of: default paper smoke",
    "budget.problems=1e13": "budget.problems",
    "budget.problems=1": "budget.problems",
    "budget.devices=-1": "budget.devices",
    "experiment=coverge": "experiment: no member coverge",
    "experiments=coverage": "experiments: need a list such as [coverage]",
    "seed=1.5": "seed: need a whole number, got 1.5",
    "seed=tomorrow": "seed: need a number, got 'tomorrow'",
    "law.beta=-1": "law.beta: need beta > 0, got -1",
    "law.normalisation=both": "law.normalisation: need discrete or continuous, got 'both'",
    "law=3": "law: need keys",
    "sweep=everything": "sweep: no member everything",
    "exponent=2": "exponent: no such key",
    "features.exponent": "features.exponent: need KEY=VALUE",
    "--budget=smoke": "--budget=smoke: no such option",
    "output=": "output: need the name of a folder",
    "difficulty.alpha=${foo}": "foo",
    "experiments=[coverage,joint,coverage2]": "experiments: need some of",
    "output=/dev/null/outputs": "cannot be used as output",
}


@pytest.mark.parametrize("typed", REFUSED)
def test_bad_input_gets_one_sentence_and_exit_code_2(sim, tmp_path, typed):
    code, out, err = sim("run", typed)
    assert (code, out) == (2, "")
    assert REFUSED[typed] in err
    assert re.fullmatch(r"sim run: [^\n]+\n", err)
    assert not list((tmp_path / "outputs").glob("*"))


def test_a_law_number_that_no_experiment_is_held_against_is_refused(sim):
    code, _, err = sim("run", "experiment=coverage", "law.exponent=3")
    assert (code, err) == (2, "sim run: law.exponent: no law of the experiments coverage has it\n")


def test_a_table_that_is_none_is_named(sim):
    code, _, err = sim("run", "difficulty=empirical", "difficulty.path=absent.csv")
    assert (code, err) == (
        2,
        "sim run: absent.csv: no such file; need a CSV with columns problem_id, attempts, successes\n",
    )


def test_a_bad_point_of_a_sweep_does_not_cost_the_good_ones(sim, tmp_path):
    code, out, err = sim("run", "experiment=coverage", "-m", "difficulty.alpha=5,-1,2", *SMOKE)
    assert code == 2
    assert err.count("\n") == 1 and "difficulty.alpha" in err
    assert len(runs(tmp_path, "coverage")) == 2
    assert "2 " in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 0, "python -m sim run"),
        (["--help"], 0, "python -m sim run"),
        (["--version"], 0, "sim 0."),
        (["rum"], 2, "rum: no such command"),
    ],
)
def test_the_top_level_answers_without_loading_anything(arguments, code, words):
    script = """
import sys, sim.__main__
code = sim.__main__.main()
assert not {"jax", "hydra", "numpy"} & set(sys.modules)
sys.exit(code)"""
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert words in done.stdout + done.stderr


def test_help_lists_every_group_member_and_key(sim, capsys):
    with pytest.raises(SystemExit) as stop:
        sim("run", "--help")
    assert stop.value.code in (0, None)
    text = capsys.readouterr().out
    groups = [path.name for path in (ROOT / "conf").iterdir() if path.is_dir()]
    for word in [*groups, *(member for group in groups for member in members(group)), "law.*", "attempts.max"]:
        assert word in text


@pytest.mark.parametrize(
    ("version", "wrong"), [("0.9.0.1", False), ("0.9.1", True), ("0.10.2", True), ("0.11.0", False)]
)
def test_a_jaxlib_that_sums_wrongly_is_refused(version, wrong):
    sentence = command_line._wrong_jax(version)
    assert bool(sentence) is wrong
    assert not wrong or version in sentence


def test_verdicts_are_json_that_any_reader_takes(sim, tmp_path):
    assert sim("run", "experiment=coverage", "law.ceiling=1", *SMOKE)[0] == 0
    [where] = runs(tmp_path, "coverage")
    json.loads((where / "verdict.json").read_text(), parse_constant=lambda word: pytest.fail(word))

"""The command line as a user meets it: every experiment and sweep, what they write, and what they refuse."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from sim.app.runs import experiment
from sim.draw import cutting, simulate
from sim.experiments import NAMES
from sim.records import folder

ROOT = Path(__file__).resolve().parents[2]
SMOKE = ["budget=smoke", "budget.devices=2"]
TABLES = {"table.csv", "verdict.json", "manifest.json", "counts.npz"}
FIGURES = {"figure.png", "figure.pdf"}
TRAINED = {"generative": {"counts.csv", "fits.csv", "strip.csv"}}  # models that have to be trained, their further files
PAPER = ["learning_curve", "coverage", "joint", "replay"]


def runs(tmp_path, experiment):
    return sorted((tmp_path / "outputs").glob(f"**/{experiment}"))


def members(group):
    return sorted(path.stem for path in (ROOT / "conf" / group).glob("*.yaml"))


PRESETS = [
    pytest.param(name, marks=pytest.mark.slow if name in ("all", "paper", *TRAINED, *PAPER) else ())
    for name in members("experiment")
]


@pytest.mark.seldom(3)
@pytest.mark.parametrize("experiment", PRESETS)
def test_every_experiment_runs_and_writes_what_it_promises(sim, tmp_path, experiment):
    code, out, err = sim("run", f"experiment={experiment}", "figure=true", *SMOKE)
    assert (code, err) == (0, "")
    names = {"all": [name for name in NAMES if name not in TRAINED], "paper": PAPER}.get(experiment, [experiment])
    for name in names:
        [where] = runs(tmp_path, name)
        files = {path.name for path in where.iterdir()}
        assert files == TABLES | FIGURES | TRAINED.get(name, set())
        table, verdicts, manifest = folder.read_run(where)
        assert tuple(table)[: len(folder.COLUMNS)] == folder.COLUMNS
        judged = (table["quantity"] != "coverage_beta") & np.isfinite(table["law"])
        assert judged.any()
        if name not in TRAINED:  # which no law has to be true of
            assert all(entry["verdict"] != "refuted" for entry in verdicts)
            assert np.abs(table["sigmas"][judged]).max() < 5
        drawn = {"learning_curve": "learners", "noise": "learners", "generative": "attempts"}.get(name, "problems")
        needed = {"config", "seed", "versions", "commit", "device", "seconds", drawn, "represented"}
        assert needed <= set(manifest)
        assert f"{name}: " in out


PROGRAMS = {
    "exponent_depth": 5,  # block chains of one length for each exponent
    "exponent_attempts": 4,  # two kinds of exponents, two lengths of grids
    "difficulty": 1,
}


def costly(names, *slow):
    """The names as parameters, the slow ones behind -m slow."""
    return [pytest.param(name, marks=pytest.mark.slow) if name in slow else name for name in names]


@pytest.mark.seldom(1)
@pytest.mark.parametrize("preset", costly(members("sweep"), "exponent_attempts", "exponent_depth"))
def test_every_sweep_compiles_little_and_is_joined_in_one_summary_and_figure(sim, tmp_path, monkeypatch, preset):
    monkeypatch.setattr(experiment, "_draw", lambda target: None)  # the points', which take longer than all the rest
    kernels = [simulate.kernel(function, "cpu") for function in (simulate._failures, simulate._curves)]
    before = sum(kernel._cache_size() for kernel in kernels)
    code, out, err = sim("run", "--multirun", f"sweep={preset}", *SMOKE, "figure=true")
    assert (code, err) == (0, "")
    assert sum(kernel._cache_size() for kernel in kernels) - before <= PROGRAMS[preset]
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


@pytest.mark.parametrize("asked", [[], ["figure=true"], ["figure=false"]])
def test_a_smoke_run_draws_only_if_asked_and_says_how_to_draw(sim, tmp_path, asked):
    code, out, err = sim("run", "experiment=coverage", *asked, *SMOKE)
    [where] = runs(tmp_path, "coverage")
    drawn = asked == ["figure=true"]
    assert (code, err) == (0, "")
    assert {path.name for path in where.iterdir()} == (TABLES | FIGURES if drawn else TABLES)
    line = f"written to {where}"
    line += "" if drawn else f"; to plot it: python -m sim plot {where}"
    assert f"  {line}\n" in out


def test_a_sweep_without_figures_has_none(sim, tmp_path):
    code, out, err = sim("run", "-m", "experiment=coverage", "difficulty.alpha=2,5", *SMOKE)
    [where] = (tmp_path / "outputs").glob("sweep_*")
    assert (code, err) == (0, "")
    assert (where / "summary.csv").is_file() and not list(where.glob("**/figure.*"))
    assert "drawn" not in out


def test_a_run_without_figures_does_not_load_what_draws_them(tmp_path):
    script = """
import sys, sim.__main__
sys.argv = ["sim", "run", "experiment=coverage", "budget=smoke", "-m", "difficulty.alpha=2,5"]
code = sim.__main__.main()
assert "matplotlib" not in sys.modules
sys.exit(code)"""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


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


@pytest.mark.seldom(1)
@pytest.mark.parametrize(("experiment", "law"), [(e, law) for e, laws in WRONG_LAWS.items() for law in laws])
def test_a_law_two_percent_off_is_refuted_and_the_models_own_is_not(sim, tmp_path, experiment, law):
    assert sim("run", f"experiment={experiment}", law, *SMOKE, "budget.problems=4e6")[0] == 0
    [where] = runs(tmp_path, experiment)
    assert "refuted" in {entry["verdict"] for entry in folder.read_run(where).verdicts}


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    ("small", "key", "unit"),
    [
        (["memory=arrival", "budget.problems=4e4"], "budget.problems", 16384),
        (["budget.learners=256"], "budget.learners", 1),
    ],
)
def test_a_small_budget_is_undecided_and_says_what_would_decide(sim, tmp_path, small, key, unit):
    code, out, _ = sim("run", "experiment=learning_curve", *small, "budget=smoke", "features.exponent=3")
    [where] = runs(tmp_path, "learning_curve")
    [entry] = folder.read_run(where).verdicts
    assert (code, entry["verdict"]) == (0, "undecided")
    assert entry["batches_needed"] > entry["batches"]
    assert f"{key}={entry['batches_needed'] * unit}" in out


@pytest.mark.seldom(0)
def test_attempts_one_by_one_and_a_shared_training_set_run_too(sim, tmp_path):
    cheap = ["examples.max=1e3", "attempts.max=30", "figure=false", "budget.problems=1e5"]
    code, _, err = sim("run", "experiment=joint", "memory=training_set", "attempts=bernoulli", *cheap)
    assert (code, err) == (0, "")
    [where] = runs(tmp_path, "joint")
    assert all(entry["verdict"] != "refuted" for entry in folder.read_run(where).verdicts)


@pytest.mark.seldom(0)
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


@pytest.mark.seldom(0)
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


@pytest.mark.seldom(0)
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
    "features=zopf": "features: no member zopf; need one of: empirical exponential uniform zipf",
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
    "budget.memory=0": "budget.memory: need a share of a device's memory, 0 < share <= 1, got 0.0",
    "budget.learners=1": "budget.learners: need a number from 64",
    "memory=direct": "memory.name: joint draws single problems and needs automatic, arrival, training_set, capacity, ",
    "sampling=sobol": "sampling: no member sobol; need one of: lattice random",
    "figure=maybe": "figure: need true or false, got 'maybe'",
    "dry=1": "dry: need true or false, got 1",
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
    "output=/dev/null": "output: need the name of a folder, got '/dev/null', which is a file",
    "output=5": "output: need the name of a folder, got 5",
    "hydra.run.dir=": "hydra.run.dir: need the name of a folder, got ''",
    "++hydra.sweep.dir=null": "hydra.sweep.dir: need the name of a folder, got 'null'",
    "hydra.launcher=joblib": "hydra.launcher: need hydra/launcher=joblib to choose one, got hydra.launcher=joblib",
    "hydra/launcher=joblib": "hydra/launcher=joblib: need --multirun, got a single run",
    "budget.until=exponent=0.1": "budget.until: need exponent:0.1, got exponent=0.1",
    "difficulty.alpha=[1": "difficulty.alpha=[1: cannot be read; need KEY=VALUE",
}


@pytest.mark.seldom(20)
@pytest.mark.parametrize("typed", REFUSED)
def test_bad_input_gets_one_sentence_and_exit_code_2(sim, tmp_path, typed):
    code, out, err = sim("run", typed)
    assert (code, out) == (2, "")
    assert REFUSED[typed] in err
    assert re.fullmatch(r"sim run: [^\n]+\n", err)
    assert not list((tmp_path / "outputs").glob("*"))


def test_what_does_not_fit_in_memory_is_refused_and_the_others_go_on(sim, tmp_path):
    share = 1e6 * jax.local_device_count() / cutting.machine_memory()  # a megabyte: too little for a replay alone
    code, out, err = sim("run", *SMOKE, "examples.points=9", "attempts.points=9", f"budget.memory={share}")
    assert code == 2
    assert re.fullmatch(r"sim run: replay: budget\.memory: need [^\n]* for one batch, got 977 KiB, [^\n]*\n", err)
    assert {path.name for path in next((tmp_path / "outputs").iterdir()).iterdir()} == {*PAPER, "status.json"} - {
        "replay"
    }
    assert "law tested" in out


def test_a_point_of_a_sweep_that_does_not_fit_does_not_cost_the_others(sim, tmp_path):
    code, out, err = sim("run", "-m", "experiment=coverage", "budget.memory=1e-9,0.25", *SMOKE)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("sim run: coverage: budget.memory: need ")
    assert [path.parent.name for path in runs(tmp_path, "coverage")] == ["point_1"]
    assert out.splitlines()[-1].startswith("sweep: 1 ")


@pytest.mark.seldom(0)
def test_a_lattice_is_drawn_confirmed_and_told_in_the_manifest(sim, tmp_path):
    code, out, err = sim("run", "sampling=lattice", *SMOKE, "experiments=[learning_curve,coverage,joint]")
    assert (code, err) == (0, "")
    assert out.count("memory=arrival") == 2
    for name in PAPER[:3]:
        [where] = runs(tmp_path, name)
        table, verdicts, manifest = folder.read_run(where)
        assert manifest["config"]["sampling"] == {"name": "lattice"}
        assert all(entry["verdict"] != "refuted" for entry in verdicts)
        assert np.abs(table["sigmas"]).max() < 5


def test_a_law_number_that_no_experiment_is_held_against_is_refused(sim):
    code, _, err = sim("run", "experiment=coverage", "law.exponent=3")
    assert (code, err) == (2, "sim run: law.exponent: no law of the experiments coverage has it\n")


def test_a_table_that_is_none_is_named(sim):
    code, _, err = sim("run", "difficulty=empirical", "difficulty.path=absent.csv")
    assert (code, err) == (
        2,
        "sim run: absent.csv: no such file; need CSV, TSV, JSON lines, JSON, parquet or a log of Inspect\n",
    )


def test_a_bad_point_of_a_sweep_does_not_cost_the_good_ones(sim, tmp_path):
    code, out, err = sim("run", "experiment=coverage", "-m", "difficulty.alpha=5,-1,2", *SMOKE)
    assert code == 2
    assert err.count("\n") == 1 and "difficulty.alpha" in err
    assert len(runs(tmp_path, "coverage")) == 2
    assert "2 " in out.splitlines()[-1]


def test_bench_is_a_command_with_arguments_of_its_own(sim):
    code, out, err = sim("bench", "--help")
    assert (code, err) == (0, "")
    assert out.startswith("python -m sim bench: ")
    code, out, err = sim("bench", "repeats=0")
    assert (code, out) == (2, "")
    assert err == "sim bench: repeats: need a whole number from 1 to 1000, got '0'\n"


def test_help_lists_every_group_member_and_key(sim, capsys):
    with pytest.raises(SystemExit) as stop:
        sim("run", "--help")
    assert stop.value.code in (0, None)
    text = capsys.readouterr().out
    groups = [path.name for path in (ROOT / "conf").iterdir() if path.is_dir() and path.name != "hydra"]
    for word in [
        *groups,
        *members("hydra/launcher"),
        "hydra/launcher",
        "resume",
        "distributed",
        "cluster.coordinator",
        "budget.until",
        *(member for group in groups for member in members(group)),
        "law.*",
        "attempts.max",
        "figure",
        "dry",
        "budget.memory",
    ]:
        assert word in text


def test_verdicts_are_json_that_any_reader_takes(sim, tmp_path):
    assert sim("run", "experiment=coverage", "law.ceiling=1", *SMOKE)[0] == 0
    [where] = runs(tmp_path, "coverage")
    json.loads((where / "verdict.json").read_text(), parse_constant=lambda word: pytest.fail(word))


def test_a_preset_of_one_s_own_that_asks_for_a_sweep_is_one(sim, tmp_path):
    """hydra.mode in a group other than `sweep`: what was taken for a single run is begun anew."""
    own = tmp_path / "own/experiment"
    own.mkdir(parents=True)
    (own / "twice.yaml").write_text(
        "# @package _global_\ndefaults: [coverage]\n"
        "hydra: {mode: MULTIRUN, sweeper: {params: {difficulty.alpha: '2,5'}}}\n"
    )
    code, out, err = sim("run", "--config-dir", str(tmp_path / "own"), "experiment=twice", *SMOKE)
    assert (code, err) == (0, "")
    assert out.count("point 0: ") == out.count("point 1: ") == 1
    assert len(list((tmp_path / "outputs").glob("sweep_*/point_*/coverage/table.csv"))) == 2


def test_several_values_without_multirun_are_refused(sim):
    code, _, err = sim("run", "experiment=coverage", "difficulty.alpha=2,5", *SMOKE)
    assert (code, err) == (2, "sim run: difficulty.alpha=2,5: several values need --multirun\n")


def test_hydra_s_options_may_stand_behind_the_overrides(sim, tmp_path):
    own = tmp_path / "own/budget"
    own.mkdir(parents=True)
    (own / "tiny.yaml").write_text("defaults: [smoke]\nproblems: 65536\n")
    code, out, err = sim("run", "experiment=coverage", "budget=tiny", "--config-dir", str(tmp_path / "own"))
    assert (code, err) == (0, "") and "65,536 problems" in out


def test_a_sweep_asked_for_by_hydra_s_own_key_is_one(sim):
    code, out, err = sim("run", "experiment=coverage", "hydra.mode=MULTIRUN", "difficulty.beta=0.2,0.3", *SMOKE)
    assert (code, err) == (0, "") and "point 1: " in out

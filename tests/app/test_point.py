"""One point: what is done, refused, failed or gone on with, and what its status says."""

import copy
import json
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app import run
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.app.runs import experiment, point, taking, terminal
from sim.app.runs.dry import Estimate
from sim.app.runs.point import Outcome, Point
from sim.draw.budget import TooLarge
from sim.draw.cutting import Cut
from sim.experiments.question import Answer
from sim.judging.verdict import Verdict
from sim.records import checkpoint, folder, state

NAMES = ["learning_curve", "coverage", "joint"]


@pytest.fixture(scope="module")
def composed():
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        asked = ["experiments=[learning_curve,coverage,joint]", "budget=smoke", "budget.devices=2"]
        return OmegaConf.to_container(compose("run", asked), resolve=True)


def answer(name):
    """An answer with a verdict that names the experiment."""
    own = Verdict(f"law of {name}", "failure", *[None] * 7, 1.0, 2.0, 3, 0.5, "confirmed", 64, None)
    columns = {column: np.array([1.0]) for column in folder.COLUMNS} | {"quantity": np.array(["failure"], object)}
    return Answer(columns, [own], 1, 1.0)


@pytest.fixture
def point_of(composed, tmp_path, monkeypatch):
    """Runs a point whose experiments answer at once, or fail with what is said for their names.

    Gives its outcome, its status, and the experiments that were run.
    """
    monkeypatch.delenv("SLURM_RESTART_COUNT", raising=False)
    jax.local_devices()  # so that the backend has the devices of conftest.py, not those of the point

    def ran(errors=(), changed=(), number=None, where="here"):
        ran, errors = [], dict(errors)

        def answered(own, name, question, record, source):
            ran.append(name)
            if name in errors:
                raise errors[name]
            found = answer(name)
            folder.write_run(own.where / name, found.columns, found.verdicts, {"experiment": name, "config": {}})
            record.note(name, state="done", inputs={})
            return found

        monkeypatch.setattr(experiment, "answer", answered)
        config = copy.deepcopy(composed)
        for key, value in dict(changed).items():
            section, _, last = key.rpartition("__")
            (config[section] if section else config)[last] = value
        (tmp_path / where).mkdir(exist_ok=True)
        outcome = point.run(Point(config, tmp_path / where, ["seed=0"], number))
        path = tmp_path / where / "status.json"
        return outcome, json.loads(path.read_text()) if path.is_file() else None, ran

    return ran


def words(status):
    return {name: own["state"] for name, own in status["experiments"].items()}


def test_all_experiments_are_run_in_order_and_told_together(point_of, capsys):
    outcome, status, ran = point_of()
    assert (outcome, ran) == (Outcome("done"), NAMES)
    assert (status["state"], status["error"], words(status)) == ("done", None, dict.fromkeys(NAMES, "done"))
    assert (status["device"], status["overrides"]) == ("2 x cpu (cpu)", ["seed=0"])
    said = capsys.readouterr().out
    assert [said.index(f"law of {name}") for name in NAMES] == sorted(said.index(f"law of {name}") for name in NAMES)
    assert "law tested" in said


def test_what_does_not_fit_is_refused_and_the_others_are_run(point_of, capsys):
    outcome, status, ran = point_of({"coverage": TooLarge("budget.memory: need less")})
    assert outcome == Outcome("failed", "refused", "coverage: budget.memory: need less") and ran == NAMES
    assert words(status) == {"learning_curve": "done", "coverage": "failed", "joint": "done"}
    assert status["state"] == "failed"
    assert status["error"] == {"kind": "refused", "sentence": "coverage: budget.memory: need less", "traceback": None}
    said = capsys.readouterr()
    assert said.err == "sim run: coverage: budget.memory: need less\n"
    assert "law of learning_curve" in said.out and "law of joint" in said.out


@pytest.mark.parametrize(
    ("error", "kind", "trace"),
    [
        (KeyError("a bug"), "failed", True),
        (checkpoint.Different("of another run"), "refused", False),
        (OSError(28, "No space left on device", "there"), "refused", False),
    ],
)
def test_what_goes_wrong_ends_the_point_and_is_told_by_its_kind(point_of, error, kind, trace):
    outcome, status, ran = point_of({"coverage": error})
    assert (outcome.state, outcome.kind, ran) == ("failed", kind, NAMES[:2])
    assert (status["state"], status["error"]["kind"]) == ("failed", kind)
    assert (status["error"]["traceback"] is not None) is trace
    assert words(status) == {"learning_curve": "done", "coverage": "waiting", "joint": "waiting"}


def test_a_signal_is_raised_on_and_the_status_says_that_it_was_interrupted(point_of, tmp_path):
    with pytest.raises(taking.Interrupted):
        point_of({"coverage": taking.Interrupted(15)})
    status = json.loads((tmp_path / "here/status.json").read_text())
    assert status["state"] == "interrupted"
    assert status["error"] == {"kind": "failed", "sentence": "interrupted: SIGTERM", "traceback": None}


# Going on -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "ran"),
    [
        ({}, NAMES),  # nobody asked to go on
        ({"resume": True}, []),
        ({"resume": True, "figure": False, "budget__chunk": 3}, []),
        ({"resume": True, "budget__problems": 2**20}, NAMES),
        ({"resume": True, "budget__learners": 4096}, NAMES),
        ({"resume": True, "law__beta": 0.4}, NAMES),
    ],
)
def test_what_is_done_is_not_run_again_where_the_results_are_the_same(point_of, changed, ran):
    assert point_of()[2] == NAMES
    outcome, status, again = point_of(changed=changed)
    assert (outcome, again) == (Outcome("done"), ran)
    assert status["state"] == "done"


@pytest.mark.parametrize(
    "changed",
    [
        *({"seed": 1}, {"difficulty__beta": 0.4}, {"examples__points": 9}, {"attempts__max": 99}, {"memory__depth": 2}),
        {"sampling": {"name": "lattice"}},
        {"dependence": {"name": "markov", "repeat": 0.5}},
        {"verifier": {"name": "noisy", "true_positive": 0.9, "false_positive": 0.1}},
    ],
)
def test_other_draws_need_another_folder_whether_done_or_not(point_of, changed):
    _, before, _ = point_of()
    for more in ({}, {"resume": True}):
        outcome, status, ran = point_of(changed=changed | more)
        assert (outcome.state, outcome.kind, ran, status) == ("failed", "refused", [], before)
        assert "holds another run (" in outcome.sentence and "need another folder" in outcome.sentence


def test_a_run_that_failed_goes_on_with_what_is_not_done_and_remembers_its_seconds(point_of, tmp_path):
    point_of({"joint": KeyError("a bug")})
    path = tmp_path / "here/status.json"
    status = json.loads(path.read_text())
    status["experiments"]["joint"] |= {"seconds": 7.5, "batches": 3, "of": 8}
    path.write_text(json.dumps(status))
    outcome, status, ran = point_of(changed={"resume": True})
    assert (outcome, ran, status["state"]) == (Outcome("done"), ["joint"], "done")
    assert status["experiments"]["joint"]["seconds"] == 7.5
    assert status["experiments"]["joint"]["batches"] == 0
    assert words(status) == dict.fromkeys(NAMES, "done")


def test_a_table_that_is_lost_is_made_again(point_of, tmp_path):
    point_of()
    (tmp_path / "here/coverage/table.csv").unlink()
    assert point_of(changed={"resume": True})[2] == ["coverage"]


def test_an_unfinished_run_is_gone_on_with_when_asked_for_or_when_slurm_does(point_of, tmp_path, monkeypatch):
    point_of({"joint": KeyError("a bug")})
    kept = tmp_path / "here/joint/checkpoint"
    kept.mkdir(parents=True)
    (kept / "00000000-00000003.counts").touch()
    outcome, _, ran = point_of()
    assert (outcome.kind, ran) == ("refused", [])
    assert "holds an unfinished run; need resume=true to continue it, or another folder" in outcome.sentence
    monkeypatch.setenv("SLURM_RESTART_COUNT", "0")
    config = {"resume": False}
    assert not point._resumed(SimpleNamespace(config=config))
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert point._resumed(SimpleNamespace(config=config))
    monkeypatch.delenv("SLURM_RESTART_COUNT")
    assert not point._resumed(SimpleNamespace(config=config)) and point._resumed(
        SimpleNamespace(config={"resume": True})
    )


def test_a_folder_that_another_process_holds_is_left_alone(point_of, tmp_path):
    with state.holding(tmp_path / "here"):
        outcome, status, ran = point_of()
    assert (outcome.kind, status, ran) == ("refused", None, []) and "in use by" in outcome.sentence


# Refused --------------------------------------------------------------------------------------------------------------


def test_a_point_that_is_refused_says_so_in_its_status_and_a_single_run_leaves_no_folder(point_of, tmp_path):
    outcome, status, ran = point_of(changed={"seed": "x"}, number=3, where="point_3")
    assert (outcome.state, outcome.kind, ran) == ("failed", "refused", [])
    assert (status["state"], status["error"]["kind"]) == ("failed", "refused")
    assert status["error"]["sentence"] == outcome.sentence == "seed: need a number, got 'x'"
    outcome, status, _ = point_of(changed={"seed": "x"}, where="alone")
    assert (outcome.kind, status) == ("refused", None) and not (tmp_path / "alone").exists()


def test_what_a_point_has_done_before_stays_where_it_is_refused(point_of):
    _, before, _ = point_of(number=0)
    assert point_of(changed={"seed": "x"}, number=0)[1] == before


@pytest.mark.parametrize(
    ("kinds", "code"),
    [([], 0), ([None], 0), ([None, "refused"], 2), (["refused", "failed", None], 1), (["failed"], 1)],
)
def test_the_exit_code_says_the_worst_that_befell_a_point(kinds, code):
    command = run.Command()
    command.outcomes += [Outcome("done" if kind is None else "failed", kind) for kind in kinds]
    assert command.exit_code() == code


@pytest.mark.parametrize(
    ("word", "error", "code"),
    [
        ("done", None, 0), ("waiting", None, 0), ("interrupted", {"kind": "failed"}, 0), (None, None, 0),
        ("failed", {"kind": "refused"}, 2), ("{", None, 2),
        ("failed", {"kind": "failed"}, 1), ("stopped", None, 1), ("running", None, 1),
    ],
)  # fmt: skip
def test_points_that_ran_elsewhere_count_by_their_files(tmp_path, word, error, code):
    state.write_sweep(tmp_path, [["seed=0"], ["seed=1"]], "slurm", [])
    where = tmp_path / "point_1"
    where.mkdir()
    if word == "{":
        (where / "status.json").write_text("{")
    elif word:
        error = error and error | {"sentence": "x", "traceback": None}
        state.write_status(
            where, {"state": word, "experiments": {}, "config": {}, "overrides": [], "error": error, "owner": None}
        )
    command = run.Command()
    command.sweeps.add(str(tmp_path))
    assert command.exit_code() == code


# A dry run ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [None, "loss@10:0.1"])
def test_a_dry_run_tells_of_every_experiment_and_leaves_no_folder(point_of, tmp_path, monkeypatch, capsys, until):
    def estimate(name, question):
        if name == "coverage":
            raise TooLarge("budget.memory: need less")
        return Estimate(Cut(8, 2, 1, 2, 1, 1, 1), 1e6, 1.0, 2.0, None)

    monkeypatch.setattr("sim.app.runs.dry.estimate", estimate)
    outcome, status, ran = point_of(changed={"dry": True, "budget__until": until}, number=1, where="point_1")
    assert outcome == Outcome("failed", "refused", "coverage: budget.memory: need less")
    assert (status, ran) == (None, []) and not (tmp_path / "point_1").exists()
    said = capsys.readouterr().out
    assert said.count("about 3.0 s: 1.0 s to compile and 2.0 s to draw") == 2
    assert said.count("this is the limit: budget.until may draw less") == (2 if until else 0)
    assert said.endswith(terminal.DRY + "\n") and said.count(terminal.DRY) == 1


def test_a_dry_run_in_the_folder_of_another_run_leaves_that_as_it_is(point_of, tmp_path, monkeypatch):
    _, before, _ = point_of()
    monkeypatch.setattr(
        "sim.app.runs.dry.estimate", lambda *asked: Estimate(Cut(8, 2, 1, 2, 1, 1, 1), 1.0, 1.0, 1.0, None)
    )
    outcome, status, ran = point_of(changed={"dry": True})
    assert (outcome, status, ran) == (Outcome("done"), before, [])


# The points of a sweep ------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(tmp_path, monkeypatch):
    """Runs a sweep of two points that have been composed; the command, what was run, in what order."""
    ran, where, command = [], tmp_path / "sweep", run.Command()

    def swept(dry=False, **launcher):
        config = {"dry": dry, "together": False}
        for number in range(2):
            command.waiting.append(Point(config, where / f"point_{number}", [f"seed={number}"], number))
        command.launcher = launcher
        (where / "point_0").mkdir(parents=True)
        (where / "multirun.yaml").touch()
        command.run_waiting()
        return command

    def ran_one(made, source=None):
        assert state.held(where) is not command.waiting[0].config["dry"]
        ran.append((made.number, source is not None))
        return Outcome("failed", "refused" if made.number else "failed")

    monkeypatch.setattr("sys.argv", ["sim run", "-m", "seed=0,1"])
    monkeypatch.setattr(point, "run", ran_one)
    monkeypatch.setattr(run.launchers, "launch", lambda points, settings: ran.append(settings["engine"]) or [])
    return swept, ran, where


def test_points_of_a_sweep_are_run_one_after_the_other_and_recorded_before(waiting, capsys):
    swept, ran, where = waiting
    command = swept()
    assert ran == [(0, True), (1, True)]
    assert capsys.readouterr().out.splitlines() == ["point 0: seed=0", "point 1: seed=1"]
    sweep = state.read_sweep(where)
    assert (sweep["points"], sweep["launcher"]) == ([["seed=0"], ["seed=1"]], "basic")
    assert {str(where)} == command.sweeps and [outcome.kind for outcome in command.outcomes] == ["failed", "refused"]


def test_a_dry_sweep_records_nothing(waiting):
    swept, ran, where = waiting
    (where.parent / "sweep").mkdir()
    command = swept(dry=True)
    assert ran == [(0, False), (1, False)] and not command.sweeps
    assert not (where / "multirun.yaml").exists() and not (where / "sweep.json").exists()


@pytest.mark.parametrize(("wait", "joined"), [(True, True), (False, False)])
def test_a_sweep_that_is_launched_elsewhere_is_joined_up_where_it_is_waited_for(waiting, wait, joined):
    swept, ran, where = waiting
    command = swept(engine="slurm", wait=wait)
    assert ran == ["slurm"] and state.read_sweep(where)["launcher"] == "slurm"
    assert ({str(where)} if joined else set()) == command.sweeps

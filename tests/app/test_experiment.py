"""One experiment of a point: what its counts are known by, what it writes, what is done and need not be done again."""

import contextlib
import json
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim import __version__
from sim.app import door
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.app.host import machine
from sim.app.runs import experiment
from sim.app.runs.point import Point
from sim.draw.cutting import Cut
from sim.draw.plan import Plan, Steps
from sim.experiments import coverage
from sim.experiments.question import Answer
from sim.records import checkpoint, folder, state


@pytest.fixture(scope="module")
def composed():
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        asked = ["experiment=coverage", "budget=smoke", "budget.devices=2", "seed=7"]
        return OmegaConf.to_container(compose("run", asked), resolve=True)


# What its counts are known by -----------------------------------------------------------------------------------------


def test_counts_are_known_by_experiment_releases_device_and_every_number_drawn_with(composed):
    own = experiment.identity(composed, "coverage")
    kind = {"sim": __version__, "jaxlib": jax.lib.__version__, "device": "cpu"}
    assert own.items() >= {"experiment": "coverage", "seed": 7, "dependence.name": "independent"}.items()
    assert experiment.kept_by(composed, "coverage") == own | kind
    assert own["features.size"] == "inf"
    others = [experiment.identity(composed | more, "coverage") for more in ({"seed": 8}, {"law": {}}, {"figure": True})]
    assert [other == own for other in others] == [False, True, True]
    assert experiment.identity(composed, "joint")["experiment"] == "joint"
    dearer = composed | {"cost": composed["cost"] | {"price": 0.5}}
    for name, same in (("coverage", True), ("cost", False)):
        assert (experiment.identity(dearer, name) == experiment.identity(composed, name)) is same
    assert json.loads(json.dumps(own)) == own  # as a checkpoint keeps it


def test_counts_are_known_by_the_contents_of_files(composed, tmp_path):
    path = tmp_path / "pilot.csv"
    config = composed | {"difficulty": {"name": "empirical", "path": str(path)}}
    seen = []
    for text in ("a,1,0", "a,1,1", "a,1,0"):
        path.write_text(text)
        seen.append(experiment.identity(config, "coverage"))
    assert seen[0] == seen[2] != seen[1]
    assert "contents of difficulty.path" in checkpoint.difference(seen[0], seen[1])


def test_of_a_folder_every_file_counts(tmp_path):
    def digest():
        return experiment.inputs({"generative.path": str(tmp_path), "features.path": None, "difficulty.path": ""})

    (tmp_path / "below").mkdir()
    seen = []
    for name, text in (("a", "1"), ("b", "2"), ("c", "3"), ("a", "4"), ("b", "5"), ("c", "6")):
        (tmp_path / name).write_text(text)
        seen.append(digest()["contents of generative.path"])
    assert list(digest()) == ["contents of generative.path"]
    assert len(set(seen)) == len(seen)
    for name in "abc":
        (tmp_path / name).write_text("123"["abc".index(name)])
    assert digest()["contents of generative.path"] == seen[2]


# What is done ---------------------------------------------------------------------------------------------------------

ANSWER = Answer(
    {name: np.array([1.0, 2.0]) for name in folder.COLUMNS[1:]} | {"quantity": np.array(["failure"] * 2, object)},
    [], 524_288, 5.24288e11, "problems", {"more.csv": {"x": np.array([0.25])}},
)  # fmt: skip


def test_what_is_done_has_its_files_and_was_made_from_the_same_inputs(tmp_path):
    folder.write_run(tmp_path, ANSWER.columns, [], {"experiment": "coverage", "config": {}})
    done, contents = {"state": "done", "inputs": {"contents of x": "1"}}, {"contents of x": "1"}
    assert experiment.finished(tmp_path, done, contents)
    assert experiment.finished(tmp_path, {"state": "done"}, contents)  # of a version that kept none
    assert not experiment.finished(tmp_path, done | {"state": "running"}, contents)
    assert not experiment.finished(tmp_path, done, {"contents of x": "2"})
    assert not experiment.finished(tmp_path, done, {})
    (tmp_path / "verdict.json").write_text("[")
    assert not experiment.finished(tmp_path, done, contents)


# What it writes -------------------------------------------------------------------------------------------------------


@pytest.fixture
def answered(composed, tmp_path, monkeypatch, capsys):
    """The folder of an experiment that took 2.5 s, of which 20 s were spent before; its record; what was said."""
    clock = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    drawn = np.arange(8, dtype=np.int32)[:, None]

    steps = Steps(None, None, (), None, Cut(8, 1, 1, 3, 0, 0, 0), "0 {}")

    def plan(question):
        clock[0] += 2.5
        return Plan(steps, lambda counts: counts)

    def answer(question, counts):
        assert (counts == drawn).all()
        return ANSWER

    monkeypatch.setattr(coverage, "plan", plan)
    monkeypatch.setattr(coverage, "answer", answer)
    [(name, question)] = door.questions(composed)
    status = {"experiments": {name: {"state": "waiting", "seconds": 20.0, "batches": 0, "of": None}}}
    record, told = state.Record(tmp_path, status), []
    record.tell = lambda name, **progress: told.append(progress)

    def source(_steps, starts):
        padded = np.pad(drawn, ((0, 1), (0, 0)))
        yield from ((start, padded[start : start + 3]) for start in starts)

    kept = tmp_path / name / "checkpoint"
    own = experiment.kept_by(composed, name) | {"drawn": steps.digest}
    checkpoint.write(kept, own, checkpoint.Piece(0, drawn[:2]))
    found = experiment.answer(Point(composed, tmp_path, [], None), name, question, record, source)
    assert found is ANSWER and not kept.exists()
    return tmp_path / name, record, told, capsys.readouterr().out


def test_the_manifest_says_what_was_drawn_with_what_in_what_time(answered, composed):
    where, _, _, said = answered
    manifest = json.loads((where / "manifest.json").read_text())
    assert manifest.pop("config") == json.loads(json.dumps(composed))
    assert manifest.pop("versions") == json.loads(json.dumps(machine.versions()))
    assert manifest == {
        "experiment": "coverage", "source": None, "seed": 7, "problems": 524_288, "represented": 5.24288e11,
        "seconds": 22.5, "device": "2 x cpu (cpu)", "commit": machine.commit(),
    }  # fmt: skip
    assert "524,288 problems in 22.5 s" in said and "representing 5.2e+11 attempts" in said
    assert f"written to {where}; to plot it: python -m sim plot" in said


def test_the_manifest_names_recorded_attempts(composed):
    [(_, asked)] = door.questions(composed | {"experiments": ["replay"]})
    manifest = experiment._manifest(composed, "replay", asked, ANSWER._replace(unit="replays"), 1.0)
    assert manifest["source"] == asked.table.source and manifest["replays"] == 524_288


def test_the_record_says_how_far_it_is_and_that_it_is_done(answered):
    where, record, told, _ = answered
    assert [(own["batches"], own["of"], own["state"]) for own in told] == [
        (5, 8, "running"), (8, 8, "running"), (8, 8, "running"),
    ]  # fmt: skip
    assert {own["seconds"] for own in told} == {22.5}
    own = record.status["experiments"]["coverage"]
    assert (own["state"], own["seconds"], own["inputs"]) == ("done", 22.5, {})
    assert sorted(path.name for path in where.iterdir()) == [
        "counts.npz", "manifest.json", "more.csv", "table.csv", "verdict.json",
    ]  # fmt: skip
    assert (where / "more.csv").read_text() == "x\n0.25\n"


# What a process runs on -----------------------------------------------------------------------------------------------


def test_what_another_process_has_drawn_is_told_with_its_devices():
    own, question = machine.kind(), SimpleNamespace(budget=SimpleNamespace(devices=2))
    assert machine.devices(question) == "2 x cpu (cpu)"
    with machine.drawn_by(machine.Identity("4 x H (gpu)", {"device": "gpu"})):
        assert (machine.devices(question), machine.kind()) == ("4 x H (gpu)", {"device": "gpu"})
    assert (machine.devices(question), machine.kind()) == ("2 x cpu (cpu)", own)
    assert machine.identity(jax.local_devices()[:3]) == ("3 x cpu (cpu)", own)


@pytest.mark.parametrize(
    ("lines", "commit"),
    [
        (["# branch.oid 4a5b", "# branch.head main"], "4a5b"),
        (["# branch.oid 4a5b", "1 .M N... 100644 sim/draw/budget.py"], "4a5b+"),
        (["# branch.oid 4a5b", "? new.py", "? other.py"], "4a5b+"),
        ([], None),
    ],
)
def test_the_commit_is_that_of_the_checkout_and_says_whether_it_was_changed(monkeypatch, lines, commit):
    done = SimpleNamespace(stdout="\n".join(lines))
    monkeypatch.setattr(machine.subprocess, "run", lambda *asked, **rest: done)
    monkeypatch.setattr(machine.Path, "exists", lambda path: True)
    assert machine.commit.__wrapped__() == commit


@pytest.mark.parametrize(("asked", "judged", "number"), [(0, False, 7), (3, False, 3), (0, True, 1), (3, True, 3)])
def test_a_process_has_a_device_a_core_and_one_that_judges_only_one(monkeypatch, asked, judged, number):
    told = []
    monkeypatch.setattr(machine.programs, "start", lambda: None)
    monkeypatch.setattr("sim.app.host.cores.usable", lambda: 7)
    monkeypatch.setattr("sim.draw.simulate.local_devices", lambda wanted: told.append(wanted))
    monkeypatch.setattr(jax.config, "update", lambda key, value: told.append((key, value)))
    with machine.drawn_by(machine.Identity("x", {})) if judged else contextlib.nullcontext():
        machine.start_jax(asked)
    assert told == [("jax_num_cpu_devices", number), asked]

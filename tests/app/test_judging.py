"""Points that other processes judge have the tables of those that this one judges; what dies there is told."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import jax
import numpy as np
import pytest

from sim.app.host import cores, machine
from sim.app.launchers import local
from sim.app.runs import taking
from sim.app.runs.point import Point
from sim.app.sweeps import judging, together
from sim.draw import cutting
from sim.draw.plan import Steps
from sim.records import state

ROOT = Path(__file__).resolve().parents[2]
SWEEP = "--multirun", "budget=smoke", "figure=false", "together=true"
ONE = *SWEEP, "experiment=coverage", "difficulty.beta=0.3,0.4,0.5"


def files(where):
    names = "table.csv", "verdict.json"
    return {path.relative_to(path.parents[2]): path.read_bytes() for name in names for path in where.rglob(name)}


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    "swept",
    [
        (*SWEEP, "experiments=[joint,coverage]", "difficulty.beta=0.3,0.4,0.5", "sampling=random,lattice"),
        (*SWEEP, "experiment=learning_curve", "memory=feature_arrivals,block_chain", "features.exponent=1.5,2"),
        (*SWEEP, "experiment=coverage", "difficulty.alpha=5,6,-1"),
    ],
)
def test_a_sweep_has_the_results_of_points_that_are_judged_where_they_are_drawn(sim, tmp_path, swept):
    code, _, complained = sim("run", *swept, "judges=0", "output=here")
    code_there, said, complained_there = sim("run", *swept, "judges=2", "output=there")
    assert (code_there, complained_there) == (code, complained)
    assert code == (2 if "-1" in swept[-1] else 0)
    assert files(tmp_path / "there") == files(tmp_path / "here") != {}
    assert said.count("written to") == sum(path.name == "table.csv" for path in files(tmp_path / "here"))


def test_a_point_that_is_judged_elsewhere_says_what_has_drawn_it(sim, tmp_path):
    assert sim("run", *ONE, "judges=1")[0] == 0
    devices = jax.local_devices()  # the judge has one of its own
    assert len(devices) > 1
    for where in tmp_path.glob("outputs/*/point_*"):
        status, manifest = (
            json.loads((where / name).read_text()) for name in ("status.json", "coverage/manifest.json")
        )
        assert status["owner"]["pid"] != os.getpid()
        assert status["device"] == manifest["device"] == machine.words(devices)


def test_points_that_draw_by_themselves_are_run_here_beside_those_that_are_judged(sim, tmp_path):
    swept = *ONE, "budget.until=null,exponent:0.01"
    assert sim("run", *swept, "judges=0", "output=here")[0] == 0
    assert sim("run", *swept, "judges=1", "output=there")[0] == 0
    assert files(tmp_path / "there") == files(tmp_path / "here")
    owners = [state.read_status(tmp_path / name)["owner"]["pid"] for name in sorted(tmp_path.glob("there/*/point_*"))]
    assert [owner == os.getpid() for owner in owners] == [False, True] * 3


def test_a_judge_that_is_killed_takes_its_point_along_and_no_other(sim, tmp_path, monkeypatch):
    text = "import os\nfrom multiprocessing import parent_process\nfrom sim.experiments import coverage as c\n"
    text += "answer = c.answer\ndead = lambda q: parent_process() is not None and q.seed == 1\n"
    text += "c.answer = lambda q, counts: os._exit(9) if dead(q) else answer(q, counts)\n"
    (tmp_path / "fatal.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    own = *SWEEP, "experiment=coverage", "seed=1,2,3", "plugins=[fatal]"
    code, _, complained = sim("run", *own, "judges=1")
    assert code == 1
    assert "point 0 stopped: its process was killed (exit code 9)" in complained
    assert len(files(tmp_path)) == 2 * 2
    code, said, _ = sim("run", *own, "judges=0", "resume=true")
    assert code == 0
    assert said.count("already done") == 2 and len(files(tmp_path)) == 3 * 2


@pytest.mark.seldom(1)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_judged_sweep_that_is_interrupted_goes_on_with_what_is_missing(sim, tmp_path, monkeypatch, number):
    swept = *SWEEP, "experiment=coverage", "seed=1,2,3,4,5,6", "plugins=[unhurried]"
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'tests'}")
    command = [sys.executable, "-m", "sim", "run", *swept, "judges=2"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: len(list(tmp_path.glob("outputs/*/point_*/status.json"))) >= 3)
        process.send_signal(number)
        complained = process.communicate(timeout=60)[1]
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    assert (
        number == signal.SIGKILL or "interrupted; the same command with resume=true continues from here" in complained
    )
    [where] = (tmp_path / "outputs").iterdir()
    until(lambda: not any(state.held(point) for point in where.glob("point_*")))
    assert 0 < len(files(where)) < 6 * 2
    monkeypatch.setenv("SECONDS_A_STEP", "0")
    monkeypatch.setattr(taking._Saving, "add", taking._Saving.add)  # to be as it was, whatever the plugin does to it
    assert sim("run", *swept, "judges=1", "resume=true")[0] == 0
    assert sim("run", *swept, "judges=0", "output=whole")[0] == 0
    assert files(where.parent) == files(tmp_path / "whole") and len(files(where)) == 6 * 2


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("config", "points", "found"),
    [
        ({"together": None, "judges": None}, 200, 8),
        ({"together": True, "judges": None}, 100, 4),
        ({"together": None, "judges": None}, 24, 0),
        ({"together": False, "judges": None}, 200, 0),
        ({"together": False, "judges": 3}, 200, 0),
        ({"together": None, "judges": 3}, 200, 3),
        ({"together": None, "judges": 3}, 2, 2),
        ({"together": None, "judges": 0}, 200, 0),
        ({"together": None, "judges": -1}, 200, 0),
        ({"together": None, "judges": "many"}, 200, 0),
        ({}, 200, 8),
    ],
)
def test_as_many_judge_as_are_asked_for_or_are_of_use(gpu, config, points, found):
    with judging.judges([Point(config, None, [], 0)] * points) as judges:
        assert len(judges) == found
    assert gpu == [{"JAX_PLATFORMS": "cpu"}] * found


@pytest.mark.parametrize(
    "without", [(local, "gpus", list), (metadata, "entry_points", lambda group: ()), (cores, "usable", lambda: 1)]
)
def test_without_a_gpu_none_judge_unless_they_are_asked_for(gpu, monkeypatch, without):
    monkeypatch.setattr(*without)
    for asked, found in ((None, 0), (2, 2)):
        with judging.judges([Point({"together": None, "judges": asked}, None, [], 0)] * 200) as judges:
            assert len(judges) == found
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    with judging.judges([Point({"judges": None}, None, [], 0)] * 200) as judges:
        assert not judges


@pytest.fixture
def gpu(monkeypatch):
    """A machine of 16 cores with a GPU; what each of the processes is started with that it is asked for."""
    started = []
    monkeypatch.setattr(local, "Worker", lambda environment: started.append(environment) or Idle())
    monkeypatch.setattr(local, "gpus", lambda: ["0"])
    monkeypatch.setattr(metadata, "entry_points", lambda group: [group])
    monkeypatch.setattr(cores, "usable", lambda: 16)
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    return started


class Idle:
    """A process that is not there."""

    point = None

    def end(self):
        pass


@pytest.mark.parametrize("changed", [{"physics": "1 {}"}, {"first": 7}, {"batches": 9}])
def test_counts_of_other_draws_are_not_taken(changed):
    cut = cutting.Cut(8, 1, 1, 3, 0, 0, 0)
    own = Steps(None, None, (), None, cut, "0 {}")
    drawn = together.Drawn(together.draws(own), np.arange(9)[:, None], machine.Identity("1 x cpu (cpu)", {}))
    assert [(start, counts.ravel().tolist()) for start, counts in drawn.steps(own, own.starts())] == [
        (0, [0, 1, 2]),
        (3, [3, 4, 5]),
        (6, [6, 7, 8]),
    ]
    others = {name: value for name, value in changed.items() if name != "batches"}
    other = replace(own, **others, cut=cut._replace(batches=changed.get("batches", 8)))
    with pytest.raises(RuntimeError, match="asked for is"):
        list(drawn.steps(other, [0]))

"""Launchers: what other processes draw is what this one draws; what dies there is told."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sim.app import launchers
from sim.app.launchers import job, local
from sim.app.runs import point
from sim.records import state

ROOT = Path(__file__).resolve().parents[2]

SWEEP = "--multirun", "experiment=coverage", "budget=smoke", "seed=1,2"


def tables(where):
    return [path.read_bytes() for path in sorted(where.glob("*/point_*/coverage/table.csv"))]


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    "launcher",
    [
        ("hydra/launcher=joblib",),
        ("hydra/launcher=joblib", "hydra.launcher.n_jobs=1"),
        ("hydra/launcher=local", "hydra.launcher.workers=2"),
        ("hydra/launcher=ray",),
    ],
)
def test_a_sweep_has_the_tables_of_the_basic_launcher_bit_for_bit(sim, tmp_path, launcher):
    engine = launcher[0].partition("=")[2]
    package = launchers.NEEDS[engine]
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"need the package {package}")
    assert sim("run", *SWEEP, "output=basic")[0] == 0
    command = [sys.executable, "-m", "sim", "run", *SWEEP, "output=other", *launcher]  # Ray forks: not beside JAX
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "point 0: seed=1" in done.stdout.replace("experiment=coverage budget=smoke ", "")
    assert len(tables(tmp_path / "other")) == 2
    assert tables(tmp_path / "other") == tables(tmp_path / "basic")


def test_a_sweep_given_again_draws_nothing_that_is_there(sim):
    own = *SWEEP, "hydra/launcher=local", "hydra.launcher.workers=1"
    assert sim("run", *own)[0] == 0
    code, said, _ = sim("run", *own, "resume=true")
    assert code == 0
    assert said.count("already done") == 2


@pytest.mark.seldom(0)
def test_a_process_that_is_killed_takes_its_point_along_and_no_other(sim, tmp_path, monkeypatch):
    text = "import os, sys\nfrom sim.experiments import coverage as c\nplan = c.plan\n"
    text += "c.plan = lambda question: os._exit(9) if question.seed == 1 else plan(question)\n"
    (tmp_path / "deadly.py").write_text(text)
    code, _, complained = sim("run", *SWEEP, "plugins=[deadly]", "hydra/launcher=local", "hydra.launcher.workers=1")
    assert code == 1
    assert "point 0 stopped: its process was killed (exit code 9)" in complained
    assert len(tables(tmp_path / "outputs")) == 1


@pytest.mark.seldom(1)
@pytest.mark.parametrize("own", ["joblib hydra.launcher.n_jobs=2", "local hydra.launcher.workers=2"])
def test_points_whose_launcher_is_killed_save_what_they_have_and_no_other_begins(sim, tmp_path, monkeypatch, own):
    swept = *SWEEP[:-1], "seed=3,4,5", "budget.problems=3e7", "plugins=[unhurried]", *f"hydra/launcher={own}".split()
    command = [sys.executable, "-m", "sim", "run", *swept]
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'tests'}")
    with subprocess.Popen(command, cwd=tmp_path) as process:
        until(lambda: list(tmp_path.glob("outputs/*/point_0/status.json")))
        process.kill()
    [where] = (tmp_path / "outputs").iterdir()
    until(lambda: state.read_status(where / "point_0")["state"] == "interrupted")
    assert not (where / "point_2" / "status.json").exists()
    monkeypatch.setenv("SECONDS_A_STEP", "0")
    code, said, complained = sim("run", *swept, "resume=true")
    assert (code, complained) == (0, "")
    assert "already done" not in said and len(tables(tmp_path / "outputs")) == 3


def until(true, seconds=60):
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)


@pytest.mark.parametrize("engine", ["joblib", "slurm", "ray"])
def test_a_launcher_without_its_package_says_what_to_install(sim, monkeypatch, engine):
    monkeypatch.setitem(launchers.NEEDS, engine, "no_such_package")
    code, _, complained = sim("run", *SWEEP, f"hydra/launcher={engine}")
    assert code == 2
    assert f"pip install 'sim[{engine}]'" in complained


def test_every_gpu_has_a_process_that_sees_it_alone(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    assert local.devices(None) == ["2", "5"]
    assert local.devices(3) == [None] * 3


def test_every_process_is_started_with_what_it_sees(sim, tmp_path, monkeypatch):
    text = "import os\nfrom multiprocessing import parent_process\nfrom pathlib import Path\n"
    text += "if parent_process() is not None:\n    Path('seen_' + os.environ['CUDA_VISIBLE_DEVICES']).touch()\n"
    (tmp_path / "seeing.py").write_text(text)
    monkeypatch.setattr(local, "gpus", lambda: ["2", "5"])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert sim("run", *SWEEP, "plugins=[seeing]", "hydra/launcher=local")[0] == 0
    assert sorted(path.name for path in tmp_path.glob("seen_*")) == ["seen_2", "seen_5"]
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_a_process_that_dies_before_it_has_its_point_takes_that_along_and_the_next_one_is_taken(capsys, tmp_path):
    worker = local.Worker({})
    os.kill(worker.process.pid, signal.SIGSTOP)
    threading.Timer(0.3, worker.process.kill).start()
    long = job.Job(point.Point({}, tmp_path, [], 3), "x" * 2**23)  # more than a pipe holds
    worker.take(long)
    assert worker.outcome() == ("stopped", "failed", "point 3 stopped: its process was killed (exit code -9); the same "
                                "command with resume=true continues it")  # fmt: skip
    worker.take(job.Job(point.Point({}, tmp_path, ["seed=4"], 4), str(tmp_path), os.getpid()))
    assert worker.outcome().kind == "refused"  # for its configuration, by a process that lives
    worker.end()
    assert "point 4: seed=4" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="need signals that can be blocked")
@pytest.mark.parametrize("others", [0, 1])
def test_ctrl_c_waits_while_a_process_is_started(others):
    """Also where other threads of this process would take it."""
    over, held = threading.Event(), []
    threads = [threading.Thread(target=over.wait) for _ in range(others)]
    blocked = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    said = lambda: subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True).stdout  # noqa: E731
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it for what runs behind them
    for thread in threads:
        thread.start()
    try:
        with pytest.raises(KeyboardInterrupt), local._no_interrupt():
            os.kill(os.getpid(), signal.SIGINT)
            assert said() == "True\n"
            held.append(True)
        assert held and said() == "False\n"
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        over.set()
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="need signals that can be blocked")
def test_ctrl_c_waits_while_the_first_process_of_all_is_started():
    first = "import signal; from multiprocessing import get_context; from sim.app.launchers import local\n"
    first += "with local._no_interrupt():\n    one = get_context('spawn').Process(target=print)\n    one.start()\n"
    first += "    blocked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])\none.join()\nprint(blocked)"
    done = subprocess.run([sys.executable, "-c", first], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["True"], done.stderr


def test_gpus_are_those_that_nvidia_smi_lists(monkeypatch, tmp_path):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'GPU 0: A (UUID: GPU-a)'\necho '  MIG x'\necho 'GPU 1: B (UUID: GPU-b)'\n")
    program.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert local.gpus() == ["0", "1"]


WRONG = {
    ("local", "workers", "0"): "need a whole number >= 1, or null, got 0",
    ("joblib", "n_jobs", "0"): "need a whole number >= 1, or -1 for one per core, got 0",
    ("joblib", "n_jobs", "-2"): "got -2",
    ("joblib", "n_jobs", "two"): "got 'two'",
    ("joblib", "n_jobs", "1.5"): "got 1.5",
    ("joblib", "n_jobs", "true"): "got True",
}


@pytest.mark.seldom(2)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_number_of_workers_is_one_sentence(sim, wrong):
    engine, key, value = wrong
    code, _, complained = sim("run", *SWEEP, f"hydra/launcher={engine}", f"hydra.launcher.{key}={value}")
    assert (code, complained.count("\n")) == (2, 1)
    assert complained.startswith(f"sim run: hydra.launcher.{key}: need a whole number >= 1")
    assert WRONG[wrong] in complained

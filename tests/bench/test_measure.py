"""Rows measured: what is absent or wrong is a row too."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sim.bench import contestants, machine, measure, processes
from sim.bench.rows import Row
from sim.bench.timing import Absent, Contestant, Wrong


class Builders:
    """Stand-ins, counted."""

    def __init__(self):
        self.built = []
        self.now = 0.0

    def __call__(self, name, processes):
        return lambda: self.build(name)

    def build(self, name):
        self.built.append(name)
        if name == "absent":
            raise Absent("numba is not installed")
        return Contestant(lambda: self.work(float(name.strip("!"))), 1, self.check(name), lambda: self.now)

    def work(self, seconds):
        self.now += seconds

    def check(self, name):
        def check(result):
            if name.endswith("!"):
                raise Wrong("mean 3 against 2")

        return check


@pytest.fixture
def builders(monkeypatch):
    monkeypatch.setattr(contestants, "builder", Builders())
    return contestants.builder


def test_rows_are_measured_absent_or_wrong(builders):
    rows = [
        Row("good", "", "1", "3", 2.0),
        Row("missed", "", "3", "1", 2.0),
        Row("information", "", "1", "3", None),
        Row("absent", "", "1", "absent", 2.0),
        Row("wrong", "", "1!", "3", 2.0),
    ]
    good, missed, information, absent, wrong = measure.measure(rows, 3, None)
    assert (good.ratio.value, good.holds) == (3.0, True)
    assert (missed.ratio.value, missed.holds) == (pytest.approx(1 / 3), False)
    assert (information.ratio.value, information.holds) == (3.0, None)
    assert (absent.ratio, absent.holds, absent.wrong, absent.reason) == (None, None, False, "numba is not installed")
    assert (wrong.ratio, wrong.holds, wrong.wrong, wrong.reason) == (None, False, True, "mean 3 against 2")


def test_a_contestant_is_built_once(builders):
    list(measure.measure([Row("a", "", "1", "2", 1.0), Row("b", "", "1", "3", 1.0)], 1, None))
    assert sorted(builders.built) == ["1", "2", "3"]


def test_two_devices_need_two_cores():
    for cores in (None, {0}):
        with processes.Processes(cores) as own, pytest.raises(Absent, match="needs two cores"):
            own.two_devices()


def test_a_command_that_fails_is_wrong_at_any_call(monkeypatch):
    codes = iter([0, 0, 3])
    done = lambda *a, **k: SimpleNamespace(returncode=next(codes), stderr="a\nsim run: no\n")  # noqa: E731
    monkeypatch.setattr(processes.subprocess, "run", done)
    with processes.Processes(None) as own:
        command = own.run_cold()
        command.call(), command.call()
        with pytest.raises(
            Wrong, match="experiment=coverage budget=smoke ended with exit code 3 and said: sim run: no"
        ):
            command.call()


def test_a_cold_run_finds_an_empty_cache_and_a_cached_one_its_own(monkeypatch):
    caches = []

    def run(command, cwd, env, **rest):
        caches.append(env["SIM_COMPILATION_CACHE"])
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(processes.subprocess, "run", run)
    with processes.Processes(None) as own:
        for command in (own.run_cold(), own.run_cached()):
            for _ in range(3):
                command.call()
    cold, cached = caches[:3], caches[3:]
    assert len(set(cold)) == 3
    assert len(set(cached)) == 1
    assert np.intersect1d(cold, cached).size == 0


def test_a_command_costs_the_processor_time_of_the_processes_that_have_ended(monkeypatch):
    times = SimpleNamespace(user=100.0, system=200.0, children_user=3.0, children_system=0.5, elapsed=9.0)
    monkeypatch.setattr(processes.os, "times", lambda: times)
    assert processes._time_of_children() == 3.5
    monkeypatch.setattr(processes.os, "name", "nt")
    monkeypatch.setattr(processes.time, "perf_counter", lambda: 7.0)
    assert processes._time_of_children() == 7.0


def test_a_command_is_run_on_the_cpu_with_this_package_and_no_cache_but_its_own(monkeypatch):
    seen = []
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "mine")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("KEPT", "yes")
    run = lambda command, cwd, env, **rest: seen.append((command, cwd, env)) or SimpleNamespace(returncode=0)  # noqa: E731
    monkeypatch.setattr(processes.subprocess, "run", run)
    with processes.Processes(None) as own:
        for built in (own.imports(), own.run_cold()):
            assert (built.items, built.clock) == (1, processes._time_of_children)
            built.call()
    (imports, _, _), (ran, cwd, environment) = seen
    assert imports[1:] == ["-c", "import jax, hydra"]
    assert ran[1:] == ["-m", "sim", "run", "experiment=coverage", "budget=smoke"]
    assert (environment["JAX_PLATFORMS"], environment["KEPT"]) == ("cpu", "yes")
    assert environment["PYTHONPATH"] == str(Path(__file__).resolve().parents[2])
    assert not {"JAX_COMPILATION_CACHE_DIR", "PYTHONDONTWRITEBYTECODE"} & set(environment)
    assert cwd != environment["SIM_COMPILATION_CACHE"] and not Path(cwd).exists()


def test_runs_on_one_and_two_devices_are_done_by_one_process_that_has_both(monkeypatch):
    """It is told how many, and answers when it has done it."""
    said, closed = [], []
    stdin = SimpleNamespace(write=said.append, flush=lambda: None, close=lambda: closed.append("stdin"))
    answers = iter(["done\n", "done\n", ""])
    stdout = SimpleNamespace(readline=lambda: next(answers), close=lambda: closed.append("stdout"))
    worker = SimpleNamespace(stdin=stdin, stdout=stdout, wait=lambda: closed.append("wait"))
    started = []
    monkeypatch.setattr(processes.subprocess, "Popen", lambda command, **rest: started.append(command) or worker)
    with processes.Processes({3, 5}) as own:
        one, two = own.one_device(), own.two_devices()
        one.call(), two.call()
        with pytest.raises(Wrong, match="ended early"):
            one.call()
    assert "".join(said) == "1\n2\n1\n"
    assert len(started) == 1 and started[0][-2:] == ["3", "5"]
    assert closed == ["stdout", "stdin", "wait"]


def test_a_process_is_kept_on_one_core_and_knows_those_it_had(monkeypatch):
    kept = []
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda process: {2, 5, 3}, raising=False)
    monkeypatch.setattr(machine.os, "sched_setaffinity", lambda process, cores: kept.append(cores), raising=False)
    assert machine.pin() == {2, 3, 5} and kept == [{5}]
    monkeypatch.delattr(machine.os, "sched_setaffinity")
    assert machine.pin() is None and len(kept) == 1

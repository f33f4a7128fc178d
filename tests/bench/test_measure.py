"""Rows measured: what is absent or wrong is a row too."""

from types import SimpleNamespace

import numpy as np
import pytest

from sim.bench import contestants, measure, processes
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

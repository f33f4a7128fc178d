"""One run over several processes: the tables of one, and a dead process ends it with what was drawn kept."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from sim.app.host import processes
from sim.draw.cutting import Cut
from sim.draw.plan import Steps
from sim.records import state
from tests import pieces as checkpoints

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ASKED = ("experiments=[coverage,learning_curve]", "budget=smoke", "figure=false", "budget.devices=2")


def config(distributed=True, **cluster):
    return {"distributed": distributed, "cluster": dict.fromkeys(processes.Cluster._fields) | cluster}


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (config(coordinator="127.0.0.1:1234"), "together"),
        (config(coordinator="127.0.0.1", processes=2, process=0), "HOST:PORT"),
        (config(coordinator="127.0.0.1:x", processes=2, process=0), "HOST:PORT"),
        (config(coordinator="h:1", processes=2, process=2), "cluster.process: need 0 to 1, got 2"),
        (config(coordinator="h:1", processes=0, process=0), "cluster.processes: need at least 1, got 0"),
        (config(coordinator="h:1", processes=2.5, process=0), "whole number, got 2.5"),
        (config(False, process=1), "need distributed=true"),
        ({"distributed": True, "cluster": 3}, "need the keys"),
    ],
)
def test_what_does_not_name_a_cluster_is_refused(given, word):
    with pytest.raises(ValueError, match=r"^cluster") as caught:
        processes.read(given)
    assert word in str(caught.value)


def test_without_distributed_there_is_no_cluster():
    assert processes.read(config(False)) is None
    assert processes.read(config()) == processes.Cluster(None, None, None)


def test_without_anyone_to_say_who_is_there_it_is_one_sentence(tmp_path):
    with start(tmp_path, "distributed=true") as process:
        _, err = process.communicate(timeout=100)
    assert process.returncode == 2 and err.count("\n") == 1 and "cluster.coordinator" in err


def start(tmp_path, *arguments):
    """A process of `python -m sim run`."""
    slurm = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    path = f"{ROOT}{os.pathsep}{os.path.join(ROOT, 'tests')}"
    environment = slurm | {"PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "sim", "run", *ASKED, *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes)


def together(tmp_path, number, *arguments, each=lambda number: "seed=0"):
    """So many processes of one run.  each: number of a process -> what it alone is given."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = ("distributed=true", f"cluster.coordinator=127.0.0.1:{port}", f"cluster.processes={number}", *arguments)
    return [start(tmp_path, *own, f"cluster.process={i}", each(i)) for i in range(number)]


def ended(running):
    """(exit code, standard error without the words of the library that connects them) of each."""
    said = [process.communicate(timeout=200)[1] for process in running]
    return [process.returncode for process in running], said


def tables(where):
    return [(where / name / "table.csv").read_bytes() for name in ("coverage", "learning_curve")]


# Rounds, between threads that each take themselves for a process ------------------------------------------------------


class Threads:
    """So many processes in one, which exchange arrays as multihost_utils does.

    asked: steps that each of them has drawn.
    """

    def __init__(self, number, monkeypatch):
        self.own, self.barrier, self.number = threading.local(), threading.Barrier(number, timeout=60), number
        self.slots, self.asked = [None] * number, [[] for _ in range(number)]
        monkeypatch.setattr(jax, "process_count", lambda: number)
        monkeypatch.setattr(jax, "process_index", lambda: self.own.index)
        monkeypatch.setattr(processes, "_gathered", lambda array: np.stack(self.exchanged(np.array(array))))
        monkeypatch.setattr(processes, "_from_first", lambda array: self.exchanged(np.array(array))[0])

    def exchanged(self, array):
        self.slots[self.own.index] = array
        self.barrier.wait()
        slots = list(self.slots)
        self.barrier.wait()
        assert all(slot.shape == array.shape for slot in slots)
        return slots

    def run(self, *works):
        """What each of the works gives."""
        found, errors = [None] * self.number, []

        def one(index, work):
            self.own.index = index
            try:
                found[index] = work()
            except BaseException as error:
                errors.append(error)
                self.barrier.abort()

        each = [threading.Thread(target=one, args=own) for own in enumerate(works)]
        for thread in each:
            thread.start()
        for thread in each:
            thread.join()
        assert not errors, errors
        return found

    def steps(self, batches=23, per_step=3, devices=2, chunk=1, first=0):
        """Steps whose counts say which they are, and by whom they were drawn."""

        def program(words, *, mesh, chunk):
            self.asked[self.own.index].append(int(words[0]))
            return np.stack([words, np.full(len(words), self.own.index)], axis=1)

        cut = Cut(batches, devices, chunk, per_step, 0, 0, 0)
        return Steps(program, lambda numbers: numbers.astype(np.int64), (), None, cut, "0 {}", first)


@pytest.mark.parametrize("number", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("starts", [[], [0], [0, 3], [0, 3, 6, 9, 12, 15, 18, 21], [4, 7, 20]])
def test_every_step_is_drawn_by_one_of_the_processes_in_turn_and_gathered_in_order(monkeypatch, number, starts):
    own = Threads(number, monkeypatch)
    found = own.run(*[lambda: list(processes._rounds(own.steps(), starts))] * number)
    for rounds in found:
        assert [start for start, _ in rounds] == starts
        for place, (start, counts) in enumerate(rounds):
            assert counts[:, 0].tolist() == [start, start + 1, start + 2]
            assert set(counts[:, 1]) == {place % number}
    for index, asked in enumerate(own.asked):  # of the last round some draw it twice, so that all gather alike
        assert asked[: len(starts[index::number])] == starts[index::number]
        assert len(asked) == -(-len(starts) // number)


def test_the_first_process_says_what_is_drawn_how_it_is_cut_and_when_it_is_over(monkeypatch):
    """The others cut their work otherwise, and begin with other batches, until they are told."""
    own, asked = Threads(3, monkeypatch), {"coverage": SimpleNamespace(), "joint": SimpleNamespace()}
    seen = []

    def plan(name, question):
        seen.append((name, question is asked[name]))
        return SimpleNamespace(steps=own.steps(per_step=6, chunk=3))

    monkeypatch.setattr(processes.asking, "prepared", lambda name, question: question)
    monkeypatch.setattr(processes.asking, "plan", plan)

    def first():
        found = []
        for name, starts, begin in (("joint", [0, 3, 6, 9], 2**31), ("coverage", [12], 0)):
            driver = processes.Driver(name)
            found.append([(start, counts[:, 0].tolist()) for start, counts in driver(own.steps(first=begin), starts)])
        processes.end()
        return found

    joint, coverage = own.run(first, *[lambda: processes.serve(list(asked.items()))] * 2)[0]
    assert joint == [(start, [2**31 + start + i for i in range(3)]) for start in (0, 3, 6, 9)]
    assert coverage == [(12, [12, 13, 14])]
    assert sorted(seen) == [("coverage", True)] * 2 + [("joint", True)] * 2


def test_processes_with_other_devices_than_the_first_cannot_go_on():
    order = {"cut": list(Cut(8, 4, 1, 4, 0, 0, 0)), "first": 5}
    steps = Steps(None, None, (), None, Cut(8, 2, 1, 2, 0, 0, 0), "0 {}")
    with pytest.raises(processes.Lost, match="need as many devices as the first process, 4, got 2"):
        processes._as_ordered(steps, order)
    taken = processes._as_ordered(replace(steps, cut=steps.cut._replace(devices=4)), order)
    assert (taken.cut, taken.first) == (Cut(8, 4, 1, 4, 0, 0, 0), 5)


@pytest.mark.parametrize(("seeds", "first"), [((1, 1, 1), None), ((1, 1, 2), {"seed": 1}), ((3, 1, 1), {"seed": 3})])
def test_all_processes_know_whether_all_are_asked_the_same(monkeypatch, seeds, first):
    own = Threads(3, monkeypatch)
    assert own.run(*(lambda seed=seed: processes.differing({"seed": seed}) for seed in seeds)) == [first] * 3


@pytest.mark.parametrize(
    ("coordinator", "taken"),
    [("h:1", True), ("h:65535", True), ("[::1]:80", True), ("h:0", False), ("h:65536", False), (":80", False)],
)
def test_a_port_is_a_number_that_there_is(coordinator, taken):
    given = config(coordinator=coordinator, processes=2, process=1)
    if taken:
        assert processes.read(given) == processes.Cluster(coordinator, 2, 1)
    else:
        with pytest.raises(ValueError, match=r"^cluster\.coordinator: need HOST:PORT"):
            processes.read(given)


# Processes ------------------------------------------------------------------------------------------------------------


def test_two_processes_draw_what_one_draws_and_one_of_them_writes(sim, tmp_path):
    codes, said = ended(together(tmp_path, 2))
    assert codes == [0, 0] and not any("Traceback" in err for err in said)
    assert sim("run", *ASKED, "output=alone")[0] == 0
    [where], [alone] = (list((tmp_path / name).iterdir()) for name in ("outputs", "alone"))
    assert tables(where) == tables(alone)
    assert state.read_status(where)["state"] == "done"


def test_processes_that_are_asked_different_things_are_refused_with_the_difference(tmp_path):
    codes, said = ended(together(tmp_path, 2, "output=out", each=lambda number: f"seed={number}"))
    assert codes == [2, 2] and "seed is 0 there and 1 here" in said[1]
    assert not any("Traceback" in err for err in said) and not list(tmp_path.glob("out/*/coverage"))


def until_saved(tmp_path):
    deadline = time.monotonic() + 100
    while not list(tmp_path.glob("outputs/*/coverage/checkpoint/*.counts")) and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_signal_to_any_process_ends_the_run_with_what_was_drawn_kept(tmp_path):
    running = together(tmp_path, 2, "experiments=[coverage]", "budget.problems=2e8", "plugins=[unhurried]")
    until_saved(tmp_path)
    running[1].send_signal(signal.SIGTERM)
    codes, said = ended(running)
    assert codes == [1, 143]
    assert "one of the 1 other processes has ended" in said[0] and "resume=true" in said[0]
    assert said[1] == "sim run: interrupted; the same command with resume=true continues from here\n"
    [where] = (tmp_path / "outputs").iterdir()
    assert state.read_status(where)["state"] == "interrupted"


@pytest.mark.seldom(0)
def test_a_dead_process_ends_the_run_with_what_was_drawn_kept(sim, tmp_path):
    """Killed when the first piece is saved; then three go on with it."""
    long = ("experiments=[coverage]", "budget.problems=2e9")
    first, second = together(tmp_path, 2, *long)
    until_saved(tmp_path)
    second.kill()
    codes, said = ended([first, second])
    assert codes == [1, -9]
    assert "one of the 1 other processes has ended" in said[0] and "resume=true" in said[0]
    assert "Traceback" not in said[0]
    [where] = (tmp_path / "outputs").iterdir()
    assert state.read_status(where)["state"] == "interrupted"
    pieces, damaged = checkpoints.read(where / "coverage" / "checkpoint")
    assert pieces[0].end > 1000 and damaged == []
    assert ended(together(tmp_path, 3, *long, "resume=true"))[0] == [0, 0, 0]
    assert sim("run", *ASKED, *long, "output=alone")[0] == 0
    [alone] = (tmp_path / "alone").iterdir()
    assert (where / "coverage" / "table.csv").read_bytes() == (alone / "coverage" / "table.csv").read_bytes()

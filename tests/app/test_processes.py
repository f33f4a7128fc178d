"""One run over several processes: the tables of one, and a dead process ends it with what was drawn kept."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from sim.app import checkpoint, experiment, processes, state

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
    assert said[1] == "sim run: interrupted; the same command with resume=true goes on from here\n"
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
    identity = experiment.identity(state.read_status(where)["config"], "coverage")
    pieces, damaged = checkpoint.read(where / "coverage" / "checkpoint", identity)
    assert pieces[0].end > 1000 and damaged == []
    assert ended(together(tmp_path, 3, *long, "resume=true"))[0] == [0, 0, 0]
    assert sim("run", *ASKED, *long, "output=alone")[0] == 0
    [alone] = (tmp_path / "alone").iterdir()
    assert (where / "coverage" / "table.csv").read_bytes() == (alone / "coverage" / "table.csv").read_bytes()

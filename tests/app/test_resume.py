"""A run that was interrupted, by whatever it was, goes on where it was; its tables are those of one that was not."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from sim.app.runs import taking
from sim.records import checkpoint, state
from tests import pieces as checkpoints

SMALL = ("experiment=coverage", "budget=smoke", "figure=false")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def folders(tmp_path, pattern="*"):
    return sorted((tmp_path / "outputs").glob(pattern))


def table(where):
    return (where / "coverage" / "table.csv").read_bytes()


def pieces(tmp_path):
    return list(tmp_path.glob("outputs/*/coverage/checkpoint/*.counts"))


@pytest.fixture
def stopped(monkeypatch):
    """Has runs stop in their fourth step, by whatever is raised there; every step before is saved."""
    original = taking._Saving.add

    def stop(error, steps=3):
        seen = []

        def add(self, piece):
            seen.append(piece)
            if len(seen) > steps:
                raise error
            original(self, piece)
            self.save()

        monkeypatch.setattr(taking._Saving, "add", add)

    yield stop
    monkeypatch.setattr(taking._Saving, "add", original)


CARELESS = """
import os, signal, sys, time
from sim.__main__ import program
from sim.app.runs import taking
add = taking._Saving.add

class Careless:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)  # raises here, where Python says so and forgets it

def once(self, piece):
    taking._Saving.add = add
    Careless()
    print("lost", file=sys.stderr, flush=True)
    time.sleep(SECONDS)
    add(self, piece)

taking._Saving.add = once
program()
"""


def careless(tmp_path, seconds):
    """A run that loses what a signal raises in its first step, and then does nothing for so many seconds."""
    command = [sys.executable, "-c", CARELESS.replace("SECONDS", str(seconds)), "run", *SMALL]
    return subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": ROOT}, stderr=subprocess.PIPE, text=True
    )


def test_a_signal_whose_exception_was_lost_ends_the_run_at_its_next_step(tmp_path):
    with careless(tmp_path, 0) as process:
        err = process.communicate(timeout=100)[1]
    assert process.returncode == 143 and "Exception ignored" in err and "sim run: interrupted" in err
    [where] = folders(tmp_path)
    assert state.read_status(where)["state"] == "interrupted" and len(pieces(tmp_path)) == 1


def test_a_second_signal_after_a_while_ends_a_run_that_does_not_move_at_once(sim, tmp_path):
    with careless(tmp_path, 600) as process:
        while "lost" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)  # too early: as if one had been sent twice
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(taking._SECOND)
        process.send_signal(signal.SIGTERM)
        err = process.communicate(timeout=10)[1]
    assert process.returncode == 143 and err.endswith("resume=true continues from what was saved before\n")
    assert sim("run", *SMALL, "resume=true")[0] == 0 and len(folders(tmp_path)) == 1


@pytest.fixture
def reference(sim, tmp_path):
    assert sim("run", *SMALL, "output=reference")[0] == 0
    return table(next((tmp_path / "reference").iterdir()))


def go_on(sim, monkeypatch, tmp_path, *more):
    """The command again with resume=true; steps of it that were drawn."""
    drawn = []
    original = taking._Saving.add
    monkeypatch.setattr(taking._Saving, "add", lambda self, piece: (drawn.append(piece), original(self, piece))[1])
    code, _, err = sim("run", *SMALL, "resume=true", *more)
    monkeypatch.setattr(taking._Saving, "add", original)
    return code, err, sum(len(piece.counts) for piece in drawn)


@pytest.mark.seldom(2)
@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (taking.Interrupted(signal.SIGTERM), 143, "interrupted"),
        (taking.Interrupted(signal.SIGINT), 130, "interrupted"),
        (KeyError("a bug"), 1, "failed"),
        (OSError(28, "No space left on device", "here"), 2, "failed"),
    ],
)
def test_what_was_drawn_is_kept_and_not_drawn_again(sim, tmp_path, monkeypatch, stopped, reference, error, code, told):
    stopped(error)
    assert sim("run", *SMALL)[0] == code
    [where] = folders(tmp_path)
    status = state.read_status(where)
    assert status["state"] == told
    assert (status["error"]["traceback"] is not None) == isinstance(error, KeyError)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    kept = sum(piece.end - piece.start for piece in checkpoints.read(pieces(tmp_path)[0].parent)[0])
    assert kept >= 6
    code, err, drawn = go_on(sim, monkeypatch, tmp_path)
    assert (code, err, drawn) == (0, "", 32 - kept)
    assert folders(tmp_path) == [where] and table(where) == reference
    assert state.read_status(where)["state"] == "done" and pieces(tmp_path) == []


def test_a_bug_is_one_sentence_and_its_traceback_is_in_the_status(sim, tmp_path, stopped):
    stopped(KeyError("a bug"))
    code, _, err = sim("run", *SMALL)
    [where] = folders(tmp_path)
    assert (code, err.count("\n")) == (1, 1) and "KeyError: 'a bug'" in err and str(where) in err
    assert "Traceback" in state.read_status(where)["error"]["traceback"]


def test_a_full_disk_is_one_sentence_and_what_was_saved_stays(sim, tmp_path, monkeypatch, stopped, reference):
    stopped(OSError(28, "No space left on device", "/there/x"))
    code, _, err = sim("run", *SMALL)
    assert (code, err.count("\n")) == (2, 1) and "No space left on device" in err
    assert len(pieces(tmp_path)) == 3


def test_a_full_disk_that_does_not_say_where_is_named_by_the_folder(sim, tmp_path, stopped):
    stopped(OSError(28, "No space left on device"))
    code, _, err = sim("run", *SMALL)
    [where] = folders(tmp_path)
    assert (code, err) == (2, f"sim run: {where}: cannot be used as output (No space left on device)\n")


def test_a_damaged_piece_is_named_drawn_again_and_left(sim, tmp_path, monkeypatch, stopped, reference):
    stopped(taking.Interrupted(signal.SIGTERM))
    sim("run", *SMALL)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    damaged = sorted(pieces(tmp_path))[1]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    code, err, _ = go_on(sim, monkeypatch, tmp_path)
    assert (code, err.count("\n")) == (0, 1) and err.startswith(f"sim run: {damaged}: cut short or changed")
    [where] = folders(tmp_path)
    assert table(where) == reference and damaged.exists()


def test_other_physics_in_the_folder_are_refused_with_the_difference(sim, tmp_path, reference):
    [where] = (tmp_path / "reference").iterdir()
    for more in ((), ("resume=true",)):
        code, _, err = sim("run", *SMALL, f"hydra.run.dir={where}", "difficulty.beta=0.36", *more)
        assert code == 2 and "difficulty.beta is 0.35 there and 0.36 here" in err
    assert table(where) == reference


def test_an_unfinished_run_is_not_begun_anew_unless_resumed(sim, tmp_path, stopped):
    stopped(taking.Interrupted(signal.SIGTERM))
    sim("run", *SMALL, "hydra.run.dir=outputs/mine")
    code, _, err = sim("run", *SMALL, "hydra.run.dir=outputs/mine")
    assert code == 2 and "resume=true" in err


def test_with_nothing_to_go_on_with_resume_begins(sim, tmp_path):
    assert sim("run", *SMALL, "resume=true")[0] == 0
    assert sim("run", *SMALL, "difficulty.beta=0.5", "resume=true")[0] == 0
    assert len(folders(tmp_path)) == 2


@pytest.mark.parametrize("asked", ["resume=true", "++resume=true", "resume=True"])
def test_what_is_done_is_not_done_again(sim, tmp_path, asked):
    sim("run", *SMALL)
    [where] = folders(tmp_path)
    before = (where / "coverage" / "manifest.json").read_bytes()
    code, out, _ = sim("run", *SMALL, asked)
    assert code == 0 and "already done" in out
    assert (where / "coverage" / "manifest.json").read_bytes() == before


def test_what_is_done_but_lost_or_from_another_table_is_done_again(sim, tmp_path):
    problems = tmp_path / "problems.csv"
    asked = ("run", *SMALL, "difficulty=empirical", f"difficulty.path={problems}", "resume=true")
    problems.write_text("problem_id,attempts,successes\na,100,3\nb,100,50\n", encoding="utf-8")
    sim(*asked)
    [where] = folders(tmp_path)
    first = table(where)
    (where / "coverage" / "table.csv").unlink()
    assert "already done" not in sim(*asked)[1] and table(where) == first
    assert "already done" in sim(*asked)[1]
    problems.write_text("problem_id,attempts,successes\na,100,3\nb,100,90\n", encoding="utf-8")
    assert "already done" not in sim(*asked)[1] and table(where) != first


def test_a_damaged_status_stops_its_own_point_only(sim, tmp_path):
    swept = ("run", "-m", *SMALL, "difficulty.beta=0.2,0.3", "resume=true")
    sim(*swept)
    [where] = folders(tmp_path)
    (where / "point_0" / "status.json").write_text('{"state', encoding="utf-8")
    shutil.rmtree(where / "point_1")
    code, out, err = sim(*swept)
    assert code == 2 and err.count("\n") == 1 and "point_0/status.json" in err
    assert "point 1: " in out and (where / "point_1" / "coverage" / "table.csv").is_file()


def test_a_sweep_given_again_computes_what_is_missing_or_failed_only(sim, tmp_path, stopped, monkeypatch):
    swept = ("run", "-m", *SMALL, "difficulty.beta=0.2,0.3,0.4")
    stopped(taking.Interrupted(signal.SIGTERM), steps=5)  # in the second point
    assert sim(*swept)[0] == 143
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    [where] = folders(tmp_path)
    states = [(state.read_status(where / f"point_{i}") or {"state": "waiting"})["state"] for i in range(3)]
    assert states == ["done", "interrupted", "waiting"]
    code, out, _ = sim(*swept, "resume=true")
    assert code == 0 and out.count("already done") == 1 and "sweep: 3 " in out
    assert folders(tmp_path) == [where]


def test_two_runs_at_once_have_folders_of_their_own_or_one_is_refused(sim, tmp_path):
    where = tmp_path / "outputs" / "mine"
    holder = (
        "import sys, time; from sim.records import state\n"
        f"with state.holding({str(where)!r}):\n    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, cwd=ROOT) as process:
        try:
            process.stdout.readline()
            code, _, err = sim("run", *SMALL, f"hydra.run.dir={where}")
            assert code == 2 and f"process {process.pid}" in err and not (where / "coverage").exists()
            assert state.held(where)
        finally:
            process.kill()
    assert not state.held(where)
    assert sim("run", *SMALL, f"hydra.run.dir={where}")[0] == 0


def test_a_sweep_that_another_process_is_at_is_refused(sim, tmp_path, stopped):
    swept = ("run", "-m", *SMALL, "difficulty.beta=0.2,0.3", "resume=true")
    stopped(taking.Interrupted(signal.SIGTERM))
    assert sim(*swept)[0] == 143
    [where] = folders(tmp_path)
    holder = (
        f"from sim.records import state\nwith state.holding({str(where)!r}):\n    print('held', flush=True); input()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", holder], cwd=ROOT, **pipes) as process:
        process.stdout.readline()
        code, out, err = sim(*swept)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(f"sim run: {where}: in use by ") and f"process {process.pid}" in err
        process.communicate(b"\n")
    assert sim(*swept)[0] == 143  # it begins


def test_those_who_look_at_once_do_not_take_a_dead_run_for_alive(tmp_path):
    (tmp_path / state.LOCK).write_text("")
    with (tmp_path / state.LOCK).open() as looking:
        assert state._lock(looking, shared=True)
        assert state.held(tmp_path) is False
        with (tmp_path / state.LOCK).open("a") as beginning:
            assert not state._lock(beginning)  # but nobody begins meanwhile


def test_folders_of_one_second_are_two(tmp_path, monkeypatch):
    from sim.app.configuring import place

    monkeypatch.setattr(sys, "argv", ["sim run"])
    made = {place.folder(str(tmp_path), False) for _ in range(5)}
    assert len(made) == 5


@pytest.mark.slow
def test_thirty_kills_of_a_long_run_cost_no_batch_beyond_the_last_checkpoint(tmp_path):
    """Each at a random moment; then ten in the middle of writing a piece. The table is that of a run left alone."""
    command = [sys.executable, "-m", "sim", "run", "experiment=coverage", "figure=false", "budget.problems=6e9"]
    environment = os.environ | {"PYTHONPATH": ROOT, "SIM_COMPILATION_CACHE": str(tmp_path / "programs")}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "cwd": tmp_path, "env": environment}
    began = time.monotonic()
    subprocess.run([*command, "output=reference"], check=True, **quiet)
    whole = time.monotonic() - began
    random, last, kills = np.random.default_rng(0), 0, 0
    while kills < 30:
        with subprocess.Popen([*command, "resume=true"], **quiet) as process:
            try:
                process.wait(2 + random.uniform(0, whole / 12))
            except subprocess.TimeoutExpired:
                process.kill()
            assert b"Traceback" not in process.stderr.read()
        kills += 1
        kept = sum(_batches(path) for path in pieces(tmp_path))
        done = list(tmp_path.glob("outputs/*/coverage/table.csv"))
        assert kept >= last or done
        last = kept
        if done:  # all over again
            assert done[0].read_bytes() == next(tmp_path.glob("reference/*/coverage/table.csv")).read_bytes()
            subprocess.run(["rm", "-r", str(tmp_path / "outputs")], check=True)
            last = 0
    faulty = (
        "import os, random, signal; from sim.records import checkpoint; from sim.app.runs import taking\n"
        "taking._SHARE, taking._SHORTEST = 0.02, 0.0\n"
        "def die(descriptor):\n    os.kill(os.getpid(), signal.SIGKILL) if random.random() < 0.3 else None\n"
        "os.fsync = die\n"
        "import sys; sys.argv = ['sim', *sys.argv[1:]]; from sim.__main__ import program; program()"
    )
    for _ in range(10):
        subprocess.run([sys.executable, "-c", faulty, *command[3:], "resume=true"], **quiet)
        found, damaged = checkpoints.read(_last(tmp_path))
        assert damaged == [] and checkpoint.gaps(found, 1) in ([], [(0, 1)])
    subprocess.run([*command, "resume=true"], check=True, **quiet)
    [one], [other] = (list(tmp_path.glob(f"{name}/*/coverage/table.csv")) for name in ("reference", "outputs"))
    assert one.read_bytes() == other.read_bytes()


def _batches(path):
    start, end = path.stem.split("_")[0].split("-")
    return int(end) - int(start)


def _last(tmp_path):
    [where] = tmp_path.glob("outputs/*")
    return where / "coverage" / "checkpoint"

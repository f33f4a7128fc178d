"""python -m sim status: what became of every point, by its own files, whatever else happens meanwhile."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sweeps import begin, config, write_done, write_status, write_table

from sim.app.sweeps import jobs, points, status
from sim.records import state

ROOT = Path(__file__).resolve().parents[2]
HALF = {"coverage": ("done", 8, 8), "joint": ("running", 0, 64)}


def test_every_state_is_told_with_its_reason(sim, tmp_path):
    begin(tmp_path, *(f"experiment=coverage seed={seed}" for seed in range(8)))
    for number in (0, 1):
        write_done(tmp_path, number, config(seed=number))
    write_status(tmp_path / "point_2", "failed", sentence="seed: need a whole number, got 'x'")
    write_status(tmp_path / "point_3", "running", {"coverage": ("running", 21, 50)})
    write_status(tmp_path / "point_4", "interrupted", {"coverage": ("running", 30, 50)})
    write_status(tmp_path / "point_5", "running", {"coverage": ("running", 10, 50)})
    with state.holding(tmp_path / "point_3"):
        code, out, err = sim("status", str(tmp_path))
    assert (code, err) == (1, "")
    head, *rest = out.splitlines()
    assert head == (f"{tmp_path}: 8 points: 2 done, 1 running (42 %), 1 interrupted, 1 stopped, 1 failed, 2 waiting")
    assert rest[:3] == [
        "  point 2 failed (seed=2): seed: need a whole number, got 'x'",
        "  point 5 stopped (seed=5): its process ended without a message at 20 %; "
        "the same command with resume=true continues it",
        "  point 4 interrupted (seed=4): at 60 %; the same command with resume=true continues it",
    ]
    assert re.fullmatch(r"  point 3 running \(seed=3\): 42 %, on node17 since 20\d\d-\S+", rest[3])
    assert rest[4:] == ["  waiting: points 6-7"]


@pytest.mark.parametrize(
    ("word", "code"), [("done", 0), ("waiting", 0), ("interrupted", 0), ("failed", 1), ("stopped", 1), ("running", 1)]
)
def test_the_exit_code_says_whether_something_went_wrong(sim, tmp_path, word, code):
    begin(tmp_path, "seed=0", "seed=1")
    write_status(tmp_path / "point_0", "done")
    write_status(tmp_path / "point_1", word)  # running, and nobody holds it: killed
    assert sim("status", str(tmp_path))[0] == code
    assert sim("status", str(tmp_path / "point_1"))[0] == code


def test_a_killed_process_leaves_a_point_that_is_told_as_stopped(sim, tmp_path):
    begin(tmp_path, "seed=0")
    write_status(tmp_path / "point_0", "running", HALF)
    hold = f"""
import time
from sim.records import state
with state.holding({str(tmp_path / "point_0")!r}):
    print("held", flush=True)
    time.sleep(600)"""
    process = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    try:
        assert process.stdout.readline() == "held\n"
        assert "1 running (50 %)" in sim("status", str(tmp_path))[1]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    code, out, _ = sim("status", str(tmp_path))
    assert code == 1
    assert "  point 0 stopped: its process ended without a message at 50 %; " in out


def test_a_traceback_is_not_shown_but_where_it_lies(sim, tmp_path):
    begin(tmp_path, "seed=0")
    error = {"kind": "failed", "sentence": "KeyError: 'x'", "traceback": "Traceback (most recent call last): ..."}
    write_status(tmp_path / "point_0", "failed", error=error)
    place = f"its traceback is in {tmp_path / 'point_0' / 'status.json'}"
    for asked in (tmp_path, tmp_path / "point_0"):
        told = sim("status", str(asked))[1]
        assert "KeyError: 'x'\n" in told and place in told and "most recent" not in told


def test_of_a_thousand_points_only_those_that_matter_have_a_line(sim, tmp_path):
    begin(tmp_path, *(f"seed={seed}" for seed in range(1000)))
    for number in range(400):
        write_status(tmp_path / f"point_{number}", "failed" if number == 17 else "done", sentence="too large")
    write_status(tmp_path / "point_600", "done")
    code, out, _ = sim("status", str(tmp_path))
    assert code == 1
    assert out.splitlines() == [
        f"{tmp_path}: 1000 points: 400 done, 1 failed, 599 waiting",
        "  point 17 failed (seed=17): too large",
        "  waiting: points 400-599, 601-999",
    ]


def test_a_damaged_status_is_named_and_the_other_points_are_told(sim, tmp_path):
    begin(tmp_path, "seed=0", "seed=1", "seed=2")
    write_status(tmp_path / "point_0", "done")
    write_status(tmp_path / "point_1", "done")
    path = tmp_path / "point_1" / "status.json"
    path.write_text(path.read_text()[:40])
    code, out, err = sim("status", str(tmp_path))
    assert (code, err) == (1, "")
    assert "3 points: 1 done, 1 failed, 1 waiting" in out
    assert f"  point 1 failed (seed=1): {path}, line 3: not valid JSON" in out


@pytest.mark.parametrize("kind", ["folder", "dangling link", "no permission", "file in its place"])
@pytest.mark.parametrize("asked", ["status", "collect"])
def test_a_point_that_cannot_be_read_has_failed_and_the_others_are_told(sim, tmp_path, monkeypatch, asked, kind):
    begin(tmp_path, "seed=0", "seed=1", "seed=2")
    write_done(tmp_path, 0, config(seed=0))
    own = tmp_path / "point_1"
    path = own / "status.json"
    if kind == "folder":
        path.mkdir(parents=True)
    elif kind == "dangling link":
        own.mkdir()
        path.symlink_to("nowhere")
    elif kind == "file in its place":
        own.write_text("")
    else:
        write_done(tmp_path, 1, config(seed=1))
        forbid(monkeypatch, own)
    code, out, err = sim(asked, str(tmp_path))
    assert (code, err) == (1, "")
    assert f"  point 1 failed (seed=1): {path}: cannot be read (" in out
    assert "1 done, 1 failed, 1 waiting" in out or "1 of 3 points collected" in out


def test_a_table_that_cannot_be_read_is_a_failure_of_its_point(sim, tmp_path, monkeypatch):
    begin(tmp_path, "seed=0", "seed=1")
    for number in (0, 1):
        write_done(tmp_path, number, config(seed=number))
    forbid(monkeypatch, tmp_path / "point_1" / "coverage")
    code, out, err = sim("collect", str(tmp_path))
    assert (code, err) == (1, "")
    assert (
        f"  point 1 failed (seed=1): {tmp_path / 'point_1' / 'coverage' / 'manifest.json'}: cannot be read (Perm" in out
    )
    assert "1 of 2 points collected" in out


def forbid(monkeypatch, where):
    """Have the system refuse whatever is in a folder, as it does to those who may not read it (root may)."""
    for name in ("stat", "lstat", "scandir", "open"):
        original = getattr(io if name == "open" else os, name)

        def refuse(path, *args, original=original, **more):
            if isinstance(path, str | os.PathLike) and where in Path(path).parents:
                raise PermissionError(13, "Permission denied", str(path))
            return original(path, *args, **more)

        monkeypatch.setattr(io if name == "open" else os, name, refuse)


WRONG = {
    "state": ("asleep", "state must be one of"),
    "experiments": ({"coverage": 3}, "need an object with a state for experiment coverage"),
    "error": ("too large", "error must be null or an object with a sentence"),
    "owner": ([], "owner must be null or an object"),
    "overrides": (None, "need an object with the field overrides"),
    "config": ([], "need an object with the field config"),
}


@pytest.mark.parametrize("field", WRONG)
def test_a_status_with_a_wrong_entry_is_one_sentence(sim, tmp_path, field):
    wrong, words = WRONG[field]
    write_status(tmp_path, "done")
    path = tmp_path / "status.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: wrong}))
    code, out, err = sim("status", str(tmp_path))
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"sim status: {re.escape(str(tmp_path))}/status\.json: [^\n]*{words}[^\n]*\n", err)


# A run ----------------------------------------------------------------------------------------------------------------


def test_a_run_is_told_by_its_experiments(sim, tmp_path):
    told = {"learning_curve": ("done", 64, 64), "coverage": ("running", 512, 1024), "joint": ("waiting", 0, None)}
    write_status(tmp_path, "running", told)
    with state.holding(tmp_path):
        code, out, _ = sim("status", str(tmp_path))
    assert code == 0
    head, *rest = out.splitlines()
    assert re.fullmatch(re.escape(f"{tmp_path}: running: 50 %, on node17 since ") + r"\S+ \(2 x cpu \(cpu\)\)", head)
    assert rest == [
        "  learning_curve  done",
        "  coverage        running, 512 of 1,024 batches (50 %)",
        "  joint           waiting",
    ]
    assert "  coverage        stopped, 512 of 1,024 batches (50 %)" in sim("status", str(tmp_path))[1]


def test_a_real_run_and_a_real_sweep_are_told_as_done(sim, tmp_path):
    words = "experiment=coverage", "budget=smoke", "budget.devices=1"
    assert sim("run", *words, "output=one")[0] == 0
    assert sim("run", "-m", *words, "difficulty.alpha=5,-1", "output=two")[0] == 2
    [one], [two] = (tmp_path / "one").iterdir(), (tmp_path / "two").iterdir()
    assert sim("status", str(one)) == (0, f"{one}: done\n  coverage  done\n", "")
    code, out, _ = sim("status", str(two))
    assert code == 1
    assert out.startswith(
        f"{two}: 2 points: 1 done, 1 failed\n  point 1 failed (difficulty.alpha=-1): difficulty.alpha"
    )


# For a program --------------------------------------------------------------------------------------------------------


def test_a_program_reads_the_same(sim, tmp_path):
    begin(tmp_path, "seed=0", "seed=1", "seed=2")
    write_status(tmp_path / "point_0", "interrupted", HALF)
    write_status(tmp_path / "point_1", "failed", sentence="seed: wrong")
    code, out, err = sim("status", str(tmp_path), "--json")
    told = json.loads(out)
    assert (code, err) == (1, "")
    assert told["counts"] == {"done": 0, "running": 0, "interrupted": 1, "stopped": 0, "failed": 1, "waiting": 1}
    assert [point["point"] for point in told["points"]] == [0, 1, 2]
    assert [point["state"] for point in told["points"]] == ["interrupted", "failed", "waiting"]
    assert [point["progress"] for point in told["points"]] == [0.5, 0, 0]
    assert told["points"][0]["owner"]["host"] == "node17"
    assert told["points"][1]["error"]["sentence"] == told["points"][1]["why"] == "seed: wrong"
    assert told["points"][2]["overrides"] == ["seed=2"]
    run = json.loads(sim("status", "--json", str(tmp_path / "point_0"))[1])
    assert (run["state"], run["progress"], run["experiments"]["joint"]["of"]) == ("interrupted", 0.5, 64)


# Slurm ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Have a squeue that does what a script says, and no other."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin")

    def says(script):
        path = programs / "squeue"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return says


def submitted(where, count):
    begin(where, *(f"seed={seed}" for seed in range(count)), launcher="slurm")
    (where / "jobs.json").write_text(json.dumps({str(number): f"4711_{number}" for number in range(count)}))


def test_points_in_slurms_queue_wait_and_those_it_has_lost_do_not(sim, tmp_path, slurm):
    where = tmp_path / "sweep"
    submitted(where, 5)
    slurm("echo '4711_0|PENDING'; echo '4711_1|PENDING'; echo '4711_2|RUNNING'; echo '4711_3|CANCELLED'")
    code, out, _ = sim("status", str(where))
    assert code == 1
    assert out.splitlines() == [
        f"{where}: 5 points: 2 stopped, 3 waiting",
        "  point 3 stopped (seed=3): never started: Slurm job 4711_3 ended as CANCELLED; "
        "the same command with resume=true starts it",
        "  point 4 stopped (seed=4): never started: Slurm job 4711_4 is not in Slurm's queue any more; "
        "the same command with resume=true starts it",
        "  waiting in Slurm's queue (PENDING, job 4711): points 0-1",
        "  waiting in Slurm's queue (RUNNING, job 4711): point 2",
    ]


def test_a_failed_job_is_failed_and_a_done_one_done_whatever_slurm_says(sim, tmp_path, slurm):
    where = tmp_path / "sweep"
    submitted(where, 3)
    write_status(where / "point_0", "failed", sentence="too large")
    write_status(where / "point_1", "done")
    write_status(where / "point_2", "running", HALF)
    slurm("echo '4711_0|COMPLETED'; echo '4711_1|FAILED'; echo '4711_2|COMPLETED'")
    code, out, _ = sim("status", str(where))
    assert code == 1
    assert "3 points: 1 done, 1 stopped, 1 failed\n" in out
    assert "point 0 failed (seed=0): too large" in out


@pytest.mark.parametrize("before", ["interrupted", "running"])
def test_a_preempted_point_whose_job_is_queued_again_goes_on_by_itself(sim, tmp_path, slurm, before):
    where = tmp_path / "sweep"
    submitted(where, 1)
    write_status(where / "point_0", before, HALF)
    slurm("echo '4711_0|PENDING'")
    code, out, _ = sim("status", str(where))
    assert code == 0
    assert "  point 0 interrupted: at 50 %; Slurm job 4711_0 (PENDING) continues it\n" in out


def test_a_point_that_begins_while_slurm_is_asked_is_not_lost(sim, tmp_path, slurm):
    where = tmp_path / "sweep"
    submitted(where, 1)
    write_status(tmp_path / "other", "done")
    slurm(f"mkdir {where}/point_0; cp {tmp_path}/other/status.json {where}/point_0/")
    assert sim("status", str(where)) == (0, f"{where}: 1 point: 1 done\n", "")


def test_a_job_that_slurm_has_forgotten_is_no_error(sim, tmp_path, slurm):
    where = tmp_path / "sweep"
    submitted(where, 1)
    slurm("echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1")
    code, out, _ = sim("status", str(where))
    assert code == 1
    assert "is not in Slurm's queue any more" in out


SILENT = {
    "sleep 60": "squeue did not answer within 0.2 s",
    "echo 'Unable to contact slurm controller' >&2; exit 1": "squeue: Unable to contact slurm controller",
    "exit 3": "squeue: exit code 3",
    None: "there is no squeue on this machine",
}


@pytest.mark.parametrize("script", SILENT)
def test_where_slurm_does_not_answer_points_wait_and_that_is_said(sim, tmp_path, slurm, monkeypatch, script):
    where = tmp_path / "sweep"
    submitted(where, 2)
    monkeypatch.setattr(jobs, "_PATIENCE", 0.2)
    if script is None:
        monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    else:
        slurm(f"exec {script}" if script.startswith("sleep") else script)
    code, out, err = sim("status", str(where))
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"{where}: 2 points: 2 waiting",
        "  waiting: points 0-1",
        f"  Slurm cannot be asked whether jobs are still in its queue: {SILENT[script]}",
    ]


def test_slurm_is_asked_for_the_jobs_of_the_sweep_and_no_filter_of_the_users(sim, tmp_path, slurm, monkeypatch):
    where = tmp_path / "sweep"
    submitted(where, 2)
    monkeypatch.setenv("SQUEUE_PARTITION", "other")
    slurm(f'echo "$@ $SQUEUE_PARTITION" > {tmp_path}/asked')
    sim("status", str(where))
    asked = (tmp_path / "asked").read_text().split()
    assert asked == ["--noheader", "--array", "--states=all", "--format=%i|%T", "--jobs=4711"]


def test_without_open_points_slurm_is_not_asked(sim, tmp_path, slurm):
    where = tmp_path / "sweep"
    submitted(where, 1)
    write_status(where / "point_0", "done")
    slurm(f"touch {tmp_path}/asked")
    assert sim("status", str(where))[0] == 0
    assert not (tmp_path / "asked").exists()


# Meanwhile ------------------------------------------------------------------------------------------------------------


def test_a_run_that_ends_well_between_its_file_and_its_lock_is_done(tmp_path, monkeypatch):
    write_status(tmp_path, "running", HALF)

    def held(where):
        write_status(tmp_path, "done")
        return False

    monkeypatch.setattr(state, "held", held)
    assert points.look(tmp_path)["state"] == "done"


def test_points_that_nobody_is_left_to_start_are_told(sim, tmp_path):
    begin(tmp_path, "seed=0", "seed=1")
    assert "nobody is" not in sim("status", str(tmp_path))[1]  # this process has begun it
    path = tmp_path / "sweep.json"
    sweep = json.loads(path.read_text())
    ended = subprocess.Popen(["true"])
    ended.wait()
    path.write_text(json.dumps(sweep | {"owner": sweep["owner"] | {"pid": ended.pid}}))
    told = "  no process is left to start the waiting points; the same command with resume=true starts them\n"
    assert sim("status", str(tmp_path))[1].endswith(told)


def test_a_sweep_of_an_older_version_is_told_by_its_folders(sim, tmp_path):
    for number in (0, 10, 2):
        write_table(tmp_path, number, config(seed=number))
    (tmp_path / "point_3").mkdir()
    code, out, _ = sim("status", str(tmp_path))
    assert code == 1
    assert out.splitlines() == [
        f"{tmp_path}: 4 points: 3 done, 1 stopped",
        "  point 3 stopped: no experiment in it is finished, and it has no status.json",
    ]


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([3], "point 3"), ([0, 1], "points 0-1"), ([0, 2, 3, 4, 9], "points 0, 2-4, 9")],
)
def test_neighbours_are_told_as_a_range(numbers, words):
    assert status.ranges(numbers) == words


def test_the_progress_of_a_run_is_a_mean_and_100_percent_is_the_end():
    told = {"experiments": {"coverage": {"state": "done"}, "joint": {"state": "running", "batches": 999, "of": 1000}}}
    assert np.isclose(points.progress(told), 0.9995)
    assert points.percent(points.progress(told)) == "99 %"
    assert points.progress({"experiments": {}}) == 0
    assert points.share({"state": "running", "batches": 3, "of": None}) == 0


# What is wrong --------------------------------------------------------------------------------------------------------

REFUSED = {
    "": "need one folder, got none",
    "none": "none: no such folder",
    "file": "file: no such folder",
    "empty": "empty: need the folder of a sweep or run",
    "empty empty": "need one folder, got 'empty' 'empty'",
    "empty --fast": "--fast: no such option; need --json or --help",
    "torn": "torn/sweep.json, line 1: not valid JSON",
    "list": "list/sweep.json: need an object with the field points (list)",
    "jobs": "jobs/jobs.json: need an object of point numbers and Slurm jobs",
    "run": "run/status.json: need an object with the field state (str)",
}


@pytest.mark.parametrize("typed", REFUSED)
def test_bad_input_is_one_sentence_and_exit_code_2(sim, tmp_path, typed):
    for name in ("empty", "torn", "list", "jobs", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "torn/sweep.json").write_text('{"points": ')
    (tmp_path / "list/sweep.json").write_text("[]")
    begin(tmp_path / "jobs", "seed=0")
    (tmp_path / "jobs/jobs.json").write_text('{"0": 4711}')
    (tmp_path / "run/status.json").write_text("{}")
    code, out, err = sim("status", *typed.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(r"sim status: [^\n]+\n", err)
    assert REFUSED[typed] in err


def test_help_is_given(sim):
    for asked in ("--help", "-h", "help"):
        assert sim("status", asked) == (0, status.HELP, "")


def test_it_answers_without_loading_what_simulates_composes_or_draws(tmp_path):
    begin(tmp_path, "seed=0")
    write_status(tmp_path / "point_0", "done")
    script = f"""
import sys, sim.__main__
sys.argv = ["sim", "status", {str(tmp_path)!r}]
code = sim.__main__.main()
print([name for name in ("jax", "scipy", "matplotlib", "hydra", "omegaconf") if name in sys.modules])
sys.exit(code)"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{tmp_path}: 1 point: 1 done", "[]"]


HERE = {"host": "node17", "since": "2026-01-01T10:00:00+00:00"}
WHY = [
    ("running", {"owner": HERE | {"slurm": None}}, "40 %, on node17 since 2026-01-01T10:00:00+00:00"),
    (
        "running",
        {"owner": HERE | {"slurm": {"job": "5_1", "restarts": 0}}},
        "40 %, on node17 since 2026-01-01T10:00:00+00:00, Slurm job 5_1",
    ),
    (
        "running",
        {"owner": HERE | {"slurm": {"job": "5_1", "restarts": 2}}},
        "40 %, on node17 since 2026-01-01T10:00:00+00:00, Slurm job 5_1, restarted 2 times",
    ),
    ("running", {"owner": None}, "40 %, on ? since ?"),
    ("stopped", {}, "its process ended without a message at 40 %; the same command with resume=true continues it"),
    ("interrupted", {}, "at 40 %; the same command with resume=true continues it"),
    ("failed", {"error": {"sentence": "seed: need one"}}, "seed: need one"),
    ("failed", {"error": None}, "no reason was given"),
    ("done", {}, ""),
    ("waiting", {}, ""),
]


@pytest.mark.parametrize(("word", "more", "words"), WHY)
def test_where_a_run_stands_is_said_by_its_state(word, more, words):
    own = {"a": {"state": "done", "batches": 1, "of": 9}, "b": {"state": "failed", "batches": 1, "of": 5}}
    own |= {"c": {"state": "waiting", "batches": 0, "of": None}}
    assert points.why({"state": word, "experiments": own} | more) == words


@pytest.mark.parametrize(
    ("own", "share"),
    [(("running", 3, 4), 0.75), (("running", 9, 4), 1), (("running", 0, 0), 0), (("done", 0, 4), 1),
     (("failed", 1, 4), 0.25)],
)  # fmt: skip
def test_the_share_that_is_done_is_that_of_the_batches(own, share):
    assert points.share(dict(zip(("state", "batches", "of"), own, strict=True))) == share


def test_the_mean_progress_is_told_of_those_that_run(tmp_path):
    begin(tmp_path, *(f"seed={seed}" for seed in range(4)))
    write_status(tmp_path / "point_0", "done", {"coverage": ("done", 8, 8)})
    for number, batches in ((1, 10), (2, 30)):
        write_status(tmp_path / f"point_{number}", "running", {"coverage": ("running", batches, 50)})
    with state.holding(tmp_path / "point_1"), state.holding(tmp_path / "point_2"):
        found = points.read(tmp_path).points
    assert status.counted(found) == "4 points: 1 done, 2 running (40 %), 1 waiting"
    assert status.counted(found[:1]) == "1 point: 1 done" and status.counted([]) == "0 points: none"

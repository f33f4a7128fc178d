"""A sweep on a real Slurm of two nodes, which the test starts and stops. Skipped where it cannot."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "slurm"
ROOT = Path(__file__).parents[2]
SIM = [sys.executable, "-m", "sim", "run"]
SMALL = ["hydra.launcher.cpus_per_task=1", "hydra.launcher.mem_gb=null", "hydra.launcher.timeout_min=5"]
SWEEP = ["--multirun", "experiment=coverage", "budget=smoke", "output=out"]
FAULTY = """
import os
from sim.experiments import coverage

def plan(question):
    raise RuntimeError("raised on purpose")

if os.environ.get("SLURM_ARRAY_TASK_ID") == "7":
    coverage.plan = plan
"""
LONG = ["experiment=coverage", "budget=smoke", "budget.problems=1e8", "figure=false"]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """The environment of commands that find the cluster."""
    fcntl = pytest.importorskip("fcntl")
    pytest.importorskip("submitit")
    missing = [name for name in ("slurmctld", "slurmd", "srun", "munged") if shutil.which(name) is None]
    if missing or os.getuid() != 0:
        pytest.skip(f"need root and {', '.join(missing) or 'Slurm'} (Debian: slurmctld slurmd slurm-client munge)")
    folder = tmp_path_factory.mktemp("slurm")
    with open(Path(folder).parents[1] / "sim-slurm.lock", "w") as lock:  # one at a time, under pytest-xdist too
        fcntl.flock(lock, fcntl.LOCK_EX)
        port = str(random.SystemRandom().randrange(20000, 30000))
        up = subprocess.run([SCRIPTS / "up.sh", folder, port], stderr=subprocess.PIPE, text=True)
        try:
            if up.returncode:
                pytest.skip(f"Slurm cannot be started here: {up.stderr}")
            python_path = os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
            yield {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "PYTHONPATH": python_path}
        finally:
            subprocess.run([SCRIPTS / "down.sh", folder], check=False)


def until(true, seconds=90):
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.3)


def status(point):
    """What status.json says."""
    path = point / "status.json"
    return json.loads(path.read_text()) if path.is_file() else {"state": "waiting"}


def run(slurm, where, *arguments):
    """A command, to its end."""
    return subprocess.run([*SIM, *arguments], cwd=where, env=slurm, capture_output=True, text=True, timeout=240)


def a_detached_sweep_says_which_points_failed_and_finishes_the_others(slurm, tmp_path):
    (tmp_path / "faulty.py").write_text(FAULTY)
    exponents = "difficulty.beta=0.3,0.31,0.32,-1,0.34,0.35,0.36,0.37,0.38,0.39,0.4,0.41"
    done = run(slurm, tmp_path, *SWEEP, "plugins=[faulty]", exponents, "hydra/launcher=slurm", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "12 points submitted as job" in done.stdout
    (sweep,) = (tmp_path / "out").iterdir()
    assert len(json.loads((sweep / "jobs.json").read_text())) == 12
    points = [sweep / f"point_{number}" for number in range(12)]
    until(lambda: all(status(point)["state"] in ("done", "failed") for point in points))
    assert [number for number, point in enumerate(points) if status(point)["state"] == "failed"] == [3, 7]
    assert status(points[3])["error"]["kind"] == "refused"
    assert "raised on purpose" in status(points[7])["error"]["traceback"]
    told = subprocess.run([*SIM[:-1], "status", sweep], cwd=tmp_path, env=slurm, capture_output=True, text=True)
    assert told.returncode == 1, told.stderr
    assert "raised on purpose" in told.stdout
    subprocess.run([*SIM[:-1], "collect", sweep], cwd=tmp_path, env=slurm, capture_output=True)
    assert (sweep / "summary.csv").read_text().count("coverage") == 10


def a_preempted_point_is_queued_again_and_its_table_is_that_of_an_uninterrupted_run(slurm, tmp_path):
    paused = "plugins=[unhurried]", "hydra/launcher=slurm", *SMALL
    done = run(slurm, tmp_path, "--multirun", *LONG, "output=out", *paused)
    assert done.returncode == 0, done.stderr
    (sweep,) = (tmp_path / "out").iterdir()
    number = json.loads((sweep / "jobs.json").read_text())["0"]
    point = sweep / "point_0"
    until(lambda: status(point).get("experiments", {}).get("coverage", {}).get("batches"))
    subprocess.run(["scancel", "--signal=USR2", number], env=slurm, check=True)
    until(lambda: status(point)["state"] == "done")
    assert status(point)["owner"]["slurm"]["restarts"] == 1
    whole = run(slurm, tmp_path, *LONG, "output=whole")
    assert whole.returncode == 0, whole.stderr
    (other,) = (tmp_path / "whole").glob("*/coverage/table.csv")
    assert (point / "coverage" / "table.csv").read_bytes() == other.read_bytes()


def two_nodes_of_two_tasks_draw_what_one_process_draws(slurm, tmp_path):
    small = ["experiment=coverage", "budget=smoke", "figure=false"]
    together = ["srun", "-N2", "-n4", *SIM, "distributed=true", *small, "output=together"]
    done = subprocess.run(together, cwd=tmp_path, env=slurm, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    alone = run(slurm, tmp_path, *small, "output=alone")
    assert alone.returncode == 0, alone.stderr
    one, other = ((next((tmp_path / name).glob("*/coverage/table.csv"))).read_bytes() for name in ("together", "alone"))
    assert one == other


def test_slurm_runs_sweeps_and_shared_runs_and_what_it_preempts_goes_on(slurm, tmp_path):
    """All in one, at the same time: workers of pytest-xdist would each bring up a Slurm, one after the other."""
    questions = (
        a_preempted_point_is_queued_again_and_its_table_is_that_of_an_uninterrupted_run,
        two_nodes_of_two_tasks_draw_what_one_process_draws,
        a_detached_sweep_says_which_points_failed_and_finishes_the_others,
    )
    folders = [tmp_path / question.__name__ for question in questions]
    for where in folders:
        where.mkdir()
    with ThreadPoolExecutor(len(questions)) as pool:
        for asked in [pool.submit(question, slurm, where) for question, where in zip(questions, folders, strict=True)]:
            asked.result()

"""The jobs of a sweep in Slurm's queue: which point is which, and what Slurm says of them."""

import os
import shutil
import subprocess
from pathlib import Path

from sim.records import folder

JOBS = "jobs.json"
_PATIENCE = 5.0  # seconds; it answers in 35 ms, or not at all
_OVER = ("COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE")
_OVER += ("OUT_OF_MEMORY", "REVOKED")  # such a job will not run again


class Silent(ValueError):
    """Slurm cannot be asked, or gives no answer."""


def read(where):
    """{point number: Slurm job} of a sweep folder, {} where it has none; ValueError where jobs.json is damaged."""
    path = Path(where) / JOBS
    if not path.is_file():
        return {}
    content = folder.read_json(path)
    if not isinstance(content, dict) or not all(
        number.isdigit() and isinstance(job, str) for number, job in content.items()
    ):
        raise ValueError(f'{path}: need an object of point numbers and Slurm jobs, like {{"12": "4711_3"}}')
    return {int(number): job for number, job in content.items()}


def queue(jobs, patience=None):
    """{Slurm job: its state in Slurm's words} of those that Slurm still knows; Silent where it does not say.

    patience: seconds to wait for an answer, None: as long as someone who looks would.
    """
    patience = patience or _PATIENCE
    if shutil.which("squeue") is None:
        raise Silent("there is no squeue on this machine")
    numbers = ",".join(sorted({job.split("_")[0] for job in jobs}))
    command = ["squeue", "--noheader", "--array", "--states=all", "--format=%i|%T", f"--jobs={numbers}"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("SQUEUE_")}  # a user's filters
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience, env=own, check=False)
    except subprocess.TimeoutExpired:
        raise Silent(f"squeue did not answer within {patience:g} s") from None
    except OSError as error:
        raise Silent(f"squeue cannot be run ({error.strerror})") from None
    if done.returncode and "Invalid job id" not in done.stderr:  # what it says of a single job that it has forgotten
        raise Silent(f"squeue: {' '.join(done.stderr.split()) or f'exit code {done.returncode}'}")
    return dict(line.strip().split("|") for line in done.stdout.splitlines() if line.count("|") == 1)


def lives(queued):
    """Whether a job of this state, None where Slurm knows it no more, runs or will run."""
    return queued is not None and queued not in _OVER

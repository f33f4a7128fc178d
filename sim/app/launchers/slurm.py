"""Points as one job array of Slurm, through submitit; the shell returns once they are submitted, or waits."""

import shutil
import time
import warnings

from sim.app import launchers
from sim.app.launchers import job
from sim.app.sweeps import jobs
from sim.records import folder, state

_OWN = ("_target_", "engine", "wait", "max_num_timeout")  # settings that are not for sbatch
_SHARED = ("timeout_min", "cpus_per_task", "gpus_per_node", "tasks_per_node", "mem_gb", "nodes", "name")  # of submitit
_PATIENCE = 60.0  # seconds for an answer of the scheduler
_PAUSE = 1.0  # seconds between two questions to the scheduler


class Task:
    """What a job runs. A signal has it requeued, as submitit does for what has a checkpoint()."""

    def __call__(self, each):
        return job.run(each)._asdict()

    def checkpoint(self, each):
        """The same again: it goes on from what it saved."""
        import submitit

        return submitit.helpers.DelayedSubmission(self, each)


def launch(points, settings):
    """Submit the points that are not in the queue; outcomes of those that came to nothing, if it shall wait."""
    where = points[0].where.parent
    if shutil.which("sbatch") is None:
        raise ValueError("hydra/launcher=slurm: need Slurm (squeue, sbatch, srun) on this machine, found none")
    known = jobs.read(where)
    queued = _queued(set(known.values()))
    waiting = [point for point in points if known.get(point.number) in queued]
    left = [point for point in points if point not in waiting]
    if waiting:
        print(f"slurm: {len(waiting)} points are already in the queue", flush=True)
    if left:
        known |= _submit(left, settings, where)
        folder.write_json(where / jobs.JOBS, known)
        name = known[left[0].number].split("_")[0]
        print(f"slurm: {len(left)} points submitted as job {name}; scancel {name} ends them", flush=True)
    if not launchers.waits(settings):
        print(f"slurm: python -m sim status {where}; python -m sim collect {where}", flush=True)
        return []
    _wait({known[point.number] for point in points})
    return [_died(point, known, where) for point in points if state.read_status(point.where) is None]


def _submit(points, settings, where):
    """{point number: Slurm's number} of a job array."""
    import submitit

    given = {key: value for key, value in settings.items() if key not in _OWN and value is not None}
    try:
        most = {"slurm_max_num_timeout": settings["max_num_timeout"]}
        executor = submitit.AutoExecutor(where / ".submitit" / "%j", cluster="slurm", **most)
        executor.update_parameters(**{key if key in _SHARED else f"slurm_{key}": given[key] for key in given})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a cluster keeps no accounts
            done = executor.map_array(Task(), job.jobs(points))
    except (RuntimeError, submitit.core.utils.FailedJobError, submitit.core.utils.FailedSubmissionError) as error:
        raise ValueError(f"hydra/launcher=slurm: Slurm accepts no jobs: {' '.join(str(error).split())}") from error
    return {point.number: each.job_id for point, each in zip(points, done, strict=True)}


def _queued(numbers):
    """Those of Slurm's numbers that wait or run; ValueError where Slurm does not answer."""
    try:
        states = jobs.queue(numbers, _PATIENCE) if numbers else {}
    except jobs.Silent as error:
        raise ValueError(f"hydra/launcher=slurm: {error}") from error
    return {number for number in numbers if jobs.lives(states.get(number))}


def _wait(numbers):
    """Until none of the jobs is in the queue; a scheduler that does not answer for a while is asked again."""
    while True:
        try:
            if not _queued(numbers):
                return
        except ValueError as error:
            print(f"sim run: {error}; asking again", flush=True)
        time.sleep(_PAUSE)


def _died(point, known, where):
    return launchers.died(point, f"job {known[point.number]} ended before it started, see {where / '.submitit'}")

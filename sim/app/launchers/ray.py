"""Points as tasks of Ray: of an instance on this machine, or of a cluster (hydra.launcher.ray.init.address=auto)."""

import os

from sim.app import launchers
from sim.app.launchers import job


def launch(points, settings):
    """Outcomes of the points; a task whose process or machine is lost is reported as stopped."""
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray asks for it to be chosen
    import ray

    given = settings["ray"]
    try:
        ray.init(**{key: value for key, value in given["init"].items() if value is not None})
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ValueError(f"hydra.launcher.ray.init: {' '.join(str(error).split())}") from error
    try:
        remote = _remote(ray, given["remote"])
        tasks = {remote.remote(each): each.point for each in job.jobs(points)}
        return list(_outcomes(ray, tasks))
    finally:
        ray.shutdown()


def _remote(ray, wanted):
    """The task; with a GPU of its own where the cluster has some and nothing else is asked for."""
    gpus = wanted["num_gpus"]
    if gpus is None:
        gpus = 1 if ray.cluster_resources().get("GPU") else 0
    return ray.remote(num_cpus=wanted["num_cpus"], num_gpus=gpus, max_retries=0)(job.run_quietly)


def _outcomes(ray, tasks):
    """Outcomes of tasks as they end."""
    left = list(tasks)
    while left:
        (ended,), left = ray.wait(left, num_returns=1)
        try:
            yield job.reported(ray.get(ended))
        except ray.exceptions.RayError as error:
            yield launchers.died(tasks[ended], f"its process was lost ({type(error).__name__})")

"""The points of a sweep in this process; those that are drawn together are judged and written by others beside it."""

import contextlib
import os
from importlib import metadata

from sim.app.host import cores
from sim.app.launchers import job, local
from sim.app.runs import taking

_EACH = 25  # points for which one more process is started: it judges 50 in the time that it takes to start
MOST = 8  # as many as one process draws for


@contextlib.contextmanager
def judges(points):
    """Processes that judge points of a sweep: as many as it asks for; else some on other cores, if there is a GPU."""
    number, started = _number(points), []
    try:
        with taking.heeding() if number else contextlib.nullcontext():
            for _ in range(number):
                started.append(local.Worker({"JAX_PLATFORMS": "cpu"}))
            yield started
    finally:
        for judge in started:
            judge.end()


def _number(points):
    config = points[0].config
    if config.get("together") is False:
        return 0
    asked = config.get("judges")  # whatever is wrong with it, the points say when they are run
    if isinstance(asked, int) and not isinstance(asked, bool):
        return max(0, min(asked, len(points)))
    most = min(len(points) // _EACH, cores.usable() - 1, MOST)
    return most if asked is None and most > 0 and _has_gpu() else 0


def _has_gpu():
    """Whether JAX will find a GPU, as far as can be told without loading it."""
    plugins = os.environ.get("JAX_PLATFORMS") != "cpu" and metadata.entry_points(group="jax_plugins")
    return bool(plugins and local.gpus())


def outcomes(points, sweep, judges, run):
    """Outcomes of points, one by one.  sweep: sim.app.sweeps.together.Sweep of them.  run: runs one of them here."""
    for point in points:
        taking.heed()
        drawn = sweep.all_of(point) if judges else None
        if drawn is None:
            yield run(point)
            continue
        free = [judge for judge in judges if judge.point is None]
        if not free:
            free = local.ready(judges)
            yield from [judge.outcome() for judge in free]
        [given] = job.jobs([point], own=True)
        free[0].take(given._replace(drawn=drawn))
    while any(judge.point for judge in judges):
        yield from [judge.outcome() for judge in local.ready(judges)]

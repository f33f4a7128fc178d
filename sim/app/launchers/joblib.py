"""Points in processes of joblib (loky) on this machine."""

from sim.app import launchers
from sim.app.launchers import job


def launch(points, settings):
    """Outcomes of the points. A process that dies takes those beside it along: what has not begun is launched again.

    ValueError where n_jobs is neither a whole number from 1 on nor -1.
    """
    workers = settings["n_jobs"]
    launchers.check_workers("hydra.launcher.n_jobs", workers, -1, "-1 for one per core")
    outcomes, left = [], {point.number: point for point in points}
    while left:
        before = len(left)
        why = _round(left, workers, outcomes)
        begun = [number for number, point in left.items() if (point.where / "status.json").is_file()]
        lost = begun if begun or len(left) < before else list(left)  # none began: none ever will
        outcomes += [launchers.died(left.pop(number), why) for number in lost]
    return outcomes


def _round(left, workers, outcomes):
    """Launch what is left, taking out of it what ends; why it did not come to its end, or None."""
    import joblib
    from joblib.externals.loky.process_executor import BrokenProcessPool

    run = joblib.delayed(job.run_quietly)
    parallel = joblib.Parallel(n_jobs=workers, backend="loky", batch_size=1, return_as="generator_unordered")
    try:
        for done in parallel(run(each) for each in job.jobs(left.values(), own=True)):
            outcomes.append(job.reported(done))
            del left[done.number]
    except BrokenProcessPool:
        return "its process, or one beside it, was killed (out of memory?)"
    return None

"""What the launchers ask of Slurm, Ray and joblib, in whose places something small stands."""

import json
import os
import signal
import sys
import time
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import pytest
from omegaconf import OmegaConf

from sim.app import launchers
from sim.app.configuring.configuration import CONF
from sim.app.launchers import job, local, slurm
from sim.app.launchers import joblib as joblib_engine
from sim.app.launchers import ray as ray_engine
from sim.app.runs import point
from sim.app.sweeps import jobs, judging
from sim.records import state


def settings(engine, **changed):
    own = OmegaConf.to_container(OmegaConf.load(CONF / "hydra" / "launcher" / f"{engine}.yaml"))
    return own | changed


def points(where, count, **config):
    config = {"resume": False, "seed": 0, "difficulty": {"beta": 0.35}} | config
    return [
        point.Point(config | {"seed": number}, where / f"point_{number}", [f"seed={number}"], number)
        for number in range(count)
    ]


def write_status(where, word, config):
    where.mkdir(parents=True)
    state.write_status(where, {"state": word, "experiments": {}, "config": config, "overrides": []})


# What is launched -----------------------------------------------------------------------------------------------------


@pytest.fixture
def launched(monkeypatch):
    """Numbers of the points that an engine of our own is given."""
    numbers, engine = [], ModuleType("sim.app.launchers.local")
    engine.launch = lambda own, _settings: numbers.extend(each.number for each in own) or ["an outcome"]
    monkeypatch.setitem(sys.modules, "sim.app.launchers.local", engine)
    return numbers


@pytest.mark.parametrize(
    ("resume", "word", "changed", "again"),
    [
        (True, "done", {}, False),
        (True, "done", {"figure": False, "budget": {"chunk": 3}}, False),  # how it was run
        (False, "done", {}, True),
        (True, "failed", {}, True),
        (True, "running", {}, True),  # killed
        (True, "done", {"difficulty": {"beta": 0.36}}, True),
        (True, "done", {"law": {"beta": 0.36}}, True),
        (True, "done", {"budget": {"problems": 1}}, True),
    ],
)
def test_a_sweep_given_again_launches_what_is_not_done_with_the_same_results(
    tmp_path, launched, resume, word, changed, again
):
    own = points(tmp_path, 2, resume=resume)
    write_status(own[1].where, word, own[1].config | changed)
    assert launchers.launch(own, {"engine": "local"}) == ["an outcome"]
    assert launched == ([0, 1] if again else [0])


def test_where_all_is_done_nothing_is_launched(tmp_path, launched, capsys):
    own = points(tmp_path, 1, resume=True)
    write_status(own[0].where, "done", own[0].config)
    assert launchers.launch(own, {"engine": "local"}) == [] and launched == []
    assert capsys.readouterr().out == f"point 0: already done: {own[0].where}\n"


def test_a_damaged_status_is_said_by_the_point_itself(tmp_path, launched):
    own = points(tmp_path, 1, resume=True)
    own[0].where.mkdir()
    (own[0].where / "status.json").write_text("{")
    launchers.launch(own, {"engine": "local"})
    assert launched == [0]


@pytest.mark.parametrize("value", [0, -2, True, False, 1.5, 1.0, "2", [1]])
def test_a_number_of_processes_is_whole_and_positive(value):
    with pytest.raises(ValueError, match=r"^k: need a whole number >= 1, or -1 for all, got "):
        launchers.check_workers("k", value, -1, "-1 for all")


def test_a_number_of_processes_or_the_word_for_all_is_taken():
    for value, other in ((1, -1), (64, None), (-1, -1), (None, None)):
        launchers.check_workers("k", value, other, "all")
    for value, other in ((None, -1), (-1, None)):
        with pytest.raises(ValueError):
            launchers.check_workers("k", value, other, "all")


def test_a_job_is_the_point_the_folder_and_who_launches(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(job.os, "getpid", lambda: 4711)
    own = points(tmp_path, 2)
    assert job.jobs(own) == [job.Job(each, str(tmp_path), None, None) for each in own]
    assert job.jobs(own, own=True)[1] == job.Job(own[1], str(tmp_path), 4711, None)


def test_what_a_point_says_is_told_when_it_has_ended_on_the_streams_it_was_said_on(tmp_path, monkeypatch, capsys):
    def run(own):
        print("a verdict")
        print("a mistake", file=sys.stderr)
        assert (own, sys.path[0]) == (made, str(tmp_path))
        return point.Outcome("done")

    monkeypatch.setattr(point, "run", run)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(tmp_path)])
    [made] = points(tmp_path, 1)
    done = job.run_quietly(job.Job(made, str(tmp_path)))
    assert capsys.readouterr() == ("", "")
    assert done == (0, point.Outcome("done"), "point 0: seed=0\na verdict\n", "a mistake\n")
    assert job.reported(done) == point.Outcome("done")
    assert capsys.readouterr() == ("point 0: seed=0\na verdict\n", "a mistake\n")


def test_what_interrupts_a_point_or_is_wrong_with_it_is_its_outcome(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    [made] = points(tmp_path, 1)
    made.where.mkdir()
    for error, outcome in (
        (job.taking.Interrupted(15), ("interrupted", "failed", "interrupted by SIGTERM")),
        (ValueError("seed: need one"), ("failed", "refused", "seed: need one")),
    ):
        monkeypatch.setattr(point, "run", lambda own, error=error: (_ for _ in ()).throw(error))
        assert job.run_quietly(job.Job(made, str(tmp_path))).outcome == outcome


# Slurm ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def cluster(monkeypatch):
    """A scheduler that takes every job; what it was asked, and what is in its queue."""
    asked = SimpleNamespace(options=None, made=None, jobs=None, queue={}, error=None, questions=[])

    class Executor:
        def __init__(self, folder, **more):
            asked.made = (folder, more)

        def update_parameters(self, **options):
            asked.options = options

        def map_array(self, task, each):
            if asked.error:
                raise asked.error
            asked.jobs = (task, each)
            return [SimpleNamespace(job_id=f"77_{number}") for number, _ in enumerate(each)]

    submitit = ModuleType("submitit")
    submitit.AutoExecutor = Executor
    errors = {name: type(name, (Exception,), {}) for name in ("FailedJobError", "FailedSubmissionError")}
    submitit.core = SimpleNamespace(utils=SimpleNamespace(**errors))
    submitit.helpers = SimpleNamespace(DelayedSubmission=lambda *task: ("again", *task))
    monkeypatch.setitem(sys.modules, "submitit", submitit)
    monkeypatch.setattr(slurm.shutil, "which", lambda program: f"/usr/bin/{program}")

    def queue(numbers, patience):
        asked.questions.append((set(numbers), patience))
        return dict(asked.queue)

    monkeypatch.setattr(jobs, "queue", queue)
    return asked


def test_a_sweep_is_one_job_array_with_the_options_that_were_chosen(tmp_path, cluster, capsys):
    own = points(tmp_path, 3)
    chosen = settings("slurm", partition="long", mem_gb=3, gpus_per_node=1, setup=["module load cuda"])
    assert slurm.launch(own, chosen) == []
    assert cluster.made == (tmp_path / ".submitit" / "%j", {"cluster": "slurm", "slurm_max_num_timeout": 3})
    shared = {"timeout_min": 240, "nodes": 1, "tasks_per_node": 1, "cpus_per_task": 4, "mem_gb": 3, "name": "sim"}
    alone = {"partition": "long", "array_parallelism": 64, "signal_delay_s": 120, "additional_parameters": {}}
    alone |= {"setup": ["module load cuda"]}
    given = {f"slurm_{key}": value for key, value in alone.items()}
    assert cluster.options == shared | {"gpus_per_node": 1} | given
    task, each = cluster.jobs
    assert [(one.point, one.launcher) for one in each] == [(point, None) for point in own]
    assert task.checkpoint(each[0]) == ("again", task, each[0])
    assert json.loads((tmp_path / "jobs.json").read_text()) == {"0": "77_0", "1": "77_1", "2": "77_2"}
    said = capsys.readouterr().out
    assert "slurm: 3 points submitted as job 77; scancel 77 ends them\n" in said
    assert f"python -m sim status {tmp_path}; python -m sim collect {tmp_path}" in said
    assert cluster.questions == []


def test_points_that_are_in_the_queue_are_not_submitted_again(tmp_path, cluster, capsys):
    own = points(tmp_path, 4)
    (tmp_path / "jobs.json").write_text('{"0": "66_0", "1": "66_1", "2": "66_2"}')
    cluster.queue = {"66_0": "PENDING", "66_1": "RUNNING", "66_2": "TIMEOUT"}
    slurm.launch(own, settings("slurm"))
    assert [one.point.number for one in cluster.jobs[1]] == [2, 3]
    assert json.loads((tmp_path / "jobs.json").read_text()) == {"0": "66_0", "1": "66_1", "2": "77_0", "3": "77_1"}
    said = capsys.readouterr().out
    assert "slurm: 2 points are already in the queue\nslurm: 2 points submitted as job 77;" in said
    assert cluster.questions == [({"66_0", "66_1", "66_2"}, 60.0)]


def test_who_waits_for_a_sweep_is_told_of_points_that_never_began(tmp_path, cluster, monkeypatch, capsys):
    own = points(tmp_path, 2)
    queues = iter([{"77_0": "PENDING", "77_1": "RUNNING"}, ValueError("no answer"), {"77_0": "CANCELLED"}])

    def queue(numbers, _patience):
        assert numbers == {"77_0", "77_1"}
        told = next(queues)
        if isinstance(told, Exception):
            raise jobs.Silent(str(told))
        return told

    monkeypatch.setattr(jobs, "queue", queue)
    monkeypatch.setattr(slurm.time, "sleep", lambda seconds: None)
    write_status(own[1].where, "done", own[1].config)
    [outcome] = slurm.launch(own, settings("slurm", wait=True))
    assert (outcome.state, outcome.kind) == ("stopped", "failed")
    assert f"point 0 stopped: job 77_0 ended before it started, see {tmp_path / '.submitit'};" in outcome.sentence
    assert "sim run: hydra/launcher=slurm: no answer; asking again\n" in capsys.readouterr().out
    assert next(queues, None) is None


def test_a_scheduler_that_takes_no_jobs_or_is_not_there_is_one_sentence(tmp_path, cluster, monkeypatch):
    cluster.error = sys.modules["submitit"].core.utils.FailedJobError("sbatch: error:\n  no such partition")
    with pytest.raises(ValueError, match=r"^hydra/launcher=slurm: Slurm accepts no jobs: sbatch: error: no such part"):
        slurm.launch(points(tmp_path, 1), settings("slurm"))
    assert not (tmp_path / "jobs.json").exists()
    monkeypatch.setattr(slurm.shutil, "which", lambda program: None)
    with pytest.raises(ValueError, match=r"need Slurm \(squeue, sbatch, srun\) on this machine, found none"):
        slurm.launch(points(tmp_path, 1), settings("slurm"))


def test_what_a_job_of_slurm_gives_is_plain(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "run", lambda each: point.Outcome("failed", "refused", each))
    assert slurm.Task()("why") == {"state": "failed", "kind": "refused", "sentence": "why"}


@pytest.mark.parametrize(
    ("word", "lives"),
    [
        *(("PENDING", True), ("RUNNING", True), ("SUSPENDED", True), ("REQUEUED", True), ("COMPLETING", True)),
        *((word, False) for word in ("COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED")),
        *((word, False) for word in ("BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY", "REVOKED", None)),
    ],
)
def test_jobs_that_are_over_are_told_from_those_that_run_or_will(word, lives):
    assert jobs.lives(word) is lives


@pytest.mark.parametrize(
    ("variables", "slurm"),
    [
        ({}, None),
        ({"SLURM_JOB_ID": "5"}, {"job": "5", "restarts": 0}),
        ({"SLURM_JOB_ID": "5", "SLURM_RESTART_COUNT": "2"}, {"job": "5", "restarts": 2}),
        ({"SLURM_JOB_ID": "7", "SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "1"}, {"job": "5_1", "restarts": 0}),
    ],
)
def test_a_process_knows_the_job_that_it_is(monkeypatch, variables, slurm):
    for name in ("JOB_ID", "RESTART_COUNT", "ARRAY_JOB_ID", "ARRAY_TASK_ID"):
        monkeypatch.delenv(f"SLURM_{name}", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert state.owner()["slurm"] == slurm


# Ray ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def ray(monkeypatch):
    """A Ray that runs its tasks from the last to the first, and loses those of seed 1."""
    made, ray = SimpleNamespace(init=None, options=None, ended=0, resources={}), ModuleType("ray")
    ray.exceptions = SimpleNamespace(RayError=type("WorkerCrashedError", (Exception,), {}))

    def get(task):
        if task.point.number == 1:
            raise ray.exceptions.RayError("gone")
        return job.Done(task.point.number, point.Outcome("done"), "", "")

    def remote(**options):
        made.options = options
        return lambda function: SimpleNamespace(remote=lambda each: each)

    def init(**given):
        made.init = given
        if given.get("address"):
            raise ConnectionError("no cluster\n there")

    ray.init, ray.get, ray.remote = init, get, remote
    ray.wait = lambda left, num_returns: (left[-num_returns:], left[:-num_returns])
    ray.cluster_resources = lambda: made.resources
    ray.shutdown = lambda: setattr(made, "ended", made.ended + 1)
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(job.Job, "__hash__", lambda self: self.point.number, raising=False)
    return made


def test_points_are_tasks_of_ray_and_one_that_is_lost_is_told_alone(tmp_path, ray):
    outcomes = ray_engine.launch(points(tmp_path, 3), settings("ray"))
    assert [outcome.state for outcome in outcomes] == ["done", "stopped", "done"]
    assert "point 1 stopped: its process was lost (WorkerCrashedError);" in outcomes[1].sentence
    assert ray.init == {"log_to_driver": True, "include_dashboard": False}
    assert ray.options == {"num_cpus": 1, "num_gpus": 0, "max_retries": 0}
    assert ray.ended == 1


@pytest.mark.parametrize(("resources", "asked", "gpus"), [({"GPU": 4.0}, None, 1), ({"GPU": 4.0}, 0, 0), ({}, 2, 2)])
def test_a_task_of_ray_has_a_gpu_where_there_are_some_and_nothing_else_is_asked(tmp_path, ray, resources, asked, gpus):
    ray.resources = resources
    own = settings("ray")
    own["ray"]["remote"] = {"num_cpus": 3, "num_gpus": asked}
    ray_engine.launch(points(tmp_path, 1), own)
    assert ray.options == {"num_cpus": 3, "num_gpus": gpus, "max_retries": 0}


def test_a_cluster_of_ray_that_is_not_there_is_one_sentence(tmp_path, ray):
    own = settings("ray")
    own["ray"]["init"]["address"] = "auto"
    with pytest.raises(ValueError, match=r"^hydra.launcher.ray.init: no cluster there$"):
        ray_engine.launch(points(tmp_path, 1), own)


# joblib ---------------------------------------------------------------------------------------------------------------


def test_points_beside_one_that_dies_are_launched_again_unless_they_had_begun(tmp_path, monkeypatch):
    """Of four points 0 ends, 1 has begun when the processes die, and 2 and 3 are launched again."""
    own, rounds = points(tmp_path, 4), []

    def one_round(left, workers, outcomes):
        rounds.append((list(left), workers))
        if len(rounds) > 1:
            outcomes += [point.Outcome("done")] * len(left)
            left.clear()
            return None
        outcomes.append(point.Outcome("done"))
        del left[0]
        write_status(own[1].where, "running", {})
        return "it was killed"

    monkeypatch.setattr(joblib_engine, "_round", one_round)
    outcomes = joblib_engine.launch(own, {"n_jobs": 3})
    assert rounds == [([0, 1, 2, 3], 3), ([2, 3], 3)]
    assert [outcome.state for outcome in outcomes] == ["done", "stopped", "done", "done"]
    assert "point 1 stopped: it was killed;" in outcomes[1].sentence


def test_processes_that_die_before_any_point_begins_are_not_launched_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(joblib_engine, "_round", lambda left, workers, outcomes: "they were killed")
    outcomes = joblib_engine.launch(points(tmp_path, 3), {"n_jobs": -1})
    assert [outcome.state for outcome in outcomes] == ["stopped"] * 3


# Processes on this machine --------------------------------------------------------------------------------------------


class Worker:
    """A process that is not there: it ends each point at once, the last started first."""

    made: ClassVar[list] = []

    def __init__(self, environment):
        self.environment, self.point, self.took, self.ended = environment, None, [], 0
        Worker.made.append(self)

    def take(self, each):
        self.point = each.point
        self.took.append((each.point.number, each.launcher))

    def outcome(self):
        number, self.point = self.point.number, None
        return point.Outcome("done", None, f"point {number}")

    def end(self):
        self.ended += 1


@pytest.fixture
def workers(monkeypatch):
    monkeypatch.setattr(Worker, "made", [])
    monkeypatch.setattr(local, "Worker", Worker)
    monkeypatch.setattr(local, "ready", lambda own: [worker for worker in own if worker.point][-1:])
    monkeypatch.setattr(local.os, "getpid", lambda: 4711)
    return Worker.made


def test_points_are_taken_by_whoever_is_free_and_no_process_is_started_for_none(tmp_path, workers):
    outcomes = local.launch(points(tmp_path, 5), {"workers": 3})
    assert [worker.environment for worker in workers] == [{}, {}, {}]
    assert [worker.took for worker in workers] == [[(0, 4711)], [(1, 4711)], [(2, 4711), (3, 4711), (4, 4711)]]
    assert sorted(outcome.sentence for outcome in outcomes) == [f"point {number}" for number in range(5)]
    assert [worker.ended for worker in workers] == [1, 1, 1]
    workers.clear()
    local.launch(points(tmp_path, 2), {"workers": 8})
    assert len(workers) == 2


def test_processes_are_ended_where_one_of_them_ends_badly(tmp_path, workers, monkeypatch):
    monkeypatch.setattr(local, "ready", lambda own: (_ for _ in ()).throw(KeyError("a bug")))
    with pytest.raises(KeyError):
        local.launch(points(tmp_path, 3), {"workers": 2})
    assert [worker.ended for worker in workers] == [1, 1]


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [("0,1", ["0", "1"]), (" 3 , 5", ["3", "5"]), ("", []), ("-1", []), ("NoDevFiles", []), ("GPU-a,", ["GPU-a"])],
)
def test_gpus_are_those_that_are_visible_each_with_a_process_of_its_own(monkeypatch, visible, gpus):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert local.gpus() == gpus
    assert local.devices(None) == (gpus or [None])
    assert local.devices(2) == [None, None]


def test_a_process_sees_what_it_is_to_see_and_this_one_is_as_before(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.delenv("SIM_OTHER", raising=False)
    with local._changed({"CUDA_VISIBLE_DEVICES": "1", "SIM_OTHER": "x"}):
        assert (os.environ["CUDA_VISIBLE_DEVICES"], os.environ["SIM_OTHER"]) == ("1", "x")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1" and "SIM_OTHER" not in os.environ


# As long as the launcher lives ----------------------------------------------------------------------------------------


@pytest.fixture
def alive(monkeypatch):
    """A launcher of number 77, as long as it is told to live; how this process is ended or interrupted."""
    told = SimpleNamespace(parent=77, ended=[])
    monkeypatch.setattr(job, "_LOOK", 0.01)
    monkeypatch.setattr(job.os, "getpid", lambda: 4711)
    monkeypatch.setattr(job.os, "getppid", lambda: told.parent)
    monkeypatch.setattr(job.os, "kill", lambda process, number: told.ended.append((process, number)))
    monkeypatch.setattr(job.os, "_exit", lambda code: told.ended.append(code))
    return told


def until(true, seconds=10):
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)


def test_a_point_of_a_launcher_that_lives_is_run_to_its_end(alive):
    for launcher in (77, None, 4711):  # its child; some other's; itself
        with job._as_long_as(launcher):
            time.sleep(0.03)
    assert alive.ended == []


def test_a_point_whose_launcher_goes_is_interrupted_once_and_then_its_process_ends(alive):
    with job._as_long_as(77):
        alive.parent = 1
        until(lambda: alive.ended)
        time.sleep(0.03)
        assert alive.ended == [(4711, signal.SIGTERM)]
    assert alive.ended == [(4711, signal.SIGTERM), 1]


def test_no_point_is_begun_for_a_launcher_that_is_gone(alive):
    alive.parent, begun = 1, []
    with pytest.raises(SystemExit) as ended, pytest.MonkeyPatch.context() as patch:
        patch.setattr(job.os, "_exit", sys.exit)
        with job._as_long_as(77):
            begun.append(True)
    assert (begun, alive.ended, ended.value.code) == ([], [], 1)


# Judged elsewhere -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 2])
def test_points_are_judged_by_whoever_is_free_and_those_that_draw_alone_here(tmp_path, workers, monkeypatch, number):
    """Of points 0 to 4 the second and the last draw by themselves."""
    here, drawn = [], {0: {"coverage": "0"}, 2: {"coverage": "2"}, 3: {"coverage": "3"}}
    sweep = SimpleNamespace(all_of=lambda own: drawn.get(own.number))
    given = []
    monkeypatch.setattr(Worker, "take", lambda self, each: (given.append(each), setattr(self, "point", each.point))[0])

    def run(own):
        here.append(own.number)
        return point.Outcome("done", None, f"here {own.number}")

    judges = [Worker({}) for _ in range(number)]
    found = [outcome.sentence for outcome in judging.outcomes(points(tmp_path, 5), sweep, judges, run)]
    judged = [0, 2, 3] if number else []
    assert here == [each for each in range(5) if each not in judged]
    assert [(each.point.number, each.drawn, each.launcher) for each in given] == [
        (each, drawn[each], 4711) for each in judged
    ]
    assert sorted(found) == sorted([*(f"here {each}" for each in here), *(f"point {each}" for each in judged)])
    assert not any(judge.point for judge in judges)

"""What a point of a sweep is composed to, by copies of one composition and by Hydra alone."""

import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra import initialize_config_dir
from hydra._internal.core_plugins import basic_launcher
from hydra.core import utils
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

from sim.app import launchers
from sim.app.configuring import composing, place
from sim.app.configuring.configuration import CONF, VERSION_BASE

SAME = [
    ["seed=1"],
    ["seed=2", "experiment=coverage"],
    ["experiment=coverage", "difficulty=uniform", "attempts.max=1e6"],
    ["+difficulty.more=3"],
    ["++difficulty.alpha=3", "budget={chunk: 3}"],
    ["~difficulty.alpha"],
    ["plugins=[a,b]", "hydra.verbose=true", "seed=4"],
    ["hydra.job.config.override_dirname.item_sep=+", "seed=5", "difficulty.beta=.4"],
    ["seed={a: 1}"],
    ["sweep=exponent_depth", "hydra.searchpath=[pkg://sim]"],
]
REFUSED = [["difficulty.nope=1"], ["difficulty=nope"], ["+difficulty.alpha=1"], ["~nope"], ["seed={"]]


@pytest.fixture
def points():
    """Composes a point of a sweep."""
    place.register()
    launchers.register()  # Hydra looks for them once in a process
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        loader = GlobalHydra.instance().config_loader()
        master = loader.load_configuration("run", ["seed=1,2", "hydra.sweep.subdir=here"], RunMode.MULTIRUN)

        yield lambda overrides: loader.load_sweep_config(master_config=master, sweep_overrides=overrides)


@pytest.fixture
def compose(points):
    """Composes a point of a sweep: all that its configuration is, or what is wrong with it."""

    def composed(overrides):
        try:
            config = points(overrides)
        except Exception as error:
            return type(error), str(error)
        flags = [(OmegaConf.is_struct(node), OmegaConf.is_readonly(node)) for node in (config, config.hydra)]
        return OmegaConf.to_yaml(config), flags

    return composed


@pytest.mark.parametrize("overrides", [*SAME, *REFUSED], ids=" ".join)
def test_points_are_composed_as_hydra_composes_them_one_by_one(compose, overrides):
    alone = compose(overrides)
    assert isinstance(alone[0], str) == (overrides in SAME)
    with composing.composed_once():
        compose(["seed=99", "difficulty.alpha=7"])  # whose values are not to be found in another point
        compose([*overrides, "seed=98"])
        assert compose(overrides) == alone
    assert compose(overrides) == alone


@pytest.fixture
def logs():
    """Leaves the root of all logs as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


class Told:
    """Callbacks of Hydra that take down what they are called with."""

    def __init__(self):
        self.calls = []

    def on_job_start(self, config, task_function):
        self.calls.append(("start", config.hydra.job.num, task_function))

    def on_job_end(self, config, job_return):
        self.calls.append(("end", config.hydra.job.num, job_return.status, job_return.overrides, job_return.task_name))


@pytest.mark.parametrize(
    ("asked", "fails"),
    [
        *(([], False), ([], True)),
        (["hydra.output_subdir=.hydra"], False),
        (["hydra/job_logging=default"], False),
        (["+hydra.job.env_set.A_NUMBER=7", "+read=${oc.env:A_NUMBER}"], False),
    ],
)
def test_a_point_is_taken_down_as_hydra_runs_it(points, tmp_path, logs, asked, fails):
    def run(folder):
        seen, told = [], Told()

        def task(config):
            own = HydraConfig.get()
            logging.getLogger("a").warning("told")
            seen.append((OmegaConf.to_yaml(config), OmegaConf.is_struct(config), own.job.num, own.overrides.task))
            seen.append((OmegaConf.to_container(config, resolve=True), Path(own.runtime.output_dir)))
            if fails:
                raise ValueError("not this one")
            return 3

        config = points(["+where=${hydra:job.num}", "seed=4", f"hydra.sweep.dir={folder}", *asked])
        with open_dict(config):
            config.hydra.job.num = 5
        keys = {"job_dir_key": "hydra.sweep.dir", "job_subdir_key": "hydra.sweep.subdir"}
        context = SimpleNamespace(callbacks=told)
        returned = basic_launcher.run_job(task_function=task, config=config, hydra_context=context, **keys)
        assert (returned._return_value.args if fails else returned.return_value) == (("not this one",) if fails else 3)
        assert HydraConfig.instance().cfg is before and told.calls.pop(0)[2] is task
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        assert ("here/run.log" in files) == ("hydra/job_logging=default" in asked)
        return seen, told.calls, files

    before, (own, other) = HydraConfig.instance().cfg, (tmp_path / "hydra", tmp_path / "ours")
    alone = run(own)
    with composing.composed_once():
        assert basic_launcher.run_job is not utils.run_job
        ours = run(other)
    assert ours[0][0] == alone[0][0] and ours[1:] == alone[1:]
    assert ours[0][1] == (alone[0][1][0], other / "here") and alone[0][1][1] == own / "here"
    assert alone[0][1][0].get("read", "7") == "7" and "A_NUMBER" not in os.environ
    assert alone[0][1][0]["where"] == 5 and (other / "here").is_dir() and (own / "here").is_dir()


def test_files_are_read_once_for_all_points_with_the_same_members(compose, monkeypatch):
    read, load = [], OmegaConf.load
    monkeypatch.setattr(OmegaConf, "load", lambda file: (read.append(file), load(file))[1])
    with composing.composed_once():
        compose(["seed=1", "experiment=coverage"])
        once = len(read)
        compose(["seed=2", "difficulty.alpha=7", "experiment=coverage"])
        assert len(read) == once > 0
        compose(["seed=2", "experiment=joint"])
    assert len(read) > once

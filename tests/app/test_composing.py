"""What a point of a sweep is composed to, by copies of one composition and by Hydra alone."""

import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra import initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path, get_args
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import run_job
from hydra.errors import SearchPathException
from hydra.plugins.config_source import ConfigLoadError
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

from sim.app import launchers
from sim.app.configuring import composing, place
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.records import defaults

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


def composer(made):
    """Composes a point of a sweep by a loader."""
    master = made.load_configuration("run", ["seed=1,2", "hydra.sweep.subdir=here"], RunMode.MULTIRUN)
    return lambda overrides: made.load_sweep_config(master_config=master, sweep_overrides=overrides)


@pytest.fixture
def loaders():
    """Hydra's loader, and ours."""
    place.register()
    launchers.register()  # Hydra looks for them once in a process
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        Plugins.instance().register(composing.Shipped)
        yield GlobalHydra.instance().config_loader(), composing.Loader(create_config_search_path(f"sim://{CONF}"))


def as_text(config):
    """All of it; the files of conf/ by the name that Hydra has for them."""
    return OmegaConf.to_yaml(config).replace("schema: sim\n", "schema: file\n")


@pytest.fixture
def compose(loaders):
    """Composes a point of a sweep, by Hydra alone and by us: all that its configuration is, or what is wrong."""

    def composed(points, overrides):
        try:
            config = points(overrides)
        except Exception as error:
            return type(error), str(error).replace("sim://", "file://")
        flags = [(OmegaConf.is_struct(node), OmegaConf.is_readonly(node)) for node in (config, config.hydra)]
        return as_text(config), flags

    one, other = map(composer, loaders)
    return lambda overrides: composed(one, overrides), lambda overrides: composed(other, overrides)


@pytest.mark.parametrize("overrides", [*SAME, *REFUSED], ids=" ".join)
def test_points_are_composed_as_hydra_composes_them_one_by_one(compose, overrides):
    hydra, ours = compose
    alone = hydra(overrides)
    assert isinstance(alone[0], str) == (overrides in SAME)
    ours(["seed=99", "difficulty.alpha=7"])  # whose values are not to be found in another point
    ours([*overrides, "seed=98"])
    assert ours(overrides) == alone
    assert ours(overrides) == alone


@pytest.mark.parametrize("mode", [RunMode.RUN, RunMode.MULTIRUN])
def test_a_question_is_composed_once_and_every_answer_is_a_copy(loaders, monkeypatch, mode):
    alone, loader = loaders
    asked = "run", ["seed=3", "experiment=coverage"], mode
    composed = []
    real = ConfigLoaderImpl.load_configuration
    monkeypatch.setattr(
        ConfigLoaderImpl, "load_configuration", lambda own, *rest: composed.append(rest) or real(own, *rest)
    )
    first = loader.load_configuration(*asked)
    first.seed = 4
    again = loader.load_configuration(*asked)
    assert len(composed) == 1 and again.seed == 3
    assert as_text(again) == as_text(alone.load_configuration(*asked))
    assert loader.load_configuration("run", ["seed=5"], mode).seed == 5
    assert loader.load_configuration(*asked).seed == 3


def test_every_file_of_the_configuration_is_read_as_omegaconf_reads_it(loaders):
    source = loaders[1].repository.sources[1]
    files = sorted(CONF.rglob("*.yaml"))
    assert source.scheme() == "sim" and len(files) > 50
    for path in files:
        name = path.relative_to(CONF).with_suffix("").as_posix()
        own = source.load_config(name)
        assert OmegaConf.to_yaml(own.config) == OmegaConf.to_yaml(OmegaConf.load(path)), name
        assert ("_global_" in own.header.values()) == ("@package _global_" in path.read_text())
    with pytest.raises(ConfigLoadError, match="nope"):
        source.load_config("budget/nope")


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
def test_a_point_is_taken_down_as_hydra_runs_it(loaders, tmp_path, logs, asked, fails):
    def run(points, called, folder):
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
        returned = called(task, config, SimpleNamespace(callbacks=told))
        assert (returned._return_value.args if fails else returned.return_value) == (("not this one",) if fails else 3)
        assert HydraConfig.instance().cfg is before and told.calls.pop(0)[2] is task
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        assert ("here/run.log" in files) == ("hydra/job_logging=default" in asked)
        return seen, told.calls, files

    before, (own, other) = HydraConfig.instance().cfg, (tmp_path / "hydra", tmp_path / "ours")
    hydra, ours = map(composer, loaders)
    keys = "hydra.sweep.dir", "hydra.sweep.subdir"
    alone = run(hydra, lambda task, config, context: run_job(task, config, *keys, context), own)
    ours = run(ours, composing._called, other)
    assert ours[0][0] == alone[0][0] and ours[1:] == alone[1:]
    assert ours[0][1] == (alone[0][1][0], other / "here") and alone[0][1][1] == own / "here"
    assert alone[0][1][0].get("read", "7") == "7" and "A_NUMBER" not in os.environ
    assert alone[0][1][0]["where"] == 5 and (other / "here").is_dir() and (own / "here").is_dir()


def test_files_are_read_once_for_all_points_with_the_same_members(compose, monkeypatch):
    read, text = [], defaults.text
    monkeypatch.setattr(defaults, "text", lambda name: read.append(name) or text(name))
    _, ours = compose
    ours(["seed=1", "experiment=coverage"])
    once = len(read)
    ours(["seed=2", "difficulty.alpha=7", "experiment=coverage"])
    assert len(read) == once > 0
    ours(["seed=2", "experiment=joint"])
    assert len(read) > once


@pytest.fixture
def called(monkeypatch):
    """Runs a command line of Hydra's; which of its ways was taken, and the overrides."""
    seen = []
    for way in ("run", "multirun"):
        monkeypatch.setattr(
            composing.Hydra, way, lambda own, name, task, overrides, way=way: seen.append((way, name, task, overrides))
        )

    def ran(*arguments):
        place.register()
        launchers.register()
        seen.clear()
        composing.run("task", "run", get_args(list(arguments)))
        [(way, *rest, overrides)] = seen
        assert rest == ["run", "task"] and not GlobalHydra.instance().is_initialized()
        return way, overrides

    return ran


@pytest.mark.parametrize(
    ("typed", "way"),
    [
        ((), "run"),
        (("seed=1", "hydra.mode=RUN"), "run"),
        (("hydra.mode=MULTIRUN", "seed=1,2"), "multirun"),
        (("hydra.mode=MULTIRUN", "seed=1"), "multirun"),
        (("sweep=exponent_depth",), "multirun"),
        (("seed=1,2",), "run"),  # which Hydra refuses there
        (("nope=1",), "run"),
    ],
)
def test_a_sweep_is_what_hydra_takes_for_one(called, typed, way):
    assert called(*typed) == (way, list(typed))


def test_multirun_is_a_sweep_whatever_the_files_say(called):
    assert called("--multirun", "seed=1") == ("multirun", ["seed=1", "hydra.mode=MULTIRUN"])


def test_a_folder_of_further_files_is_looked_into_and_must_be_there(called, tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("# @package _global_\nhydra: {mode: MULTIRUN}\n")
    assert called("--config-dir", str(tmp_path), "experiment=mine") == ("multirun", ["experiment=mine"])
    with pytest.raises(SearchPathException, match="nope' not found"):
        called("--config-dir", "nope", "seed=1")

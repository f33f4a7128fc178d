"""What a point of a sweep is composed to, by copies of one composition and by Hydra alone."""

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from sim.app import composing, launchers, place
from sim.app.configuration import CONF, VERSION_BASE

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
def compose():
    """Composes a point of a sweep: all that its configuration is, or what is wrong with it."""
    place.register()
    launchers.register()  # Hydra looks for them once in a process
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        loader = GlobalHydra.instance().config_loader()
        master = loader.load_configuration("run", ["seed=1,2", "hydra.sweep.subdir=here"], RunMode.MULTIRUN)

        def composed(overrides):
            try:
                config = loader.load_sweep_config(master_config=master, sweep_overrides=overrides)
            except Exception as error:
                return type(error), str(error)
            flags = [(OmegaConf.is_struct(node), OmegaConf.is_readonly(node)) for node in (config, config.hydra)]
            return OmegaConf.to_yaml(config), flags

        yield composed


@pytest.mark.parametrize("overrides", [*SAME, *REFUSED], ids=" ".join)
def test_points_are_composed_as_hydra_composes_them_one_by_one(compose, overrides):
    alone = compose(overrides)
    assert isinstance(alone[0], str) == (overrides in SAME)
    with composing.composed_once():
        compose(["seed=99", "difficulty.alpha=7"])  # whose values are not to be found in another point
        compose([*overrides, "seed=98"])
        assert compose(overrides) == alone
    assert compose(overrides) == alone


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

"""What makes two runs different: every key of the configuration, but those that say how the work is done."""

import copy
import json
import os

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app.configuring import place
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.experiments import EXPERIMENTS

HOW = {  # the work is done: no table depends on it
    *("resume", "output", "figure", "counts", "dry", "together", "judges", "distributed"),
    *("cluster.coordinator", "cluster.processes", "cluster.process"),
    *("budget.chunk", "budget.devices", "budget.memory"),
}
HOW_MUCH = {"budget.problems", "budget.replays", "budget.learners", "budget.until", "experiments"}
SETTINGS = {name for name, experiment in EXPERIMENTS.items() if experiment.settings}


@pytest.fixture(scope="module")
def config():
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        return OmegaConf.to_container(compose("run", []), resolve=True)


def changed(config, key):
    """The configuration with another value at a dotted key."""
    made = copy.deepcopy(config)
    *path, last = key.split(".")
    node = made
    for part in path:
        node = node[part]
    node[last] = [*node[last], "other"] if isinstance(node[last], list) else f"other than {node[last]}"
    return made


def differing(config, of):
    """The keys whose change changes a record."""
    before = of(config)
    return {key for key in place.flat(config) if of(changed(config, key)) != before}


def test_sections_are_told_by_dotted_keys():
    assert place.flat({"a": {"b": {"c": 1}, "d": [2]}, "e": None}) == {"a.b.c": 1, "a.d": [2], "e": None}


def test_the_draws_of_all_experiments_depend_on_every_key_but_how_and_how_much_and_the_law(config):
    everything = set(place.flat(config))
    law = {key for key in everything if key.startswith("law.")}
    assert everything >= HOW | HOW_MUCH and len(law) > 20
    assert differing(config, place.physics) == everything - HOW - HOW_MUCH - law


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_draws_of_an_experiment_depend_on_its_own_settings_and_on_no_other_s(config, name):
    found = differing(config, lambda of: place.physics(of, name))
    sections = {key.partition(".")[0] for key in found}
    assert sections & SETTINGS == {name} & SETTINGS
    own = {key for key in place.flat(config) if key.partition(".")[0] not in SETTINGS - {name}}
    assert found == differing(config, place.physics) & own


def test_the_tables_depend_on_how_much_is_drawn_and_on_the_law_too(config):
    assert differing(config, place.results) == set(place.flat(config)) - HOW


# The same command -----------------------------------------------------------------------------------------------------


def test_commands_that_differ_in_order_or_in_how_the_work_is_done_are_the_same():
    typed = ["experiment=joint", "seed=3", "difficulty.beta=0.4"]
    how = ["--multirun", "-m", "resume=true", "++figure=false", "output=x", "budget.chunk=3", "+budget.memory=0.1"]
    how += ["hydra/launcher=local", "hydra.launcher.workers=2", "hydra.sweep.dir=x", "cluster.process=1", "judges=2"]
    assert place.command([*typed, *how]) == place.command(typed[::-1]) == sorted(typed)


@pytest.mark.parametrize("more", ["seed=4", "law.beta=0.36", "budget.problems=1e6", "~sweep", "budget=smoke", "+a=1"])
def test_commands_that_ask_for_other_tables_are_others(more):
    assert place.command(["experiment=joint", more]) != place.command(["experiment=joint"])


def begun(where, name, content, file="status.json"):
    (where / name).mkdir(parents=True)
    (where / name / file).write_text(content if isinstance(content, str) else json.dumps(content))


def test_the_newest_folder_of_the_same_command_is_gone_on_in(tmp_path, monkeypatch):
    mine = {"overrides": ["seed=3", "experiment=joint", "figure=false"]}
    for name in ("2026-01-01_10-00-00", "2026-01-01_10-00-00_2", "2026-01-02_09-00-00"):
        begun(tmp_path, name, mine)
    begun(tmp_path, "2026-01-03_00-00-00", {"overrides": ["seed=4", "experiment=joint"]})
    begun(tmp_path, "2026-01-04_00-00-00", "{")
    begun(tmp_path, "2026-01-05_00-00-00", [])
    begun(tmp_path, "sweep_2026-01-06_00-00-00", {"command": ["experiment=joint", "seed=3"]}, "sweep.json")
    monkeypatch.setattr("sys.argv", ["sim run", "experiment=joint", "seed=3", "resume=true"])
    assert place.folder(str(tmp_path), True) == str(tmp_path / "2026-01-02_09-00-00")
    assert place.folder(str(tmp_path), True, "sweep_") == str(tmp_path / "sweep_2026-01-06_00-00-00")
    new = place.folder(str(tmp_path), False)
    assert os.path.isdir(new) and not os.listdir(new)
    monkeypatch.setattr("sys.argv", ["sim run", "experiment=joint", "seed=5", "resume=true"])
    assert not os.listdir(place.folder(str(tmp_path), True))  # of no command before


@pytest.mark.parametrize(
    ("typed", "rank", "writes"),
    [
        ([], None, True),
        ([], "3", True),  # each of several, if they know nothing of each other
        (["distributed=true"], None, True),
        (["distributed=true"], "0", True),
        (["distributed=true"], "3", False),
        (["distributed=True"], "3", False),
        (["distributed=true", "cluster.process=0"], "3", True),
        (["distributed=true", "+cluster.process=1"], None, False),
        (["distributed=true", "cluster.process=10"], "0", False),
        (["distributed=false", "cluster.process=1"], "3", True),
    ],
)
def test_of_the_processes_of_one_run_the_first_writes(monkeypatch, typed, rank, writes):
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    if rank is not None:
        monkeypatch.setenv("SLURM_PROCID", rank)
    assert place.is_writer(typed) is writes


@pytest.mark.parametrize("option", ["--cfg=job", "--help", "--info", "-c"])
def test_where_nothing_is_run_no_folder_is_made(tmp_path, monkeypatch, option):
    monkeypatch.setattr("sys.argv", ["sim run", option])
    assert place.folder(str(tmp_path / "outputs"), False) == str(tmp_path / "outputs")
    assert not (tmp_path / "outputs").exists()


def test_a_sweep_is_recorded_without_how_its_points_are_run(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["sim run", "-m", "seed=1,2", "figure=false", "hydra/launcher=slurm"])
    place.begin_sweep(tmp_path, [["seed=1", "figure=false"], ["seed=2", "figure=false"]], "slurm")
    content = json.loads((tmp_path / "sweep.json").read_text())
    assert content["points"] == [["seed=1"], ["seed=2"]]
    assert (content["launcher"], content["command"]) == ("slurm", ["seed=1,2"])
    with pytest.raises(ValueError, match="point 1 is seed=2 there and seed=3 here"):
        place.begin_sweep(tmp_path, [["seed=1"], ["seed=3"]], "basic")
    for points in ([["seed=1"]], [["seed=1"], ["seed=2"], ["seed=3"]]):
        with pytest.raises(ValueError, match=f"holds a sweep of 2 points, got {len(points)}"):
            place.begin_sweep(tmp_path, points, "basic")

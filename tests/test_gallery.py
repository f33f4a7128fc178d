"""The gallery: made by the commands it names, complete, and redrawn from its tables."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app.configuring import place
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.experiments import NAMES
from sim.model import MEMBERS
from sim.records.folder import read_run

ROOT = Path(__file__).resolve().parents[1]
SPEC = importlib.util.spec_from_file_location("gallery", ROOT / "scripts" / "gallery.py")
gallery = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(gallery)


def composed(overrides):
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        return OmegaConf.to_container(compose("run", overrides, return_hydra_config=False), resolve=True)


@pytest.mark.parametrize("name", gallery.GALLERY)
def test_every_figure_comes_from_the_command_beside_its_name(name):
    run = read_run(gallery.WHERE / name)
    config = composed([*gallery.GALLERY[name], "figure=true"])
    wanted, got = (place.results(of) for of in (config, run.manifest["config"]))
    others = tuple(f"{name}." for name in NAMES if name not in config["experiments"])  # what these are set by
    modelled = [key for key in wanted if not key.startswith(("law.", *others))]
    assert {key: got.get(key) for key in modelled} == {key: wanted[key] for key in modelled}
    given = run.manifest["config"]["law"].items()
    assert not [value for key, value in given if key != "normalisation" and value is not None]
    assert run.manifest["seed"] == 0
    assert name == "generative" or all(entry["verdict"] != "refuted" for entry in run.verdicts)
    assert (gallery.WHERE / name / "figure.png").is_file()


def test_every_experiment_and_every_member_of_the_open_axes_has_a_figure():
    configs = [composed(overrides) for overrides in gallery.GALLERY.values()] + [composed([])]
    assert {name for config in configs for name in config["experiments"]} == set(NAMES)
    for group in ("features", "difficulty", "dependence", "verifier"):
        missing = set(MEMBERS[group]) - {config[group]["name"] for config in configs}
        # a table of one's own is drawn like any other, and a second sampler like the first
        assert missing <= {"empirical", "gamma_ratio"}, f"{group}: {missing}"
    assert {"capacity", "guessing", "multi_trace"} <= {config["memory"]["name"] for config in configs}


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["gallery.py", *arguments])
    return gallery.main(), *capsys.readouterr()


def test_figures_are_redrawn_from_their_tables_alone(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(gallery, "WHERE", tmp_path)
    shutil.copytree(ROOT / "outputs/reference/gallery/features_uniform", tmp_path / "features_uniform")
    (tmp_path / "features_uniform" / "figure.png").unlink()
    code, out, err = call(monkeypatch, capsys, "features_uniform")
    assert (code, err) == (0, "")
    assert (
        out
        == f"{tmp_path / 'features_uniform' / 'figure.png'}: sim run {' '.join(gallery.GALLERY['features_uniform'])}\n"
    )
    assert (tmp_path / "features_uniform" / "figure.png").stat().st_size > 10_000


def test_what_is_not_there_is_named_in_one_sentence(monkeypatch, capsys, tmp_path):
    code, _, err = call(monkeypatch, capsys, "mona_lisa")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("gallery.py: mona_lisa: no such figure, need some of features_finite, ")
    monkeypatch.setattr(gallery, "WHERE", tmp_path)
    code, _, err = call(monkeypatch, capsys, "suite")
    assert (code, err.count("\n")) == (2, 1)
    assert "need a run folder with table.csv" in err

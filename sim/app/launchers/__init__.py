"""Sweeps elsewhere: points composed here are handed, as plain configurations, to Slurm, joblib, Ray or local workers.

An engine is a module of this folder with launch(points, settings), which gives the outcomes that it came to know of.
Whatever becomes of a point, its own status.json says so.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

from sim.app.configuring import place
from sim.app.runs.point import FAILED, Outcome
from sim.records import folder, state

TARGET = "hydra_plugins.sim_launchers.QueueLauncher"
PLUGINS = Path(__file__).parent / "plugins"
NEEDS = {"slurm": "submitit", "joblib": "joblib", "ray": "ray", "local": None}


def register():
    """Make the launchers known to Hydra, which looks for them once, maybe for an earlier command of this process."""
    from hydra.core.config_store import ConfigStore
    from hydra.core.plugins import Plugins

    if str(PLUGINS) not in sys.path:
        sys.path.append(str(PLUGINS))
    Plugins.instance().register(importlib.import_module("hydra_plugins.sim_launchers").QueueLauncher)
    for name in ("joblib.yaml", "ray.yaml"):  # of Hydra's own plugins, should they be installed: ours have other keys
        ConfigStore.instance().repo["hydra"]["launcher"].pop(name, None)


def check(engine):
    """Refuse an engine whose package is not installed, or that there is none of; None: this process."""
    if engine is None:
        return
    if engine not in NEEDS:
        raise ValueError(f"hydra.launcher.engine: need one of {', '.join(NEEDS)}, got {engine!r}")
    package = NEEDS[engine]
    if package and importlib.util.find_spec(package) is None:
        raise ValueError(f"hydra/launcher={engine}: need the package {package}: pip install 'sim[{engine}]'")


def check_workers(key, value, other, words):
    """Refuse a number of processes that is neither a whole one from 1 on nor `other`, which means what `words` say."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not (whole and value >= 1) and not (type(value) is type(other) and value == other):
        raise ValueError(f"{key}: need a whole number >= 1, or {words}, got {value!r}")


def launch(points, settings):
    """Outcomes of the points of a sweep, as far as its engine waits for them; what is done already is left out."""
    left = [point for point in points if not _done(point)]
    if not left:
        return []
    return importlib.import_module(f"{__name__}.{settings['engine']}").launch(left, settings)


def waits(settings):
    """Whether a sweep is over when it has been launched."""
    return settings.get("wait", True)


def died(point, why):
    """Outcome of a point whose process ended without a message, reported on the terminal."""
    sentence = f"point {point.number} stopped: {why}; the same command with resume=true continues it"
    print(f"sim run: {sentence}", file=sys.stderr, flush=True)
    return Outcome("stopped", FAILED, sentence)


def _done(point):
    """Whether a sweep that is given again has a point's results already."""
    if not point.config["resume"]:
        return False
    try:
        before = state.read_status(point.where)
    except ValueError:  # damaged: the point says so itself
        return False
    if before is None or before["state"] != "done":
        return False
    same = place.results(folder.finite(point.config)) == place.results(before["config"])
    if same:
        print(f"point {point.number}: already done: {point.where}", flush=True)
    return same

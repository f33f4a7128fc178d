"""Sweep folders made by hand: points in every state, tables of any shape."""

import csv

import numpy as np
import xarray

from sim.app.sweeps import collect
from sim.judging.verdict import Verdict
from sim.records import folder, state

ALL = {"dataset.csv", "dataset.nc", "summary.csv", "figure.png", "figure.pdf"}  # that collect writes


def verdict(quantity="failure", predicted=0.35, measured=0.3503, word="confirmed", law="the law"):
    """A verdict as an experiment gives it."""
    stderr = None if measured is None else 1e-3
    window = None if measured is None else (10.0, 1e6)
    numbers = predicted, measured, stderr, None, None, None, window, 2.0, 9.0, 8, 0.3
    return Verdict(law, quantity, *numbers, word, 64, None)


def config(alpha=5.0, beta=0.35, seed=0, **more):
    """A configuration with little in it, and without a figure, which takes longer than all the rest."""
    own = {"difficulty": {"alpha": alpha, "beta": beta}, "seed": seed, "budget": {"problems": 2**19}, "figure": False}
    return own | more


def columns(**given):
    """Columns of a table: those that are given, and the others empty but for the numbers, which are all different."""
    length = max(np.size(own) for own in given.values())
    random = np.random.default_rng(length)
    made = {name: np.full(length, np.nan) for name in folder.COLUMNS}
    made |= {name: random.random(length) for name in ("estimate", "stderr", "law", "sigmas")}
    made |= {name: np.broadcast_to(np.asarray(own, float), length) for name, own in given.items() if name != "quantity"}
    return made | {"quantity": np.broadcast_to(given["quantity"], length)}


def joined(*parts):
    """The columns of several quantities as one table."""
    return {name: np.concatenate([part[name] for part in parts]) for name in folder.COLUMNS}


ONE_ROW = columns(quantity="failure", attempts=[1.0])


def write_table(where, number, settings, experiment="coverage", verdicts=None, table=ONE_ROW, **manifest):
    """Tables of a point, as a run writes them, and as older versions did, without a status."""
    manifest = {"experiment": experiment, "config": settings, **manifest}
    verdicts = [verdict()] if verdicts is None else verdicts
    folder.write_run(where / f"point_{number}" / experiment, table, verdicts, manifest)


def write_status(where, word, experiments=None, settings=None, sentence=None, **changes):
    """status.json of a run folder. experiments: {name: (state, batches, of)}."""
    told = experiments or {}
    told = {name: dict(zip(("state", "batches", "of"), own, strict=True)) for name, own in told.items()}
    error = None if sentence is None else {"kind": "refused", "sentence": sentence, "traceback": None}
    status = {"state": word, "experiments": told, "overrides": [], "config": settings or config(), "error": error}
    status |= {"owner": state.owner() | {"host": "node17"}, "device": "2 x cpu (cpu)", "started": state.now()}
    where.mkdir(parents=True, exist_ok=True)
    state.write_status(where, status | changes)


def write_done(where, number, settings, **table):
    """A point that is done, with its table."""
    write_table(where, number, settings, **table)
    write_status(where / f"point_{number}", "done", {table.get("experiment", "coverage"): ("done", 8, 8)}, settings)


def begin(where, *points, launcher="basic"):
    """sweep.json, of the overrides of each point, in one text each."""
    state.write_sweep(where, [each.split() for each in points], launcher, ["difficulty.alpha=1,2"])


def files(where):
    """Names of the files of a collected sweep."""
    return {path.name for path in where.iterdir() if path.is_file()} - {"sweep.json", "jobs.json"}


def words(where):
    """What collect says of a sweep."""
    return collect.collect(where).words


def opened(where):
    """The dataset of a sweep, as xarray opens it."""
    return xarray.load_dataset(where / "dataset.nc")


def rows(where):
    """The rows of dataset.csv."""
    with (where / "dataset.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))

"""Room and examples that share a budget: the error of every split against its law, and the best of them."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from asked import question
from scipy import special

from sim.experiments import capacity
from sim.experiments.settings import Capacity
from sim.judging.estimators import Curve
from sim.model.features import Zipf


@pytest.fixture
def split(sim, tmp_path):
    """Runs the experiment; its table, its verdict and what it said."""

    def run(*arguments):
        code, out, err = sim("run", "experiment=capacity", "budget=smoke", *arguments)
        if code:
            return code, err
        [path] = tmp_path.glob("outputs/*/capacity/table.csv")
        with path.open() as stream:
            table = {name: np.array(x, float) for name, x in _columns(stream).items() if name != "quantity"}
        return table, json.loads(path.with_name("verdict.json").read_text())[0], out

    return run


def _columns(stream):
    header, *lines = csv.reader(stream)
    lines = [[cell or "nan" for cell in line] for line in lines]
    return dict(zip(header, zip(*lines, strict=True), strict=True))


def test_every_split_meets_its_law_and_the_best_one_is_found(split):
    table, verdict, out = split("capacity.product=1e6", "examples.max=1e6", "examples.points=30")
    assert verdict["p_value"] > 1e-6
    n = table["examples"]
    room, ranks = np.floor(1e6 / n), np.arange(1, 10**5)
    mass = ranks**-2.0 / special.zeta(2)
    i = np.flatnonzero((n > 10) & (room >= 1) & (room < 10**5))[::4]
    rest = special.zeta(2, 10**5) / special.zeta(2)
    summed = [(mass * np.where(ranks <= room[j], (1 - mass) ** n[j], 1)).sum() + rest for j in i]
    assert np.allclose(table["law"][i], summed, rtol=1e-9)
    # n M = C: E ~ C^-(a/(2+a)), and M ~ C^(1/(s+1)) = C^(1/3) up to a constant
    assert "best room M = " in out and "regret" in out
    best = float(out.split("best room M = ")[1].split(";")[0])
    direct = [Zipf(2.0, np.inf).stored(1e6 / m, 1, m) for m in range(50, 200)]
    assert best == 50 + np.argmin(direct)
    assert float(out.split("regret ")[1].split("%")[0]) < 10


def test_a_wrong_exponent_is_refuted(split):
    _, verdict, _ = split("law.exponent=1.95")
    assert verdict["verdict"] == "refuted"


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("capacity.product=1", "capacity.product: need a number from 100 to 1e15, got 1.0"),
        ("capacity.product=much", "capacity.product: need a number, got 'much'"),
        ("memory=guessing", "experiment=capacity: need memory=automatic or arrival, got guessing"),
        ("features=uniform", "experiment=capacity: need features=zipf, got uniform"),
        ("capacity.room=3", "capacity.room: no such key; `python -m sim run --help` lists them"),
    ],
)
def test_what_cannot_be_split_is_refused_in_one_sentence(split, typed, rule):
    assert split(typed) == (2, f"sim run: {rule}\n")


def test_settings_are_numbers_with_a_choice_in_them():
    Capacity(1e8).check()
    with pytest.raises(ValueError, match=r"capacity\.product: need a number from 100 to 1e15, got nan"):
        Capacity(np.nan).check()


@pytest.mark.parametrize("own", [Zipf(2.0, np.inf), Zipf(1.5, 500.0)], ids=str)
def test_the_regret_is_what_the_chosen_split_leaves_more_than_the_best_one_as_a_share_of_that(own):
    examples = np.array([10.0, 100, 1000, 10**4])
    room, curve = 1e5 / examples, np.array([0.4, 0.2, 0.05, 0.1])
    asked = question("capacity")
    asked = asked._replace(
        law=replace(asked.law, features=own), settings=Capacity(1e5), budget=replace(asked.budget, problems=10**6)
    )
    least = 0.05
    if own.size == np.inf:
        best = [own.stored(1e5 / m, 1, m) for m in range(2, 400)]
        least = min(best)
    for chosen in (3, 1):
        found = Curve(np.where(np.arange(4) == chosen, 0.01, 0.5), None)
        words = capacity._best(asked, examples, room, curve, found)
        assert f"simulated M = {room[chosen]:.4g}, regret {curve[chosen] / least - 1:.1%}" in words
        assert f"best room M = {100 if own.size < np.inf else 2 + np.argmin(best):.4g};" in words
    few = capacity._best(asked, examples, room, curve, Curve(np.full(4, 1e-5), None))
    assert few.endswith("too few errors there to tell")

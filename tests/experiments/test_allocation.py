"""Examples and attempts that share a budget: every split against its law, the best of them, and what it loses."""

import csv
import json
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from checks import FALSE_ALARM

from sim.experiments import allocation
from sim.experiments.settings import Allocation


@pytest.fixture
def split(sim, tmp_path):
    """Runs the experiment; its table, its verdicts and what it said."""

    def run(*arguments):
        code, out, err = sim("run", "experiment=allocation", "budget=smoke", "budget.devices=2", *arguments)
        if code:
            return code, err
        path = max(tmp_path.glob("outputs/*/allocation/table.csv"), key=lambda path: path.stat().st_mtime_ns)
        with path.open() as stream:
            rows = list(csv.DictReader(stream))
        return rows, json.loads(path.with_name("verdict.json").read_text()), out

    return run


def column(rows, quantity, name):
    return np.array([float(row[name]) for row in rows if row["quantity"] == quantity])


def test_every_split_costs_the_budget_and_the_best_one_is_the_laws(split):
    rows, verdicts, _ = split("allocation.budget=1e7", "allocation.problems=10")
    assert [entry["quantity"] for entry in verdicts] == ["failure", "best_examples"]
    assert all(entry["p_value"] > FALSE_ALARM for entry in verdicts)
    n, k = (column(rows, "failure", name) for name in ("examples", "attempts"))
    spent = n + 10 * k
    assert (spent <= 1e7 * (1 + 1e-6)).all() and (spent[-5:] > 1e7 - 20).all()
    assert np.abs(column(rows, "best_examples", "sigmas")).max() < 5
    lost, least = (column(rows, "regret", name) for name in ("estimate", "law"))
    assert (lost >= 0).all() and (least == 0).all() and lost.max() < 0.01
    assert (np.diff(column(rows, "best_failure", "estimate")) < 0).all()  # a larger budget leaves less


@pytest.mark.seldom(0)
@pytest.mark.parametrize("wrong", [pytest.param("law.exponent=1.96", marks=pytest.mark.slow), "law.beta=0.357"])
def test_an_exponent_two_percent_off_is_refuted(split, wrong):
    _, verdicts, _ = split(wrong, "budget.problems=4194304")
    assert verdicts[0]["verdict"] == "refuted" and verdicts[0]["p_value"] < FALSE_ALARM


@pytest.mark.slow
def test_other_features_and_difficulties_have_their_best_split_too(split):
    rows, verdicts, _ = split("features=exponential", "difficulty=small_ball", "allocation.budget=1e6")
    assert verdicts[0]["p_value"] > FALSE_ALARM
    assert len(column(rows, "failure", "law")) > 50


LEARNT = "difficulty=latent_precision", "difficulty.bias=20", "allocation.difficulty=learnt", "allocation.budget=1e6"


@pytest.mark.slow
def test_every_split_meets_the_law_where_examples_lessen_the_bias_of_answers_too(split):
    rows, verdicts, _ = split(*LEARNT, "allocation.problems=10", "budget.problems=2097152")
    assert all(entry["p_value"] > FALSE_ALARM for entry in verdicts)
    assert np.abs(column(rows, "best_examples", "sigmas")).max() < 5
    fixed, *_ = split(*LEARNT, "allocation.problems=10", "difficulty.bias=0", "allocation.difficulty=fixed")
    biased, unbiased = (column(table, "best_failure", "law") for table in (rows, fixed))
    assert (biased > 1.1 * unbiased).all()


@pytest.mark.slow
def test_a_bias_that_is_learnt_and_five_percent_off_is_refuted(split):
    _, verdicts, _ = split(*LEARNT, "allocation.problems=10", "budget.problems=2097152", "law.bias=21")
    assert verdicts[0]["verdict"] == "refuted" and verdicts[0]["p_value"] < FALSE_ALARM


@pytest.mark.parametrize("difficulty", [("difficulty=beta",), ("difficulty=latent_precision", "difficulty.bias=0")])
def test_a_bias_that_nobody_has_is_not_learnt(split, difficulty):
    code, said = split(*difficulty, "allocation.difficulty=learnt")
    assert code == 2 and said.count("\n") == 1
    assert (
        "allocation.difficulty: need difficulty=latent_precision with difficulty.bias above 0 for learnt, got" in said
    )


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        (
            "allocation.budget=1",
            "allocation.budget: need from 10100 (100 examples, and 100 attempts at every problem) to",
        ),
        ("allocation.budget=much", "allocation.budget: need a number, got 'much'"),
        ("allocation.example=0", "allocation.example: need 1e-12 <= example <= 1e12, got 0.0"),
        ("allocation.problems=0.5", "allocation.problems: need 1 <= problems <= 1e12, got 0.5"),
        ("allocation.difficulty=own", "allocation.difficulty: need fixed or learnt, got own"),
        ("memory=guessing", "experiment=allocation: need memory=automatic or arrival, got guessing"),
        ("dependence=polya", "experiment=allocation: need dependence=independent, got polya"),
    ],
)
def test_what_cannot_be_split_is_refused_in_one_sentence(split, typed, rule):
    code, err = split(typed)
    assert code == 2 and err.startswith(f"sim run: {rule}") and err.count("\n") == 1


def test_settings_are_numbers_with_a_choice_in_them():
    Allocation(1e9, 1.0, 1.0, 100.0, "fixed").check()
    with pytest.raises(ValueError, match=r"allocation\.budget: need from 10100 .* to 1e\+15, got nan"):
        Allocation(np.nan, 1.0, 1.0, 100.0, "fixed").check()


@dataclass(frozen=True)
class Biased:
    """A difficulty whose failure is known for any bias."""

    bias: float

    def failure(self, k):
        return (1 + k) ** (-1 / (1 + self.bias**2))


def test_what_is_learnt_is_the_variance_of_the_bias_which_falls_as_the_error():
    memory = SimpleNamespace(error=lambda n, features: 0.8 * n**-0.5)
    law = SimpleNamespace(memory=memory, features=None, difficulty=Biased(1.5))
    failure = allocation._law(law, "learnt", 1e4, 1e5)
    for n, k in ((1.0, 10.0), (100.0, 1000.0), (5000.0, 3.0)):
        error = 0.8 * n**-0.5
        expected = 1 - (1 - error) * (1 - (1 + k) ** (-1 / (1 + 1.5**2 * error)))
        assert failure(np.array([n]), np.array([k]))[0] == pytest.approx(expected, rel=1e-3)


def test_splits_spend_the_budget_on_examples_and_on_attempts_at_every_problem():
    budgets = allocation._budgets(1e6, 2.0, 15.0)
    np.testing.assert_allclose(budgets, [170 * (1e6 / 170) ** (i / 4) for i in range(5)])  # at least ten of either
    np.testing.assert_allclose(allocation._budgets(1e9, 2.0, 15.0), [1e5, 1e6, 1e7, 1e8, 1e9])
    n, k = allocation._splits(1e6, 2.0, 15.0)
    assert (n[0], len(n), k[-1]) == (np.floor(5e5 / (1 + np.exp(7))), 22, np.floor((1e6 - 2 * n[-1]) / 15))
    spent = 2 * n + 15 * k
    assert (spent <= 1e6).all() and (spent > 1e6 - 17).all()


def test_the_lowest_point_is_that_of_a_cubic_in_the_logarithm():
    n = np.array([10.0, 30, 100, 300, 1000, 3000, 10000])
    x = np.log(n / 250)
    curve = np.exp(0.02 * x**3 + 0.3 * x**2 - 2)
    found = allocation._lowest(n, np.stack([curve, curve * 3]))
    np.testing.assert_allclose(found, [[250, np.exp(-2)], [250, 3 * np.exp(-2)]], rtol=1e-9)
    assert np.isnan(allocation._lowest(n, np.exp(-x)[None])).any()

"""python -m sim recommend, of money: the same under another key or unit, every key of it moves the answer."""

import json

import numpy as np
import pytest
import yaml

from sim.app.configuring.configuration import CONF
from tests.app.recommending import PRICE, TABLES, calling, is_number, rows_of

pytestmark = pytest.mark.usefixtures("remembered")


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    return calling(monkeypatch, capsys, tmp_path)


def test_a_budget_is_for_the_pilot_s_problems_or_for_as_many_new_ones(command, tmp_path):
    bought = []
    for suite in ("null", "1000"):
        for paid in ("parallel", "sequential"):
            arguments = ("pilot=pilot.csv", PRICE, f"paid={paid}", "budget.total=2", f"budget.problems={suite}")
            assert command(*arguments, "output=found", "figure=false")[0] == 0
            (verdict,) = json.loads((tmp_path / "found" / "verdict.json").read_text())
            bought.append(verdict["budget"])
    assert [one["problems"] for one in bought] == [60, 60, 1000, 1000]
    assert bought[0]["attempts"] == [33] and len(bought[1]["attempts"]) > 10 and bought[2]["attempts"] == [2]
    assert all(one["cost"] <= 2 and one["binds"] for one in (bought[0], *bought[2:]))
    assert bought[3]["attempts"][0] >= bought[2]["attempts"][0]


def test_prices_of_tokens_stand_for_a_price(command, tmp_path):
    tokens = ("cost.tokens.prompt_price=1", "cost.tokens.completion_price=2", "cost.tokens.prompt=200")
    for arguments in ((PRICE,), (*tokens, "cost.tokens.completion=400")):
        assert command("pilot=pilot.csv", *arguments, "output=found", "figure=false")[0] == 0
        (verdict,) = json.loads((tmp_path / "found" / "verdict.json").read_text())
        table = rows_of(tmp_path / "found" / "table.csv")
        assert float(table[0]["price"]) == pytest.approx(1e-3)
    assert command("pilot=pilot.csv", *tokens, "cost.tokens.completion=400", "cost.tokens.cached=0.1",
                   "output=found", "figure=false")[0] == 0  # fmt: skip
    (cached,) = json.loads((tmp_path / "found" / "verdict.json").read_text())
    assert cached["attempts"] >= verdict["attempts"]


@pytest.mark.seldom(0)
def test_two_currencies_of_the_same_prices_give_the_same_numbers(command, tmp_path):
    found = []
    for value, price in ((1, 0.001), (150, 0.15)):
        assert command("pilot=pilot.csv", f"cost.value={value}", f"cost.price={price}", "output=found",
                       "figure=false")[0] == 0  # fmt: skip
        found.append(json.loads((tmp_path / "found" / "verdict.json").read_text())[0]["these_problems"])
    assert [one["attempts"] for one in found] == [found[0]["attempts"]] * 2
    assert found[0]["solved"] == found[1]["solved"]


MONEY = {  # what is asked, all at once
    "cost.value": 1,
    "cost.wrong": 0.5,
    "cost.price": 0.004,
    "cost.verification": 0.001,
    "cost.fixed": 0.02,
    "cost.flops": 1e12,
    "verifier.false_accept": 0.01,
    "verifier.false_reject": 0.1,
    "budget.total": 6,
    "against.path": "strong.csv",
    "against.price": 0.02,
    "attempts.max": 1000,  # quick
    "figure": "false",
    "output": "found",
}


TOKENS_OF = {  # the same prices by tokens: 0.001 + 0.003 and 0.002 + 0.018
    "cost.price": None,
    "cost.tokens.prompt_price": 1,
    "cost.tokens.completion_price": 6,
    "cost.tokens.prompt": 1000,
    "cost.tokens.completion": 500,
    "against.price": None,
    "against.tokens.prompt_price": 2,
    "against.tokens.completion_price": 9,
    "against.tokens.completion": 2000,
}


@pytest.fixture
def answer(command, tmp_path):
    """Ask; {"out": what is said, "verdict": verdict.json, "table": {column: numbers}, ...}."""

    def call(*changes):
        asked = MONEY | {key: value for change in changes for key, value in change.items()}
        code, out, err = command("pilot=pilot.csv", *(f"{k}={v}" for k, v in asked.items() if v is not None))
        assert (code, err) == (0, "")
        found = {"out": out, "verdict": json.loads((tmp_path / "found" / "verdict.json").read_text())[0]}
        for name in TABLES:
            rows = rows_of(tmp_path / "found" / name)
            found[name.removesuffix(".csv")] = {key: [row[key] for row in rows] for key in rows[0]} if rows else {}
        return found

    return call


MONEYS = ("cost", "net", "gain", "price", "regret")  # words of what is an amount of money; all else has no unit


def flat(value, unit=1, name=""):
    """All that is in an answer as a list of (name, number or text), amounts of money divided by a unit."""
    if isinstance(value, dict):
        return [pair for key, own in value.items() if key != "out" for pair in flat(own, unit, f"{name}.{key}")]
    if isinstance(value, list):
        return [pair for own in value for pair in flat(own, unit, name)]
    if isinstance(value, str) and is_number(value):
        value = float(value)
    last = [part for part in name.split(".") if part not in ("mean", "median", "low", "high")][-1]
    money = last.removesuffix("_low").removesuffix("_high") in MONEYS
    return [(name, value / unit if money and value is not None else value)]


def same(first, second, unit=1):
    """Whether two answers are the same, the second one in another unit of money."""
    one, other = flat(first), flat(second, unit)
    numbers = [[value for _, value in pairs if isinstance(value, int | float)] for pairs in (one, other)]
    rest = [[pair for pair in pairs if not isinstance(pair[1], int | float)] for pairs in (one, other)]
    return [n for n, _ in one] == [n for n, _ in other] and rest[0] == rest[1] and numbers[0] == pytest.approx(
        numbers[1], rel=1e-8, abs=1e-12)  # fmt: skip


PAID = [{"paid": "parallel"}, {"paid": "sequential"}, {"paid": "sequential", "problems": "new"}]


@pytest.mark.seldom(1)
@pytest.mark.parametrize("paid", PAID, ids=lambda paid: " ".join(paid.values()))
def test_the_same_money_under_another_key_is_the_same(answer, paid):
    before = answer(paid)
    checked = {"cost.price": 0.003, "cost.verification": 0.002, "against.price": 0.019}
    cached = {"cost.tokens.cached": 0.5, "cost.fixed": 0.019, "cost.tokens.prompt_price": 2}
    assert same(before, answer(paid, checked))
    assert same(before, answer(paid, TOKENS_OF))
    assert same(before, answer(paid, {"cost.price": 0.005, "cost.verification": 0, "against.price": 0.021}))
    # The first attempt reads at the full price, 0.002, those after it at half of that; both models read the same.
    assert same(before, answer(paid, TOKENS_OF, cached, {"against.tokens.completion_price": 9.5}))
    assert not same(before, answer(paid, {"cost.price": 0.004001}))  # the check would see it


@pytest.mark.seldom(1)
@pytest.mark.parametrize("paid", PAID, ids=lambda paid: " ".join(paid.values()))
@pytest.mark.parametrize("unit", [2, 1 / 3])
def test_all_money_in_another_unit_is_the_same(answer, paid, unit):
    money = {key: unit * MONEY[key] for key in ("cost.value", "cost.wrong", "cost.price", "cost.verification",
             "cost.fixed", "budget.total", "against.price")}  # fmt: skip
    assert same(answer(paid), answer(paid, money), unit)
    assert not same(answer(paid), answer(paid, money | {"cost.wrong": 0.5001 * unit}), unit)


MOVES = [  # a change; what it moves, by its place in the answer; up (1) or down (-1), or by how much
    ({"cost.value": 2}, ("verdict", "attempts"), 1),
    ({"cost.value": 2}, ("verdict", "these_problems", "net", "mean"), 1),
    ({"cost.wrong": 1}, ("verdict", "these_problems", "net", "mean"), -1),
    ({"cost.wrong": 1}, ("table", "gain"), -1),
    ({"cost.price": 0.006}, ("verdict", "attempts"), -1),
    ({"cost.price": 0.006}, ("verdict", "budget", "solved"), -1),
    ({"cost.verification": 0.003}, ("verdict", "attempts"), -1),
    ({"cost.verification": 0.003}, ("table", "price"), 0.002),
    ({"cost.verification": 0.003}, ("stages", "price"), 0.002),
    ({"cost.fixed": 0.03}, ("verdict", "these_problems", "cost", "mean"), 0.01),
    ({"cost.fixed": 0.03}, ("verdict", "new_problems", "net", "mean"), -0.01),
    ({"cost.fixed": 0.03}, ("stages", "cost"), 0.01),
    ({"cost.fixed": 0.03}, ("models", "cost"), 0.01),
    ({"cost.flops": 2e12}, ("verdict", "flops"), 1),
    ({"verifier.false_accept": 0.02}, ("verdict", "these_problems", "wrong", "median"), 1),
    ({"verifier.false_reject": 0.3}, ("verdict", "these_problems", "solved", "median"), -1),
    ({"budget.total": 7}, ("verdict", "budget", "solved"), 1),
    ({"budget.problems": 90}, ("verdict", "budget", "solved"), -1),
    ({"against.price": 0.03}, ("verdict", "against", "gain"), -1),
    ({**TOKENS_OF, "cost.tokens.prompt_price": 3}, ("table", "price"), 0.002),
    ({**TOKENS_OF, "cost.tokens.completion_price": 10}, ("table", "price"), 0.002),
    ({**TOKENS_OF, "cost.tokens.prompt": 3000}, ("table", "price"), 0.002),
    ({**TOKENS_OF, "cost.tokens.completion": 1000}, ("table", "price"), 0.003),
    ({**TOKENS_OF, "cost.tokens.cached": 0.5}, ("table", "price"), -0.0005),
    ({**TOKENS_OF, "cost.tokens.cached": 0.5}, ("verdict", "attempts"), 1),
    ({**TOKENS_OF, "against.tokens.prompt_price": 4}, ("verdict", "against", "gain"), -1),
    ({**TOKENS_OF, "against.tokens.completion_price": 12}, ("verdict", "against", "gain"), -1),
    ({**TOKENS_OF, "against.tokens.completion": 3000}, ("verdict", "against", "gain"), -1),
    ({**TOKENS_OF, "against.tokens.prompt": 3000}, ("verdict", "against", "gain"), -1),
    ({**TOKENS_OF, "against.tokens.cached": 0.5}, ("verdict", "against", "gain"), 1),
]


def test_every_key_about_money_moves_the_answer(answer):
    alone = dict.fromkeys((key for key in MONEY | TOKENS_OF if key.startswith("against.")), None)  # quicker
    before, asked = {True: answer(), False: answer(alone)}, {}
    names = {key for change, *_ in MOVES for key in change}
    with (CONF / "recommend.yaml").open(encoding="utf-8") as stream:
        keys = yaml.safe_load(stream)
    sections = [(part, keys[part]) for part in ("cost", "verifier", "budget", "against")]
    sections += [(f"{part}.tokens", keys[part]["tokens"]) for part in ("cost", "against")]
    about = {f"{part}.{key}" for part, own in sections for key, value in own.items() if not isinstance(value, dict)}
    assert about - names == {"cost.currency", "against.path", "against.stopping"}  # none is forgotten
    for change, place, move in MOVES:
        rival = "against" in place or "models" in place
        key = repr((change, rival))
        if key not in asked:
            asked[key] = answer(change, {} if rival else alone)
        after, was = asked[key], before[rival]
        for key in place:
            after, was = after[key], was[key]
        moved = float(
            np.ravel(np.array(after, float))[0] - np.ravel(np.array(was, float))[0]
        )  # the first row of tables
        assert moved == pytest.approx(move) if abs(move) < 1 else np.sign(moved) == move, (change, place)


@pytest.mark.seldom(1)
@pytest.mark.parametrize(("price", "fixed"), [(0.1, 0), (0.007, 0.1)])
def test_a_budget_that_just_pays_for_k_attempts_buys_k(command, tmp_path, price, fixed):
    costs = (f"cost.price={price}", f"cost.fixed={fixed}", "cost.value=1000", "attempts.max=100", "figure=false")
    for suite, k in ((60, 14), (1000, 1)):
        each = price * k + fixed
        for total in {suite * each, price * (suite * k) + fixed * suite, sum([each] * suite)}:
            for paid, bought in ((total, k), (total * (1 - 1e-9), k - 1)):
                asked = (f"budget.total={paid!r}", f"budget.problems={suite}", "output=found")
                code, _, err = command("pilot=pilot.csv", *costs, *asked)
                if bought:
                    (verdict,) = json.loads((tmp_path / "found" / "verdict.json").read_text())
                    assert (code, verdict["budget"]["attempts"]) == (0, [bought])
                    assert verdict["budget"]["cost"] <= paid
                else:
                    assert code == 2 and err.startswith("sim recommend: budget.total: need ")

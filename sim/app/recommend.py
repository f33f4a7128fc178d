"""python -m sim recommend: how many attempts to pay for, from a pilot and prices."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.app import pilots, recommended
from sim.app.words_recommend import WORDS
from sim.calibration import curve, posterior
from sim.optimum import budget, problems, rivals, stages, stopping, update
from sim.optimum.prices import Prices, of_tokens, within
from sim.pilot import columns, files, rows

HELP = """\
python -m sim recommend: from a pilot (problems, attempts, successes) to how many attempts to pay for.

usage: python -m sim recommend pilot=FILE cost.price=NUMBER [KEY=VALUE ...]

  python -m sim recommend pilot=pilot.csv cost.value=1 cost.price=0.01
  python -m sim recommend pilot=pilot.csv cost.price=0.01 paid=sequential budget.total=50
  python -m sim recommend pilot=cheap.csv cost.price=0.002 against=strong.csv against_price=0.05

Written into outputs/recommend_DATE_TIME: report.html (opens anywhere, offline), table.csv, stages.csv, problems.csv,
models.csv, verdict.json, manifest.json, payoff.png, and every figure as .svg.
Exit code 2 for bad input, in one sentence.
"""
_TOKENS = ("prompt_price", "completion_price", "prompt", "completion")
_SHORT = {"against_price": "against.price"}
_GROUPS = 12  # of unsolved problems in a table: as many as a reader takes in
_FURTHER = 10  # times the largest number that is as good as the best: as far as curves are drawn
_FACTORS = (1, 10, 100, 1000)  # of the price, at which a better model is looked for
_DEAREST = 1e12


class Asked(NamedTuple):
    """What is asked: prices, those of a second model or None, and the rest as in conf/recommend.yaml."""

    prices: Prices
    rival: Prices | None
    currency: str
    flops: float | None
    seconds: float | None
    slots: int
    total: float | None
    suite: int | None
    new: bool
    per_decade: int
    most_stages: int
    loss: float
    factor: float
    solved: int


class Found(NamedTuple):
    """What is found for one pilot. these, new: Decision; own: the one that is asked for.

    reasons: why the question cannot be answered, keys of the report's words with what they say.
    allotment, rivals: None where they are not asked for.  same: whether the rival's problems are the same ones.
    needed: break-even pass@1 at multiples `factors` of the price.
    """

    pilot: tuple
    these: stopping.Decision
    new: stopping.Decision
    own: stopping.Decision
    curves: stopping.Curves
    stages: stages.Stages
    updates: update.Updates
    allotment: budget.Allotment | None
    rivals: rivals.Rivals | None
    rival_curves: stopping.Curves | None
    same: bool
    factors: tuple
    needed: np.ndarray
    reasons: list


def main(arguments):
    """Run the command; the exit code."""
    return pilots.answered("recommend", HELP, arguments, _answer, _SHORT)


def _answer(config):
    asked, words, figure = _asked(config), WORDS[pilots.language(config)], pilots.flag(config, "figure")
    read = pilots.read(config)
    other = _other(config, read)
    weights = _weights(config["pilot"])
    found = [_found(pilot, asked, other, weights) for pilot in read]
    where = pilots.folder_of(config, "recommend")
    recommended.write(where, found, asked, config, words, figure)
    lines = [line for one in found for line in recommended.lines(one, asked, words)]
    return [*lines, f"written: {where / 'report.html'}"]


# What is asked --------------------------------------------------------------------------------------------------------


def _asked(config):
    prices = _prices(config)
    total, suite = config["budget"]["total"], config["budget"]["problems"]
    if suite is not None and total is None:
        raise ValueError(f"budget.total: need money for budget.problems={suite}, got none")
    currency, seconds, flops = config["cost"]["currency"], config["latency"]["seconds"], config["cost"]["flops"]
    if not isinstance(currency, str) or not currency.strip():
        raise ValueError(f"cost.currency: need a name, got {currency!r}")
    return Asked(
        prices,
        _rival(config, prices),
        currency,
        None if flops is None else pilots.number(config, "cost.flops", 0, 1e30),
        None if seconds is None else pilots.number(config, "latency.seconds", 1e-9, 1e9),
        pilots.number(config, "latency.slots", 1, 10**9, whole=True),
        None if total is None else pilots.number(config, "budget.total", 1e-12, 1e15),
        None if suite is None else pilots.number(config, "budget.problems", 1, 10**9, whole=True),
        _one_of(config, "problems", ("these", "new")) == "new",
        pilots.number(config, "attempts.per_decade", 1, 40, whole=True),
        pilots.number(config, "stages.most", 1, 30, whole=True),
        pilots.number(config, "tell.loss", 1e-6, 0.5),
        pilots.number(config, "tell.factor", 1, 1e9),
        pilots.number(config, "tell.solved", 0, 10**6, whole=True),
    )


def _one_of(config, key, words):
    if config[key] not in words:
        raise ValueError(f"{key}: need {' or '.join(words)}, got {config[key]!r}")
    return config[key]


def _prices(config):
    first, later = _price(config)
    checked = pilots.number(config, "cost.verification", 0, _DEAREST)
    fixed = pilots.number(config, "cost.fixed", 0, _DEAREST)
    accepted, rejected = (pilots.number(config, f"verifier.false_{name}", 0, 1) for name in ("accept", "reject"))
    if not accepted < 1 - rejected:
        raise ValueError(
            f"verifier: need a right attempt to be accepted more often than a wrong one, got "
            f"false_accept={accepted:g} and 1 - false_reject={1 - rejected:g}"
        )
    if not later + checked > 0:
        raise ValueError("cost: need attempts that cost something, got a price of 0")
    sequential = _one_of(config, "paid", ("parallel", "sequential")) == "sequential"
    value = pilots.number(config, "cost.value", 1e-12, _DEAREST)
    wrong = pilots.number(config, "cost.wrong", 0, _DEAREST)
    most = _most(config, sequential)
    return Prices(value, later + checked, wrong, fixed + first - later, accepted, rejected, sequential, most)


def _price(config):
    """Price of the first attempt at a problem, and of the later ones."""
    price, tokens = config["cost"]["price"], config["cost"]["tokens"]
    given = [name for name in _TOKENS if tokens[name] is not None]
    if price is not None and given:
        raise ValueError(f"cost.price: need the price of an attempt or those of tokens, got both ({given[0]} too)")
    if price is not None:
        return (pilots.number(config, "cost.price", 0, _DEAREST),) * 2
    if not given:
        raise ValueError("cost.price: need the price of an attempt, or those of tokens (cost.tokens), got none")
    for name in _TOKENS:
        if tokens[name] is None:
            raise ValueError(f"cost.tokens.{name}: need a number besides cost.tokens.{given[0]}, got none")
    numbers = [pilots.number(config, f"cost.tokens.{name}", 0, _DEAREST) for name in _TOKENS]
    return of_tokens(*numbers, pilots.number(config, "cost.tokens.cached", 0, 1))


def _most(config, sequential):
    """Most attempts at a problem, by attempts.max and by the time there is."""
    most, latency = pilots.number(config, "attempts.max", 1, 1e12, whole=True), config["latency"]
    slots = pilots.number(config, "latency.slots", 1, 10**9, whole=True)
    if sequential and slots > 1:
        raise ValueError(f"latency.slots: need 1 for paid=sequential, one attempt after the other, got {slots}")
    if latency["limit"] is None:
        return most
    limit = pilots.number(config, "latency.limit", 1e-9, 1e12)
    if latency["seconds"] is None:
        raise ValueError(f"latency.seconds: need the seconds of an attempt for latency.limit={limit:g}, got none")
    seconds = pilots.number(config, "latency.seconds", 1e-9, 1e9)
    if limit < seconds:
        raise ValueError(f"latency.limit: need time for an attempt, latency.seconds={seconds:g}, got {limit:g}")
    return min(most, within(limit, seconds, slots))


def _rival(config, prices):
    path, price = config["against"]["path"], config["against"]["price"]
    if path is None and price is not None:
        raise ValueError(f"against: need the pilot of the second model for against.price={price}, got none")
    if path is None:
        return None
    if price is None:
        raise ValueError(
            f"against.price: need the price of an attempt of the second model for against={path}, got none"
        )
    checked, fixed = config["cost"]["verification"], config["cost"]["fixed"]
    each = pilots.number(config, "against.price", 0, _DEAREST) + checked
    if not each > 0:
        raise ValueError("against.price: need attempts that cost something, got a price of 0")
    return prices._replace(each=each, setup=float(fixed))


def _other(config, read):
    """The pilot of the second model, or None."""
    if config["against"]["path"] is None:
        return None
    others = pilots.read({"pilot": config["against"]})
    for key, several in (("pilot", read), ("against", others)):
        if len(several) > 1:
            names = ", ".join(one.name for one in several)
            raise ValueError(f"{key}: need one suite and model to compare, got {names}")
    return others[0]


def _weights(own):
    """Weight of each problem by its name, from a column `weight` of a CSV; None where there is none."""
    path = Path(own["path"])
    if files.form(path) != "delimited":
        return None
    given = columns.named(own["columns"])

    def choose(where, header, first):
        if "weight" not in header:
            return {}
        return {"problem": columns.chosen(where, header, first, given)["problem"], "weight": "weight"}

    table = rows.delimited(path, choose)
    if not table.cells:
        return None
    weights = {}
    for row, (name, cell) in enumerate(zip(table.cells["problem"], table.cells["weight"], strict=True)):
        weight = _weight(cell)
        if weight is None:
            raise ValueError(f"{table.where(row)}: need a weight of at least 0, got {files.shortened(cell)}")
        if weights.setdefault(name, weight) != weight:
            raise ValueError(
                f"{table.where(row)}: need one weight for problem {name!r}, got {weights[name]:g} and {weight:g}"
            )
    if not any(weights.values()):
        raise ValueError(f"{path}: need a weight above 0, got none")
    return weights


def _weight(cell):
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if 0 <= value < np.inf else None


# What is found --------------------------------------------------------------------------------------------------------


def _both(pilot, weights=None):
    """(likelihood, the pilot's problems, new ones)."""
    likelihood = curve.likelihood(pilot)
    average = posterior.average(likelihood)
    weights = weights and [weights[name] for name in pilot.problem_id]
    return likelihood, problems.these(average, likelihood, weights), problems.new(average)


def _found(pilot, asked, other, weights):
    likelihood, these, new = _both(pilot, weights)
    prices = asked.prices
    decided = [stopping.decide(kind, prices, asked.loss) for kind in (these, new)]
    own, kind = (decided[1], new) if asked.new else (decided[0], these)
    last = min(max(_FURTHER * own.high, int(pilot.attempts.max()), 10), prices.most)
    grid = np.union1d(pilots.attempts_grid(max(last, 2), asked.per_decade), [own.attempts, own.low, own.high])
    grid = grid[(grid > 0) & (grid <= prices.most)]
    return Found(
        pilot,
        *decided,
        own,
        stopping.curves(kind, prices, grid),
        stages.stages(kind, prices, asked.most_stages),
        update.updates(these, likelihood, pilot.attempts, pilot.successes, prices, _GROUPS),
        _allotment(these, new, own, asked),
        *_against(kind, own, asked, pilot, other, grid),
        _FACTORS,
        rivals.break_even(max(float(own.net.mean), 0.0), prices.value, prices.each, _FACTORS),
        _reasons(pilot, own, asked),
    )


def _allotment(these, new, own, asked):
    if asked.total is None:
        return None
    kind = new if asked.new or asked.suite else these
    number = asked.suite or these.size.sum()
    least = number * (asked.prices.setup + asked.prices.each)
    if asked.total < least:
        raise ValueError(
            f"budget.total: need {least:g} {asked.currency}, one attempt at each of {number:.0f} problems, "
            f"got {asked.total:g}"
        )
    if asked.prices.sequential and kind is these:
        return budget.by_counts(these, asked.prices, asked.total)
    best = own if (kind is new) == asked.new else stopping.decide(kind, asked.prices, asked.loss)
    return budget.uniform(kind, asked.prices, best.attempts, number, asked.total)


def _against(kind, own, asked, pilot, other, grid):
    """(Rivals, Curves of the rival, whether both pilots have the same problems)."""
    if other is None:
        return None, None, False
    _, those, new = _both(other)
    rival = new if asked.new else those
    decision = stopping.decide(rival, asked.rival, asked.loss)
    found = rivals.compare((kind, asked.prices), (rival, asked.rival), (own, decision))
    last = min(max(_FURTHER * decision.high, 10), asked.rival.most)
    reach = np.union1d(pilots.attempts_grid(max(last, 2), asked.per_decade), [max(decision.attempts, 1)])
    return (
        found,
        stopping.curves(rival, asked.rival, reach[reach <= asked.rival.most]),
        set(pilot.problem_id) == set(other.problem_id),
    )


def _reasons(pilot, own, asked):
    solved = np.count_nonzero(pilot.successes > 0)
    reasons = []
    if solved < asked.solved:
        reasons.append(("solved", solved))
    if own.best_high > asked.factor * max(own.best_low, 1) and own.share > asked.loss:
        reasons.append(("factor", (own.best_low, own.best_high)))
    return reasons

"""How many attempts to pay for, from a pilot and prices: for these problems and for new ones, in stages, two models."""

from typing import NamedTuple

import numpy as np

from sim.calibration import ansatz, calibrate, curve, difference, posterior, prediction
from sim.decision import budget, priced, problems, rivals, stages, stopping, update, weighted
from sim.decision.amounts import exceeds
from sim.decision.prices import Prices
from sim.records import checked

_GROUPS = 12  # of unsolved problems in a table: as many as a reader takes in
_FURTHER = 10  # times the largest number that is as good as the best: as far as curves are drawn
_FACTORS = (1, 10, 100, 1000)  # of the price, at which a better model is looked for


class Asked(NamedTuple):
    """What is asked: prices, those of a second model or None, and the rest as in conf/recommend.yaml."""

    prices: Prices
    rival: Prices | None
    currency: str
    flops: float | None
    limit: float | None
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
    level: float
    seed: int


class Weights(NamedTuple):
    """Share of the weight of the pilot's problems that is solved, where these have weights.

    own: Estimate at their best number of attempts.  curve: Estimate [k] at those of Found.curves, and stages: after
    each stage, means; both NaN where they are for new problems, which have no weights.  budget: of the allotment, None
    without one, or where it is for new problems.
    """

    own: problems.Estimate
    curve: problems.Estimate
    stages: np.ndarray
    budget: float | None


class Found(NamedTuple):
    """What is found for one pilot. these, new: Decision; own: the one that is asked for.

    test: whether the memorising model fits.  stages_net: net value of a problem, in stages.  weights: None without any.
    reasons: why the question cannot be answered, keys of the report's words with what they say.
    allotment, rivals, difference: None where they are not asked for.  other: pilot of the rival.  same: whether its
    problems are the same ones.
    needed: break-even pass@1 at multiples `factors` of the price.
    """

    pilot: tuple
    test: ansatz.FitTest
    these: stopping.Decision
    new: stopping.Decision
    own: stopping.Decision
    curves: stopping.Curves
    stages: stages.Stages
    stages_net: float
    weights: Weights | None
    updates: update.Updates
    allotment: budget.Allotment | None
    rivals: rivals.Rivals | None
    rival_curves: stopping.Curves | None
    difference: difference.Difference | None
    other: tuple | None
    same: bool
    factors: tuple
    needed: np.ndarray
    reasons: list


def asked(config):
    """Asked of a configuration (conf/recommend.yaml); ValueError, in one sentence, for the first that is wrong."""
    own = priced.of_model(config)
    total, suite = config["budget"]["total"], config["budget"]["problems"]
    if suite is not None and total is None:
        raise ValueError(f"budget.total: need money for budget.problems={suite}, got none")
    currency, seconds, flops = config["cost"]["currency"], config["latency"]["seconds"], config["cost"]["flops"]
    if not isinstance(currency, str) or not currency.strip():
        raise ValueError(f"cost.currency: need a name, got {currency!r}")
    return Asked(
        own,
        priced.of_rival(config, own),
        currency,
        None if flops is None else checked.number(config, "cost.flops", 0, 1e30),
        config["latency"]["limit"],  # which the prices have judged
        None if seconds is None else checked.number(config, "latency.seconds", 1e-9, 1e9),
        checked.number(config, "latency.slots", 1, 10**9, whole=True),
        None if total is None else checked.number(config, "budget.total", 1e-12, 1e15),
        None if suite is None else checked.number(config, "budget.problems", 1, 10**9, whole=True),
        checked.one_of(config, "problems", ("these", "new")) == "new",
        checked.number(config, "attempts.per_decade", 1, 40, whole=True),
        checked.number(config, "stages.most", 1, 30, whole=True),
        checked.number(config, "tell.loss", 1e-6, 0.5),
        checked.number(config, "tell.factor", 1, 1e9),
        checked.number(config, "tell.solved", 0, 10**6, whole=True),
        checked.number(config, "test.level", 1e-6, 0.5),
        checked.number(config, "seed", -(2**62), 2**62, whole=True),
    )


# What is found --------------------------------------------------------------------------------------------------------


def _both(pilot, counted=None):
    """(likelihood, posterior, the pilot's problems, new ones)."""
    likelihood = curve.likelihood(pilot)
    known = posterior.posterior(likelihood)
    counted = counted and [counted[name] for name in pilot.problem_id]
    return likelihood, known, problems.these(known, likelihood, counted), problems.new(known, len(pilot.attempts))


def found(pilot, asked, other=None, counted=None, theirs=None):
    """Found of a pilot.  other: pilot of a second model.  counted, theirs: weights of both's problems, by their ids."""
    likelihood, known, these, new = _both(pilot, counted)
    own_prices = asked.prices
    decided = [stopping.decide(kind, own_prices, asked.loss) for kind in (these, new)]
    own, kind = (decided[1], new) if asked.new else (decided[0], these)
    last = min(max(_FURTHER * own.high, int(pilot.attempts.max()), 10), own_prices.most)
    grid = np.union1d(prediction.attempts_grid(max(last, 2), asked.per_decade), [own.attempts, own.low, own.high])
    grid = grid[(grid > 0) & (grid <= own_prices.most)]
    plan = stages.stages(kind, own_prices, asked.most_stages)
    allotment = _allotment(these, new, own, asked)
    return Found(
        pilot,
        ansatz.fit_test(pilot, asked.level, asked.seed),
        *decided,
        own,
        stopping.curves(kind, own_prices, grid),
        plan,
        weighted.net(kind, own_prices, plan),
        None if counted is None else _weights(these, decided[0], grid, plan, allotment, asked),
        update.updates(these, likelihood, pilot.attempts, pilot.successes, own_prices, _GROUPS),
        allotment,
        *_against(kind, own, asked, difference.Model(pilot, likelihood, known), other, theirs),
        _FACTORS,
        rivals.break_even(max(float(own.net.mean), 0.0), own_prices.value, own_prices.each, _FACTORS),
        _reasons(pilot, own, asked),
    )


def _weights(these, decision, grid, plan, allotment, asked):
    own = weighted.at(these, asked.prices, decision.attempts)
    for_pilot = allotment is not None and not (asked.new or asked.suite)
    bought = weighted.allotted(these, asked.prices, allotment) if for_pilot else None
    if asked.new:
        nothing = np.full(len(grid), np.nan)
        return Weights(own, problems.Share(nothing, nothing, nothing), np.full(len(plan.attempts), np.nan), bought)
    of_plan = weighted.solved(these, asked.prices, plan.attempts).median if len(plan.attempts) else np.zeros(0)
    return Weights(own, weighted.solved(these, asked.prices, grid), of_plan, bought)


def _allotment(these, new, own, asked):
    if asked.total is None:
        return None
    kind = new if asked.new or asked.suite else these
    number = asked.suite or these.size.sum()
    least = number * (asked.prices.setup + asked.prices.each)
    if exceeds(least, asked.total):
        raise ValueError(
            f"budget.total: need {least:g} {asked.currency}, one attempt at each of {number:.0f} problems, "
            f"got {asked.total:g}"
        )
    if asked.prices.sequential and kind is these:
        return budget.by_counts(these, asked.prices, asked.total)
    best = own if (kind is new) == asked.new else stopping.decide(kind, asked.prices, asked.loss)
    return budget.uniform(kind, asked.prices, best.attempts, number, asked.total)


def _against(kind, own, asked, first, other, theirs):
    """(Rivals, Curves of the rival, Difference, the rival's pilot, whether both pilots have the same problems)."""
    if other is None:
        return None, None, None, None, False
    likelihood, known, those, new = _both(other, theirs)
    rival = new if asked.new else those
    decision = stopping.decide(rival, asked.rival, asked.loss)
    found = rivals.compare((kind, asked.prices), (rival, asked.rival), (own, decision))
    last = min(max(_FURTHER * decision.high, 10), asked.rival.most)
    reach = np.union1d(prediction.attempts_grid(max(last, 2), asked.per_decade), [max(decision.attempts, 1)])
    return (
        found,
        stopping.curves(rival, asked.rival, reach[reach <= asked.rival.most]),
        difference.found(first, difference.Model(other, likelihood, known), 0),
        other,
        set(first.pilot.problem_id) == set(other.problem_id),
    )


def _reasons(pilot, own, asked):
    solved = np.count_nonzero(pilot.successes > 0)
    reasons = []
    if solved < asked.solved:
        reasons.append(("solved", solved))
    few = calibrate.few(pilot, own.attempts)
    if few:
        reasons.append(("attempts", few))
    if exceeds(own.best_high, asked.factor * max(own.best_low, 1)) and exceeds(own.share, asked.loss):
        reasons.append(("factor", (own.best_low, own.best_high)))
    return reasons

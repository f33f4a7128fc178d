"""Attempts that cost: money, seconds, FLOPs, and those that a budget is spent on in turn."""

import numpy as np
import pytest
from agreements.tables import BUDGET, CAPPED, LEVI, MATH, meets
from checks import FALSE_ALARM, assert_mean, rejects
from scipy import stats

from sim.draw import simulate
from sim.draw.budget import BATCH, grid
from sim.judging import estimators, verdict
from sim.judging.measurement import Prediction
from sim.laws import cost, coverage, difficulty, suite
from sim.model.difficulty import Beta
from sim.samplers import suite as suites
from sim.samplers.cost import Spending, token_flops


def spend(difficulty, attempts, slots=1):
    """Shares unsolved, mean attempts and mean waves after at most k attempts, first successes drawn, [batches, k]."""
    kernel = Spending(difficulty.sampler(), np.float32(attempts), np.float32(slots))
    drawn = simulate.curves(1, f"spend {difficulty}", kernel, BUDGET.batches, BUDGET)[:, 1:]
    unsolved, made, waves = np.split(drawn, 3, axis=1)
    return unsolved / BATCH, made, waves


def holds(means, law):
    """Whether means of batches [batches, k] meet a law at FALSE_ALARM."""
    prediction = Prediction(law, None, None, True)
    return verdict.judge_means("law", "value", means, prediction).p_value > FALSE_ALARM


def lost(value, attempts, one, other):
    """Sigmas by which the one number of attempts is worth less than the other, on average over batches."""
    differences = (value[:, attempts == other] - value[:, attempts == one])[:, 0]
    return differences.mean() / differences.std(ddof=1) * np.sqrt(len(differences))


@pytest.mark.seldom(0)
def test_attempts_paid_at_once_are_worth_most_at_the_optimum_of_the_law():
    price, numbers = 1e-3, np.arange(80.0, 145)
    unsolved, *_ = spend(LEVI, numbers)
    value, best = 1 - unsolved - price * numbers, cost.optimal_parallel(1, price, 5, 0.35)
    found = numbers[value.mean(axis=0).argmax()]
    assert best == 110
    if found != best:
        assert lost(value, numbers, best, found) < stats.norm.isf(FALSE_ALARM)
    for wrong in (cost.optimal_parallel(1, 1.2 * price, 5, 0.35), cost.optimal_parallel(1, price / 1.2, 5, 0.35)):
        assert lost(value, numbers, wrong, best) > stats.norm.isf(FALSE_ALARM)
    few = np.array([28.0, 55, 110, 220, 440, 1000])
    value = 1 - spend(LEVI, few)[0] - price * few
    assert holds(value, cost.net_value_parallel(few, 1, price, 5, 0.35))
    for wrong in ((price, 5.25, 0.35), (price, 5, 0.3675), (1.05 * price, 5, 0.35), (price, 5, 0.35, 0.95)):
        assert not holds(value, cost.net_value_parallel(few, 1, *wrong))


@pytest.mark.seldom(0)
@pytest.mark.parametrize(("ceiling", "best"), [(1.0, 345), (0.95, 282)])
def test_attempts_paid_one_by_one_are_worth_most_at_the_optimum_of_the_law(ceiling, best):
    price, numbers, difficulty_ = 1e-3, np.arange(220.0, 420), Beta(5.0, 0.35, ceiling)
    unsolved, made, _ = spend(difficulty_, numbers)
    value = 1 - unsolved - price * made
    found = numbers[value.mean(axis=0).argmax()]
    assert best == cost.optimal_sequential(1, price, 5, 0.35, ceiling)
    if found != best:
        assert lost(value, numbers, best, found) < stats.norm.isf(FALSE_ALARM)
    dearer, other = (cost.optimal_sequential(1, c, 5, 0.35, a) for c, a in ((1.2 * price, ceiling), (price, 1.0)))
    for wrong in {dearer, other} - {best}:  # the price off, and no share beyond reach
        assert lost(value, numbers, wrong, best) > stats.norm.isf(FALSE_ALARM)
    few = np.array([28.0, 110, 345, 1000, 4000, 20000])
    unsolved, made, _ = spend(difficulty_, few)
    value, law = 1 - unsolved - price * made, (5, 0.35, ceiling)
    assert holds(value, cost.net_value_sequential(few, 1, price, *law))
    for wrong in ((price, 5.25, 0.35, ceiling), (price, 5, 0.3675, ceiling), (1.05 * price, *law)):
        assert not holds(value, cost.net_value_sequential(few, 1, *wrong))


def taken(tries, failure, slots=1):
    """Mean and deviation of the waves of attempts made, from the law of failure: sums over those that find it so."""
    moments = []
    for k in tries:
        left = failure(np.arange(0, k, slots))
        mean = left.sum()
        moments.append((mean, np.sqrt(((2 * np.arange(len(left)) + 1) * left).sum() - mean**2)))
    return np.transpose(moments)


@pytest.mark.seldom(0)
def test_the_mean_number_of_attempts_up_to_the_first_success_has_its_law():
    tries, problems = np.array([10.0, 1000, 1e5]), BUDGET.batches * BATCH
    easier = difficulty.listed(np.minimum(1.05 * MATH.success(), 1))
    for model, known, wrong in (
        (LEVI, cost.expected_attempts(tries, 5, 0.35), cost.expected_attempts(tries, 5, 0.3675)),
        (CAPPED, cost.expected_attempts(tries, 5, 0.35, 0.9), cost.expected_attempts(tries, 5, 0.35)),
        (MATH, cost.mean_waves(tries, MATH.problems()), cost.mean_waves(tries, easier)),
    ):
        summed, deviation = taken(tries, model.failure)
        np.testing.assert_allclose(known, summed, rtol=1e-9)
        mean = spend(model, tries)[1].mean(axis=0)
        assert_mean(mean, problems, known, deviation)
        rejects(assert_mean, mean, problems, wrong, deviation)
    assert cost.expected_attempts(1000, 5, 0.35) == pytest.approx(229.322216790, rel=1e-11)


@pytest.mark.seldom(0)
def test_waves_of_attempts_take_the_seconds_of_their_law():
    tries, slots, problems = np.array([40.0, 1000, 1e5]), 16, BUDGET.batches * BATCH
    mean = 6 * spend(LEVI, tries, slots)[2].mean(axis=0)
    deviation = 6 * taken(tries, LEVI.failure, slots)[1]
    assert_mean(mean, problems, cost.latency_slots(tries, 6, slots, LEVI.problems()), deviation)
    for wrong in (Beta(5.25, 0.35, 1.0).problems(), slots), (LEVI.problems(), 17):
        rejects(assert_mean, mean, problems, cost.latency_slots(tries, 6, wrong[1], wrong[0]), deviation)


@pytest.mark.seldom(0)
def test_what_is_unsolved_falls_more_steeply_in_flops_the_longer_the_prompt():
    model = {"parameters": 8.03e9, "layers": 32, "width": 4096, "prompt": 20000, "decode": 300}
    prompt, each = token_flops(**model)
    middle = np.array([30.0, 300, 3000])
    pairs = np.rint(np.stack([middle / 1.15, middle * 1.15], axis=1).ravel())
    unsolved, *_ = spend(LEVI, pairs)
    flops = prompt + pairs * each

    def slope(curve):
        steps = np.log(curve[..., 1::2] / curve[..., ::2])
        return -steps / np.log(flops[1::2] / flops[::2])

    stderr = estimators.jackknife_stderr(slope(estimators.jackknife_groups(unsolved)))
    found, at = slope(unsolved.mean(axis=0)), np.sqrt(flops[1::2] * flops[::2])
    sunk, price = cost.prompt_flops(*list(model.values())[:4]), cost.attempt_flops(*model.values())
    z = lambda law: np.abs((found - law) / stderr).max()  # noqa: E731
    bound = stats.norm.isf(FALSE_ALARM / 2 / len(found))
    assert z(cost.local_exponent_of_flops(at, sunk, price, 5, 0.35)) < bound
    assert z(cost.local_exponent_of_flops(at, sunk, price, 5, 0.3675)) > bound
    assert z(cost.local_exponent_of_flops(at, 1.05 * sunk, price, 5, 0.35)) > bound
    assert z(coverage.local_exponent(middle, 5, 0.35)) > bound  # as if the prompt were free
    assert found[0] > 2 * 0.35


def share(batches, spent=(1,), attempts=(1,), budgets=(1,), size=2):
    """Means of batches [batches, x]: problems finished in turn; unsolved, made in rounds; unsolved of finite suites."""
    kernel = suites.build(LEVI.sampler(), spent, attempts, budgets, size, BATCH)
    curves = simulate.curves(1, f"share {size}", kernel, batches, BUDGET)
    return np.split(curves, np.cumsum([len(spent), len(attempts), len(attempts)]), axis=1)


@pytest.mark.seldom(0)
def test_problems_finished_in_turn_meet_the_renewal_law_and_its_power_law():
    near, far = grid(1e5, 11), np.array([1e6, 4e6])
    solved, *_ = share(256, spent=[*near, *far])
    law = lambda beta: suite.solve_to_completion(near, 5, beta)  # noqa: E731
    assert meets(solved[:, : len(near)], law(0.35)) and not meets(solved[:, : len(near)], law(0.357))
    power_law = lambda beta: suite.solve_to_completion_asymptote(far, 5, beta) - 1  # noqa: E731 (and 1e-4 more)
    assert power_law(0.35) == pytest.approx(0.472048910695 * far**0.35 - 1)
    assert meets(solved[:, len(near) :], power_law(0.35)) and not meets(solved[:, len(near) :], power_law(0.357))


@pytest.mark.seldom(0)
def test_rounds_over_the_unsolved_meet_their_law_at_cost_and_its_power_law():
    rounds = grid(1e7, 15)
    spent, law = suite.round_robin(rounds, 5, 0.35)
    _, unsolved, made, finite = share(128, attempts=rounds, budgets=spent, size=BATCH)
    assert meets(made, spent) and meets(unsolved, law)
    for wrong in ((5.25, 0.35), (5, 0.357)):
        wrong_spent, wrong_law = suite.round_robin(rounds, *wrong)
        assert not meets(made, wrong_spent) and not meets(unsolved, wrong_law)
    far = spent > 5000  # where the power law is 1e-3 too large
    power_law = lambda beta: suite.round_robin_asymptote(spent[far], 5, beta)  # noqa: E731
    assert power_law(0.35) == pytest.approx(2.89586899699 * spent[far] ** -(0.35 / 0.65))
    assert meets(unsolved[:, far], power_law(0.35)) and not meets(unsolved[:, far], power_law(0.357))
    assert not meets(unsolved[:, far], coverage.asymptote(spent[far], 5, 0.35))  # as if no attempt were saved
    assert meets(finite, law)  # 16,384 problems are as good as endlessly many, 20 are not
    *_, few = share(128, budgets=spent, size=20)
    assert not meets(few, law)


@pytest.mark.seldom(0)
def test_problems_left_sooner_are_solved_at_higher_rates():
    attempts, rates = np.array([1, 10, 100]), np.array([0.0654205607477, 0.0406459020637, 0.0139793028688])
    np.testing.assert_allclose(suite.reset_rate(attempts, 5, 0.35), rates, rtol=1e-11)
    _, unsolved, made, _ = share(128, attempts=attempts)
    balanced = lambda rate: meets(1 - unsolved - rate * made + 1, np.ones(3))  # noqa: E731 (1: any number but 0)
    assert balanced(rates) and not balanced(suite.reset_rate(attempts, 5.25, 0.35))
    assert not balanced(suite.reset_rate(attempts, 5, 0.357)) and not balanced(np.full(3, rates[0]))

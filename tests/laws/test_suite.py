"""Coverage at cost: by enumeration, against golden values and plain dynamic programming, and where power laws hold."""

import json
from fractions import Fraction
from itertools import product
from math import factorial, gamma
from pathlib import Path

import numpy as np
import pytest

from sim.laws import coverage, difficulty, suite

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
LEVI = (5.0, 0.35)
SHAPES = [LEVI, (0.3, 0.05), (2, 0.5), (20, 0.8), (1, 1), (0.8, 1.5), (3, 40)]


def rows(name):
    """Parameters and value of each row of a golden table."""
    return [({k: float(v) for k, v in row["params"].items()}, float(row["value"]), row["name"]) for row in GOLDEN[name]]


def waiting(attempts, alpha, beta):
    """f_1 ... f_t: chance that a fresh problem is solved at its j-th attempt, by the product of hazards."""
    j = np.arange(attempts)
    failed = np.concatenate([[1.0], np.cumprod((alpha + j) / (alpha + beta + j))])
    return failed[:-1] * beta / (alpha + beta + j)


def problems_solved(attempts, alpha, beta):
    """The renewal equation, term by term: sums of positive numbers."""
    f, solved = waiting(attempts, alpha, beta), np.zeros(attempts + 1)
    for t in range(1, attempts + 1):
        solved[t] = f[:t] @ (1 + solved[t - 1 :: -1][:t])
    return solved


def test_problems_solved_in_turn_by_enumeration_of_attempts():
    """p ~ Beta(2, 1): j failures give success the chance 1 / (3 + j); every success brings a fresh problem."""
    for attempts in range(6):
        solved = Fraction(0)
        for outcome in product([False, True], repeat=attempts):
            chance, failures = Fraction(1), 0
            for success in outcome:
                hazard = Fraction(1, 3 + failures)
                chance *= hazard if success else 1 - hazard
                failures = 0 if success else failures + 1
            solved += chance * sum(outcome)
        assert suite.solve_to_completion(attempts, 2, 1) == pytest.approx(float(solved), rel=1e-14, abs=0)


@pytest.mark.parametrize(("alpha", "beta"), SHAPES)
def test_problems_solved_in_turn_agree_with_the_renewal_equation(alpha, beta):
    law = suite.solve_to_completion(np.arange(4001), alpha, beta)
    np.testing.assert_allclose(law, problems_solved(4000, alpha, beta), rtol=1e-12)


def test_problems_solved_do_not_depend_on_how_far_one_looks():
    far = suite.solve_to_completion([[0, 1, 100], [1000, 4096, 100_000]], *LEVI)
    near = [suite.solve_to_completion(t, *LEVI) for t in (0, 1, 100, 1000, 4096, 100_000)]
    np.testing.assert_allclose(far.ravel(), near, rtol=1e-12)
    assert far[0, 0] == 0
    assert far[0, 1] == pytest.approx(0.35 / 5.35, rel=1e-13, abs=0)


@pytest.mark.parametrize("alpha", [0.5, 5.0])
@pytest.mark.parametrize("beta", [0.2, 0.35, 0.5, 0.7])
def test_the_power_law_of_problems_solved_in_turn_is_as_wrong_as_stated(alpha, beta):
    t = np.array([10**4, 10**5])
    difference = suite.solve_to_completion(t, alpha, beta) - suite.solve_to_completion_asymptote(t, alpha, beta)
    scale = coverage.prefactor(alpha, beta) * gamma(1 - beta)
    slow = t ** (2 * beta - 1.0) * (alpha + beta - 1) / ((1 - beta) * scale**2 * gamma(2 * beta))
    rest = np.abs((difference - (slow - 1)) / difference)
    assert rest[1] < 0.6 * rest[0] < 0.1
    relative = np.abs(difference) / t**beta
    assert np.log10(relative[0] / relative[1]) > 0.8 * min(beta, 1 - beta)


@pytest.mark.parametrize(
    ("table", "law"),
    [
        ("red_dynkin", lambda p: suite.solve_to_completion_asymptote(1, p["alpha"], p["beta"])),
        ("red_rate", lambda p: suite.reset_rate(p["tau"], p["alpha"], p["beta"])),
        ("red_finite_pool", lambda p: suite.round_robin_asymptote(1, p["alpha"], p["beta"])),
    ],
)
def test_the_law_has_the_golden_values(table, law):
    for parameters, value, _ in rows(table):
        np.testing.assert_allclose(law(parameters), value, rtol=1e-12, err_msg=str(parameters))


@pytest.mark.parametrize("attempts_each", [1, 2, 7])
def test_the_rate_with_resets_is_the_long_run_of_a_chain(attempts_each):
    """A problem's age 0 ... tau-1 is a Markov chain; its stationary distribution weights the chances of success."""
    alpha, beta = LEVI
    hazard = beta / (alpha + beta + np.arange(attempts_each))
    step = np.zeros((attempts_each, attempts_each))
    for age in range(attempts_each):
        step[age, 0] += hazard[age]
        step[age, (age + 1) % attempts_each] += 1 - hazard[age]
    system = np.vstack([step.T - np.eye(attempts_each), np.ones(attempts_each)])
    stationary = np.linalg.lstsq(system, np.eye(attempts_each + 1)[-1], rcond=None)[0]
    assert suite.reset_rate(attempts_each, alpha, beta) == pytest.approx(stationary @ hazard, rel=1e-12, abs=0)


@pytest.mark.parametrize(("alpha", "beta"), SHAPES)
def test_the_earlier_a_problem_is_left_the_more_are_solved(alpha, beta):
    rate = suite.reset_rate(np.arange(1, 2000), alpha, beta)
    assert np.all(np.diff(rate[:8]) < 0) and np.all(np.diff(rate) < 1e-15)
    assert rate[0] == pytest.approx(beta / (alpha + beta), rel=1e-13, abs=0)
    t = np.array([10, 1000])
    assert np.all(t * rate[0] > suite.solve_to_completion(t, alpha, beta))


def test_round_robin_by_enumeration_of_attempts_at_one_problem():
    """p ~ Beta(2, 1): f failures and s successes, in any one order, have the chance 2 (f+1)! s! / (f+s+2)!."""
    for rounds in range(6):
        spent = unsolved = Fraction(0)
        for outcome in product([False, True], repeat=rounds):
            failures = rounds - sum(outcome)
            chance = Fraction(2 * factorial(failures + 1) * factorial(sum(outcome)), factorial(rounds + 2))
            spent += chance * (outcome.index(True) + 1 if any(outcome) else rounds)
            unsolved += chance * (not any(outcome))
        np.testing.assert_allclose(suite.round_robin(rounds, 2, 1), (float(spent), float(unsolved)), rtol=1e-14)


@pytest.mark.parametrize(("alpha", "beta"), [LEVI, (0.8, 0.35), (20, 0.6), (2, 0.3)])
def test_the_power_law_of_round_robin_is_too_large_as_stated(alpha, beta):
    spent, unsolved = suite.round_robin(np.array([1e8, 1e12]), alpha, beta)
    error = (suite.round_robin_asymptote(spent, alpha, beta) / unsolved - 1) * spent
    np.testing.assert_allclose(error, beta * (alpha + beta - 1) / (1 - beta) ** 2, rtol=2e-2)


def test_one_point_of_round_robin_for_each_number_of_rounds():
    spent, unsolved = suite.round_robin(np.arange(6).reshape(2, 3), *LEVI)
    assert spent.shape == unsolved.shape == (2, 3)
    assert (spent[0, 0], unsolved[0, 0], spent[0, 1]) == (0, 1, pytest.approx(1, rel=1e-14, abs=0))
    assert np.all(np.diff(spent.ravel()) > 0) and np.all(np.diff(unsolved.ravel()) < 0)


@pytest.mark.parametrize(("alpha", "beta"), [LEVI, (0.3, 0.05), (2, 0.5), (20, 0.8), (3, 40)])
def test_averages_over_problems_are_the_closed_forms(alpha, beta):
    problems, t, k = (
        difficulty.beta(alpha, beta),
        np.array([[0, 1, 7], [50, 1000, 20_000]]),
        np.array([1, 2, 9, 1e4, 1e9]),
    )
    of_turns = suite.solve_to_completion_of(t, problems), suite.solve_to_completion(t, alpha, beta)
    np.testing.assert_allclose(*of_turns, rtol=1e-11)
    np.testing.assert_allclose(suite.reset_rate_of(k, problems), suite.reset_rate(k, alpha, beta), rtol=1e-11)
    np.testing.assert_allclose(suite.round_robin_of(k, problems), suite.round_robin(k, alpha, beta), rtol=1e-11)


def test_a_suite_in_which_half_the_problems_cannot_be_solved_by_enumeration():
    """s is 1/2 or 0: solved in turn, the first hopeless problem is the last one begun."""
    problems = difficulty.listed([0.5, 0.0])
    for attempts in range(6):
        solved = Fraction(0)
        for outcome in product([False, True], repeat=attempts):  # of a coin tossed at each attempt
            for hopeless in range(attempts + 1):  # problems before the first hopeless one
                chance = Fraction(1, 2**attempts) * Fraction(1, 2 ** (hopeless + 1))
                solved += chance * min(sum(outcome), hopeless)
            solved += Fraction(1, 2**attempts) * Fraction(1, 2 ** (attempts + 1)) * sum(outcome)
        assert suite.solve_to_completion_of(attempts, problems) == pytest.approx(float(solved), rel=1e-14, abs=0)
    spent, unsolved = suite.round_robin_of(np.array([1, 2, 3]), problems)
    np.testing.assert_allclose(unsolved, [3 / 4, 5 / 8, 9 / 16], rtol=1e-14)
    np.testing.assert_allclose(spent, [1, 7 / 4, 19 / 8], rtol=1e-14)
    np.testing.assert_allclose(suite.reset_rate_of(2, problems), 3 / 14, rtol=1e-14)


def test_a_number_gives_a_number_and_a_table_gives_a_table():
    for law in (suite.solve_to_completion, suite.solve_to_completion_asymptote, suite.reset_rate,
                suite.round_robin_asymptote):  # fmt: skip
        assert isinstance(law(3, *LEVI), np.float64), law.__name__
        assert law([[1, 2, 3], [4, 5, 6]], *LEVI).shape == (2, 3)

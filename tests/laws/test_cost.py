"""Cost: by enumeration, against golden values, 60-digit Gammas and plain search, and where its power laws hold."""

import json
from itertools import product
from pathlib import Path

import mpmath
import numpy as np
import pytest

from sim.laws import cost, coverage, difficulty

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
LEVI = (5.0, 0.35)
LLAMA = (8.03e9, 32, 4096)  # parameters, layers, width


@pytest.fixture(autouse=True)
def sixty_digits():
    with mpmath.workdps(60):
        yield


def rows(name):
    """Parameters and value of each row of a golden table."""
    return [({k: float(v) for k, v in row["params"].items()}, float(row["value"]), row["name"]) for row in GOLDEN[name]]


def attempts_used(attempts, alpha, beta):
    k, a, b = mpmath.mpf(attempts), mpmath.mpf(alpha), mpmath.mpf(beta)
    if b == 1:
        return a * (mpmath.digamma(a + k) - mpmath.digamma(a))
    log_loss = mpmath.loggamma(a + k) - mpmath.loggamma(a) + mpmath.loggamma(a + b) - mpmath.loggamma(a + b + k)
    return (a + b - 1 - (a + b - 1 + k) * mpmath.exp(log_loss)) / (b - 1)


def test_attempts_used_by_enumeration_of_all_outcomes():
    """p ~ Beta(3, 2) has density 12 p^2 (1-p), a polynomial: Gauss-Legendre averages over problems exactly."""
    nodes, weights = np.polynomial.legendre.leggauss(10)
    p = (nodes + 1) / 2
    density = weights / 2 * 12 * p**2 * (1 - p)
    for attempts in range(5):
        used = 0.0
        for outcome in product([False, True], repeat=attempts):
            chance = np.prod([1 - p if success else p for success in outcome], axis=0) * np.ones_like(p)
            used += density @ chance * (outcome.index(True) + 1 if any(outcome) else attempts)
        assert cost.expected_attempts(attempts, 3, 2) == pytest.approx(used, rel=1e-14, abs=0)
        with_ceiling = 0.8 * used + 0.2 * attempts
        assert cost.expected_attempts(attempts, 3, 2, 0.8) == pytest.approx(with_ceiling, rel=1e-14, abs=0)


def test_attempts_used_are_the_sum_of_the_failures_before():
    for alpha, beta in [(5, 0.35), (1e-3, 0.999), (0.65, 0.35), (2, 1), (1e6, 1.2), (0.3, 40)]:
        losses, loss = [], mpmath.mpf(1)
        for j in range(500):
            losses.append(loss)
            loss *= (mpmath.mpf(alpha) + j) / (mpmath.mpf(alpha) + mpmath.mpf(beta) + j)
        expected = [0.0, 1.0, float(mpmath.fsum(losses[:7])), float(mpmath.fsum(losses))]
        np.testing.assert_allclose(cost.expected_attempts([0, 1, 7, 500], alpha, beta), expected, rtol=1e-13)


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 0.4, 0.65, 1, 5, 185, 1e6])
def test_attempts_used_agree_with_60_digits_also_where_the_form_is_singular(alpha):
    for beta in [1e-3, 0.074, 0.35, 0.6, 0.9, 0.999, 1 - 1e-9, 1 - 2**-53, 1, 1 + 2**-52, 1 + 1e-9, 1.24, 1.26, 2, 300]:
        for attempts in [0.01, 1, 2.5, 100, 1e4, 1e8, 1e15]:
            expected = float(attempts_used(attempts, alpha, beta))
            law = cost.expected_attempts(attempts, alpha, beta)
            assert law == pytest.approx(expected, rel=2e-14, abs=0), (alpha, beta, attempts)


@pytest.mark.parametrize(
    ("table", "law"),
    [
        ("expected_attempts", lambda p: cost.expected_attempts(p["k"], p["alpha"], p["beta"])),
        ("kstar_parallel", lambda p: cost.optimal_parallel(1, p["c"], p["alpha"], p["beta"])),
        ("kstar_parallel_approx", lambda p: cost.optimal_parallel_asymptote(1, p["c"], p["alpha"], p["beta"])),
        ("kstar_sequential", lambda p: cost.optimal_sequential(1, p["c"], p["alpha"], p["beta"], p.get("A", 1.0))),
    ],
)
def test_the_law_has_the_golden_values(table, law):
    for parameters, value, _ in rows(table):
        np.testing.assert_allclose(law(parameters), value, rtol=1e-12, err_msg=str(parameters))


def test_the_flops_have_the_golden_values():
    for p, value, name in rows("flops"):
        model = (p["params"], p["layers"], p["dim"])
        prompt = cost.prompt_flops(*model, p["prompt"])
        decode = p["k"] * cost.attempt_flops(*model, p["prompt"], p["decode"])
        assert (prompt if "prompt" in name else decode) == value
        assert cost.inference_flops(p["k"], *model, p["prompt"], p["decode"]) == prompt + decode


def test_flops_are_the_sum_over_tokens():
    prompt = sum(cost.flops_per_token(*LLAMA, t) for t in range(1, 8))
    attempt = sum(cost.flops_per_token(*LLAMA, 7 + t) for t in range(1, 4))
    assert cost.flops_per_token(1000, 3, 10, 7) == 2 * (1000 + 2 * 3 * 10 * 7)
    assert cost.prompt_flops(*LLAMA, 7) == prompt
    assert cost.attempt_flops(*LLAMA, 7, 3) == attempt
    np.testing.assert_array_equal(cost.inference_flops([0, 1, 5], *LLAMA, 7, 3), prompt + attempt * np.array([0, 1, 5]))
    assert cost.prompt_flops(*LLAMA, 0) == cost.attempt_flops(*LLAMA, 7, 0) == 0


@pytest.mark.parametrize("ceiling", [1.0, 0.95, 0.3])
@pytest.mark.parametrize(("alpha", "beta"), [LEVI, (20, 0.35), (0.8, 1.5), (0.5, 0.5)])
@pytest.mark.parametrize("price", [0.9, 0.1, 7e-3, 4.1e-4])
def test_no_number_of_attempts_is_worth_more_than_the_optimal_one(alpha, beta, price, ceiling):
    k = np.arange(6000)
    point = (2.0, 2 * price, alpha, beta, ceiling)
    parallel, sequential = cost.net_value_parallel(k, *point), cost.net_value_sequential(k, *point)
    assert cost.optimal_parallel(*point) == np.argmax(parallel)
    assert cost.optimal_sequential(*point) == np.argmax(sequential)
    assert np.all(sequential >= parallel - 1e-12)


def test_the_net_value_by_hand():
    """p ~ Beta(2, 1): two attempts fail on 1/2 of the problems, and 1 + 2/3 of them are used."""
    assert cost.net_value_parallel(2, 10, 1, 2, 1) == pytest.approx(5 - 2, rel=1e-14, abs=0)
    assert cost.net_value_sequential(2, 10, 1, 2, 1) == pytest.approx(5 - 5 / 3, rel=1e-14, abs=0)
    assert cost.net_value_sequential(2, 10, 1, 2, 1, 0.5) == pytest.approx(2.5 - (1 + 5 / 6), rel=1e-14, abs=0)
    assert cost.net_value_parallel(0, 10, 1, 2, 1) == cost.net_value_sequential(0, 10, 1, 2, 1) == 0


def test_nothing_is_attempted_when_the_first_attempt_does_not_pay():
    first = 0.35 / 5.35  # pass@1
    for optimum in (cost.optimal_parallel, cost.optimal_sequential):
        np.testing.assert_array_equal(optimum(1, [10, 1.01 * first, 0.99 * first], *LEVI), [0, 0, 1])
        assert optimum(0, 1, *LEVI) == optimum(1, 1e-9, *LEVI, 0.0) == 0


def test_the_condition_of_the_optimum_is_met_first_at_the_optimum_however_many_attempts_it_takes():
    for answer in [*range(20), 10**6, 2**53 - 1]:
        assert cost.first_attempts(lambda k, answer=answer: k >= answer) == answer
    assert cost.first_attempts(lambda k: k == np.inf) == np.inf


@pytest.mark.parametrize(("alpha", "beta"), [LEVI, (0.8, 1.5), (40, 0.1)])
def test_the_asymptotic_optimum_is_short_by_a_known_fraction_of_an_attempt(alpha, beta):
    """The gain at real k, solved to 60 digits, crosses the price beta (beta+2) / (24 k) above the asymptote."""
    a, b = mpmath.mpf(alpha), mpmath.mpf(beta)
    scale = mpmath.gamma(a + b) / mpmath.gamma(a) * b * mpmath.mpf("0.9")
    for attempts in [1e3, 1e4]:
        k = mpmath.mpf(attempts)
        price = scale * mpmath.exp(mpmath.loggamma(a + k) - mpmath.loggamma(a + b + k + 1))
        short = attempts - cost.optimal_parallel_asymptote(1, float(price), alpha, beta, 0.9)
        assert short * attempts == pytest.approx(beta * (beta + 2) / 24, rel=0.1, abs=0)


def test_the_optimum_is_the_next_whole_number_above_the_asymptote():
    price = 10.0 ** -np.arange(2, 13)
    parallel = cost.optimal_parallel_asymptote(3, price, *LEVI, 0.9)
    np.testing.assert_array_equal(cost.optimal_parallel(3, price, *LEVI, 0.9), np.ceil(parallel))
    sequential = cost.optimal_sequential_asymptote(3, price, *LEVI)
    np.testing.assert_array_equal(cost.optimal_sequential(3, price, *LEVI), np.ceil(sequential))


def test_stopping_at_success_pays_for_far_larger_caps_unless_some_problems_cannot_be_solved():
    price = np.array([1e-12, 1e-14])
    per_decade = {
        ceiling: np.log10(np.divide(*cost.optimal_sequential(1, price, *LEVI, ceiling)[::-1])) / 2
        for ceiling in (1.0, 0.9)
    }
    assert per_decade[1.0] == pytest.approx(1, rel=1e-6, abs=0)
    assert per_decade[0.9] == pytest.approx(1 / 1.35, rel=1e-2, abs=0)
    beyond_reach = cost.optimal_parallel_asymptote(1, 0.1 * 1e-14, *LEVI, 0.9)
    assert cost.optimal_sequential(1, 1e-14, *LEVI, 0.9) == pytest.approx(beyond_reach, rel=1e-2, abs=0)


@pytest.mark.parametrize(("alpha", "beta"), [LEVI, (0.3, 0.5), (3, 0.8)])
def test_attempts_used_grow_as_stated_below_beta_1(alpha, beta):
    k = np.array([1e4, 1e6])
    two_terms = coverage.prefactor(alpha, beta) * k ** (1 - beta) / (1 - beta) + (alpha + beta - 1) / (beta - 1)
    error = np.abs(cost.expected_attempts(k, alpha, beta) - two_terms)
    assert np.log(error[0] / error[1]) / np.log(100) == pytest.approx(beta, rel=0.01, abs=0)


def test_attempts_used_are_finite_above_beta_1_and_every_attempt_where_nothing_can_be_solved():
    assert cost.expected_attempts(1e15, 5, 3) == pytest.approx(7 / 2, rel=1e-14, abs=0)
    np.testing.assert_array_equal(cost.expected_attempts([0, 1, 50], *LEVI, 0.0), [0, 1, 50])


def test_the_loss_against_flops_is_the_loss_against_attempts():
    sunk, each = cost.prompt_flops(*LLAMA, 500), cost.attempt_flops(*LLAMA, 500, 300)
    flops = cost.inference_flops([0, 1, 10, 1000], *LLAMA, 500, 300)
    loss = cost.loss_of_flops(flops, sunk, each, *LEVI, 0.9)
    np.testing.assert_allclose(loss, 0.9 * coverage.inference_loss([0, 1, 10, 1000], *LEVI), rtol=1e-12)


def test_the_slope_against_flops_is_that_of_the_curve_and_steeper_for_a_long_prompt():
    sunk, each, step = 3e13, 1e12, 1e-4
    flops = np.array([4e13, 1e14, 3e15])
    ends = [np.log(cost.loss_of_flops(flops * np.exp(sign * step), sunk, each, *LEVI)) for sign in (1, -1)]
    slope = cost.local_exponent_of_flops(flops, sunk, each, *LEVI)
    np.testing.assert_allclose(slope, (ends[1] - ends[0]) / (2 * step), rtol=1e-6)
    many = 1e6 * each + sunk
    short = 1 - cost.local_exponent_of_flops(many, sunk, each, *LEVI) / cost.local_exponent_of_flops_asymptote(
        many, sunk, LEVI[1]
    )
    assert short * 1e6 == pytest.approx((2 * 5 + 0.35 - 1) / 2, rel=1e-3, abs=0)
    assert cost.local_exponent_of_flops_asymptote(4e13, 3e13, 0.35) == pytest.approx(1.4, rel=1e-14, abs=0)


def test_a_wave_of_attempts_lasts_as_long_as_one():
    np.testing.assert_array_equal(cost.latency_parallel([0, 1, 8, 9, 16, 17], 2.5, 8), [0, 2.5, 2.5, 5, 5, 7.5])
    assert cost.latency_parallel(10, 2.5, 1) == 25


def test_attempts_one_after_another_last_to_the_first_success():
    """p ~ Beta(2, 1): 1 + 2/3 + 1/2 of three attempts are used."""
    assert cost.latency_sequential(3, 6.0, 2, 1) == pytest.approx(13, rel=1e-14, abs=0)
    assert cost.latency_sequential(3, 6.0, 2, 1, 0.5) == pytest.approx(15.5, rel=1e-14, abs=0)
    assert cost.latency_sequential(1000, 1, *LEVI) < cost.latency_parallel(1000, 1, 4)


def test_a_number_gives_a_number_and_a_table_gives_a_table():
    for law in (
        lambda k: cost.expected_attempts(k, *LEVI),
        lambda k: cost.expected_attempts(k, 5, 1.01),
        lambda k: cost.net_value_parallel(k, 1, 0.1, *LEVI),
        lambda k: cost.net_value_sequential(k, 1, 0.1, *LEVI),
        lambda v: cost.optimal_parallel(v, 0.1, *LEVI),
        lambda v: cost.optimal_sequential(v, 0.1, *LEVI),
        lambda v: cost.optimal_parallel_asymptote(v, 0.1, *LEVI),
        lambda v: cost.optimal_sequential_asymptote(v, 0.1, *LEVI),
        lambda k: cost.inference_flops(k, *LLAMA, 500, 300),
        lambda k: cost.latency_parallel(k, 1.0, 2),
    ):
        assert isinstance(law(3), np.float64)
        assert law([[1, 2, 3], [4, 5, 6]]).shape == (2, 3)
    assert cost.optimal_parallel([[1], [2]], np.array([0.1, 0.2, 0.3]), *LEVI).shape == (2, 3)


DIFFICULTIES = {
    "Beta": difficulty.beta(*LEVI),
    "Beta below a ceiling": difficulty.beta(5, 0.35, 0.95),
    "nothing hard": difficulty.uniform(0.1, 0.9),
    "three problems": difficulty.listed([0.0, 0.02, 0.7]),
}


@pytest.mark.parametrize("name", DIFFICULTIES)
def test_waves_are_as_many_as_wait_for_those_before_to_fail(name):
    problems = DIFFICULTIES[name]
    for slots in (1, 7, 16):
        for attempts in (0, 1, 16, 17, 1000):
            before = np.arange(0, attempts, slots)
            summed = difficulty.failure(before, problems).sum()
            assert cost.mean_waves(attempts, problems, slots) == pytest.approx(summed, rel=1e-12, abs=0)
            assert cost.latency_slots(attempts, 2.5, slots, problems) == pytest.approx(2.5 * summed, rel=1e-12, abs=0)


def test_waves_of_one_are_the_attempts_made_to_a_million_billion():
    tries = np.array([1, 10, 1e3, 1e6, 1e12, 1e15])
    for ceiling in (1.0, 0.95):
        made = cost.expected_attempts(tries, *LEVI, ceiling)
        np.testing.assert_allclose(cost.mean_waves(tries, difficulty.beta(*LEVI, ceiling)), made, rtol=1e-12)


def test_hopeless_problems_take_all_waves_and_certain_ones_a_single_one():
    tries = np.array([1.0, 16, 17, 1e15])
    waves = cost.mean_waves(tries, difficulty.listed([0.0]), 16)
    np.testing.assert_array_equal(6 * waves, cost.latency_parallel(tries, 6, 16))
    np.testing.assert_array_equal(cost.mean_waves(tries, difficulty.listed([1.0]), 16), 1)


@pytest.mark.parametrize("name", DIFFICULTIES)
@pytest.mark.parametrize("price", [0.01, 0.001, 0.15])
def test_the_best_number_of_attempts_is_that_of_a_search_whatever_the_difficulty(name, price):
    problems, tries = DIFFICULTIES[name], np.arange(2000)
    covered = 1 - difficulty.failure(tries, problems)
    assert cost.optimal_parallel_of(1, price, problems) == np.argmax(covered - price * tries)
    best = cost.optimal_sequential_of(1, price, problems)
    values = covered - price * cost.mean_waves(tries, problems)
    if best < np.inf:
        assert values[int(best)] == pytest.approx(values.max(), rel=1e-12)
    else:
        assert name == "nothing hard" and price < 0.1  # the hardest problems there are pay for ever


def test_the_best_number_of_attempts_of_a_beta_is_that_in_closed_form():
    for price in (1e-2, 1e-3, 1e-4, 1e-9, 0.5):
        for ceiling in (1.0, 0.95):
            own, problems = (2.0, price, *LEVI, ceiling), difficulty.beta(*LEVI, ceiling)
            assert cost.optimal_parallel_of(2, price, problems) == pytest.approx(cost.optimal_parallel(*own), rel=1e-9)
            assert cost.optimal_sequential_of(2, price, problems) == pytest.approx(
                cost.optimal_sequential(*own), rel=1e-9
            )

"""Small, noisy and lucky memories: by enumeration, golden values and 30-digit sums, and their power laws."""

import json
from itertools import product
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy import special

from sim.laws import coverage, joint, learning_curve, memory, zipf

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())


@pytest.fixture(autouse=True)
def thirty_digits():
    with mpmath.workdps(30):
        yield


def rows(name):
    """Parameters and value of each row of a golden table."""
    return [({k: float(v) for k, v in row["params"].items()}, float(row["value"]), row["name"]) for row in GOLDEN[name]]


def curve(examples, exponent, depth, thinned=1):
    """sum_i theta_i P(Bin(n, theta_i u) < d) in 30 digits: the head one by one, the tail in Hurwitz zeta functions."""
    n, s, u = int(examples), mpmath.mpf(exponent), mpmath.mpf(thinned)
    total = mpmath.zeta(s)
    head = int(max(20, (20 * n * u / total) ** (1 / s)))
    terms = []
    for i in range(1, head + 1):
        t = i**-s / total
        terms += [t * mpmath.binomial(n, j) * (t * u) ** j * (1 - t * u) ** (n - j) for j in range(min(depth, n + 1))]
    for power in range(min(n, depth + 20) + 1):  # n theta u < 1/20 here: the 20th term beyond the first is below 1e-26
        below = sum((-1) ** (power - j) * mpmath.binomial(power, j) for j in range(min(depth, power + 1)))
        tail = mpmath.zeta(s * (1 + power), head + 1) / total ** (1 + power)
        terms.append(mpmath.binomial(n, power) * below * tail * u**power)
    return mpmath.fsum(terms)


def with_room(examples, exponent, capacity):
    """E_{n,M} of an infinite set, feature by feature in float64; the floor by the Hurwitz zeta function."""
    theta = np.arange(1.0, capacity + 1) ** -exponent / special.zeta(exponent)
    floor = special.zeta(exponent, capacity + 1) / special.zeta(exponent)
    return np.sum(theta * np.exp(examples * np.log1p(-theta))) + floor


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("capacity", [0, 1, 2, 3, 5])
def test_a_learner_with_little_room_by_enumeration(capacity, depth):
    mass = zipf.mass(np.arange(1, 4), 0.7, 3)
    stored = np.arange(1, 4) <= capacity
    for examples in (0, 1, 4):
        expected = 0.0
        for features in product(range(3), repeat=examples):
            counts = np.bincount(np.array(features, dtype=int), minlength=3)
            expected += np.prod(mass[list(features)]) * mass[~(stored & (counts >= depth))].sum()
        law = memory.capacity_unmemorised(examples, 0.7, 3, capacity, depth)
        assert law == pytest.approx(expected, rel=1e-14, abs=0)


@pytest.mark.parametrize("recall", [0.3, 1.0])
@pytest.mark.parametrize("attempts", [0, 1, 2])
def test_recall_from_many_traces_by_enumeration(attempts, recall):
    """Two examples leave two traces; each attempt recalls each of them, or not."""
    mass, expected = np.array([2, 1]) / 3, 0.0
    for asked, first, second in product(range(2), repeat=3):
        for recalled in product([False, True], repeat=2 * attempts):
            chance = mass[asked] * mass[first] * mass[second]
            chance *= np.prod([recall if yes else 1 - recall for yes in recalled])
            traces = [first, second] * attempts
            expected += chance * (not any(yes and trace == asked for yes, trace in zip(recalled, traces, strict=True)))
    assert memory.multi_trace(2, attempts, 1.0, 2, recall) == pytest.approx(expected, rel=1e-14, abs=0)


def test_guessing_by_enumeration():
    unmemorised, guess, failing, attempts, failed = 0.3, 0.1, 0.8, 3, 0.0
    for memorised, *successes in product([False, True], repeat=1 + attempts):
        success = 1 - failing if memorised else guess
        chance = 1 - unmemorised if memorised else unmemorised
        failed += chance * np.prod([success if yes else 1 - success for yes in successes]) * (not any(successes))
    law = memory.guessed_failure(unmemorised, failing**attempts, attempts, guess)
    assert law == pytest.approx(failed, rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ("table", "law"),
    [
        ("capacity_floor", lambda p: memory.capacity_floor(1 + p["alpha"], np.inf, p["M"])),
        ("capacity_En", lambda p: memory.capacity_unmemorised(p["n"], 1 + p["alpha"], np.inf, p["M"])),
        ("depth_En", lambda p: memory.capacity_unmemorised(p["n"], 1 + p["alpha"], np.inf, np.inf, int(p["d"]))),
        ("multi_trace", lambda p: memory.multi_trace(p["n"], p["k"], 1 + p["al"], np.inf, p["q"])),
    ],
)
def test_the_law_has_the_golden_values(table, law):
    for parameters, value, _ in rows(table):
        np.testing.assert_allclose(law(parameters), value, rtol=1e-11, err_msg=str(parameters))


@pytest.mark.parametrize("exponent", [1.05, 1.5, 2.0, 4.0])
@pytest.mark.parametrize("capacity", [1, 500, 8192, 8193, 200_000])
def test_little_room_agrees_with_the_sum_over_all_features_stored(exponent, capacity):
    for occurrences in (1e-3, 1, 30, 1e3):
        examples = np.round(occurrences * memory.capacity_crossover(exponent, np.inf, capacity))
        law = memory.capacity_unmemorised(examples, exponent, np.inf, capacity)
        assert law == pytest.approx(with_room(examples, exponent, capacity), rel=1e-11, abs=0)


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize(
    ("exponent", "size", "capacity"), [(0.5, 10**5, 3 * 10**4), (1.0, 10**5, 10), (1.7, 9000, 700)]
)
def test_little_room_in_a_finite_set_agrees_with_the_sum_over_all_features(exponent, size, capacity, depth):
    theta = np.arange(1.0, size + 1) ** -exponent
    theta /= theta.sum()
    for examples in (100, 10**6):
        seen = [special.binom(examples, j) * theta**j * np.exp((examples - j) * np.log1p(-theta)) for j in range(depth)]
        expected = theta[:capacity] @ sum(seen)[:capacity] + theta[capacity:].sum()
        law = memory.capacity_unmemorised(examples, exponent, size, capacity, depth)
        assert law == pytest.approx(expected, rel=1e-11, abs=0)


def test_room_for_everything_leaves_the_learning_curve():
    n = 10.0 ** np.arange(0, 16, 3)
    for depth in (1, 4):
        endless = memory.capacity_unmemorised(n, 1.6, np.inf, np.inf, depth)
        np.testing.assert_allclose(endless, learning_curve.unmemorised_mass(n, 1.6, np.inf, depth), rtol=1e-13)
        finite = memory.capacity_unmemorised(n, 1.6, 100, 1000, depth)
        np.testing.assert_allclose(finite, learning_curve.unmemorised_mass(n, 1.6, 100, depth), rtol=1e-13)
    np.testing.assert_array_equal(memory.capacity_unmemorised(n, 1.6, np.inf, 0), np.ones(6))


def test_the_curve_falls_to_its_floor_and_no_further():
    n = np.array([1e3, 1e6, 1e9, 1e15])
    law, floor = memory.capacity_unmemorised(n, 2, np.inf, 1000), memory.capacity_floor(2, np.inf, 1000)
    assert np.all(law >= floor) and law[0] > 30 * floor
    np.testing.assert_allclose(law[2:], floor, rtol=1e-15)


@pytest.mark.parametrize("exponent", [1.3, 2.0, 3.5])
def test_the_floor_has_the_stated_power_law_and_error(exponent):
    capacity = np.array([30, 300])
    error = memory.capacity_floor_asymptote(exponent, capacity) / memory.capacity_floor(exponent, np.inf, capacity) - 1
    excess = exponent - 1
    np.testing.assert_allclose(error * (capacity + 0.5) ** 2, excess * (excess + 1) / 24, rtol=1e-2)


@pytest.mark.parametrize("exponent", [1.3, 2.0, 3.0])
def test_the_capacity_asymptote_is_as_wrong_as_stated(exponent):
    for occurrences in (0.05, 1, 20):
        errors = []
        for capacity in (100, 1000):
            n = occurrences * memory.capacity_crossover(exponent, np.inf, capacity)
            exact = memory.capacity_unmemorised(n, exponent, np.inf, capacity)
            errors.append(abs(memory.capacity_asymptote(n, exponent, capacity) / exact - 1))
            assert errors[-1] < 1 / n + 1 / capacity**2
        assert errors[1] < errors[0] / 15


def test_room_and_data_are_equally_scarce_at_the_crossover():
    """Half as much room, or half as many examples: before the crossover data count, beyond it room does."""
    capacity = 1000
    crossover = memory.capacity_crossover(2, np.inf, capacity)
    assert crossover == pytest.approx(special.zeta(2) * 1e6, rel=1e-14, abs=0)
    for n, data_count in ((crossover / 10, True), (10 * crossover, False)):
        law = memory.capacity_unmemorised(n, 2, np.inf, capacity)
        fewer_examples = memory.capacity_unmemorised(n / 2, 2, np.inf, capacity) / law
        less_room = memory.capacity_unmemorised(n, 2, np.inf, capacity / 2) / law
        assert (fewer_examples > less_room) == data_count


@pytest.mark.parametrize("exponent", [1.2, 2.0, 3.0])
@pytest.mark.parametrize("budget", [1, 2, 7, 30, 1000, 20_000.5])
def test_no_other_room_beats_the_best_one(exponent, budget):
    every = np.arange(1, min(budget, 500) + 1)
    unmemorised = [with_room(budget / capacity, exponent, capacity) for capacity in every]
    assert memory.optimal_capacity(budget, exponent) == every[np.argmin(unmemorised)]


@pytest.mark.parametrize("exponent", [1.2, 1.5, 2.0, 3.0])
def test_the_best_room_keeps_within_a_feature_of_its_power_law(exponent):
    budgets = 10.0 ** np.arange(1, 19)
    best = memory.optimal_capacity(budgets, exponent)
    asymptote = memory.optimal_capacity_asymptote(budgets, exponent)
    assert np.all(np.abs(best - asymptote + 0.5) <= 1.5)
    assert best[-1] > 5000


@pytest.mark.parametrize("exponent", [1.2, 1.5, 2.0, 3.0])
def test_the_best_split_learns_with_the_stated_exponent(exponent):
    def slope(budget):
        budgets = np.array([budget, 10 * budget])
        room = memory.optimal_capacity(budgets, exponent)
        pairs = zip(budgets / room, room, strict=True)
        left = [memory.capacity_unmemorised(n, exponent, np.inf, capacity) for n, capacity in pairs]
        return np.log10(left[0] / left[1])

    expected = memory.optimal_split_exponent(exponent)
    assert slope(1e13) == pytest.approx(expected, rel=1e-4, abs=0)
    assert abs(slope(1e3) - expected) > 10 * abs(slope(1e13) - expected)


def test_the_split_exponent_is_that_of_zipf_by_hand():
    assert memory.optimal_split_exponent(2) == pytest.approx(1 / 3, rel=1e-15, abs=0)
    excess = 0.7
    assert memory.optimal_split_exponent(1 + excess) == pytest.approx(excess / (2 + excess), rel=1e-15, abs=0)


@pytest.mark.parametrize("exponent", [1.1, 2.0, 3.5])
@pytest.mark.parametrize(("examples", "attempts", "recall"), [(5, 3, 0.2), (2000, 1, 1e-3), (2000, 7.5, 0.4)])
def test_recall_from_many_traces_agrees_with_30_digits(exponent, examples, attempts, recall):
    found = 1 - (1 - mpmath.mpf(recall)) ** mpmath.mpf(attempts)
    law = memory.multi_trace(examples, attempts, exponent, np.inf, recall)
    assert law == pytest.approx(float(curve(examples, exponent, 1, found)), rel=1e-12, abs=0)


def test_recall_from_many_traces_averages_over_their_number():
    """A feature with c traces fails k attempts with probability (1-q)^(k c), c binomial."""
    mass, recall, attempts, examples = zipf.mass(np.arange(1, 51), 1.4, 50), 0.1, 4, 30
    traces = np.arange(examples + 1)
    missed = (1 - recall) ** (attempts * traces)
    expected = sum(
        t * (special.binom(examples, traces) * t**traces * (1 - t) ** (examples - traces)) @ missed for t in mass
    )
    assert memory.multi_trace(examples, attempts, 1.4, 50, recall) == pytest.approx(expected, rel=1e-12, abs=0)


def test_perfect_or_endless_recall_is_the_learning_curve_and_no_attempt_finds_nothing():
    n = np.array([0, 1, 100, 1e6, 1e15])
    for size in (np.inf, 50):
        exact = learning_curve.unmemorised_mass(n, 1.5, size)
        np.testing.assert_allclose(memory.multi_trace(n, 1, 1.5, size, 1.0), exact, rtol=1e-12)
        np.testing.assert_allclose(memory.multi_trace(n, np.inf, 1.5, size, 0.01), exact, rtol=1e-12)
        np.testing.assert_allclose(memory.multi_trace(n, 0, 1.5, size, 0.01), 1, rtol=1e-13)


@pytest.mark.parametrize("attempts", [1, 10, 1000])
def test_attempts_act_as_data_up_to_one_over_n(attempts):
    recall, exponent = 0.05, 1.8
    rarity = 1 / exponent
    for n in (1e5, 1e6):
        exact = memory.multi_trace(n, attempts, exponent, np.inf, recall)
        error = exact / memory.multi_trace_asymptote(n, attempts, exponent, recall) - 1
        assert error * n == pytest.approx(-(2 - rarity) * (1 - rarity) / 2, rel=0.02, abs=0)
    found = memory.effective_examples(1e6, attempts, recall) / 1e6
    assert found == pytest.approx(1 - 0.95**attempts, rel=1e-13, abs=0)


def test_rare_recall_keeps_its_digits_at_1e15_attempts():
    assert memory.effective_examples(1e6, 1e15, 1e-15) == pytest.approx(1e6 * -np.expm1(-1), rel=1e-14, abs=0)
    law = memory.multi_trace(1e6, 1e3, 2.0, np.inf, 1e-12)
    assert law == pytest.approx(memory.multi_trace(1e6, 1e3, 2.0, np.inf, 1e-18), rel=1e-3, abs=0)
    gain = 1 - memory.multi_trace(1, 1, 2.0, np.inf, 1e-3)
    assert gain == pytest.approx(1e-3 * special.zeta(4) / special.zeta(2) ** 2, rel=1e-11, abs=0)


def test_without_guesses_the_failure_is_the_joint_law():
    unmemorised, attempts = np.array([[0.0], [0.03], [1.0]]), np.array([0, 1, 10, 1e6])
    loss = coverage.inference_loss(attempts, 5, 0.35)
    law = memory.guessed_failure(unmemorised, loss, attempts, 0.0)
    np.testing.assert_allclose(law, joint.failure(unmemorised, loss), rtol=1e-15)


def test_guesses_lift_the_ceiling_and_a_sure_guess_needs_one_attempt():
    attempts = np.array([0, 1, 1e4, 1e15])
    law = memory.guessed_failure(0.2, coverage.inference_loss(attempts, 5, 0.35), attempts, 1e-3)
    assert law[0] == 1 and law[2] < 0.2 and law[3] < 1e-5
    np.testing.assert_array_equal(memory.guessed_failure(0.2, np.array([1, 0.0]), np.array([0, 1]), 1.0), [1, 0])
    rare = memory.guessed_failure(1.0, 0.0, 1e15, 1e-15)
    assert rare == pytest.approx(np.exp(-1), rel=1e-14, abs=0)


def test_a_number_gives_a_number_and_examples_and_attempts_span_a_table():
    assert isinstance(memory.multi_trace(3, 2, 2.0, np.inf, 0.1), np.float64)
    assert isinstance(memory.capacity_unmemorised(3, 2.0, np.inf, 5), np.float64)
    assert isinstance(memory.optimal_capacity(1e3, 2.0), np.float64)
    assert isinstance(memory.optimal_capacity_asymptote(1e3, 2.0), np.float64)
    table = memory.multi_trace(np.array([[1], [10]]), np.array([1, 2, 3]), 2.0, np.inf, 0.1)
    assert table.shape == memory.multi_trace_asymptote(np.ones((2, 1)), np.ones(3), 2.0, 0.1).shape == (2, 3)
    assert np.all(np.diff(table, axis=0) < 0) and np.all(np.diff(table, axis=1) < 0)
    assert memory.capacity_unmemorised([[1, 2, 3]], 2.0, np.inf, 5).shape == (1, 3)

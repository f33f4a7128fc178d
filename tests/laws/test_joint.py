"""Learning and inference together, by enumeration and against golden values."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from sim.laws import coverage, joint, learning_curve

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())


def test_a_problem_is_solved_if_it_is_memorised_and_one_attempt_succeeds():
    unmemorised, failing, attempts = 0.3, 0.8, 3
    solved = 0.0
    for memorised, *successes in product([False, True], repeat=1 + attempts):
        chance = 1 - unmemorised if memorised else unmemorised
        for success in successes:
            chance *= 1 - failing if success else failing
        solved += chance * (memorised and any(successes))
    assert joint.failure(unmemorised, failing**attempts) == pytest.approx(1 - solved, rel=1e-14, abs=0)


@pytest.mark.parametrize("case", GOLDEN["noisy_retrieval"])
def test_the_joint_failure_has_the_golden_value(case):
    p = {name: float(value) for name, value in case["params"].items()}
    unmemorised = learning_curve.unmemorised_mass(p["n"], 1 + p["al"], np.inf)
    loss = coverage.inference_loss(p["k"], p["alpha"], p["beta"])
    np.testing.assert_allclose(joint.failure(unmemorised, loss), float(case["value"]), rtol=1e-12)


def test_the_ceiling_is_what_endless_attempts_reach():
    unmemorised = np.array([0.0, 0.02, 0.5, 1.0])
    np.testing.assert_array_equal(1 - joint.failure(unmemorised, 0.0), joint.ceiling(unmemorised))
    covered = coverage.coverage(100, 5, 0.35, ceiling=joint.ceiling(unmemorised))
    failed = joint.failure(unmemorised, coverage.inference_loss(100, 5, 0.35))
    np.testing.assert_allclose(1 - covered, failed, rtol=1e-14)


def test_small_errors_add_without_rounding_away():
    assert joint.failure(1e-20, 3e-20) == pytest.approx(4e-20, rel=1e-15, abs=0)


def test_examples_and_attempts_span_a_table():
    table = joint.failure(np.array([[0.1], [0.2]]), np.array([1.0, 0.5, 0.0]))
    np.testing.assert_allclose(table, [[1, 0.55, 0.1], [1, 0.6, 0.2]], rtol=1e-15)


def test_features_that_are_all_as_hard_follow_the_product_and_others_their_sum_by_enumeration():
    mass, n = np.array([0.5, 0.3, 0.2]), np.array([0.0, 1.0, 2.0, 40.0])
    same = joint.failure_of_features(mass, n, np.full((2, 3), [[0.6], [0.1]]))
    unseen = ((1 - mass) ** n[:, None]) @ mass
    np.testing.assert_allclose(same, joint.failure(unseen[:, None], np.array([[0.6, 0.1]])), rtol=1e-14)
    loss = np.array([[0.9, 0.5, 0.1]])
    found = joint.failure_of_features(mass, n[:3], loss)[:, 0]
    for examples, value in enumerate(found):
        expected = 0.0
        for drawn in product(range(3), repeat=examples):  # every training set
            fails = np.where(np.isin(np.arange(3), drawn), loss[0], 1.0)
            expected += np.prod(mass[list(drawn)]) * (mass @ fails)
        assert value == pytest.approx(expected, rel=1e-14)

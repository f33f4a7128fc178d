"""One budget for examples and attempts: its best split against every split, by hand, and by two power laws."""

import numpy as np
import pytest

from sim.laws import allocation, coverage, difficulty, joint, learning_curve


def error(n):
    return learning_curve.unmemorised_mass(n, 2.0, np.inf)


def loss(k):
    return coverage.failure(k, 5.0, 0.35)


def failure(n, k):
    return joint.failure(error(n), loss(k))


@pytest.mark.parametrize(("example", "attempts"), [(1, 100), (30, 1), (1e-3, 7)])
def test_no_split_leaves_less_than_the_best(example, attempts):
    budget = 1e6 * (example + attempts)
    n, k, least = allocation.best_split(budget, example, attempts, failure)
    assert n * example + k * attempts == pytest.approx(budget, rel=1e-12)
    every = np.geomspace(1, (budget - attempts) / example, 1001)
    left = joint.failure(error(every), loss(allocation.attempts_left(every, budget, example, attempts)))
    assert least <= left.min() < least * 1.001
    assert abs(np.log(every[np.argmin(left)] / n)) < 0.1


def test_two_powers_are_split_as_by_hand():
    """1/n + 1/k at n + k = B: half each. n^-1/2 + k^-1/2 at n + 8 k = B: k = n / 4, so n = B / 3."""
    n, k = allocation.best_split_of_power_laws(100, 1, 1, (1, 1), (1, 1))
    assert (n, k) == pytest.approx((50, 50), rel=1e-9)
    n, k = allocation.best_split_of_power_laws(300, 1, 8, (0.5, 1), (0.5, 1))
    assert (n, k) == pytest.approx((100, 25), rel=1e-9)


@pytest.mark.parametrize("ceiling", [1.0, 0.5])
def test_of_a_large_budget_the_best_split_is_that_of_the_power_laws(ceiling):
    prefactor = ceiling * coverage.prefactor(5.0, 0.35)
    learning, off = learning_curve.prefactor(2.0), []
    law = lambda n, k: joint.failure(error(n), 1 - ceiling * (1 - loss(k)))  # noqa: E731
    for budget in (1e6, 1e9, 1e12):
        tails = (0.5, ceiling * learning), (0.35, prefactor)
        exact, asymptote = (
            np.log(x[0])
            for x in (
                allocation.best_split(budget, 1, 100, law),
                allocation.best_split_of_power_laws(budget, 1, 100, *tails),
            )
        )
        off.append(abs(exact - asymptote))
    assert off[0] > 3 * off[1] > 9 * off[2]
    assert off[2] < 1e-3
    wrong = allocation.best_split_of_power_laws(1e12, 1, 100, (0.5, learning), (0.35, prefactor))[0]
    assert (abs(np.log(wrong) - exact) > 0.01) == (ceiling < 1)


def test_where_nothing_is_to_be_learned_all_but_one_example_goes_to_attempts():
    n, k, _ = allocation.best_split(1000, 1, 1, lambda n, k: joint.failure(0.1, loss(k)))
    assert n == pytest.approx(1, abs=1e-6) and k == pytest.approx(999, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("bias", [1.0, 20.0])
def test_the_loss_of_a_learnt_bias_agrees_with_its_quadrature(bias):
    """Interpolated, at variances and attempts between those it is made of; with half of it it does not."""

    def quadrature(share, k):
        return difficulty.failure(k, difficulty.latent_precision_biased(2.5, 0.1, bias**2 * share))

    between = allocation.learnt_bias(quadrature, (1e-3, 1e-1), (1.0, 1e4))
    shares, tries = np.geomspace(1.1e-3, 0.9e-1, 7), np.geomspace(1.3, 9e3, 6)
    wrong = []
    for share in shares:
        exact = joint.failure(share, quadrature(share, tries))
        np.testing.assert_allclose(joint.failure(share, between(np.full(6, share), tries)), exact, rtol=1e-4)
        wrong.append(np.abs(joint.failure(share, between(np.full(6, max(share / 2, 1e-3)), tries)) / exact - 1).max())
    assert max(wrong) > 3e-3


def test_the_loss_of_a_bias_between_those_computed_is_right_to_one_in_ten_thousand():
    """A loss that bends in both, from least to largest variance and attempts, and at what was computed itself."""
    loss = lambda v, k: (1 + k / 5) ** (-0.35 / (1 + 3 * v))  # noqa: E731
    computed = []

    def slow(variance, attempts):
        computed.append(variance)
        return loss(variance, attempts)

    learnt = allocation.learnt_bias(slow, (1e-3, 0.5), (1.0, 1e5))
    v, k = (x.ravel() for x in np.meshgrid(np.geomspace(1e-3, 0.5, 37), np.geomspace(1.0, 1e5, 61)))
    np.testing.assert_allclose(learnt(v, k), loss(v, k), rtol=1e-4)
    assert computed[0] == pytest.approx(1e-3) and computed[-1] == pytest.approx(0.5) and len(computed) == 45

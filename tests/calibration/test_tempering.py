"""Draws by tempering against conjugate normal posteriors, two modes, a far tail; how many draws they are worth."""

from typing import NamedTuple

import numpy as np
import pytest
from scipy import special, stats

from sim.calibration import tempering
from tests import checks


class Normal(NamedTuple):
    """log likelihood -(z - at)' precision (z - at) / 2 under a standard normal prior, and what follows from it."""

    precision: np.ndarray
    at: np.ndarray

    def __call__(self, points):
        gap = points - self.at
        return -0.5 * ((gap @ self.precision) * gap).sum(axis=1)

    @property
    def size(self):
        return len(self.at)

    @property
    def covariance(self):
        return np.linalg.inv(self.precision + np.eye(self.size))

    @property
    def mean(self):
        return self.covariance @ self.precision @ self.at

    @property
    def log_evidence(self):
        spread = np.linalg.inv(self.precision) + np.eye(self.size)  # of `at` under the prior
        volume = np.log(2 * np.pi) * self.size / 2 - np.linalg.slogdet(self.precision)[1] / 2
        return stats.multivariate_normal(np.zeros(self.size), spread).logpdf(self.at) + volume


def normal(precisions, distance, seed=0):
    """Normal with these precisions along axes of no coordinate."""
    generator, size = np.random.default_rng(seed), len(precisions)
    axes = np.linalg.qr(generator.normal(size=(size, size)))[0]
    return Normal(axes * precisions @ axes.T, distance * generator.normal(size=size))


SKEWED = normal([0.5, 10.0, 100.0], 2.0)


def drawn(target, number=500, seed=0, last=6):
    return tempering.draws(target, target.size, number, last, np.random.default_rng(seed))


def test_a_normal_likelihood_has_its_conjugate_mean_and_covariance():
    """A mean half a standard deviation off, and correlations of the other sign, are seen."""
    found, law = drawn(SKEWED, 4000), SKEWED.covariance
    deviation = np.sqrt(np.diag(law))
    mean = found.points.mean(axis=0)
    checks.assert_mean(mean, found.effective, SKEWED.mean, deviation)
    checks.rejects(checks.assert_mean, mean, found.effective, SKEWED.mean + 0.5 * deviation, deviation)
    gap = found.points - SKEWED.mean
    products = gap.T @ gap / len(gap)
    scatter = np.sqrt(np.outer(np.diag(law), np.diag(law)) + law**2)  # of a product of two normal variables
    checks.assert_mean(products, found.effective, law, scatter)
    checks.rejects(checks.assert_mean, products, found.effective, 2 * np.diag(np.diag(law)) - law, scatter)


@pytest.mark.parametrize("target", [SKEWED, normal([4.0], 1.0, 1), normal([30.0] * 3 + [0.1] * 20, 1.0, 2)])
def test_the_evidence_is_that_of_the_conjugate_law(target):
    """Each power adds a variance of at most 1 / n to its logarithm, as its weights halve the points in effect."""
    found = [drawn(target, 1000, seed, last=2) for seed in range(5)]
    mean, deviation = np.mean([one.log_evidence for one in found]), np.sqrt(max(one.powers for one in found) / 1000)
    checks.assert_mean(mean, 5, target.log_evidence, deviation)
    checks.rejects(checks.assert_mean, mean, 5, target.log_evidence + 6 * deviation, deviation)


def test_two_modes_keep_their_shares():
    """0.3 and 0.7 of the evidence, ten standard deviations apart; 0.4 and 0.6 are seen."""
    one, other = Normal(400 * np.eye(2), np.array([1.0, 0.0])), Normal(100 * np.eye(2), np.array([-0.5, 0.3]))
    logs = np.log([0.3, 0.7]) - [one.log_evidence, other.log_evidence]

    def both(points):
        return np.logaddexp(logs[0] + one(points), logs[1] + other(points))

    found = tempering.draws(both, 2, 4000, 6, np.random.default_rng(0))
    share = (found.points[:, 0] > 0.3).mean()
    spread = np.sqrt(0.21 * found.powers)  # points are drawn anew at every power, and no move leaves a mode
    checks.assert_mean(share, 4000, 0.3, spread)
    checks.rejects(checks.assert_mean, share, 4000, 0.4, spread)
    near = found.points[found.points[:, 0] > 0.3]
    checks.assert_mean(near.mean(axis=0), len(near), one.mean, np.sqrt(np.diag(one.covariance) * 2))


@pytest.mark.parametrize("far", [8.0, 30.0])
def test_a_target_far_in_the_tail_of_the_prior_does_not_starve(far):
    """No point of the prior is near; the weights of 500 of them would leave one."""
    target = Normal(25 * np.eye(3), np.full(3, far))
    start = np.random.default_rng(0).standard_normal((500, 3))
    assert 1 / (special.softmax(target(start)) ** 2).sum() < 2
    found = drawn(target)
    assert found.effective > 250
    checks.assert_mean(found.points.mean(axis=0), found.effective, target.mean, np.sqrt(np.diag(target.covariance)))


@pytest.mark.parametrize("target", [SKEWED, normal([30.0] * 3 + [0.1] * 20, 1.0, 2)])
def test_the_effective_size_is_that_of_means_over_repeated_runs(target):
    """100 runs: whitened means lie within 1 / sqrt(effective) as often as normal ones; half or twice of it is seen."""
    root = np.linalg.inv(np.linalg.cholesky(target.covariance))
    runs = [drawn(target, 200, seed) for seed in range(100)]
    pulls = np.array([np.sqrt(one.effective) * root @ (one.points.mean(axis=0) - target.mean) for one in runs])
    within = lambda scale: np.count_nonzero(np.abs(scale * pulls) < 1)  # noqa: E731
    inside = special.ndtr(1.0) - special.ndtr(-1.0)
    checks.assert_proportion(within(1.0), pulls.size, inside)
    for factor in (0.5, 2.0):
        checks.rejects(checks.assert_proportion, within(np.sqrt(factor)), pulls.size, inside)


def test_where_points_hardly_move_they_are_worth_less():
    """Along a curved valley points hardly move; a single move at the end leaves copies besides."""

    def valley(points):
        return -50 * (points[:, 1] - points[:, 0] ** 2) ** 2 - 50 * (points[:, 2] - points[:, 1] ** 2) ** 2

    straight = drawn(SKEWED, last=1)
    few, more = (tempering.draws(valley, 3, 500, last, np.random.default_rng(0)) for last in (1, 12))
    assert few.effective < min(straight.effective, more.effective) and max(straight.effective, more.effective) <= 500


def test_copies_are_counted():
    """Families of three, two and one: each point has 6/6 + 2/6 others on average."""
    assert tempering._copies(np.array([4, 4, 4, 0, 0, 2])) == pytest.approx((3 * 2 + 2 * 1) / 6)


def test_points_are_chosen_as_often_as_their_weights_ask_for():
    """Of 10 points of weights 0.25, 0.5, 0.05 and 0.2: two or three, five, none or one, two."""
    weight, counts = np.array([0.25, 0.5, 0.05, 0.2]), np.zeros(4)
    for seed in range(4000):
        own = np.bincount(tempering.resampled(weight, np.random.default_rng(seed), 10), minlength=4)
        assert own[1] == 5 and own[3] in (1, 2, 3) and own[0] in (2, 3) and own[2] in (0, 1)
        counts += own
    extra = counts[[0, 2]] - [2 * 4000, 0]
    checks.assert_proportion(extra, 4000, 0.5)


def test_moves_leave_their_target_as_it_is():
    """Scale times value seen with an error, both normal before: 4000 exact draws, moved 20 times."""

    def log_likelihood(at):
        return -0.5 * ((np.exp(0.6 * at[:, 0]) * at[:, 1] - 1.0) / 0.5) ** 2

    def basis(at):
        return np.stack([at[:, 0], at[:, 1], at[:, 0] ** 2, at[:, 1] ** 2, at[:, 0] * at[:, 1]], axis=1)

    def law(power):
        weight = special.softmax(power * log_likelihood(grid) - (grid**2).sum(axis=1) / 2)
        mean = weight @ basis(grid)
        return weight, mean, np.sqrt(weight @ basis(grid) ** 2 - mean**2)

    generator, nodes = np.random.default_rng(0), np.linspace(-7, 7, 701)
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    weight, mean, deviation = law(1.0)
    start = grid[generator.choice(len(weight), 4000, p=weight)] + 0.02 * (generator.random((4000, 2)) - 0.5)
    end, value = tempering.several(log_likelihood, start, log_likelihood(start), 20, generator)
    np.testing.assert_array_equal(value, log_likelihood(end))
    assert tempering.correlation(start, end) < 0.1
    checks.assert_mean(basis(end).mean(axis=0), 4000, mean, deviation)
    checks.rejects(checks.assert_mean, basis(end).mean(axis=0), 4000, law(0.7)[1], deviation)

"""The peers draw from the laws that they are said to draw from, and are counted by what they draw."""

import numpy as np
import pytest
from scipy import special, stats

from sim.bench import peers, variance


@pytest.fixture
def checked(monkeypatch):
    """What a peer's check holds against what."""
    seen = []
    for name in ("need_mean", "need_share"):
        monkeypatch.setattr(peers, name, lambda what, *numbers: seen.append(numbers))

    def of(name, result):
        seen.clear()
        contestant = getattr(peers, name)()
        contestant.check(result)
        return contestant.items, seen[0]

    return of


def test_uniforms_are_held_against_their_mean(checked):
    items, (mean, law, deviation, count) = checked("numpy_uniform", np.array([0.25, 0.5]))
    assert (mean, law, count, items) == (0.375, 0.5, 2**14, 2**14)
    assert deviation == pytest.approx(stats.uniform.std())


@pytest.mark.parametrize("name", ["numpy_beta", "jax_beta"])
def test_success_probabilities_are_held_against_those_of_failures_of_beta(checked, name):
    items, (mean, law, deviation, count) = checked(name, np.array([0.1, 0.2]))
    assert mean == pytest.approx(0.15) and items == count == 2**14
    assert (law, deviation) == pytest.approx((stats.beta(0.35, 5).mean(), stats.beta(0.35, 5).std()))


@pytest.mark.parametrize(("name", "exponent"), [("numpy_zipf2", 2.0), ("numpy_zipf17", 1.7)])
def test_ranks_of_numpy_are_counted_from_one(checked, name, exponent):
    items, (share, law, count) = checked(name, np.array([1, 2, 1, 0]))
    assert (share, items, count) == (0.5, 2**14, 2**14)
    assert law == pytest.approx(1 / special.zeta(exponent))


def test_ranks_of_scipy_are_counted_from_one_and_those_of_jax_from_nought(checked):
    first = stats.zipfian(2.0, 10**6).pmf(1)
    items, (share, law, count) = checked("scipy_zipfian", np.array([1, 2, 1, 0]))
    assert (share, items, count) == (0.5, 1024, 1024) and law == pytest.approx(first)
    items, (share, law, count) = checked("jax_choice", np.array([0, 0, 0, 1]))
    assert (share, items, count) == (0.75, 2**20, 2**20) and law == pytest.approx(first)


def test_waiting_times_beyond_a_million_are_problems_unsolved(checked):
    items, (share, law, count) = checked("numpy_geometric", np.array([10**6, 10**6 + 1, 1, 1]))
    assert (share, items, count) == (0.25, 2**14, 2**14)
    assert law == pytest.approx(stats.geom.sf(10**6, 10 ** np.linspace(-12, np.log10(0.5), 2**14)).mean())


@pytest.mark.parametrize("name", ["numpy_uniform", "numpy_zipf2", "numpy_zipf17", "numpy_geometric", "numpy_beta"])
def test_a_peer_passes_its_check(name):
    contestant = getattr(peers, name)()
    contestant.check(contestant.call())


def test_curves_that_are_compared_have_one_law_and_one_amount(monkeypatch):
    """pass@k of failures of Beta(5, 0.35), in as many problems a replicate."""
    monkeypatch.setattr(variance, "_REPLICATES", 32)
    one, other = variance.lattice_curves(), variance.independent_curves()
    k = np.unique(np.geomspace(1, 1e5, 21).round())
    expected = 1 - np.exp(special.betaln(5 + k, 0.35) - special.betaln(5, 0.35))
    for curves in (one, other):
        assert curves.values.shape == (32, len(k))
        np.testing.assert_allclose(curves.law, expected, rtol=1e-9)
    assert variance.variance_ratio(one, other).value > 1

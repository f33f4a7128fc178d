"""The peers' learning curve is a learning curve."""

import numpy as np
import pytest

from sim.bench import curves
from sim.bench.timing import Absent, Wrong
from sim.laws.learning_curve import unmemorised_mass


@pytest.mark.parametrize("size", [4, 64, 1024])
def test_an_alias_table_holds_the_masses(size):
    masses = np.random.default_rng(0).dirichlet(np.full(size, 0.3))
    table = curves.alias_table(masses)
    accept, alias = (table >> np.uint64(32)) / 2.0**32, (table & np.uint64(0xFFFFFFFF)).astype(int)
    held = accept + np.bincount(alias, weights=1 - accept, minlength=size)
    np.testing.assert_allclose(held / size, masses, atol=1e-9)


def test_the_compiled_peer_makes_the_curve_also_where_it_is_not_compiled():
    masses = np.array([0.5, 0.25, 0.15, 0.1])
    examples = np.array([1, 4, 16])
    with np.errstate(over="ignore"):
        starts = np.arange(1, 401, dtype=np.uint64) << np.uint64(40)
        found = [curves.alias_curve(curves.alias_table(masses), np.uint64(62), masses, examples, s) for s in starts]
    expected = ((1 - masses) ** examples[:, None]) @ masses
    assert np.abs(np.mean(found, axis=0) - expected).max() < 6 * 0.5 / np.sqrt(len(starts))


def test_the_peer_with_two_tables_draws_every_feature_by_its_mass_and_counts_it_once(monkeypatch):
    """On uniforms that lie evenly; then a feature that has been seen leaves no more."""
    masses = np.array([0.5, 0.25, 0.15, 0.1])
    table = curves.alias_table(masses)
    accept, alias = (table >> np.uint64(32)) / 2.0**32, (table & np.uint64(0xFFFFFFFF)).astype(int)
    uniforms = iter((np.arange(4000) + 0.5) / 4000)
    monkeypatch.setattr(curves.np.random, "random", lambda: next(uniforms))
    left = [curves.plain_alias_curve(accept, alias, masses, np.array([1]))[0] for _ in range(4000)]
    drawn = [np.count_nonzero(np.isclose(left, 1 - mass)) for mass in masses]
    np.testing.assert_allclose(drawn, 4000 * masses, atol=2)
    [first] = [u for u in (0.01, 0.3, 0.6, 0.9) if np.isclose(_left(accept, alias, masses, monkeypatch, [u]), 0.5)][:1]
    assert np.isclose(_left(accept, alias, masses, monkeypatch, [first] * 5), 0.5)


def _left(accept, alias, masses, monkeypatch, uniforms):
    """Mass unseen after draws by these uniforms."""
    each = iter(uniforms)
    monkeypatch.setattr(curves.np.random, "random", lambda: next(each))
    return curves.plain_alias_curve(accept, alias, masses, np.array([len(uniforms)]))[0]


def test_numpy_makes_the_curve():
    contestant = curves.numpy_curve()
    contestant.check(contestant.call())


def test_a_wrong_curve_is_seen():
    law = unmemorised_mass(curves.EXAMPLES, curves.EXPONENT, curves.CURVE_SIZE)
    curves.check(law)
    for wrong in (1.2 * law, law[::-1], law * np.nan):
        with pytest.raises(Wrong, match="mass unseen after"):
            curves.check(wrong)


def test_numba_is_used_where_it_is_installed_and_named_where_it_is_not(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Absent, match="numba is not installed"):
        curves.numba_curve()

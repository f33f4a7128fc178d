"""Blocks against plain sums over every rank, and against the learning curve."""

import numpy as np
import pytest
from scipy import stats

from sim.laws import learning_curve, zipf
from sim.samplers.learners import blocks

EXAMPLES = np.array([0, 1, 2, 7, 1e3, 1e5, 1e7])


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_fewer_than_d_sightings_have_the_binomial_probability(depth):
    mass = np.array([1e-12, 1e-6, 1e-3, 0.1, 0.6])
    for n in EXAMPLES:
        law = stats.binom.cdf(depth - 1, n, mass)
        np.testing.assert_allclose(blocks.fewer(depth, n, mass), law, rtol=1e-9, atol=1e-300)
    assert (blocks.fewer(depth, 3.0, np.ones(1)) == (depth > 3)).all()


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.3, 2.0, 4.0])
@pytest.mark.parametrize("depth", [1, 3])
def test_blocks_add_up_what_each_of_their_features_gives(monkeypatch, exponent, depth):
    """A hundred thousand features, one by one; blocks above rank 4096 by quadrature."""
    monkeypatch.setattr(blocks, "EXPLICIT", 4096)
    size = 100_000
    total = zipf.normaliser(exponent, size)
    edges = blocks.edges(1024, EXAMPLES, exponent, size, total)
    assert edges[0] == 1024 and edges[-1] == size and (np.diff(edges) > 0).all()
    found = blocks.unmemorised(edges, EXAMPLES, exponent, total, depth)
    mass = np.arange(1025, size + 1.0) ** -exponent / total
    starts = (edges[:-1] - 1024).astype(int)
    for i, n in enumerate(EXAMPLES):
        unseen = blocks.fewer(depth, n, mass)
        likely = unseen > 1e-20
        counted = (unseen, np.ones_like(mass)), (mass * unseen, mass)
        for values, (law, most) in zip(found, (*counted, (mass**2 * unseen * (1 - unseen), mass**2)), strict=True):
            plain = np.add.reduceat(law, starts)
            rows = np.maximum.reduceat(likely, starts)
            # 1e-15 of what it would be for P = 1/2: the rounding of 1 - P.
            rounding = 1e-15 * np.add.reduceat(most, starts).max()
            np.testing.assert_allclose(values[i][rows], plain[rows], rtol=1e-9, atol=rounding)


@pytest.mark.parametrize("exponent, size", [(1.2, np.inf), (2.0, np.inf), (4.0, np.inf), (0.7, 1e8), (1.5, 1e6)])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_blocks_head_and_rest_add_up_to_the_learning_curve(exponent, size, depth):
    examples = np.array([0, 1, 1e3, 1e6, 1e9, 1e12, 1e15])
    total = zipf.normaliser(exponent, size)
    edges = blocks.edges(1024, examples, exponent, size, total)
    head = blocks.unmemorised(np.arange(1025.0), examples, exponent, total, depth).mass.sum(1)
    curve = head + blocks.unmemorised(edges, examples, exponent, total, depth).mass.sum(1)
    curve += blocks.rest(edges[-1], exponent, size, total)
    law = learning_curve.unmemorised_mass(examples, exponent, size, depth)
    held = law > 1e-30  # beyond, a finite set is learnt
    np.testing.assert_allclose(curve[held], law[held], rtol=1e-9)
    other = learning_curve.unmemorised_mass(examples, 1.02 * exponent, size, depth)
    assert abs(curve[3] / other[3] - 1) > 1e-4

"""Learners from their random words: every kernel's curves once more by NumPy, feature by feature, in float64."""

import numpy as np
import pytest
import variates

from sim.draw import keys
from sim.laws import learning_curve, zipf
from sim.model import build
from sim.samplers import bits
from sim.samplers.learners import block_chain, blocks, direct, feature_arrivals, jump_chain, sums

STREAM, OTHER = ((np.uint32(a), np.uint32(b)) for a, b in ((1, 2), (3, 4)))
EXPONENT = 1.5


def masses(size):
    mass = np.arange(1, size + 1.0) ** -EXPONENT
    return mass / mass.sum()


@variates.jit
def curve(member, *given):
    """Of one learner."""
    return member._curve(*given)


@variates.jit
def at(sampler, lanes):
    return sampler.at(STREAM, lanes)


@pytest.mark.parametrize("depth", [1, 3])
def test_direct_learners_have_seen_the_ranks_of_their_examples(depth):
    """The first 4096 are drawn whole; of the others those that pass, in the places of the first ones."""
    size, stops = 3000, np.array([1, 2, 30, 4096, 4097, 30_000])
    total = zipf.normaliser(EXPONENT, size)
    member, offset, scale = direct.build(
        build.feature_sampler(EXPONENT, size), EXPONENT, size, depth, stops.astype(float), total
    )
    seen, unmemorised, digits = np.zeros(size, int), [], int(member.digits)
    assert digits > 0
    for start, stop in zip([0, *stops[:-1]], stops, strict=True):
        whole = np.arange(start, min(stop, 4096), dtype=np.uint32)
        later = np.arange(max(start, 4096), max(stop, 4096), dtype=np.uint32)
        sifted = max(start, 4096) + np.arange(np.count_nonzero(passes(later, digits)), dtype=np.uint32)
        for sampler, lanes in ((member.features, whole), (member.rare, sifted)):
            if len(lanes):
                low = np.asarray(at(sampler, np.resize(lanes, 1 << 15)).low)[: len(lanes)]
                np.add.at(seen, low - 1, 1)
        unmemorised.append(masses(size) @ (seen < depth))
    np.testing.assert_allclose(offset + scale * np.asarray(curve(member, STREAM)), unmemorised, rtol=1e-5)
    assert (offset == 0).all() and (scale == 1).all()


def passes(example, digits):
    """Whether the first digits of examples are all 0."""
    turns = 1 + np.arange(digits, dtype=np.uint32)[:, None]
    words = variates.words(STREAM, turns, example[None, :] // 64)
    own = np.where(example // 32 % 2, words[1], words[0]) >> example % 32 & 1
    return (own == 0).all(axis=0)


@pytest.mark.parametrize("depth", [1, 3])
def test_ranks_beyond_the_table_stand_at_their_mean(depth):
    n = np.array([10.0, 1e4])
    total = zipf.normaliser(EXPONENT, np.inf)
    member, offset, _ = direct.build(build.feature_sampler(EXPONENT, np.inf), EXPONENT, np.inf, depth, n, total)
    table = int(member.table)
    mass = np.arange(1, table + 1.0) ** -EXPONENT / total
    within = [mass @ learning_curve.fewer(depth, examples, mass) for examples in n]
    np.testing.assert_allclose(
        offset, learning_curve.unmemorised_mass(n, EXPONENT, np.inf, depth) - within, rtol=1e-6, atol=1e-9
    )
    assert table >= 16_384 and member.pieces[-1] + 1023 >= table


def test_feature_arrivals_are_sums_of_waits_of_every_copy():
    """Ranks 3 to 21 of a set, at depth 3: 128 learners."""
    total, n = masses(40)[0] ** -1.0, np.array([0, 3, 10, 30, 200.0])
    member = feature_arrivals.member(EXPONENT, 3, 21, 3, n, total)
    stream = bits.stream(keys.run_key(0, "arrivals"))
    found = variates.jit(lambda key: member.curves(key))(keys.run_key(0, "arrivals"))
    rank, learner = np.arange(3, 22, dtype=np.uint32)[:, None], np.arange(128, dtype=np.uint32)[None, :]
    theta = masses(40)[2:21, None]
    arrival = sum(variates.geometric(stream, rank, np.uint32(128 * copy) + learner, theta) for copy in range(3))
    late = np.array([(theta * (arrival > examples)).sum(axis=0) for examples in n])
    np.testing.assert_allclose(np.asarray(found), late.T, rtol=2e-5, atol=1e-7)


def test_a_jump_chain_sorts_the_sightings_that_teach_and_waits_for_each():
    """Sightings come in the order of exponential clocks; the wait for the next is as rare as what is left."""
    depth, n, theta = 3, np.array([1, 2, 5, 20, 100, 1000.0]), masses(30)
    member, _, _ = jump_chain.build(EXPONENT, 30, depth, n, zipf.normaliser(EXPONENT, 30))
    found = variates.jit(lambda: member._curve(STREAM, OTHER, np.uint32(7)))()
    sighting = np.arange(30 * depth, dtype=np.uint32)
    times = (variates.exponential(STREAM, 7, sighting).reshape(30, depth) / theta[:, None]).cumsum(axis=1)
    teaches = np.zeros((30, depth))
    teaches[:, -1] = theta
    lost = teaches.ravel()[np.argsort(times.ravel())]
    left = np.append(np.cumsum(lost[::-1])[::-1], 0.0)
    came = np.cumsum([float(variates.geometric(OTHER, 7, i, min(left[i], 1.0))[0]) for i in sighting])
    np.testing.assert_allclose(found, [left[np.count_nonzero(came <= examples)] for examples in n], rtol=1e-5)
    assert (member.learners == np.arange(512)).all()


# --- chains of blocks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize(
    ("before", "after"), [(40.0, 30.0), (40.0, 39.0), (40.0, 3.0), (1e4, 9e3), (1e4, 20.0), (1e8, 7e7), (1e8, 2e7)]
)
def test_a_block_keeps_its_mean_in_every_step(before, after, new):
    """X' = R' + hold delta + sign Z + shift is (R + delta) pi in the mean, whichever part is drawn."""
    step = block_chain._step(np.array([before]), np.array([after]), np.array([new]))
    stays = after / before
    reference = step.reference[0]
    assert reference == pytest.approx(before, rel=1e-12) and -step.floor[0] == pytest.approx(after, rel=1e-12)
    for delta in (0.0, 0.01 * before):
        count = reference + delta
        drawn = count * step.probability[0] if step.few[0] else 0.0
        mean = step.hold[0] * delta + step.sign[0] * drawn + step.shift[0] - step.floor[0]
        assert mean == pytest.approx(count * stays, rel=1e-9)
    assert step.probability[0] == pytest.approx(min(stays, 1 - stays), rel=1e-12)
    assert step.few[0] == (before * step.probability[0] < 12) and step.whole[0] == (after < 2**22)
    assert step.keep[0] != new


def test_a_step_draws_the_thinned_or_the_removed_as_deviation_or_by_search():
    """delta' = hold delta + sign Z + shift of the words of each lane, held to whole numbers above -R'."""
    before, after = (
        np.array([40.0, 40.0, 1e4, 1e4, 1e8, 40.0, 1e4, 5.0]),
        np.array([30, 3, 9e3, 20, 7e7, 39, 9990, 1e-3]),
    )
    step = block_chain._step(before, after, np.arange(8) == 2)._replace(weight=np.arange(1.0, 9))
    step = block_chain.Step(*(np.asarray(x, np.float32) for x in step))
    lane = np.arange(8 * 4, dtype=np.uint32).reshape(8, 4)
    delta = np.resize(np.array([-2.0, 0, 1, 3], np.float32), (8, 4))
    found, mass = variates.jit(lambda: block_chain._thin(delta, STREAM, np.uint32(5), lane, step))()
    kept = np.where((np.arange(8) == 2)[:, None], 0.0, delta)
    share, normal = variates.uniform(STREAM, 5, lane), variates.normal(STREAM, 5, lane)
    own = {name: getattr(step, name).astype(float)[:, None] for name in step._fields}
    count = own["reference"] + kept
    expected = np.empty((8, 4))
    for i, j in np.ndindex(8, 4):
        n, p = count[i, j], own["probability"][i, 0]
        if own["few"][i, 0]:
            z = np.count_nonzero(_more(n, p) > share[i, j])
        else:
            sd, skew = np.sqrt(n * p * (1 - p)), 1 - 2 * p
            third = (1 - 6 * p * (1 - p)) * (normal[i, j] ** 2 - 3) / 24 - skew**2 * (2 * normal[i, j] ** 2 - 5) / 36
            third -= own["whole"][i, 0] / 24
            z = sd * normal[i, j] + skew * (normal[i, j] ** 2 - 1) / 6 + normal[i, j] * third / sd
        moved = own["hold"][i, 0] * kept[i, j] + own["sign"][i, 0] * z + own["shift"][i, 0]
        expected[i, j] = max(np.rint(moved) if own["whole"][i, 0] else moved, own["floor"][i, 0])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(mass, np.arange(1.0, 9) @ expected, rtol=1e-4)


def _more(count, probability):
    """P(X > 0), P(X > 1), ... of a binomial law with any count."""
    terms = [(1 - probability) ** count]
    for k in range(60):
        terms.append(terms[-1] * max(count - k, 0) / (k + 1) * probability / (1 - probability))
    return 1 - np.cumsum(terms)


def test_the_rarest_and_the_commonest_blocks_that_matter_by_hand():
    variance = np.array([[1.0, 0, 0, 0], [1e-7, 1, 2, 1e-7], [0.0, 0, 1e-30, 0]])
    first, end = block_chain._window(variance, np.full(3, 1e-29))
    assert first.tolist() == [0, 1, 4]  # at the last n nothing scatters but by rounding
    assert end.tolist() == [1, 3, 3]


@pytest.mark.parametrize(("exponent", "size"), [(1.5, np.inf), (2.0, 10**7), (1.0, 10**7), (0.5, 10**7)])
def test_the_ranks_beyond_the_last_edge_have_their_mass(exponent, size):
    total = zipf.normaliser(exponent, size)
    rest = blocks.rest(1e5, exponent, size, total)
    assert rest == pytest.approx(float(zipf.tail(1e5, exponent, size)), rel=1e-12)
    assert blocks.rest(1e7, exponent, 1e7, total) == 0


def test_blocks_end_where_nothing_will_have_been_seen():
    edges = blocks.edges(1024, np.array([10.0, 1e6]), 2.0, np.inf, np.pi**2 / 6)
    assert 1e6 * edges[-1] ** -2.0 * 6 / np.pi**2 == pytest.approx(2.0**-50, rel=1e-6)
    ratio = np.log(edges[1:-1] / edges[:-2]) * 2
    assert edges[0] == 1024 and (np.abs(ratio - 0.125) < 0.002).all()
    assert blocks.edges(10, np.array([5.0]), 2.0, 10, 1.5).tolist() == [10]


def test_sums_in_runs_leave_no_summand_out_and_take_none_twice():
    add = variates.jit(
        lambda last: sums.in_runs(lambda i: (i * i + 1).astype(np.float32)[None], np.zeros(1, np.float32), last)
    )
    for count in (0, 1, 255, 256, 257, 700):
        assert float(add(np.int32(count))[0]) == pytest.approx(sum(i * i + 1 for i in range(count)), rel=1e-6)


def test_rows_and_lanes_are_summed_once_each():
    rows = np.arange(24.0, dtype=np.float32).reshape(3, 8)
    assert np.asarray(sums.of_rows(list(rows))).tolist() == rows.sum(axis=0).tolist()
    assert np.asarray(sums.of_lanes(rows)).tolist() == rows.sum(axis=1).tolist()

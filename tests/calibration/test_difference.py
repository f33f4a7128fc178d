"""Two models: draws agree with enumeration and moments, the band holds whole curves, and turns are where they are."""

import importlib.util
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from sim.calibration import curve, difference, mixtures
from sim.pilot.pilot import Pilot
from tests import checks

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("benchmark_difference", ROOT / "scripts" / "benchmark_difference.py")
benchmark = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(benchmark)

KS = np.unique(np.round(np.geomspace(1, 1e4, 41)))


class Average(NamedTuple):
    """Draws of a law."""

    weight: np.ndarray
    mixing: np.ndarray


def pilot(successes, attempts=100, names=None):
    names = names or [f"p{i}" for i in range(len(successes))]
    return Pilot("a.csv", names, np.full(len(successes), float(attempts)), np.asarray(successes, float))


def known(own, mixing):
    """Model of which the law is known: so many weights [n, 1 + cells], equally likely."""
    weight = np.full(len(mixing), 1 / len(mixing))
    return difference.Model(own, curve.likelihood(own), Average(weight, np.asarray(mixing)))


def of(model, pilot):
    """Model of another pilot by the same posterior."""
    return model._replace(pilot=pilot, likelihood=curve.likelihood(pilot))


def either(share):
    """Weights of a law by which a share of problems always succeeds, the others never."""
    mixing = np.zeros((1, 1 + len(mixtures.ODDS)))
    mixing[0, [0, -1]] = 1 - share, share
    return mixing


def drawn(seed=0, problems=120, alpha=5.0, beta=0.35, ceiling=1.0):
    generator = np.random.default_rng(seed)
    success = generator.beta(beta, alpha, problems) * (generator.random(problems) < ceiling)
    return success, pilot(generator.binomial(100, success))


@pytest.fixture(scope="module")
def crossing():
    """(success probabilities of both, Models): half of the problems easy and the others impossible; all hard."""
    both = drawn(1, alpha=2.0, beta=3.0, ceiling=0.5), drawn(2, alpha=20.0, beta=0.9)
    success, pilots = zip(*both, strict=True)
    return success, [difference.model(one) for one in pilots]


# Draws ----------------------------------------------------------------------------------------------------------------


def test_one_problem_that_is_solved_always_or_never_enumerated():
    """Solved by the first with 0.8, by the second with 0.2: the difference is 1, 0, -1 with 0.64, 0.32, 0.04.

    As 0.04 < 0.1 < 0.36, a band from 0 to 1 holds 90 % of curves, and no narrower one with equal ranks does.
    """
    nothing = pilot([0.0], attempts=0)
    both = [known(nothing, either(share)) for share in (0.8, 0.2)]
    told = difference.difference(*both, np.array([1.0, 10.0]), 0)
    np.testing.assert_allclose([told.low, told.middle, told.high], [[0, 0], [1, 1], [1, 1]], atol=1e-6)
    assert (told.leads, told.turns, told.chance, told.problems) == ([], [], None, (1, 1))
    lost = [
        difference.losses(one.posterior, one.likelihood.kernel, np.array([1]), [1.0], np.random.default_rng(number))
        for number, one in enumerate(both)
    ]
    shares = np.bincount(np.rint(lost[1] - lost[0]).astype(int).ravel() + 1, minlength=3)
    checks.assert_counts(shares, [0.04, 0.32, 0.64])
    checks.rejects(checks.assert_counts, shares, [0.64, 0.32, 0.04])


def moments(laws, likelihood, ks):
    """Mean and deviation [k] of (1 - s)^k averaged over problems, s given its counts, summed cell by cell."""
    mean, square = 0, 0
    for kernel, problems in zip(likelihood.kernel, likelihood.problems / likelihood.problems.sum(), strict=True):
        cells = laws.mixing * kernel / (laws.mixing @ kernel)[:, None]
        own, twice = (cells @ (1 - mixtures.reach(times * ks)) for times in (1, 2))
        mean, square = mean + problems * own, square + problems * (twice - own**2) / likelihood.problems.sum()
    return laws.weight @ mean, np.sqrt(laws.weight @ (square + (mean - laws.weight @ mean) ** 2))


@pytest.mark.parametrize("problems", [40, 1200], ids=["one by one", "many by cell"])
def test_curves_have_the_mean_and_the_spread_of_the_moments(problems):
    own = pilot(np.repeat([0, 1, 40, 100], problems // 4))
    likelihood, ks = curve.likelihood(own), np.array([1.0, 30, 1000])
    laws = known(own, mixtures.beta(np.log([[0.35, 5.0], [0.3, 2.0]]))).posterior
    sizes = likelihood.problems.astype(int)
    lost = difference.losses(laws, likelihood.kernel, sizes, ks, np.random.default_rng(0))
    law, deviation = moments(laws, likelihood, ks)
    checks.assert_mean(lost.mean(axis=0), len(lost), law, deviation)
    checks.assert_mean(((lost - law) ** 2).mean(axis=0), len(lost), deviation**2, 2 * deviation**2)
    checks.rejects(checks.assert_mean, lost.mean(axis=0), len(lost), moments(laws, likelihood, 1.1 * ks)[0], deviation)
    checks.rejects(checks.assert_mean, lost.var(axis=0), len(lost), 1.5 * deviation**2, 2 * deviation**2)


def test_draws_are_kept_by_their_weight():
    laws = known(pilot([0.0], attempts=0), np.concatenate([either(0.0), either(1.0)])).posterior
    laws = laws._replace(weight=np.array([0.25, 0.75]))
    lost = difference.losses(laws, np.ones((1, 386)), np.array([3]), [1e9], np.random.default_rng(0))
    assert lost.sum() == difference.DRAWS / 4


# What they say --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_band_is_the_narrowest_of_equal_ranks_that_holds_its_share_of_whole_curves(level):
    generator = np.random.default_rng(0)
    curves = np.cumsum(generator.exponential(size=(300, 12)) - 0.7, axis=1)  # skewed
    ordered = np.sort(curves, axis=0)
    shares = [((ordered[r] <= curves) & (curves <= ordered[-1 - r])).all(axis=1).mean() for r in range(150)]
    rank = np.flatnonzero(np.array(shares) >= level)[-1]
    low, high = difference.band(curves, level)
    np.testing.assert_array_equal([low, high], [ordered[rank], ordered[-1 - rank]])
    assert shares[rank + 1] < level


def test_the_band_knows_no_scale_and_stands_where_nothing_scatters():
    curves = np.random.default_rng(0).standard_normal((500, 6))
    low, high = difference.band(curves)
    scale = np.array([1, 1e-9, 1e9, 1, 1, 1])
    np.testing.assert_array_equal(difference.band(curves * scale), [low * scale, high * scale])
    still = np.concatenate([curves, np.full((500, 3), 0.25)], axis=1)
    np.testing.assert_array_equal(difference.band(still), [np.append(low, [0.25] * 3), np.append(high, [0.25] * 3)])


def test_leads_and_turns_by_hand():
    """100 curves: 60 turn halfway between 1 and 10, 36 at 10, and 4 never: these are outside of the band."""
    ks = np.array([1.0, 10, 100, 1000])
    curves = np.repeat([[0.2, -0.2, -0.3, -0.1], [0.2, 0.0, -0.3, -0.1], [0.2, 0.1, 0.1, 0.1]], [60, 36, 4], axis=0)
    told = difference.compared(ks, 0 * curves, curves, True, (5, 5))
    assert told.leads == [difference.Lead(0, 1, 1), difference.Lead(1, 100, 1000)]
    (turn,) = told.turns
    assert turn[:2] == (1, 0.96) and (turn.after, turn.before) == (1, 100)
    np.testing.assert_allclose((turn.low, turn.middle, turn.high), np.sqrt([10, 10, 100]))
    assert told.chance == turn._replace(after=None, before=None)
    np.testing.assert_array_equal(told.middle, np.median(curves, axis=0))
    mirrored = difference.compared(ks, curves, 0 * curves, True, (5, 5))
    assert [lead.model for lead in mirrored.leads] == [1, 0] and mirrored.turns == [turn._replace(to=0)]


def test_a_model_that_is_ahead_for_a_while_turns_the_order_twice():
    ks = np.array([1.0, 10, 100])
    curves = np.tile([0.1, -0.1, 0.1], (50, 1))
    told = difference.compared(ks, 0 * curves, curves, True, (5, 5))
    assert [lead.model for lead in told.leads] == [0, 1, 0]
    assert [(turn.to, turn.after, turn.before) for turn in told.turns] == [(1, 1, 10), (0, 10, 100)]
    assert told.chance is None  # both ends have the same order


def test_what_rounding_leaves_is_no_lead_and_no_turn():
    ks = np.array([1.0, 10, 100])
    curves = np.tile([0.1, 1e-9, -1e-9], (50, 1))
    told = difference.compared(ks, 0 * curves, curves, True, (5, 5))
    assert told.leads == [difference.Lead(0, 1, 1)] and told.turns == [] and told.chance is None


# Pairs ----------------------------------------------------------------------------------------------------------------


def test_where_the_curves_cross_the_order_turns_within_its_interval(crossing):
    success, models = crossing
    told = difference.difference(*models, KS, 0)
    true = benchmark.truth(*success, KS)
    assert ((told.low <= true) & (true <= told.high)).all()
    assert [lead.model for lead in told.leads] == [0, 1] and told.leads[-1].high == KS[-1]
    (turn,), place = told.turns, benchmark.crossing(*success)
    assert turn.to == 1 and turn.after < turn.low < place < turn.high < turn.before and turn.probability > 0.9
    assert not turn.low < 2 * place < turn.high


def test_models_with_the_same_counts_differ_by_nothing_that_is_sure(crossing):
    own = crossing[1][1]
    told = difference.difference(own, own, KS, 0)
    assert ((told.low < 0) & (0 < told.high)).all()
    assert told.leads == told.turns == []
    assert np.abs(told.middle).max() < 0.2 * (told.high - told.low).max()


def test_swapped_models_are_mirrored_exactly(crossing):
    first, second = crossing[1]
    told, swapped = difference.difference(first, second, KS, 3), difference.difference(second, first, KS, 3)
    np.testing.assert_array_equal([told.low, told.middle, told.high], [-swapped.high, -swapped.middle, -swapped.low])
    np.testing.assert_array_equal([told.first, told.second], [swapped.second, swapped.first])
    assert [turn._replace(to=1 - turn.to) for turn in swapped.turns] == told.turns
    assert [lead._replace(model=1 - lead.model) for lead in swapped.leads] == told.leads


def test_problems_are_paired_by_id_whatever_their_order(crossing):
    models = crossing[1]
    told = difference.difference(*models, KS, 0)
    order = np.random.default_rng(0).permutation(len(models[1].pilot.successes))
    names = [models[1].pilot.problem_id[i] for i in order]
    shuffled = of(models[1], pilot(models[1].pilot.successes[order], names=names))
    np.testing.assert_array_equal(
        shuffled.likelihood.kernel, models[1].likelihood.kernel
    )  # so the posterior is the same
    for one, other in zip(told, difference.difference(models[0], shuffled, KS, 0), strict=True):
        np.testing.assert_array_equal(one, other)
    again = difference.difference(*models, KS, 1)
    assert (again.low != told.low).any()  # another seed is other draws


def test_only_problems_in_both_pilots_are_compared(crossing):
    """The first 60 problems alone: the truth is theirs, and the band does not hold that of all of them."""
    success, (first, second) = crossing
    part = of(second, pilot(second.pilot.successes[:60], names=second.pilot.problem_id[:60]))
    told = difference.difference(first, part, KS, 0)
    assert told.paired and told.problems == (60, 60)
    halves = [own[:60] for own in success]
    true = benchmark.truth(*halves, KS)
    assert ((told.low <= true) & (true <= told.high)).all()
    assert not ((told.low <= benchmark.truth(*success, KS)) & (benchmark.truth(*success, KS) <= told.high)).all()


def test_the_problems_of_a_model_that_are_compared_are_those_of_the_other_wherever_they_stand(crossing):
    """The last 30 problems of both, whose truth is not that of the first 30."""
    success, (first, second) = crossing
    part = of(second, pilot(second.pilot.successes[-30:], names=second.pilot.problem_id[-30:]))
    told = difference.difference(first, part, KS, 0)
    last, others = (benchmark.truth(*(own[where] for own in success), KS) for where in (slice(-30, None), slice(30)))
    assert told.problems == (30, 30)
    assert ((told.low <= last) & (last <= told.high)).all()
    assert not ((told.low <= others) & (others <= told.high)).all()


def test_without_a_common_problem_new_ones_are_drawn(crossing):
    """As many as each pilot has, so as far as the pilots go the band is wider than for these problems."""
    first, second = crossing[1]
    renamed = second._replace(pilot=second.pilot._replace(problem_id=[f"q{i}" for i in range(120)]))
    paired, apart = (difference.difference(first, own, KS[:20], 0) for own in (second, renamed))
    assert (paired.paired, apart.paired, apart.problems) == (True, False, (120, 120))
    assert (apart.high - apart.low > 1.5 * (paired.high - paired.low))[:10].all()


def test_certain_models_are_alike_at_all_attempts():
    mixing = mixtures.beta(np.log([[20.0, 0.2], [5.0, 0.1]]))
    sure = [known(pilot(np.full(30, 100.0), names=[f"{name}{i}" for i in range(30)]), mixing) for name in "ab"]
    for pair in (sure, [sure[0], sure[0]]):
        told = difference.difference(*pair, KS, 0)
        assert told.leads == told.turns == [] and np.abs([told.low, told.high]).max() < 0.1


# How often it holds ---------------------------------------------------------------------------------------------------


def _held(pairs):
    """Pairs of 12 problems, 10 attempts each, from a known law: in how many the band, whole and narrower by 0.4, holds
    the whole true curve."""
    ks, mixing, inside = np.array([1.0, 3, 10, 30, 100]), mixtures.beta(np.log([[0.5, 3.0]])), np.zeros(2)
    for number in range(pairs):
        generator = np.random.default_rng([7, number])
        success = generator.beta(0.5, 3.0, (2, 12))
        models = [known(pilot(generator.binomial(10, own), attempts=10), mixing) for own in success]
        told = difference.difference(*models, ks, number)
        true = benchmark.truth(*success, ks)
        for place, scale in enumerate((1.0, 0.6)):
            low, high = (told.middle + scale * (end - told.middle) for end in (told.low, told.high))
            inside[place] += ((low <= true) & (true <= high)).all()
    return inside


def test_under_a_known_law_the_band_holds_the_whole_curve_in_90_of_100_pairs():
    whole, narrower = _held(100)
    checks.assert_proportion(whole, 100, 0.9)
    checks.rejects(checks.assert_proportion, narrower, 100, 0.9)


@pytest.mark.slow
def test_the_band_holds_the_whole_curve_in_90_of_100_pairs_of_pilots():
    """Laws with ceilings and without, models alike in what they find hard or not: 85 to 96 of 100 are asked for."""
    rows = [benchmark.judged(0, number) for number in range(200)]
    inside = sum(row["inside"] for row in rows)
    assert 0.85 <= inside / len(rows) <= 0.96
    checks.assert_proportion(inside, len(rows), 0.9)
    checks.rejects(checks.assert_proportion, inside, len(rows), 0.7)
    assert np.mean([row["wrong"] for row in rows]) < 0.1

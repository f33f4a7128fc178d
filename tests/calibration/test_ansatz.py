"""Tests of the model: their level under it, and what they see."""

import itertools

import numpy as np
import pytest
from scipy import stats

from sim.calibration import ansatz, calibrate, mixtures
from sim.pilot.pilot import Pilot, Stopping
from tests import checks


def pilot(generator, kind, problems=200, attempts=100):
    easy = generator.random(problems) < 0.5
    hard = generator.beta(0.35, 5.0, problems)
    success = np.where(easy, generator.beta(2.0, 0.5, problems), hard) if kind == "two scales" else hard
    return np.full(problems, float(attempts)), generator.binomial(attempts, success).astype(float)


def ordered(generator, repeat, problems=200, attempts=100, success=None):
    """Outcomes [problems, attempts]: each repeats the one before with a chance, else is drawn anew."""
    success = generator.beta(0.35, 5.0, problems) if success is None else success
    outcomes = np.zeros((problems, attempts), np.int8)
    outcomes[:, 0] = generator.random(problems) < success
    for turn in range(1, attempts):
        anew = generator.random(problems) < success
        outcomes[:, turn] = np.where(generator.random(problems) < repeat, outcomes[:, turn - 1], anew)
    return list(outcomes)


def test_the_fit_is_the_likeliest():
    likelihood = mixtures.of_counts(*pilot(np.random.default_rng(0), "model"))
    theta = ansatz.fit(likelihood.problems[None], likelihood.kernel)[0]
    best = mixtures.log_likelihood(mixtures.beta(theta[None]), likelihood)[0]
    for step in np.array(list(itertools.product((-0.3, 0, 0.3), repeat=3))):
        assert mixtures.log_likelihood(mixtures.beta(theta[None] + step), likelihood)[0] <= best + 1e-3


def test_many_pilots_are_fitted_as_each_alone():
    kernels = mixtures.of_counts(np.full(31, 30.0), np.arange(31.0))
    counts = np.stack(
        [np.bincount(pilot(np.random.default_rng(i), "model", 80, 30)[1].astype(int), minlength=31) for i in range(6)]
    ).astype(float)
    together = ansatz.fit(counts, kernels.kernel)
    value = lambda theta, own: own @ np.log(mixtures.beta(theta[None]) @ kernels.kernel.T)[0]  # noqa: E731
    for own, theta in zip(counts, together, strict=True):
        alone = ansatz.fit(own[None], kernels.kernel)[0]
        assert value(alone, own) == pytest.approx(value(theta, own), abs=1e-3)


def test_changes_of_outcome_have_the_moments_of_all_orders():
    """All orders of 3 successes among 8 attempts, by enumeration: mean 0 and variance 1 of z."""
    orders = [np.isin(np.arange(8), where).astype(int) for where in itertools.combinations(range(8), 3)]
    copies = 60  # of each order beside a fixed block, whose variance makes the sum normal enough to be told
    z = np.array([ansatz.order([one] * copies).z for one in orders]) / np.sqrt(copies)
    assert z.mean() == pytest.approx(0, abs=1e-12)
    assert (z**2).mean() == pytest.approx(1, abs=1e-12)


def test_repeats_are_seen_and_independence_is_not():
    found = ansatz.order(ordered(np.random.default_rng(1), 0.3))
    assert found.p_value < 1e-6
    assert found.repeats == pytest.approx(0.3, abs=0.05)
    independent = [ansatz.order(ordered(np.random.default_rng(i), 0.0)).p_value < 0.05 for i in range(200)]
    checks.assert_proportion(sum(independent), 200, 0.05)
    with pytest.raises(AssertionError):
        repeated = [ansatz.order(ordered(np.random.default_rng(i), 0.1)).p_value < 0.05 for i in range(50)]
        checks.assert_proportion(sum(repeated), 50, 0.05)


def test_the_p_value_is_that_of_as_many_changes_or_as_few():
    few, many = ([np.array(one)] * 8 for one in ([0, 0, 0, 0, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1, 1, 0]))
    for outcomes, sign in ((few, -1), (many, 1)):
        found = ansatz.order(outcomes)
        assert np.sign(found.z) == sign
        assert found.p_value == pytest.approx(stats.chi2.sf(found.z**2, 1), rel=1e-9)


def test_too_few_changes_tell_nothing():
    assert ansatz.order([np.array([0, 1, 0])] * 3) is None
    assert ansatz.order([]) is None


def test_the_p_value_of_several_tests_is_uniform_if_theirs_are():
    p = np.random.default_rng(0).random((4000, 2))
    together = np.array([ansatz.together(*pair) for pair in p])
    checks.assert_proportion((together < 0.05).sum(), 4000, 0.05)
    with pytest.raises(AssertionError):
        checks.assert_proportion((p.min(axis=1) < 0.05).sum(), 4000, 0.05)


def test_bins_hold_all_problems():
    found = ansatz.shape(*pilot(np.random.default_rng(3), "model"), 0)
    assert found.observed.sum() == 200
    assert found.expected.sum() == pytest.approx(200)
    assert (found.low <= found.high).all()
    assert found.lower[0] == 0 and found.upper[-1] == 1


def test_unequal_and_huge_numbers_of_attempts_are_tested_too():
    generator = np.random.default_rng(4)
    attempts = generator.integers(5, 300, 150).astype(float)
    attempts[:5] = 1e9
    successes = generator.binomial(attempts.astype(int), generator.beta(0.35, 5.0, 150)).astype(float)
    assert 0 < ansatz.shape(attempts, successes, 0).p_value <= 1


LIKE = {  # successes of problems with these attempts
    "none": lambda m: 0 * m,
    "all": lambda m: m,
    "all of the first": lambda m: np.where(np.arange(len(m)) == 0, m, 0),
    "one of each": lambda m: np.minimum(m, 1),
    "all but one of each": lambda m: m - 1,
    "half of each": lambda m: m // 2,
    "all or none": lambda m: np.where(np.arange(len(m)) % 2, m, 0),
    "drawn": lambda m: np.random.default_rng(5).binomial(m.astype(np.int64), 0.1).astype(float),
}
MADE = {
    "1": lambda n: np.ones(n),
    "3": lambda n: np.full(n, 3.0),
    "10^5": lambda n: np.full(n, 1e5),
    "10^12": lambda n: np.full(n, 1e12),
    "1 to 10^12": lambda n: np.round(np.geomspace(1, 1e12, n)),
}


@pytest.mark.seldom(6)
@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("like", LIKE)
def test_odd_pilots_have_numbers_for_answers(made, like):
    for problems in (2, 12):
        attempts = MADE[made](problems)
        successes = LIKE[like](attempts)
        found = ansatz.shape(attempts, successes, 0)
        assert all(np.isfinite(values).all() for values in found) and 0 < found.p_value <= 1
        likelihood = mixtures.of_counts(attempts, successes)
        for law, starts in calibrate.COUNTED.values():
            weights = calibrate.counted(law, starts, likelihood)
            assert np.isfinite(weights).all() and weights.sum() == pytest.approx(1)
        if attempts.max() < 10:
            order = ansatz.order([np.arange(m) < c for m, c in zip(attempts, successes, strict=True)] * 20)
            assert order is None or (np.isfinite(order[:3]).all() and 0 <= order.p_value <= 1)


@pytest.mark.parametrize("law", calibrate.COUNTED)
def test_a_fit_goes_on_where_the_counts_say_nothing_of_a_parameter(law):
    """Of 10 problems with 10^5 attempts one is always solved, the others never: information has no inverse there."""
    likelihood = mixtures.of_counts(np.full(10, 1e5), np.where(np.arange(10) == 0, 1e5, 0.0))
    assert calibrate.counted(*calibrate.COUNTED[law], likelihood).sum() == pytest.approx(1)


@pytest.mark.parametrize("attempts", [1, 3, 1e12])
def test_pilots_without_a_success_are_no_misfit(attempts):
    """All pilots of the model that fits them are alike, and no worse: not by what is left of the fits either."""
    for like in ("none", "one of each") if attempts == 1e12 else ("none",):
        made = np.full(30, float(attempts))
        assert ansatz.shape(made, LIKE[like](made), 0).p_value > 0.5
    each = np.full(30, 10.0)
    assert ansatz.shape(each, LIKE["half of each"](each), 0).p_value < 0.01  # too even for any law


@pytest.mark.slow
def test_the_test_of_the_counts_keeps_its_level_and_sees_two_scales():
    """5 % under the model (400 pilots), at least 80 % of pilots whose difficulty has two scales (100)."""
    level = sum(ansatz.shape(*pilot(np.random.default_rng(i), "model"), i).p_value <= 0.05 for i in range(400))
    checks.assert_proportion(level, 400, 0.05)
    power = sum(ansatz.shape(*pilot(np.random.default_rng(i), "two scales"), i).p_value <= 0.05 for i in range(100))
    with pytest.raises(AssertionError):
        checks.assert_proportion(power, 100, 0.05)
    assert power >= 80


def sequences(attempts, success, repeat):
    """All sequences of outcomes and their probabilities, each outcome repeating the one before with a chance."""
    every = np.array(list(itertools.product((0, 1), repeat=attempts)))
    anew = np.where(every == 1, success, 1 - success)
    chance = np.where(every[:, 1:] == every[:, :-1], repeat + (1 - repeat) * anew[:, 1:], (1 - repeat) * anew[:, 1:])
    return every, anew[:, 0] * chance.prod(axis=1)


@pytest.mark.parametrize("repeat", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("attempts", [3, 5, 9])
def test_attempts_that_repeat_each_other_are_worth_what_all_sequences_say(attempts, repeat):
    """Variance of the share of successes s (1-s) / effective, the repeats being those that `order` expects."""
    every, chance = sequences(attempts, 0.3, repeat)
    won = every.sum(axis=1)
    changes = np.abs(np.diff(every, axis=1)).sum(axis=1)
    repeats = 1 - (chance @ changes) / (chance @ (2 * won * (attempts - won) / attempts))
    mean, square = chance @ (won / attempts), chance @ (won / attempts) ** 2
    assert ansatz.effective(attempts, repeats) == pytest.approx(0.3 * 0.7 / (square - mean**2), rel=1e-6)


@pytest.mark.parametrize(("attempts", "repeats", "worth"), [(100, 0.0, 100), (100, -0.2, 100), (1e6, 0.3, 7e6 / 13)])
def test_attempts_that_repeat_nothing_are_worth_all_and_many_their_limit(attempts, repeats, worth):
    assert ansatz.effective(attempts, repeats) == pytest.approx(worth, rel=1e-4)


def test_the_more_attempts_repeat_the_less_they_are_worth_and_one_at_least():
    worth = [ansatz.effective(50.0, repeats) for repeats in np.linspace(0, 1, 101)]
    assert (np.diff(worth) <= 0).all() and worth[0] == 50 and worth[-1] == 1


def test_shares_of_simulated_attempts_scatter_as_the_effective_number_says():
    """20,000 problems of s = 0.4, 100 attempts of which 30 % repeat: repeats estimated by `order` among them."""
    generator = np.random.default_rng(11)
    outcomes = np.array(ordered(generator, 0.3, problems=20_000, success=np.full(20_000, 0.4)))
    worth = ansatz.effective(100, ansatz.order(list(outcomes)).repeats)
    square = (outcomes.mean(axis=1) - 0.4) ** 2
    variance = lambda number: 0.4 * 0.6 / number  # noqa: E731
    checks.assert_mean(square.mean(), 20_000, variance(worth), np.sqrt(2) * variance(worth))
    checks.rejects(checks.assert_mean, square.mean(), 20_000, variance(100), np.sqrt(2) * variance(100))
    checks.rejects(checks.assert_mean, square.mean(), 20_000, variance(70), np.sqrt(2) * variance(70))


def test_only_where_the_order_is_rejected_attempts_are_worth_less():
    def of(repeat, seed):
        outcomes = ordered(np.random.default_rng(seed), repeat, problems=60, attempts=40)
        won = np.array([one.sum() for one in outcomes], float)
        return Pilot("a", [str(i) for i in range(60)], np.full(60, 40.0), won, outcomes=outcomes)

    test = ansatz.fit_test(of(0.4, 0), 0.05, 0)
    assert (test.verdict, test.attempts) == (ansatz.MISFITS, 40)
    assert test.p_value == ansatz.together(test.shape.p_value, test.order.p_value)
    assert test.effective == ansatz.effective(40, test.order.repeats) < 25
    independent = ansatz.fit_test(of(0.0, 1), 0.05, 0)
    assert independent.verdict == ansatz.FITS and independent.attempts is independent.effective is None
    nothing = ansatz.fit_test(Pilot("a", ["b"], np.ones(1), np.zeros(1)), 0.05, 0)
    assert nothing == (ansatz.CANNOT_TELL, None, None, None, None, None)


def test_where_success_ends_the_attempts_nothing_is_tested():
    """The order of such outcomes, a success always the last, would look like repeats."""
    generator = np.random.default_rng(0)
    first = generator.geometric(generator.beta(0.5, 3.0, 1000)).clip(max=30)
    outcomes = [np.arange(1, m + 1) // m for m in first]
    assert ansatz.order(outcomes).p_value < 1e-3
    own = Pilot("a", [""] * 1000, first.astype(float), np.ones(1000), "", outcomes, Stopping("first_success", 1, 30))
    assert ansatz.fit_test(own, 0.05, 0).verdict == ansatz.CANNOT_TELL

"""How many attempts to pay for: against closed forms of the Beta law, by enumeration, and by what must be monotone."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from sim.calibration import mixtures, posterior, prediction
from sim.decision import budget, outcomes, prices, problems, rivals, stages, stopping, update
from sim.decision.amounts import exceeds
from sim.decision.prices import Prices
from sim.decision.problems import Problems
from sim.laws import cost, coverage, verification
from tests import known as laws_known

ALPHA, BETA = 5.0, 0.35


def beta_law(alpha=ALPHA, beta=BETA, ceiling=1.0):
    """New problems, their law known."""
    theta = [np.log(beta), np.log(alpha)] + ([np.log(1 / ceiling - 1)] if ceiling < 1 else [])
    mixing = mixtures.beta(np.array([theta]))
    return Problems(np.ones(1), mixing, mixing)


@pytest.fixture(scope="module")
def pilot():
    """Counts of 60 problems that lie evenly in a Beta law, 100 attempts each, and what they leave of all laws."""
    from scipy import stats

    successes = np.round(100 * stats.beta(BETA, ALPHA).ppf((np.arange(60) + 0.5) / 60))
    attempts = np.full(60, 100.0)
    likelihood = mixtures.of_counts(attempts, successes)
    found = posterior.posterior(likelihood)
    some = slice(None, None, 10)  # of the draws, which are in no order within a kind
    return attempts, successes, likelihood, laws_known.posterior(found.mixing[some])


# Against the laws -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", [0.3, 1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("ceiling", [1.0, 0.95])
def test_the_best_numbers_of_a_known_law_are_those_of_its_closed_form(price, ceiling):
    known = beta_law(ceiling=ceiling)
    parallel = stopping.decide(known, Prices(1, price), 0.01)
    assert parallel.attempts == cost.optimal_parallel(1.0, price, ALPHA, BETA, ceiling)
    sequential = stopping.decide(known, Prices(1, price, sequential=True), 0.01)
    assert sequential.attempts == cost.optimal_sequential(1.0, price, ALPHA, BETA, ceiling)
    for decision, net in ((parallel, cost.net_value_parallel), (sequential, cost.net_value_sequential)):
        assert decision.net.mean == pytest.approx(net(decision.attempts, 1.0, price, ALPHA, BETA, ceiling), rel=1e-8)
        assert decision.regret == 0 and decision.best_low <= decision.attempts * 1.06
        assert decision.net.low == decision.net.mean == decision.net.high


def test_the_numbers_of_the_theory_are_met():
    told = [stopping.decide(beta_law(), Prices(1, c), 0.01).attempts for c in (1e-2, 1e-3, 1e-4)]
    until = [stopping.decide(beta_law(), Prices(1, c, sequential=True), 0.01).attempts for c in (1e-2, 1e-3, 1e-4)]
    assert (told, until) == ([16, 110, 625], [30, 345, 3495])


@pytest.mark.parametrize("sequential", [False, True])
def test_what_is_as_good_as_the_best_is_found_by_trying_every_number(sequential):
    known, own = beta_law(), Prices(1, 1e-2, sequential=sequential)
    decision = stopping.decide(known, own, 0.01)
    net = stopping.net(known, own, np.arange(500))[0]
    good = np.flatnonzero(net >= 0.99 * net.max())
    assert (decision.attempts, decision.low, decision.high) == (net.argmax(), good[0], good[-1])


def test_a_large_pilot_finds_what_the_law_finds():
    from scipy import stats

    attempts = np.full(600, 1000.0)
    successes = np.round(attempts * stats.beta(BETA, ALPHA).ppf((np.arange(600) + 0.5) / 600))
    likelihood = mixtures.of_counts(attempts, successes)
    posterior_ = posterior.posterior(likelihood)
    for kind in (problems.new(posterior_), problems.these(posterior_, likelihood)):
        decision = stopping.decide(kind, Prices(1, 1e-3), 0.01)
        net = cost.net_value_parallel(decision.attempts, 1.0, 1e-3, ALPHA, BETA)
        best = cost.net_value_parallel(cost.optimal_parallel(1.0, 1e-3, ALPHA, BETA), 1.0, 1e-3, ALPHA, BETA)
        assert decision.low <= 110 <= decision.high and net > 0.999 * best
        assert decision.solved.low < coverage.coverage(110, ALPHA, BETA) < decision.solved.high
        assert 0 <= decision.regret < 1e-3


@pytest.mark.parametrize("attempts", [1, 10, 1000])
def test_a_verifier_that_errs_returns_what_its_law_says(attempts):
    found = outcomes.outcomes(Prices(1, 1, false_accept=0.02, false_reject=0.1), [attempts])
    where = beta_law().mean
    assert where @ found.right[:, 0] == pytest.approx(verification.correct_mean(attempts, ALPHA, BETA, 0.9, 0.02))
    assert where @ found.wrong[:, 0] == pytest.approx(verification.wrong_mean(attempts, ALPHA, BETA, 0.9, 0.02))


@pytest.mark.parametrize(("penalty", "best"), [(1, 13), (2, 4), (4, 0), (8, 0)])
def test_where_only_wrong_answers_cost_the_law_of_verification_says_when_to_stop(penalty, best):
    free = Prices(1, 1e-12, wrong=penalty, false_accept=0.02, false_reject=0.1)
    assert stopping.decide(beta_law(), free, 0.01).attempts == best
    assert best == verification.optimal_attempts(ALPHA, BETA, 0.9, 0.02, penalty)


def test_the_hazard_of_an_unsolved_problem_is_that_of_the_beta_law():
    own = Prices(2, 0.01, sequential=True)
    ks = np.array([0, 1, 10, 1000])
    assert stopping.gain(beta_law(), own, ks)[0] == pytest.approx(2 * BETA / (ALPHA + BETA + ks), rel=1e-7)


def test_a_problem_s_hazard_is_conjugate_to_its_counts():
    mixing = beta_law().mixing
    posterior_ = laws_known.posterior(mixing)
    for made, won in ((0, 0), (7, 0), (100, 0), (100, 3)):
        expected = (BETA + won) / (ALPHA + BETA + made)
        assert update.hazard(posterior_, made, won) == pytest.approx(expected, rel=2e-3)  # cells of the likelihood


# By enumeration -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize(("accept", "reject"), [(0.0, 0.0), (0.2, 0.1)])
def test_outcomes_are_those_of_all_courses_enumerated(sequential, accept, reject):
    own = Prices(3.0, 0.5, 2.0, 0.25, accept, reject, sequential)
    cell = 1 + np.searchsorted(mixtures.ODDS, -1.0)
    s = outcomes.SUCCESS[cell]
    for k in (0, 1, 2, 3):
        moments = np.zeros(7)
        for course in itertools.product("RWN", repeat=k):  # right accepted, wrong accepted, not accepted
            each = {"R": s * (1 - reject), "W": (1 - s) * accept}
            each["N"] = 1 - each["R"] - each["W"]
            chance = np.prod([each[one] for one in course])
            end = next((place for place, one in enumerate(course, 1) if one != "N"), None)
            answer = course[end - 1] if end else None
            used = (end or k) if sequential else k
            money = own.setup * (k > 0) + own.each * used
            worth = {"R": own.value, "W": -own.wrong, None: 0.0}[answer]
            found = (answer == "R", answer == "W", money, money**2, worth, worth**2, worth * money)
            moments += chance * np.array(found)
        found = outcomes.outcomes(own, [k])
        assert [values[cell, 0] for values in found] == pytest.approx(moments, rel=1e-9, abs=1e-12)


def test_the_money_for_a_hopeless_problem_is_all_of_it():
    found = outcomes.outcomes(Prices(1, 0.1, sequential=True), [10**9])
    assert found.cost[0, 0] == pytest.approx(1e8) and found.cost_square[0, 0] == pytest.approx(1e16)


def test_the_spread_over_a_pilot_s_problems_is_that_of_independent_ones():
    mixing = beta_law().mixing
    posterior_ = laws_known.posterior(mixing)
    attempts, successes = np.array([5.0, 5.0, 9.0]), np.array([0.0, 0.0, 4.0])
    likelihood = mixtures.of_counts(attempts, successes)
    own = problems.these(posterior_, likelihood)
    chance = own.groups @ outcomes.outcomes(Prices(1, 1), [7]).right[:, 0]
    found = outcomes.outcomes(Prices(1, 1), [7])
    expected = likelihood.problems @ (chance * (1 - chance)) / 9
    assert problems.spread(own, found.right, found.right)[0] == pytest.approx(expected)
    assert own.mean @ found.right[:, 0] == pytest.approx(likelihood.problems @ chance / 3)


def courses(s, own, ends):
    """(probability, right, wrong, money) of all courses of attempts at a problem with success probability s.

    ends: attempts after which one looks for an accepted answer, the last one all there are; all of a stage are paid.
    """
    each = {"R": s * (1 - own.false_reject), "W": (1 - s) * own.false_accept}  # right accepted, wrong accepted
    each["N"] = 1 - each["R"] - each["W"]
    for course in itertools.product("RWN", repeat=ends[-1]):
        accepted = next((place for place, one in enumerate(course, 1) if one != "N"), None)
        paid = next((end for end in ends if accepted and accepted <= end), ends[-1])
        answer = course[accepted - 1] if accepted else None
        money = own.setup + own.each * paid  # the set-up once, however many stages
        yield math.prod(each[one] for one in course), answer == "R", answer == "W", money


UNEQUAL = {"none": None, "alike": [3.0, 3.0, 3.0], "unequal": [1.0, 2.0, 6.0], "one counts": [0.0, 1.0, 0.0]}


@pytest.mark.parametrize("weights", UNEQUAL)
@pytest.mark.parametrize("ends", [(2,), (1, 2)])
def test_mean_and_spread_over_a_pilot_of_unequal_weights_are_those_of_all_its_courses(weights, ends):
    """Three problems in two groups of counts, each of which is never solved, seldom or often: 3^3 times 9^3 courses."""
    own = Prices(3.0, 0.4, 1.5, 0.3, 0.2, 0.1, sequential=len(ends) > 1)
    cells = [0, *(1 + np.searchsorted(mixtures.ODDS, (-1.0, 1.0)))]
    law = np.zeros((1, len(outcomes.SUCCESS)))
    law[0, cells] = 0.2, 0.5, 0.3
    likelihood = mixtures.of_counts(np.array([4.0, 4.0, 9.0]), np.array([0.0, 0.0, 5.0]))
    posterior_ = laws_known.posterior(law)
    kind = problems.these(posterior_, likelihood, UNEQUAL[weights])
    counted = np.array(UNEQUAL[weights] or [1.0] * 3)
    counted = counted / counted.mean()
    each = []
    for row, weight in zip(likelihood.row, counted, strict=True):
        chance = law[0] * likelihood.kernel[row]
        chance /= chance.sum()
        found = [
            (chance[cell] * p, weight * (own.value * right - own.wrong * wrong) - money)
            for cell in cells
            for p, right, wrong, money in courses(outcomes.SUCCESS[cell], own, ends)
        ]
        each.append(np.array(found).T)
    chances = np.prod(np.meshgrid(*(p for p, _ in each)), axis=0)
    nets = np.sum(np.meshgrid(*(net for _, net in each)), axis=0) / 3
    mean = (chances * nets).sum()
    variance = (chances * (nets - mean) ** 2).sum()
    found = outcomes.outcomes(own, [2])
    assert stopping.net(kind, own, [2])[0, 0] == pytest.approx(mean, rel=1e-12)
    assert problems.spread_net(kind, found)[0] == pytest.approx(variance, rel=1e-9)
    told = stopping.curves(kind, own, [2]).net
    drawn = problems.values(np.array([mean]), variance).ravel()
    interval = np.quantile(drawn, (0.05, 0.95), method="inverted_cdf")
    assert (told.mean[0], told.low[0], told.high[0]) == pytest.approx((mean, *interval), rel=1e-9)
    assert rivals._drawn(kind, own, 2)[0] == pytest.approx(drawn, rel=1e-9)  # what two models are compared by


@pytest.mark.parametrize("weights", UNEQUAL)
def test_where_the_law_is_not_known_either_the_net_value_spreads_over_laws_and_courses(weights):
    """Of two laws: the mean is exact, the deviation not too small, and at most 5 % too large.

    The spread about a law's own mean is taken from the mixture of both, which holds some of what is between them too.
    """
    own = Prices(3.0, 0.4, 1.5, 0.3, 0.2, 0.1)
    cells = [0, *(1 + np.searchsorted(mixtures.ODDS, (-1.0, 1.0)))]
    laws = np.zeros((2, len(outcomes.SUCCESS)))
    laws[:, cells] = (0.2, 0.7, 0.1), (0.1, 0.2, 0.7)
    likelihood = mixtures.of_counts(np.array([4.0, 4.0, 9.0]), np.array([0.0, 0.0, 5.0]))
    kind = problems.these(laws_known.posterior(*laws, shares=(0.3, 0.7)), likelihood, UNEQUAL[weights])
    counted = np.array(UNEQUAL[weights] or [1.0] * 3)
    counted = counted / counted.mean()
    first, second = np.zeros(2), np.zeros(2)  # moments of the net value of three problems, under each law
    for place, law in enumerate(laws):
        each = []
        for row, weight in zip(likelihood.row, counted, strict=True):
            chance = law * likelihood.kernel[row] / (law @ likelihood.kernel[row])
            found = [
                (chance[cell] * p, weight * (own.value * right - own.wrong * wrong) - money)
                for cell in cells
                for p, right, wrong, money in courses(outcomes.SUCCESS[cell], own, (2,))
            ]
            p, net = np.array(found).T
            each.append((p @ net, p @ net**2 - (p @ net) ** 2))
        mean, variance = np.sum(each, axis=0)
        first[place], second[place] = mean / 3, variance / 9 + (mean / 3) ** 2
    share = np.array([0.3, 0.7])
    np.testing.assert_allclose(stopping.net(kind, own, [2])[:, 0], first, rtol=1e-9)
    exact = share @ second - (share @ first) ** 2
    found = share @ first**2 - (share @ first) ** 2 + problems.spread_net(kind, outcomes.outcomes(own, [2]))[0]
    assert exact < found < 1.05**2 * exact
    assert stopping.curves(kind, own, [2]).net.mean[0] == pytest.approx(share @ first)


@pytest.mark.parametrize("setup", [0.0, 0.2])
def test_stages_are_those_of_all_courses_enumerated(setup):
    own = Prices(3.0, 0.03, 0.4, setup, 0.1, 0.2, most=6)
    cells = 1 + np.searchsorted(mixtures.ODDS, (-2.0, 0.5))
    where = np.zeros((1, len(outcomes.SUCCESS)))
    where[0, cells] = 0.7, 0.3
    found = stages.stages(Problems(np.ones(1), where, where), own, 3)
    assert found.attempts.tolist() == [2, 3, 6]
    for place in range(3):
        ends = tuple(found.attempts[: place + 1].astype(int))
        moments = np.zeros(3)
        for cell, share in zip(cells, (0.7, 0.3), strict=True):
            for chance, right, wrong, money in courses(outcomes.SUCCESS[cell], own, ends):
                moments += share * chance * np.array([right, not right and not wrong, money])
        assert [found.solved[place], found.left[place], found.cost[place]] == pytest.approx(moments, rel=1e-9)
        left = np.array([share * (1 - 0.8 * s - 0.1 * (1 - s)) ** ends[-1]
                         for s, share in zip(outcomes.SUCCESS[cells], (0.7, 0.3), strict=True)])  # fmt: skip
        worth = 3.0 * 0.8 * outcomes.SUCCESS[cells] - 0.4 * 0.1 * (1 - outcomes.SUCCESS[cells])
        assert found.gain[place] == pytest.approx(left @ worth / left.sum(), rel=1e-9)
        assert found.hazard[place] == pytest.approx(found.gain[place] / 3.0) and found.price == 0.03


@pytest.mark.parametrize(("wrong", "price", "last"), [(0.3, 0.01, 3), (0.3, 0.003, 5), (0.5, 0.003, 2)])
def test_stages_end_where_that_is_worth_most_wrong_answers_included(wrong, price, last):
    """At the best number of attempts that are all paid, or at that of those paid up to success, by all courses."""
    own, law = Prices(1, price, wrong, 0.0, 0.1, 0.1, most=100), beta_law()
    found = stages.stages(law, own, 8)
    lasts = {stopping.decide(law, own._replace(sequential=paid), 0.0).attempts for paid in (False, True)}
    assert found.attempts[-1] == last in lasts and len(lasts) == 2
    nets = {}
    for end in lasts:
        ends = sorted({math.ceil(end / 2**halved) for halved in range(4)})
        nets[end] = sum(
            share * chance * (own.value * right - own.wrong * wrong_one - money)
            for share, s in zip(law.mean[::8], outcomes.SUCCESS[::8], strict=True)
            for chance, right, wrong_one, money in courses(s, own, ends)
        )
    assert max(nets, key=nets.get) == last


def test_a_problem_that_was_tried_bears_what_is_fixed_no_more(few):
    posterior_, likelihood, attempts, successes = few
    these, own = problems.these(posterior_, likelihood), Prices(1, 1e-3, sequential=True, most=1000)
    found, again = (update.updates(these, likelihood, attempts, successes, one, 12)
                    for one in (own, own._replace(setup=0.5)))  # fmt: skip
    assert all((one == other).all() for one, other in zip(found, again, strict=True))
    assert found.further[0] > 1 and found.cost[0] < 1e-3 * found.further[0]


def test_a_group_of_a_budget_counts_by_the_mean_weight_of_its_problems(few):
    """Without end of money, each group goes as far as at its own value: weight times that of a problem."""
    posterior_, likelihood, _, successes = few
    own = Prices(1, 1e-3, sequential=True, most=10**5)
    weights = np.where(successes == 0, 0.3, np.where(successes == 1, 4.0, 1.0))
    for spread in (np.zeros(7), np.array([0.5, -0.5, 0, 0.9, -0.9, 0, 0])):  # the same mean in every group
        counted = weights * (1 + spread)
        kind = problems.these(posterior_, likelihood, counted)
        found = budget.by_counts(kind, own, 1e9)
        for group, attempts in enumerate(found.attempts):
            worth = counted[likelihood.row == group].mean() / counted.mean()
            alone = Problems(np.ones(1), kind.groups[[group]], kind.groups[[group]])
            pays = stopping.pays(alone, own._replace(value=worth), [1.07 * attempts, max(attempts / 1.07 - 1, 0)])[0]
            assert pays.tolist() == [False, attempts > 0]  # steps of 6 %


def test_weights_count_problems_and_equal_ones_change_nothing(pilot):
    _, successes, likelihood, posterior_ = pilot
    alike = problems.these(posterior_, likelihood)
    same = problems.these(posterior_, likelihood, np.full(60, 7.0))
    assert np.allclose(same.valued, alike.mixing) and np.allclose(same.square, alike.square)
    hard = problems.these(posterior_, likelihood, np.where(successes == 0, 1.0, 0.0))
    own = Prices(1, 1e-3)
    assert stopping.decide(hard, own, 0.01).attempts > stopping.decide(alike, own, 0.01).attempts
    net = stopping.net(hard, own, [50])[0, 0]
    unsolved = np.flatnonzero(np.isin(np.arange(len(likelihood.problems)), likelihood.row[successes == 0]))
    share = posterior_.mixing[0] * likelihood.kernel[unsolved[0]]
    share /= share.sum()
    assert net == pytest.approx(share @ outcomes.outcomes(own, [50]).right[:, 0] - 0.05)


def test_one_value_above_another_is_counted():
    one = np.array([1.0, 2.0]), np.array([0.25, 0.75])
    other = np.array([2.0, 0.0]), np.array([0.5, 0.5])
    assert rivals._above(one, other) == pytest.approx(0.25 * 0.5 + 0.75 * (0.5 + 0.25))


def test_prices_of_tokens_and_time_are_added_up():
    first, later = prices.of_tokens(3.0, 15.0, 1000, 400, 0.1)
    assert (first, later) == pytest.approx((0.009, 0.0063))
    assert [prices.within(limit, 30, 4) for limit in (30, 59, 60, 0.3 * 100)] == [4, 4, 8, 4]


# Decisions ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequential", [False, True])
def test_more_value_buys_more_attempts_and_a_higher_price_fewer(pilot, sequential):
    _, _, likelihood, posterior_ = pilot
    own = problems.these(posterior_, likelihood)
    found = [stopping.decide(own, Prices(1, c, sequential=sequential), 0.01) for c in (1e-4, 1e-3, 1e-2, 3e-2)]
    assert all(one.attempts > other.attempts for one, other in itertools.pairwise(found))
    assert all(one.solved.median > other.solved.median for one, other in itertools.pairwise(found))
    assert all(one.low <= one.attempts <= one.high and one.regret >= 0 for one in found)
    assert all(one.solved.low < one.solved.median < one.solved.high for one in found)
    values = [stopping.decide(own, Prices(v, 1e-2, sequential=sequential), 0.01).attempts for v in (0.5, 1, 4)]
    assert values == sorted(set(values))


@pytest.mark.parametrize("sequential", [False, True])
def test_two_currencies_of_the_same_prices_agree(pilot, sequential):
    _, _, likelihood, posterior_ = pilot
    own = problems.these(posterior_, likelihood)
    first = stopping.decide(own, Prices(1, 1e-3, 0.3, 2e-3, 0.001, 0.1, sequential), 0.01)
    second = stopping.decide(own, Prices(128, 0.128, 38.4, 0.256, 0.001, 0.1, sequential), 0.01)
    assert first[:5] == second[:5] and first.share == pytest.approx(second.share)
    assert second.cost.high == pytest.approx(128 * first.cost.high)


def test_nothing_is_paid_where_no_attempt_pays():
    for own in (Prices(1, 0.5), Prices(1, 0.5, sequential=True), Prices(1, 1e-2, setup=1.0)):
        decision = stopping.decide(beta_law(), own, 0.01)
        assert decision.attempts == decision.low == decision.high == 0 and decision.net.mean == 0
    assert not len(stages.stages(beta_law(), Prices(1, 0.5), 8).attempts)


def test_what_is_fixed_for_a_problem_moves_the_best_number_only_to_nothing():
    known = beta_law()
    bare, fixed = (stopping.decide(known, Prices(1, 1e-3, setup=setup), 0.01) for setup in (0.0, 0.1))
    assert bare.attempts == fixed.attempts and bare.net.mean - fixed.net.mean == pytest.approx(0.1)


def test_a_limit_is_kept_and_said():
    decision = stopping.decide(beta_law(), Prices(1, 1e-3, most=40), 0.01)
    assert (decision.attempts, decision.high, decision.capped) == (40, 40, True)
    assert not stopping.decide(beta_law(), Prices(1, 1e-3), 0.01).capped


def test_regret_is_the_mean_loss_against_knowing_the_law():
    mixing = np.concatenate([beta_law().mixing, beta_law(beta=0.1).mixing])
    both = Problems(np.array([0.5, 0.5]), mixing, mixing)
    own = Prices(1, 1e-3)
    decision = stopping.decide(both, own, 0.01)
    best = [cost.net_value_parallel(cost.optimal_parallel(1.0, 1e-3, ALPHA, b), 1.0, 1e-3, ALPHA, b)
            for b in (BETA, 0.1)]  # fmt: skip
    here = [cost.net_value_parallel(decision.attempts, 1.0, 1e-3, ALPHA, b) for b in (BETA, 0.1)]
    assert decision.regret == pytest.approx(np.mean(best) - np.mean(here), rel=0.02)  # of a grid
    assert decision.best_low < decision.attempts < decision.best_high


# Stages, single problems, budgets, two models -------------------------------------------------------------------------


def test_stages_double_and_end_where_the_hazard_falls_below_the_price():
    own = Prices(2, 2e-3)
    found = stages.stages(beta_law(), own, 9)
    assert found.attempts.tolist() == [2, 3, 6, 11, 22, 44, 87, 173, 345]
    assert found.hazard == pytest.approx(BETA / (ALPHA + BETA + found.attempts), rel=1e-7)
    assert found.gain == pytest.approx(2 * found.hazard, rel=1e-12) and found.price == 2e-3
    assert found.gain[-1] <= found.price < found.gain[-2]
    assert found.left + found.solved == pytest.approx(np.ones(9))
    steps = np.diff(found.attempts, prepend=0)
    assert found.cost == pytest.approx(2e-3 * np.cumsum(steps * np.append(1.0, found.left[:-1])))
    few = stages.stages(beta_law(), own, 3)
    assert few.attempts.tolist() == [8, 50, 345] and few.cost[-1] > found.cost[-1]


def test_one_attempt_a_stage_costs_what_sequential_attempts_cost():
    own = Prices(1, 0.04, sequential=True)
    decision, found = stopping.decide(beta_law(), own, 0.01), stages.stages(beta_law(), own, 2)
    assert found.attempts.tolist() == [2, 4] and decision.attempts == 4
    assert found.cost[-1] > decision.cost.mean


def test_the_more_failures_the_fewer_further_attempts_pay(pilot):
    posterior_ = pilot[-1]
    attempts, successes = np.array([10.0, 10.0, 40.0, 160.0, 50.0]), np.array([0.0, 0.0, 0.0, 0.0, 2.0])
    own = mixtures.of_counts(attempts, successes)
    prices_own = Prices(1, 1e-3, sequential=True)
    found = update.updates(problems.these(posterior_, own), own, attempts, successes, prices_own, 12)
    assert found.attempts.tolist() == [10, 40, 160] and found.problems.tolist() == [2, 1, 1]
    assert (np.diff(found.success) < 0).all() and (np.diff(found.further) <= 0).all()
    assert ((found.low <= found.success) & (found.success <= found.high)).all()
    few = update.updates(problems.these(posterior_, own), own, attempts, successes, prices_own, 2)
    assert few.attempts.tolist() == [10, 160] and few.problems.sum() == 4


def test_a_budget_for_all_alike_buys_the_most_it_can_pay():
    own = Prices(1, 1e-3)
    found = budget.uniform(beta_law(), own, 110, 50, 2.0)
    assert found.attempts.tolist() == [40] and found.binds and found.cost == pytest.approx(2.0)
    free = budget.uniform(beta_law(), own, 110, 50, 100.0)
    assert free.attempts.tolist() == [110] and not free.binds


def test_a_budget_by_counts_is_spent_where_the_next_attempt_is_worth_most(pilot):
    _, _, likelihood, posterior_ = pilot
    own, sequential = problems.these(posterior_, likelihood), Prices(1, 1e-4, sequential=True)
    solved = []
    for total in (0.05, 0.2, 0.5):
        found = budget.by_counts(own, sequential, total)
        alike = budget.uniform(own, sequential, 10**6, 60, found.cost)
        assert 0.8 * total < found.cost <= total and found.binds
        assert found.solved > alike.solved and found.hazard > 1e-4
        solved.append(found.solved)
    assert solved == sorted(solved)
    free = budget.by_counts(own, sequential, 1e9)
    assert not free.binds and free.hazard == pytest.approx(1e-4)


@pytest.mark.parametrize("setup", [0.0, 0.05])
def test_a_budget_without_end_buys_every_group_its_own_best_number(pilot, setup):
    likelihood, posterior_ = pilot[2:]
    own, prices_own = problems.these(posterior_, likelihood), Prices(1, 1e-3, setup=setup, sequential=True)
    found = budget.by_counts(own, prices_own, 1e9)
    for group, attempts in zip(own.groups, found.attempts, strict=True):
        alone = Problems(np.ones(1), group[None], group[None])
        best = stopping.decide(alone, prices_own, 0.01)
        assert (attempts == 0) == (best.attempts == 0)
        assert stopping.net(alone, prices_own, [attempts])[0, 0] >= 0.999 * best.net.mean


def test_two_models_are_compared_at_their_best_and_at_equal_spend(pilot):
    _, _, likelihood, posterior_ = pilot
    own = problems.these(posterior_, likelihood)
    cheap, dear = Prices(1, 1e-3), Prices(1, 1e-2)
    decisions = [stopping.decide(own, one, 0.01) for one in (cheap, dear)]
    same = rivals.compare((own, cheap), (own, cheap), decisions[:1] * 2)
    assert same.better == pytest.approx(0.5, abs=1e-3) and same.gain == 0
    found = rivals.compare((own, cheap), (own, dear), decisions)
    assert found.better < 0.05 and found.gain < 0
    rows = {(row.what, row.model): row for row in found.rows}
    assert rows["spend of the other", 0].attempts == 10 * rows["best", 1].attempts
    assert rows["spend of once", 0].attempts == 10 and rows["once", 1].attempts == 1
    assert rows["best", 0].net == pytest.approx(float(decisions[0].net.mean))


def test_a_model_breaks_even_where_its_net_value_is_the_same():
    needed = rivals.break_even(0.6, 2.0, 0.01, (1, 10))
    assert 2.0 * needed - 0.01 * np.array([1, 10]) == pytest.approx([0.6, 0.6])


# Amounts up to rounding -----------------------------------------------------------------------------------------------

CHARGES = [(0.1, 0.0), (0.3, 0.0), (0.007, 0.0), (1e-3, 0.0), (0.1, 0.2), (0.007, 0.3), (1e-3, 0.7), (1e-12, 1e-11)]
LITTLE = 1 - 1e-9  # times a budget: a cent of ten million, and a thousand times what is put down to rounding


def totals(number, k, price, setup):
    """What k attempts at each of so many problems cost, in all orders of floats that come to mind."""
    each = setup + price * k
    exact = number * (Fraction(repr(setup)) + Fraction(repr(price)) * k)
    return {
        *(number * each, number * setup + number * price * k, price * (number * k) + number * setup, float(exact)),
        *(number * (setup + math.fsum([price] * k)), number * sum([price] * k, setup), sum([each] * number)),
    }


def test_an_amount_exceeds_another_only_by_more_than_rounding():
    assert 0.1 + 0.1 + 0.1 > 0.3 and not exceeds(0.1 + 0.1 + 0.1, 0.3) and not exceeds(0.3, 0.1 + 0.1 + 0.1)
    assert exceeds(1e9 + 0.01, 1e9) and exceeds(1e-300, 0) and not exceeds(0, 0) and exceeds(-1, -1.01)
    assert not exceeds(1e-15, 0, of=1) and exceeds(1e-11, 0, of=1)
    assert exceeds(np.array([1, 2, 3]), 2).tolist() == [False, False, True]


@pytest.mark.parametrize(("price", "setup"), CHARGES)
@pytest.mark.parametrize("of", ["law", "pilot"])
def test_a_budget_that_pays_exactly_for_k_attempts_buys_k(pilot, of, price, setup):
    own, several = Prices(1, price, setup=setup), 0
    kind = beta_law() if of == "law" else problems.these(pilot[-1], pilot[-2])
    for number, k in itertools.product((1, 3, 7, 60, 999, 1000), (1, 2, 3, 6, 12, 14, 49, 110)):
        for total in (orders := totals(number, k, price, setup)):
            assert budget.uniform(kind, own, 10**6, number, total).attempts == [k], (number, k, total)
            assert budget.uniform(kind, own, k, number, total).binds is False
            assert budget.uniform(kind, own, 10**6, number, total).cost <= total
        several += len(orders) > 1
        assert budget.uniform(kind, own, 10**6, number, min(orders) * LITTLE).attempts == [k - 1]
        assert budget.uniform(kind, own, k, number, min(orders) * LITTLE).binds is True
    assert several > 3  # orders do differ


@pytest.mark.parametrize("setup", [0.0, 0.3])
def test_a_budget_that_pays_exactly_for_attempts_until_success_buys_them(pilot, setup):
    own = Prices(1, 0.007, setup=setup, sequential=True)
    for kind in (beta_law(), problems.these(pilot[-1], pilot[-2])):
        for number, k in itertools.product((7, 60), (1, 2, 13, 100)):
            cost = outcomes.outcomes(own, [k]).cost[:, 0]
            for total in (
                number * (kind.mean @ cost),
                math.fsum(number * kind.mean * cost),
                sum(kind.mean * cost * number),
            ):
                assert budget.uniform(kind, own, 10**6, number, total).attempts == [k]
            assert budget.uniform(kind, own, 10**6, number, total * LITTLE).attempts == [k - 1]
    for total in (20.0, 21.0, 25.0, 30.0):
        found = budget.by_counts(kind, own, total)
        for again in (found.cost, found.cost * (1 + 1e-15), found.cost * (1 - 1e-15)):
            assert (budget.by_counts(kind, own, again).attempts == found.attempts).all()
        assert budget.by_counts(kind, own, found.cost * LITTLE).attempts.sum() < found.attempts.sum()


def test_a_budget_by_counts_binds_only_where_it_leaves_something_that_pays(pilot):
    kind = problems.these(pilot[-1], pilot[-2])
    few = Prices(1, 1e-4, sequential=True, most=3)
    assert budget.by_counts(kind, few, 1e9).attempts.tolist() == [3] * len(kind.groups)
    assert not budget.by_counts(kind, few, 1e9).binds and budget.by_counts(kind, few, 1e-2).binds


@pytest.mark.parametrize(("price", "setup"), CHARGES)
def test_what_the_other_spends_pays_for_as_many_attempts_as_it_does(price, setup):
    """Another model at k times the price, asked once, costs what k attempts cost."""
    for k in (1, 2, 3, 5, 6, 11, 12, 13, 14, 49, 99):
        for money in totals(1, k, price, setup):
            assert rivals._affordable(beta_law(), Prices(1, price, setup=setup), money) == k
        assert rivals._affordable(beta_law(), Prices(1, price, setup=setup), money * LITTLE) == k - 1


def test_attempts_that_just_end_in_time_are_in_time():
    for seconds, slots, turns in itertools.product((0.1, 0.3, 0.7, 30, 1e-9), (1, 4, 10**9), (1, 3, 6, 10, 49, 10**6)):
        for limit in (seconds * turns, float(Fraction(repr(seconds)) * turns)):
            assert prices.within(limit, seconds, slots) == turns * slots
        assert prices.within(limit * LITTLE, seconds, slots) == (turns - 1) * slots


def known(cell):
    """Problems that are all solved with the probability of one cell."""
    where = np.eye(len(outcomes.SUCCESS))[[cell]]
    return Problems(np.ones(1), where, where)


@pytest.mark.parametrize("unit", [1, 100, 0.01, 128, 1 / 3, 1e9])
def test_where_one_attempt_more_is_worth_just_its_price_it_is_not_paid(unit):
    """At a problem of known success, attempt k + 1 is worth s (1 - s)^k of its value."""
    for cell, k in itertools.product(np.searchsorted(mixtures.ODDS, (-3.0, 0.0)) + 1, (0, 1, 2, 5, 9)):
        s, kind = outcomes.SUCCESS[cell], known(cell)
        price = s * (1 - s) ** k
        own = Prices(unit, unit * price, most=100)
        assert stopping.decide(kind, own, 0.01).attempts == k
        assert not stopping.decide(kind, own._replace(most=max(k, 1)), 0.01).capped
        assert stopping.decide(kind, own._replace(each=own.each * (1 - 1e-5)), 0.01).attempts == k + 1
        if k > 1:  # as good as the best is what loses just the share asked for
            net = 1 - (1 - s) ** np.arange(1, k + 1) - price * np.arange(1, k + 1)
            loss = 1 - net[0] / net[-1]
            assert [stopping.decide(kind, own, share).low for share in (loss, loss - 1e-9)] == [1, 2]
        free = own._replace(each=unit * s, sequential=True)
        assert stopping.decide(kind, free, 0.01).attempts == 0 and not len(stages.stages(kind, free, 8).attempts)


@pytest.fixture(scope="module")
def few():
    """Two laws and a pilot of 7 problems: quick to decide about."""
    mixing = np.concatenate([beta_law().mixing, beta_law(2.0, 0.2, 0.9).mixing])
    posterior_ = laws_known.posterior(mixing, shares=(0.3, 0.7))
    attempts, successes = np.full(7, 20.0), np.array([0.0, 0.0, 0.0, 1.0, 1.0, 4.0, 15.0])
    return posterior_, mixtures.of_counts(attempts, successes), attempts, successes


@pytest.mark.seldom(4)
@pytest.mark.parametrize("unit", [100, 0.01, 128, 1 / 3])
@pytest.mark.parametrize("sequential", [False, True])
def test_the_same_money_in_another_currency_buys_the_same(few, unit, sequential):
    these, new = problems.these(*few[:2]), problems.new(few[0])
    for kind, (price, setup), wrong in itertools.product((these, new), CHARGES[2:], (0.0, 0.3)):
        own = Prices(1, price, wrong, setup, 0.01 * (wrong > 0), 0.1, sequential, 1000)
        other = own._replace(value=unit, each=unit * price, wrong=unit * wrong, setup=unit * setup)
        answers = []
        for one, money in ((own, 1), (other, unit)):
            dear = one._replace(each=7 * one.each)
            decisions = [stopping.decide(kind, x, 0.01) for x in (one, dear)]
            plan = stages.stages(kind, one, 8)
            bought = budget.uniform(kind, one, 10**6, 7, 7 * (one.setup + one.each * 14))
            compared = rivals.compare((kind, one), (kind, dear), decisions)
            answers.append(
                {
                    "same": [
                        *(decisions[0][:5], decisions[0].capped, plan.attempts.tolist(), bought.attempts.tolist()),
                        *([row.attempts for row in compared.rows], bought.binds),
                    ],
                    "close": [*plan.cost / money, *plan.hazard, bought.hazard, bought.cost / money, compared.better],
                }
            )
            if sequential and kind is these:
                by_counts = budget.by_counts(kind, one, 7 * (one.setup + one.each * 14))
                answers[-1]["same"] += [by_counts.attempts.tolist(), by_counts.binds]
        assert answers[0]["same"] == answers[1]["same"]
        assert answers[0]["close"] == pytest.approx(answers[1]["close"], rel=1e-9)


def test_what_is_solved_at_k_is_what_calibrate_predicts_there_to_the_last_digit(pilot):
    """These problems and new ones, whatever other numbers of attempts either looks at."""
    _, _, likelihood, known = pilot
    ks = np.array([3, 47, 1000])
    for kind, interval in (
        (problems.these(known, likelihood), prediction.these(known, likelihood, np.array([1.0, 3, 10, 47, 1000]))),
        (problems.new(known, 60), prediction.new(known, np.array([1.0, 3, 10, 47, 1000]), 60)),
    ):
        found = stopping.curves(kind, Prices(1, 1e-3), ks).solved
        expected = interval.quantiles[[1, 3, 4]]
        np.testing.assert_array_equal(found.median, expected[:, 2])
        np.testing.assert_array_equal((found.low, found.high), expected[:, [0, -1]].T)
        decision = stopping.decide(kind, Prices(1, 1e-3), 0.01)
        at = prediction.these(known, likelihood, [decision.attempts]) if kind.groups is not None else None
        assert at is None or decision.solved == (at.median[0], *at.quantiles[0, [0, -1]])

"""Verifiers that err: what is right, wrong and silent, and how many attempts pay."""

import numpy as np
import pytest
from agreements.tables import BUDGET, LEVI
from checks import FALSE_ALARM, assert_counts, assert_mean, assert_proportion, rejects
from scipy import stats

from sim.draw import simulate
from sim.draw.budget import BATCH, grid
from sim.judging import estimators, verdict
from sim.laws import verification
from sim.model.verifier import Noisy
from sim.samplers.verification import ENDLESS, outcomes


def judged_answers(true_positive, false_positive, attempts):
    """Of each batch, problems answered rightly and wrongly within k attempts at Beta(5, 0.35): [batches, k] each."""
    verifier = Noisy(true_positive, false_positive)
    own = outcomes(LEVI.sampler(), verifier.sampler(None), attempts, BATCH)
    return np.split(simulate.curves(1, f"judged {verifier}", own, BUDGET.batches, BUDGET), 2, axis=1)


@pytest.mark.seldom(0)
def test_a_noisy_verifier_is_right_wrong_and_silent_as_its_laws_say():
    tries = grid(1000, 20)
    right, wrong = (x.sum(axis=0) for x in judged_answers(0.9, 0.02, tries))
    steps = np.concatenate([np.diff(x, prepend=0) for x in (right, wrong)])
    observed = np.append(steps, BUDGET.problems - steps.sum())

    def law(*rates):
        right, wrong = (of(tries, 5, 0.35, *rates) for of in (verification.correct_mean, verification.wrong_mean))
        steps = np.concatenate([np.diff(x, prepend=0) for x in (right, wrong)])
        return np.append(np.maximum(steps, 0), verification.unanswered_mean(1000, 5, 0.35, *rates))

    assert_counts(observed, law(0.9, 0.02))
    rejects(assert_counts, observed, law(0.882, 0.02))
    rejects(assert_counts, observed, law(0.9, 0.0204))


@pytest.mark.seldom(0)
@pytest.mark.parametrize("ratio", [0.3, 0.1, 0.01, 1e-3])
def test_no_number_of_attempts_passes_the_ceiling_of_a_noisy_verifier(ratio):
    right, wrong = (x.sum(axis=0) for x in judged_answers(0.8, 0.8 * ratio, [1e5, 1e6, ENDLESS]))
    assert_proportion(right, BUDGET.problems, verification.ceiling(5, 0.35, ratio))
    assert_proportion(wrong, BUDGET.problems, verification.ceiling_loss(5, 0.35, ratio))
    rejects(assert_proportion, right, BUDGET.problems, verification.ceiling(5, 0.35, 1.05 * ratio))


@pytest.mark.seldom(0)
def test_what_false_positives_cost_falls_as_a_power_beta_of_their_rate():
    """The exponent by a straight line in the logarithms: the next term of the law bends it by 3e-4 at most."""
    ratios = np.array([1e-8, 1e-7, 1e-6, 1e-5])
    lost = np.concatenate([judged_answers(0.8, 0.8 * r, [ENDLESS])[1] for r in ratios], axis=1) / BATCH
    slope = lambda means: np.polyfit(np.log(ratios), np.log(means).T, 1)[:1].T  # noqa: E731
    groups = slope(estimators.jackknife_groups(lost))
    found = slope(lost.mean(axis=0)[None])[0]

    def p_value(exponent):
        return verdict.judge_fit("", "", found, groups, np.array([exponent]), len(lost)).p_value

    assert p_value(0.35) > FALSE_ALARM
    assert p_value(1.05 * 0.35) < FALSE_ALARM
    assert p_value(0.95 * 0.35) < FALSE_ALARM
    assert p_value(1.0) < FALSE_ALARM  # as if the loss were in proportion to the rate
    rare, asymptote = ratios <= 1e-7, verification.ceiling_loss_asymptote(5, 0.35, ratios)
    problems = len(lost) * BATCH
    observed = np.rint(lost.sum(axis=0) * BATCH)
    assert_proportion(observed[rare], problems, asymptote[rare])  # relative error of the law O(r^0.65)
    rejects(assert_proportion, observed[rare], problems, 1.05 * asymptote[rare])


@pytest.mark.seldom(0)
@pytest.mark.parametrize(("penalty", "best", "wrong"), [(1.0, 13, 2.0), (2.0, 4, 1.0), (4.0, 0, 2.0), (8.0, 0, 2.0)])
def test_attempts_pay_up_to_the_optimum_of_the_law_and_it_may_be_none(penalty, best, wrong):
    tries, problems = np.arange(1.0, 41), BUDGET.problems
    counts = [np.append(0.0, x.sum(axis=0)) for x in judged_answers(0.9, 0.02, tries)]
    assert verification.optimal_attempts(5, 0.35, 0.9, 0.02, penalty) == best

    def falls_short(k):
        """By how many standard errors the reward of the best simulated number of attempts is above that of k."""
        reward = counts[0] - penalty * counts[1]
        other = int(np.argmax(reward))
        right, wrong = (abs(x[other] - x[k]) / problems for x in counts)
        stderr = np.sqrt(problems * (right + penalty**2 * wrong - (right - penalty * wrong) ** 2))
        return 0.0 if other == k else (reward[other] - reward[k]) / stderr

    assert falls_short(best) < stats.norm.isf(FALSE_ALARM)
    assert falls_short(int(verification.optimal_attempts(5, 0.35, 0.9, 0.02, wrong))) > stats.norm.isf(FALSE_ALARM)
    # The last attempt that pays, and the first that does not: what each of them earns.
    last = np.arange(max(best, 1), best + 2)
    earned = np.diff(counts[0] - penalty * counts[1])[last - 1] / problems

    def law(cost):
        made = np.append(last[0] - 1, last)
        given = made, 5, 0.35, 0.9, 0.02
        right, wrong = (np.diff(of(*given)) for of in (verification.correct_mean, verification.wrong_mean))
        return right - cost * wrong, right + cost**2 * wrong

    mean, second = law(penalty)
    assert mean[-1] < 0 and (best == 0 or mean[0] > 0)
    assert_mean(earned, problems, mean, np.sqrt(second - mean**2))
    rejects(assert_mean, earned, problems, law(1.05 * penalty)[0], np.sqrt(second - mean**2))

"""A noisy verifier: by enumeration, against golden values, against 40-digit series, and where its power laws hold."""

import json
from itertools import product
from pathlib import Path

import mpmath
import numpy as np
import pytest

from sim.laws import coverage, verification

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
LEVI = (5.0, 0.35)
NOISY = (0.9, 0.02)
SHAPES = [(alpha, beta) for alpha in (1e-3, 0.4, 5.0, 185.0, 1e5) for beta in (1e-3, 0.074, 0.35, 2.0, 300.0)]


@pytest.fixture(autouse=True)
def forty_digits():
    with mpmath.workdps(40):
        yield


def rows(name):
    """Parameters and value of each row of a golden table."""
    return [({k: float(v) for k, v in row["params"].items()}, float(row["value"]), row["name"]) for row in GOLDEN[name]]


def problems(success):
    """ln s and ln(1-s) of success probabilities given as numbers."""
    exact = [mpmath.mpf(s) for s in success]
    return tuple(
        np.array([float(mpmath.log(x)) if x else -np.inf for x in side]) for side in (exact, [1 - x for x in exact])
    )


def given(attempts, success, true_positive, false_positive):
    """The three outcomes, stacked, at success probabilities given as numbers."""
    where = (attempts, *problems(success), true_positive, false_positive)
    return np.array([law(*where) for law in OUTCOMES])


OUTCOMES = (verification.accepted_correct, verification.accepted_wrong, verification.unanswered)
MEANS = (verification.correct_mean, verification.wrong_mean, verification.unanswered_mean)


def refused(attempts, alpha, beta, seen):
    """E[(1-us)^k] about u = 1: L(k) sum_j (k)_j (beta)_j / ((k+alpha-1)_j j!) (1-u)^j, falling (k)_j; all positive."""
    k, a, b, u = (mpmath.mpf(x) for x in (attempts, alpha, beta, seen))
    log_loss = mpmath.loggamma(a + k) - mpmath.loggamma(a) + mpmath.loggamma(a + b) - mpmath.loggamma(a + b + k)
    term = total = mpmath.mpf(1)
    j = 0
    while (j < k and term > total * mpmath.mpf(10) ** -25) or j < min(k, 3 * b / u):
        term *= (k - j) * (b + j) / ((k + a - 1 - j) * (j + 1)) * (1 - u)
        j, total = j + 1, total + term
    return mpmath.exp(log_loss) * total


@pytest.mark.parametrize("attempts", [0, 1, 2, 4])
def test_the_first_accepted_answer_by_enumeration(attempts):
    s, t, f = 0.3, 0.8, 0.1
    chance = {(True, True): s * t, (True, False): s * (1 - t), (False, True): (1 - s) * f}
    chance[False, False] = (1 - s) * (1 - f)
    right = wrong = nothing = 0.0
    for outcome in product(chance, repeat=attempts):
        weight = np.prod([chance[one] for one in outcome])
        returned = [correct for correct, accepted in outcome if accepted][:1]
        right, wrong = right + weight * (returned == [True]), wrong + weight * (returned == [False])
        nothing += weight * (returned == [])
    np.testing.assert_allclose(given(attempts, [s], t, f)[:, 0], [right, wrong, nothing], rtol=1e-13, atol=1e-16)


def test_a_linear_density_of_failures_integrates_by_hand():
    """p ~ Beta(2, 1): s has density 2(1-s); one attempt with t = 1/2, f = 1/4 is right 1/6 and wrongly accepted 1/6."""
    for law, one in zip(MEANS, (1 / 6, 1 / 6, 2 / 3), strict=True):
        assert law(1, 2, 1, 0.5, 0.25) == pytest.approx(one, rel=1e-13, abs=0)
    np.testing.assert_allclose(verification.ceiling(2, 1, 0.5), 6 - 8 * np.log(2), rtol=1e-13)
    np.testing.assert_allclose(verification.utility(1, 2, 1, 0.5, 0.25, 3.0), 1 / 6 - 3 / 6, rtol=1e-13)


@pytest.mark.parametrize(
    ("table", "law"),
    [
        ("verifier_acc_inf", lambda p: verification.ceiling(p["alpha"], p["beta"], p["r"])),
        ("verifier_acc_inf", lambda p: 1 - verification.ceiling_loss(p["alpha"], p["beta"], p["r"])),
        ("verifier_acc_inf", lambda p: verification.correct_mean(np.inf, p["alpha"], p["beta"], 0.5, 0.5 * p["r"])),
        ("verifier_unanswered", lambda p: verification.unanswered_mean(*(p[x] for x in PARAMETERS))),
        ("verifier_correct_k", lambda p: verification.correct_mean(*(p[x] for x in PARAMETERS))),
        ("verifier_kstar", lambda p: verification.optimal_attempts(*(p[x] for x in (*PARAMETERS[1:], "c")))),
        ("verifier_fn_only", lambda p: verification.unanswered_mean(p["k"], p["alpha"], p["beta"], p["tpr"], 0.0)),
    ],
)
def test_the_law_has_the_golden_values(table, law):
    for parameters, value, _ in rows(table):
        np.testing.assert_allclose(law(parameters), value, rtol=1e-12, err_msg=str(parameters))


PARAMETERS = ("k", "alpha", "beta", "tpr", "fpr")


@pytest.mark.parametrize(("true_positive", "false_positive"), [(0.9, 0.0), (0.3, 0.3), (1.0, 1e-12), (1.0, 0.999)])
def test_each_outcome_agrees_with_40_digits_at_every_success_and_number_of_attempts(true_positive, false_positive):
    attempts = [1, 2, 1000, 10**9, 10**15]
    success = [1e-40, 1e-17, 1e-3, 0.5, 1 - 1e-9]
    t, f = mpmath.mpf(true_positive), mpmath.mpf(false_positive)
    law = given(attempts, success, true_positive, false_positive)
    for i, k in enumerate(attempts):
        for j, s in enumerate(map(mpmath.mpf, success)):
            # 1 - 0.9 is a little below 0.1 in float64, and t s may leave 40 digits of 1.
            with mpmath.workdps(80):
                accepted = s * t + (1 - s) * f
                nothing = (1 - accepted) ** k
                expected = [s * t / accepted * (1 - nothing), (1 - s) * f / accepted * (1 - nothing), nothing]
            for outcome, value in zip(law[:, i, j], expected, strict=True):
                if value == 0 or value > 1e-290:
                    tolerance = 1e-13 + 1e-15 * float(abs(mpmath.log(nothing)))
                    assert outcome == pytest.approx(float(value), rel=tolerance, abs=0), (k, s)
                else:
                    assert outcome < 1e-280


def test_the_three_outcomes_add_to_one():
    log_success = np.array([-np.inf, -2000.0, -92.0, -1e-3, 0.0])
    log_failure = np.array([0.0, 0.0, 0.0, np.log(-np.expm1(-1e-3)), -np.inf])
    for t, f in [(0.9, 0.0), (0.0, 0.2), (0.7, 0.7), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0)]:
        where = ([0, 1, 7, 1e15, np.inf], log_success, log_failure, t, f)
        np.testing.assert_allclose(sum(law(*where) for law in OUTCOMES), np.ones((5, 5)), rtol=1e-13)
        for attempts in (0, 3, 1e6, np.inf):
            total = sum(law(attempts, *LEVI, t, min(f, t)) for law in MEANS)
            assert total == pytest.approx(1, rel=1e-13, abs=0)


def test_impossible_and_certain_problems():
    endless = given([0, np.inf], [0.0, 1.0], *NOISY)
    np.testing.assert_array_equal(endless[:, 0], [[0, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(endless[:, 1], [[0, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(given(np.inf, [0.0], 1.0, 0.0)[:, 0], [0, 0, 1])
    np.testing.assert_array_equal(given([1, 5], [1.0], 1.0, 0.0)[:, :, 0], [[1, 1], [0, 0], [0, 0]])


def test_endless_attempts_find_even_a_success_that_underflows_when_nothing_wrong_is_accepted():
    law = [law(np.inf, np.array([-5000.0]), np.array([0.0]), 0.5, 0.0)[0] for law in OUTCOMES]
    np.testing.assert_array_equal(law, [1, 0, 0])


def test_a_verifier_that_accepts_everything_gives_pass_at_1():
    np.testing.assert_allclose(verification.correct_mean([1, 100, np.inf], *LEVI, 1.0, 1.0), 0.35 / 5.35, rtol=1e-13)
    np.testing.assert_allclose(verification.correct_mean(np.inf, *LEVI, 0.2, 0.2), 0.35 / 5.35, rtol=1e-13)


def test_a_perfect_verifier_gives_coverage():
    k = np.array([0, 1, 10, 1e4, 1e9, 1e15])
    for alpha, beta in SHAPES:
        expected = coverage.coverage(k, alpha, beta)
        np.testing.assert_allclose(verification.correct_mean(k, alpha, beta, 1.0, 0.0), expected, rtol=1e-11)
    np.testing.assert_array_equal(verification.wrong_mean(k, *LEVI, 1.0, 0.0), 0)


@pytest.mark.seldom(20)
@pytest.mark.parametrize(("alpha", "beta"), SHAPES)
@pytest.mark.parametrize("true_positive", [1.0, 0.9, 0.1])
def test_what_stays_unanswered_agrees_with_a_positive_series(alpha, beta, true_positive):
    for attempts in (1, 2, 30, 10**8, 10**15):
        expected = float(refused(attempts, alpha, beta, true_positive))
        law = verification.unanswered_mean(attempts, alpha, beta, true_positive, 0.0)
        if expected > 1e-290:
            assert law == pytest.approx(expected, rel=1e-11, abs=0), attempts


@pytest.mark.seldom(3)
@pytest.mark.parametrize(("alpha", "beta"), [(5.0, 0.35), (0.4, 0.074), (185.0, 2.0), (1e-3, 300.0)])
@pytest.mark.parametrize(("true_positive", "false_positive"), [(0.9, 0.02), (0.6, 0.59), (1.0, 0.3)])
def test_the_outcomes_agree_with_the_sum_over_the_attempt_that_is_returned(alpha, beta, true_positive, false_positive):
    """Attempt j + 1 is returned and right with probability t (1-f)^j E[s] E'[(1-us)^j], E' over Beta(alpha, beta + 1).

    And wrong: f (1-f)^j E[1-s] E"[(1-us)^j], E" over Beta(alpha + 1, beta).
    """
    t, f, a, b = (mpmath.mpf(x) for x in (true_positive, false_positive, alpha, beta))
    seen = (t - f) / (1 - f)
    after = [(1 - f) ** j for j in range(60)]
    right = t * b / (a + b) * sum(after[j] * refused(j, a, b + 1, seen) for j in range(60))
    wrong = f * a / (a + b) * sum(after[j] * refused(j, a + 1, b, seen) for j in range(60))
    nothing = (1 - f) ** 60 * refused(60, a, b, seen)
    for law, value in zip(MEANS, (right, wrong, nothing), strict=True):
        assert law(60, alpha, beta, true_positive, false_positive) == pytest.approx(float(value), rel=1e-11, abs=0)
    utility = verification.utility(60, alpha, beta, true_positive, false_positive, 2.0)
    assert utility == pytest.approx(float(right - 2 * wrong), rel=1e-10, abs=1e-13)


@pytest.mark.parametrize(("alpha", "beta"), [*SHAPES[:20], (1e5, 0.35)])
def test_the_ceiling_is_a_hypergeometric_function(alpha, beta):
    a, b = mpmath.mpf(alpha), mpmath.mpf(beta)
    for ratio in (1.0, 0.3, 1e-2, 1e-8, 1e-25):
        with mpmath.workdps(60):
            expected = b / (a + b) * mpmath.hyp2f1(1, a, a + b + 1, 1 - mpmath.mpf(ratio))
        assert verification.ceiling(alpha, beta, ratio) == pytest.approx(float(expected), rel=1e-11, abs=0)
        assert verification.ceiling_loss(alpha, beta, ratio) == pytest.approx(float(1 - expected), rel=1e-11, abs=0)


def test_the_ceiling_spans_from_the_mean_success_to_one():
    law = verification.ceiling(*LEVI, np.array([[1.0, 0.1], [0.01, 0.0]]))
    assert law.shape == (2, 2)
    np.testing.assert_allclose(law[[0, 1], [0, 1]], [0.35 / 5.35, 1], rtol=1e-14)
    assert verification.ceiling_loss(*LEVI, 0.0) == 0


@pytest.mark.parametrize(("alpha", "beta"), [(5, 0.35), (0.8, 0.2), (20, 0.6)])
def test_false_positives_cost_a_power_beta_of_their_rate_and_the_next_term_is_as_stated(alpha, beta):
    ratio = np.array([1e-10, 1e-12])
    loss, power_law = (
        law(alpha, beta, ratio) for law in (verification.ceiling_loss, verification.ceiling_loss_asymptote)
    )
    np.testing.assert_allclose((loss - power_law) / ratio, -alpha / (1 - beta), rtol=2e-2)
    assert np.log(loss[0] / loss[1]) / np.log(100) == pytest.approx(beta, rel=1e-2, abs=0)
    error = loss / power_law - 1
    assert np.log(error[0] / error[1]) / np.log(100) == pytest.approx(1 - beta, rel=1e-2, abs=0)


def test_what_stays_unanswered_is_a_power_law_of_the_accepted_share_until_false_positives_end_it():
    k = np.array([1e4, 1e5, 1e6])
    power_law = coverage.asymptote(0.5 * k, *LEVI)
    error = verification.unanswered_mean(k, *LEVI, 0.5, 0.0) / power_law - 1
    assert np.all(np.abs(error) < 30 / k)
    np.testing.assert_allclose(error[:-1] / error[1:], 10, rtol=1e-2)
    ended = verification.unanswered_mean(k, *LEVI, 0.5, 1e-5) / power_law
    np.testing.assert_allclose(ended, np.exp(-1e-5 * k), rtol=1e-2)


@pytest.mark.seldom(3)
@pytest.mark.parametrize("true_positive", [1.0, 0.9, 0.3])
@pytest.mark.parametrize("false_positive", [0.2, 0.02, 0.001])
@pytest.mark.parametrize("penalty", [0.53, 1.1, 4.3])  # no two numbers of attempts equally good
def test_no_other_number_of_attempts_is_more_useful_than_the_optimum(true_positive, false_positive, penalty):
    for alpha, beta in (LEVI, (0.8, 1.5), (0.05, 0.05)):
        best = verification.optimal_attempts(alpha, beta, true_positive, false_positive, penalty)
        k = np.arange(2 * best + 20)
        utility = verification.utility(k, alpha, beta, true_positive, false_positive, penalty)
        assert utility[int(best)] > utility.max() - 1e-14
        if best < 100:  # above, the peak is too flat for the utility itself to tell
            assert best == np.argmax(utility)


@pytest.mark.parametrize("cost", [1.1e-9, 1.3e-4, 0.013, 0.031, 0.069])  # no ties
def test_a_verifier_that_misses_nothing_stops_where_the_hazard_says(cost):
    """t = 1: problems left unanswered after k attempts are Beta(alpha + k, beta), an attempt pays while cost < odds."""
    for alpha, beta in (LEVI, (0.8, 1.5), (1e4, 3e3), (0.5, 40.0)):
        expected = max(0.0, np.ceil(beta / cost - alpha))
        law = verification.optimal_attempts(alpha, beta, 1.0, 1e-3, cost / 1e-3)
        assert law == pytest.approx(expected, rel=1e-11, abs=0)
        law = verification.optimal_attempts_asymptote(alpha, beta, 1.0, 1e-3, cost / 1e-3)
        assert law == pytest.approx(beta / cost - alpha, rel=1e-9, abs=1e-9)


def test_the_optimal_number_of_attempts_is_as_far_from_its_asymptote_as_stated():
    for true_positive in (0.9, 0.3, 0.02):
        for false_positive in (1e-6, 1e-9):
            where = (*LEVI, true_positive, false_positive, 2.0)
            seen = (true_positive - false_positive) / (1 - false_positive)
            offset = 1.35 * (1 - seen) / seen
            rounded = verification.optimal_attempts(*where) - verification.optimal_attempts_asymptote(*where)
            assert offset - 0.02 < rounded < offset + 1.02


def test_the_first_attempt_pays_if_and_only_if_its_right_answers_outweigh_its_wrong_ones():
    edge = 0.35 * 0.9 / (5 * 0.02)
    for penalty, sign in [(edge * (1 - 1e-9), 1), (edge * (1 + 1e-9), 0), (1e9, 0)]:
        assert np.sign(verification.optimal_attempts(*LEVI, *NOISY, penalty)) == sign
        assert (verification.optimal_attempts_asymptote(*LEVI, *NOISY, penalty) > 0) == sign
    assert verification.optimal_attempts(1.0, 1.0, 0.5, 0.5, 1.0) == 0


def test_attempts_pay_for_ever_without_false_positives_or_penalty_or_when_refusal_tells_nothing():
    assert verification.optimal_attempts(*LEVI, 0.9, 0.0, 4.0) == np.inf
    assert verification.optimal_attempts(*LEVI, 0.9, 0.02, 0.0) == np.inf
    assert verification.optimal_attempts(0.5, 2.0, 0.3, 0.3, 1.0) == np.inf


def test_a_number_gives_a_number_and_a_table_gives_a_table():
    for law in MEANS:
        assert isinstance(law(3, *LEVI, *NOISY), np.float64), law.__name__
        assert law([[1, 2, 3], [4, 5, np.inf]], *LEVI, *NOISY).shape == (2, 3)
    assert verification.utility([1, 2, 3], *LEVI, *NOISY, 2.0).shape == (3,)
    assert isinstance(verification.ceiling(*LEVI, 0.3), np.float64)
    assert given([1, 2, 3], [0.1, 0.2], *NOISY).shape == (3, 3, 2)


@pytest.mark.parametrize("penalty", [0.05, 0.2, 1.0, 4.0, 30.0])
def test_the_optimum_at_given_problems_is_the_best_of_all_numbers(penalty):
    """Three problems, one of them hopeless, and one of no weight."""
    success, weight = [0.0, 0.3, 0.9, 0.5], np.array([0.2, 0.5, 0.3, 0.0])
    with np.errstate(divide="ignore"):
        found = verification.optimum(*problems(success), np.log(weight), 0.8, 0.1, penalty)
    right, wrong, _ = given(np.arange(200), success, 0.8, 0.1) @ weight
    assert found == np.argmax(right - penalty * wrong)
    assert (found == 0) == (penalty == 30)

"""Votes and best scores: by enumeration, against golden values, whole-number recursions and 30-digit integrals."""

import json
from collections import Counter
from fractions import Fraction
from itertools import product
from math import comb
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy import stats

from sim.laws import coverage, verification, voting

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
LEVI = (5.0, 0.35)


@pytest.fixture(autouse=True)
def thirty_digits():
    with mpmath.workdps(30):
        yield


def rows(name):
    """Parameters and value of each row of a golden table."""
    return [({k: float(v) for k, v in row["params"].items()}, float(row["value"]), row["name"]) for row in GOLDEN[name]]


def enumerated(attempts, success, wrong):
    """Probability that answer 0 is drawn evenly from the answers with most votes, vote by vote."""
    chance = [success] + [(1 - success) / wrong] * wrong
    total = 0.0
    for votes in product(range(wrong + 1), repeat=attempts):
        counts = Counter(votes)
        first = [answer for answer, count in counts.items() if count == max(counts.values())]
        total += np.prod([chance[vote] for vote in votes]) * (0 in first) / len(first)
    return total


def counted(right, others, wrong):
    """Exact probability that `right` votes win against `others` spread evenly over wrong answers: whole numbers.

    ways[votes, ties] to give wrong answers, one after another, at most `right` votes each.
    """
    ways = {(0, 0): 1}
    for _ in range(wrong):
        more = Counter()
        for (votes, ties), number in ways.items():
            for count in range(min(right, others - votes) + 1):
                more[votes + count, ties + (count == right)] += number * comb(others - votes, count)
        ways = more
    return sum(Fraction(n, (ties + 1) * wrong**others) for (votes, ties), n in ways.items() if votes == others)


def beta_binomial(attempts, alpha, beta):
    """P(j right among k), j = 0 ... k, in mpmath."""
    a, b = mpmath.mpf(alpha), mpmath.mpf(beta)
    term = mpmath.exp(
        mpmath.loggamma(a + attempts) - mpmath.loggamma(a) + mpmath.loggamma(a + b) - mpmath.loggamma(a + b + attempts)
    )
    for j in range(attempts + 1):
        yield term
        if j < attempts:
            term *= (attempts - j) * (b + j) / ((j + 1) * (a + attempts - j - 1))


@pytest.mark.parametrize("wrong", [1, 2, 3])
@pytest.mark.parametrize("attempts", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("success", [0.0, 0.2, 0.7, 1.0])
def test_the_vote_by_enumeration_of_ballots(attempts, success, wrong):
    expected = enumerated(attempts, success, wrong)
    assert voting.plurality(attempts, success, wrong) == pytest.approx(expected, rel=1e-12, abs=1e-15)
    if wrong == 1:
        assert voting.majority(attempts, success)[0] == pytest.approx(expected, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("attempts", [1, 2, 3, 4, 7, 12])
def test_the_mean_vote_in_fractions(attempts):
    """p ~ Beta(2, 3): j right of k have probability C(k, j) B(3+j, 2+k-j) / B(3, 2), a fraction."""
    k, majority, plurality = attempts, Fraction(0), Fraction(0)
    for j in range(k + 1):
        chance = Fraction(12 * comb(k, j), (k + 4) * comb(k + 3, j + 2))
        majority += chance * (Fraction(2 * j > k) + Fraction(2 * j == k, 2))
        plurality += chance * counted(j, k - j, 3)
    assert voting.majority_mean(k, 2, 3) == pytest.approx(float(majority), rel=1e-13, abs=0)
    assert voting.plurality_mean(k, 2, 3, 1) == pytest.approx(float(majority), rel=1e-13, abs=0)
    assert voting.plurality_mean(k, 2, 3, 3) == pytest.approx(float(plurality), rel=1e-13, abs=0)


@pytest.mark.parametrize(
    ("table", "law"),
    [
        ("majority_binary", lambda p: voting.majority_mean(p["k"], p["alpha"], p["beta"])),
        ("majority_binary", lambda p: voting.plurality_mean(p["k"], p["alpha"], p["beta"], 1)),
        ("majority_binary", lambda p: voting.majority_mean(p["k"] + 1, p["alpha"], p["beta"])),
        ("majority_limit", lambda p: voting.plurality_limit(p["alpha"], p["beta"], p["m"])),
        ("bon_exponential_limit", lambda p: voting.best_exponential_ceiling(p["alpha"], p["beta"], p["mu"])),
        ("bon_kl", lambda p: voting.best_of_n_divergence(p["n"])),
    ],
)
def test_the_law_has_the_golden_values(table, law):
    for parameters, value, _ in rows(table):
        np.testing.assert_allclose(law(parameters), value, rtol=1e-12, err_msg=str(parameters))


@pytest.mark.parametrize("attempts", [9, 100, 1001, 10_000])
def test_the_majority_is_stable_at_ten_thousand_votes(attempts):
    odd = attempts - (attempts % 2 == 0)
    success = np.array([1e-3, 0.2, 0.49, 0.5, 0.6, 0.999])
    for s, law in zip(success, voting.majority(attempts, success), strict=True):
        ratio = mpmath.mpf(s) / (1 - mpmath.mpf(s))
        term, terms = (1 - mpmath.mpf(s)) ** odd, []
        for j in range(odd + 1):
            terms.append(term)
            term *= ratio * (odd - j) / (j + 1)
        expected = mpmath.fsum(terms[(odd + 1) // 2 :])
        if expected > 1e-290:
            assert law == pytest.approx(float(expected), rel=1e-11, abs=0), s


@pytest.mark.seldom(2)
@pytest.mark.parametrize(("alpha", "beta"), [(5.0, 0.35), (1e-3, 1e-3), (0.4, 30.0), (185.0, 0.074), (50.0, 1e4)])
def test_the_mean_majority_is_stable_at_ten_thousand_votes(alpha, beta):
    for attempts in (1, 101, 9999):
        terms = list(beta_binomial(attempts, alpha, beta))
        expected = float(mpmath.fsum(terms[(attempts + 1) // 2 :]))
        law = voting.majority_mean([attempts, attempts + 1], alpha, beta)
        np.testing.assert_allclose(law, [expected, expected], rtol=1e-11)


@pytest.mark.parametrize(("attempts", "wrong"), [(20, 3), (40, 5), (41, 20), (60, 2)])
def test_the_vote_counted_in_whole_numbers(attempts, wrong):
    wins = [counted(j, attempts - j, wrong) for j in range(attempts + 1)]
    success = np.array([1e-6, 0.03, 0.3, 0.8])
    law = voting.plurality(attempts, success, wrong)
    for s, value in zip(success, law, strict=True):
        p = mpmath.mpf(s)
        expected = mpmath.fsum(
            comb(attempts, j) * p**j * (1 - p) ** (attempts - j) * win.numerator / win.denominator
            for j, win in enumerate(wins)
        )
        assert value == pytest.approx(float(expected), rel=1e-12, abs=0)
    chances = beta_binomial(attempts, *LEVI)
    expected = mpmath.fsum(chance * win.numerator / win.denominator for chance, win in zip(chances, wins, strict=True))
    assert voting.plurality_mean(attempts, *LEVI, wrong) == pytest.approx(float(expected), rel=1e-12, abs=0)


@pytest.mark.parametrize("wrong", [1, 2, 4, 20])
@pytest.mark.parametrize("attempts", [1, 2, 7, 50, 200, 300])
def test_a_right_answer_like_any_other_wins_its_even_share(attempts, wrong):
    assert voting.plurality(attempts, 1 / (wrong + 1), wrong) == pytest.approx(1 / (wrong + 1), rel=1e-12, abs=0)


@pytest.mark.parametrize(("attempts", "wrong"), [(60, 2), (300, 4), (299, 20), (200, 100), (601, 4)])
def test_many_votes_are_counted_as_few_ones_are(attempts, wrong):
    expected = voting._wins(attempts, wrong)
    np.testing.assert_allclose(voting._wins_of_many(attempts, wrong), expected, atol=1e-15 * max(1000, attempts))


def test_between_many_votes_a_polynomial_is_as_good(monkeypatch):
    direct = voting._wins_of_many(3001, 3)
    monkeypatch.setattr(voting, "DIRECT", 200)
    np.testing.assert_allclose(voting._wins_of_many(3001, 3), direct, atol=1e-12)


@pytest.mark.seldom(1)
@pytest.mark.parametrize(("attempts", "wrong"), [(1000, 2), (10**4, 4), (10**5, 20), (10**6, 2)])
def test_of_many_votes_too_an_answer_like_any_other_wins_its_even_share(attempts, wrong):
    share = 1 / (wrong + 1)
    right = stats.binom(attempts, share).pmf(np.arange(attempts + 1))
    assert right @ voting._wins_of_many(attempts, wrong) == pytest.approx(share, rel=2e-15 * attempts + 1e-12, abs=0)


@pytest.mark.seldom(1)
@pytest.mark.parametrize("wrong", [1, 4])
def test_a_million_votes_are_within_a_thousandth_of_their_limit_and_have_the_stated_order(wrong):
    gap = voting.plurality_mean([10**4, 10**6], *LEVI, wrong) - voting.plurality_limit(*LEVI, wrong)
    assert abs(gap[1]) < 1e-3
    assert gap[0] / gap[1] == pytest.approx(100 if wrong == 1 else 10, rel=0.05)


def test_a_majority_is_a_plurality_against_one_wrong_answer():
    success, attempts = np.array([0.0, 1e-3, 0.3, 0.55, 1.0]), np.array([1, 2, 33, 150, 200])
    law = voting.plurality(attempts, success, 1)
    np.testing.assert_allclose(law, voting.majority(attempts, success), rtol=1e-11, atol=1e-300)


@pytest.mark.parametrize("wrong", [1, 4, 9, 20])
def test_the_limit_of_the_vote_is_the_share_of_problems_where_the_right_answer_leads(wrong):
    for alpha, beta in (LEVI, (1e-3, 2.0), (185.0, 0.074), (3.0, 300.0)):
        with mpmath.workdps(120):  # what is left of 1 may be 1e-59
            expected = 1 - mpmath.betainc(beta, alpha, 0, mpmath.mpf(1) / (wrong + 1), regularized=True)
        assert voting.plurality_limit(alpha, beta, wrong) == pytest.approx(float(expected), rel=1e-12, abs=0)


@pytest.mark.parametrize(("wrong", "order"), [(1, 1.0), (2, 0.5), (4, 0.5), (9, 0.5)])
def test_the_vote_approaches_its_limit_with_the_stated_order(wrong, order):
    gap = voting.plurality_mean([75, 301], 2.0, 1.2, wrong) - voting.plurality_limit(2.0, 1.2, wrong)
    assert np.all(gap < 0 if wrong > 1 else gap > 0)
    assert np.log(gap[0] / gap[1]) / np.log(4) == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize(("alpha", "beta"), [(5, 0.35), (0.8, 1.5), (2, 2), (1, 3)])
def test_the_majority_approaches_its_limit_with_the_stated_error(alpha, beta):
    k = np.array([301, 3001, 3002])
    exact, law = voting.majority_mean(k, alpha, beta), voting.majority_approach(k, alpha, beta)
    error = np.abs(exact - law) * k**2
    assert np.all(error < 5)
    np.testing.assert_allclose(error[0], error[1], rtol=0.05, atol=1e-3)
    if alpha != beta:
        gap = exact - voting.plurality_limit(alpha, beta, 1)
        assert np.all(np.abs(exact - law) < 0.05 * np.abs(gap))


def test_on_hard_problems_votes_do_harm_while_coverage_grows():
    k = 2 ** np.arange(1, 11) - 1
    assert np.all(np.diff(voting.majority_mean(k, *LEVI)) < 0)
    assert np.all(np.diff(voting.majority_mean(k, *LEVI[::-1])) > 0)
    assert coverage.coverage(1023, *LEVI) > 0.8


def test_the_better_of_two_by_hand():
    """Both right, or one right and its score the better: 1 - e^-mu/2 if exponential, Phi(mu/sqrt 2) if normal."""
    for s in (0.0, 0.2, 0.9, 1.0):
        for mu in (0.0, 0.7, 3.0):
            exponential = s**2 + 2 * s * (1 - s) * (1 - np.exp(-mu) / 2)
            assert voting.best_exponential(2, s, mu)[0] == pytest.approx(exponential, rel=1e-13, abs=0)
            gaussian = s**2 + 2 * s * (1 - s) * float(mpmath.ncdf(mu / mpmath.sqrt(2)))
            assert voting.best_gaussian(2, s, mu) == pytest.approx(gaussian, rel=1e-13, abs=0)


@pytest.mark.seldom(2)
@pytest.mark.parametrize("shift", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("success", [1e-9, 0.01, 0.4])
def test_the_best_exponential_score_agrees_with_its_integral(success, shift):
    s, mu = mpmath.mpf(success), mpmath.mpf(shift)
    for n in (1, 3, 50, 10**4):
        peak = max(mu + mpmath.mpf(1) / 10, mpmath.log(n * (1 - s + s * mpmath.exp(mu))))

        def best(x, n=n):
            below = (1 - s) * (1 - mpmath.exp(-x)) + s * (1 - mpmath.exp(mu - x))
            return n * s * mpmath.exp(mu - x) * below ** (n - 1)

        expected = mpmath.quad(best, [mu, *(y for y in (peak - 2, peak, peak + 3, peak + 10) if y > mu), mpmath.inf])
        assert voting.best_exponential(n, success, shift)[0] == pytest.approx(float(expected), rel=1e-12, abs=0)


def test_exponential_scores_grow_to_their_limit_and_ceiling():
    success = np.array([0.0, 1e-30, 0.01, 0.5, 1.0])
    endless = voting.best_exponential([1e18, np.inf], success[2:], 2.0)
    limit = voting.best_exponential_limit(success, 2.0)
    np.testing.assert_allclose(endless, [limit[2:], limit[2:]], rtol=1e-13)
    np.testing.assert_allclose(limit, success / (success + (1 - success) * np.exp(-2)), rtol=1e-13)
    ceiling = voting.best_exponential_ceiling(*LEVI, [0.0, 0.5, 2.0, 50.0, np.inf])
    assert np.all(np.diff(ceiling) > 0) and ceiling[-1] == pytest.approx(1, rel=1e-15, abs=0)
    assert ceiling[0] == pytest.approx(0.35 / 5.35, rel=1e-13, abs=0)
    mean = verification.correct_mean([1, 1e12], *LEVI, 1.0, np.exp(-2.0))
    np.testing.assert_allclose(mean, [0.35 / 5.35, ceiling[2]], rtol=1e-12)


def test_a_score_that_never_errs_is_coverage():
    law = voting.best_exponential([0, 1, 10], np.array([0.0, 0.1, 1.0]), np.inf)
    np.testing.assert_allclose(law, [[0, 0, 0], [0, 0.1, 1], [0, 1 - 0.9**10, 1]], rtol=1e-13)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("success", [1e-9, 1e-3, 0.4])
def test_the_best_normal_score_agrees_with_its_integral(success, shift):
    s, mu = mpmath.mpf(success), mpmath.mpf(shift)
    for n in (1, 10, 1000, 10**6):

        def best(x, n=n):
            above = (1 - s) * mpmath.erfc(x / mpmath.sqrt(2)) / 2 + s * mpmath.erfc((x - mu) / mpmath.sqrt(2)) / 2
            return n * s * mpmath.npdf(x, mu, 1) * mpmath.exp((n - 1) * mpmath.log1p(-above))

        expected = mpmath.quad(best, list(mpmath.linspace(mu - 9, mu + 12, 12)), maxdegree=5)
        assert voting.best_gaussian(n, success, shift) == pytest.approx(float(expected), rel=1e-11, abs=0), n


def test_the_mean_best_normal_score_is_the_mean_over_problems():
    n, success, weight = np.array([1.0, 7, 1e6]), np.array([0.0, 1e-9, 0.01, 0.4, 1.0]), np.array([1, 2, 3, 4, 5]) / 15
    expected = voting.best_gaussian(n[:, None], success, 1.5) @ weight
    np.testing.assert_allclose(voting.best_gaussian_mean(n, success, weight, 1.5), expected, rtol=1e-12)
    assert voting.best_gaussian_mean(7, success, weight, 1.5) == pytest.approx(expected[1], rel=1e-12)


def test_scores_that_tell_nothing_leave_the_success_of_one_attempt():
    n, success = np.array([[1], [10], [10**6], [10**12]]), np.array([0.0, 1e-12, 0.3, 1.0])
    np.testing.assert_allclose(voting.best_gaussian(n, success, 0.0), np.tile(success, (4, 1)), rtol=1e-11)
    np.testing.assert_allclose(voting.best_exponential(n[:, 0], success, 0.0), np.tile(success, (4, 1)), rtol=1e-13)


def test_normal_scores_find_the_right_answer_in_the_end_but_slower_than_any_power():
    n = 10.0 ** np.arange(2, 13, 2)
    loss = 1 - voting.best_gaussian(n, 0.3, 1.5)
    slope = -np.diff(np.log(loss)) / np.log(100)
    assert np.all(slope > 0) and np.all(np.diff(slope) < 0)
    # ln loss ~ -mu sqrt(2 ln n): the exponent of the local power law is mu / sqrt(2 ln n).
    middle = np.log(n[1:]) - np.log(10)
    ratio = slope / (1.5 / np.sqrt(2 * middle))
    assert np.all(np.diff(ratio) < 0) and 1 < ratio[-1] < 1.07


def test_the_divergence_of_the_best_from_one_attempt():
    for n in (2, 7, 1000):
        expected = mpmath.quad(lambda u, n=n: n * u ** (n - 1) * mpmath.log(n * u ** (n - 1)), [0, 0.5, 0.99, 1])
        assert voting.best_of_n_divergence(n) == pytest.approx(float(expected), rel=1e-12, abs=0)
    assert voting.best_of_n_divergence(1) == 0


def test_a_number_gives_a_number_and_a_table_gives_a_table():
    success = np.array([0.1, 0.2, 0.3])
    assert voting.majority([1, 2], success).shape == (2, 3)
    assert voting.plurality([1, 2], success, 4).shape == (2, 3)
    assert voting.best_exponential([1, 2], success, 2.0).shape == (2, 3)
    assert voting.best_gaussian([[1], [2]], success, 2.0).shape == (2, 3)
    assert voting.plurality_limit(*LEVI, [1, 2]).shape == (2,)
    for number in (voting.majority_mean(3, *LEVI), voting.plurality_mean(3, *LEVI, 4), voting.plurality(3, 0.2, 4),
                   voting.best_gaussian(3, 0.2, 1.0), voting.majority_approach(3, *LEVI),
                   voting.best_of_n_divergence(3), voting.best_exponential_ceiling(*LEVI, 2.0)):  # fmt: skip
        assert isinstance(number, np.float64)
    assert (
        voting.majority_mean([[1, 2, 3]], *LEVI).shape == voting.plurality_mean([[1, 2, 3]], *LEVI, 2).shape == (1, 3)
    )

"""Dependent attempts: by enumeration, against golden values, mpmath and SciPy, and where the tails hold."""

import json
from itertools import product
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy import special

from sim.laws import coverage, dependence, difficulty

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
LEVI = (5.0, 0.35)
PROBLEMS = difficulty.beta(*LEVI)
LAWS = [
    (dependence.independent, ()),
    (dependence.zipf, (0.5,)),
    (dependence.zipf, (1.5,)),
    (dependence.markov, (0.8,)),
    (dependence.sticky, (0.1,)),
    (dependence.polya, (0.1,)),
    (dependence.copula, (0.3,)),
]


def rows(name):
    """Parameters and value of each row of a golden table."""
    return [({k: float(v) for k, v in row["params"].items()}, float(row["value"]), row["name"]) for row in GOLDEN[name]]


def at(success):
    """ln s and ln(1-s) of given success probabilities, 0 and 1 among them."""
    success = np.atleast_1d(np.asarray(success, dtype=float))
    with np.errstate(divide="ignore"):
        return np.log(success), np.log1p(-success)


def averaged(law, attempts, alpha, beta, parameter):
    problems = difficulty.beta(alpha, beta)
    return law(attempts, problems.log_success, problems.log_failure, parameter) @ problems.weight


@pytest.mark.parametrize("repeat", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("success", [0.0, 0.2, 0.7, 1.0])
def test_a_chain_of_repeats_by_enumeration(repeat, success):
    for attempts in range(5):
        failed = 0.0
        for outcome in product([False, True], repeat=attempts):
            chance = 1.0
            for j, solved in enumerate(outcome):
                anew = success if solved else 1 - success
                chance *= anew if j == 0 else repeat * (solved == outcome[j - 1]) + (1 - repeat) * anew
            failed += chance * (not any(outcome))
        law = dependence.markov(np.array([attempts]), *at(success), repeat)
        assert law[0, 0] == pytest.approx(failed, rel=1e-14, abs=1e-300)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("success", [0.0, 0.2, 0.7, 1.0])
def test_attempts_that_stick_together_by_enumeration(share, success):
    for attempts in range(5):
        failed = 0.0
        for stuck, *outcome in product([False, True], repeat=1 + attempts):
            chance = share if stuck else 1 - share
            for j, solved in enumerate(outcome):
                anew = success if solved else 1 - success
                chance *= float(solved == outcome[0]) if stuck and j > 0 else anew
            failed += chance * (not any(outcome))
        law = dependence.sticky(np.array([attempts]), *at(success), share)
        assert law[0, 0] == pytest.approx(failed, rel=1e-14, abs=1e-300)


@pytest.mark.parametrize("correlation", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("success", [0.0, 0.2, 0.7, 1.0])
def test_an_urn_by_enumeration(correlation, success):
    """Every outcome drawn from the urn returns with t = rho / (1-rho) more of its kind; t rewards recent outcomes."""
    added = correlation / (1 - correlation)
    for attempts in range(5):
        failed = pair = 0.0
        for outcome in product([False, True], repeat=attempts):
            chance, solved, total = 1.0, success, 1.0
            for drawn in outcome:
                chance *= (solved if drawn else total - solved) / total
                solved, total = solved + added * drawn, total + added
            failed += chance * (not any(outcome))
            pair += chance * (attempts > 1 and outcome[0] and outcome[-1])
        law = dependence.polya(np.array([attempts]), *at(success), correlation)
        assert law[0, 0] == pytest.approx(failed, rel=1e-13, abs=1e-299)
        if attempts > 1:
            covariance = correlation * success * (1 - success)
            assert pair == pytest.approx(success**2 + covariance, rel=1e-13, abs=1e-15)


def test_discounted_attempts_add_up_one_by_one():
    for discount in (0.0, 0.5, 1.0, 1.5, 3.0):
        sums = np.cumsum([0.0] + [j**-discount for j in range(1, 2001)])
        np.testing.assert_allclose(dependence.effective_attempts(np.arange(2001), discount), sums, rtol=1e-13)
    law = dependence.zipf(np.array([0, 1, 3]), *at([0, 0.2, 1]), 1.0)
    expected = [[1, 1, 1], [1, 0.8, 0], [1, 0.8 ** (11 / 6), 0]]
    np.testing.assert_allclose(law, expected, rtol=1e-14)


@pytest.mark.parametrize("correlation", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_two_attempts_under_a_copula_are_a_bivariate_normal(correlation):
    """Phi2(c, c; rho) = Phi(c) - 2 T(c, sqrt((1-rho)/(1+rho))) with Owen's T; and one attempt has no dependence."""
    success = np.array([1e-12, 1e-3, 0.2, 0.5, 0.7, 0.999])
    once, twice = dependence.copula(np.array([1, 2]), *at(success), correlation)
    quantile = special.ndtri(1 - success)
    both = 1 - success - 2 * special.owens_t(quantile, np.sqrt((1 - correlation) / (1 + correlation)))
    np.testing.assert_allclose(once, 1 - success, rtol=1e-11)
    np.testing.assert_allclose(twice, both, rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize(
    ("table", "law"),
    [
        ("corr_zipf_keff", lambda p: dependence.effective_attempts(p["k"], p["z"])),
        ("corr_zipf_loss", lambda p: averaged(dependence.zipf, p["k"], p["alpha"], p["beta"], p["z"])),
        ("corr_markov", lambda p: averaged(dependence.markov, p["k"], p["alpha"], p["beta"], p["r"])),
        ("corr_sticky", lambda p: averaged(dependence.sticky, p["k"], p["alpha"], p["beta"], p["rho"])),
        ("corr_polya_fixed_p", lambda p: dependence.polya(p["k"], *at(1 - p["p"]), p["rho"])[0]),
        ("corr_polya_beta", lambda p: averaged(dependence.polya, p["k"], p["alpha"], p["beta"], p["rho"])),
        ("corr_copula_fixed_p", lambda p: dependence.copula(p["k"], *at(1 - p["p"]), p["rho"])[0]),
    ],
)
def test_the_law_has_the_golden_values(table, law):
    for parameters, value, _ in rows(table):
        np.testing.assert_allclose(law(parameters), value, rtol=1e-11, err_msg=str(parameters))


@pytest.mark.parametrize("discount", [0.0, 1e-3, 0.5, 1.0, 1 + 1e-9, 1.5, 4.0])
def test_effective_attempts_agree_with_the_hurwitz_zeta_function(discount):
    with mpmath.workdps(50):
        for k in (0, 1, 2, 1000, 1024, 1025, 10**6, 10**9, 10**15):
            s = mpmath.mpf(discount)
            expected = mpmath.harmonic(k) if s == 1 else mpmath.zeta(s) - mpmath.zeta(s, k + 1)
            law = dependence.effective_attempts(k, discount)
            assert law == pytest.approx(float(expected), rel=1e-13, abs=0), k


def test_effective_attempts_grow_as_a_power_as_a_logarithm_or_not():
    k = 10.0 ** np.arange(3, 16)
    power = dependence.effective_attempts(k, 0.5) / (2 * np.sqrt(k) + float(mpmath.zeta(0.5)))
    assert np.all(np.abs(power - 1) < 0.3 / k)
    logarithm = dependence.effective_attempts(k, 1.0) / (np.log(k) + np.euler_gamma)
    assert np.all(np.abs(logarithm - 1) < 0.1 / k + 1e-15)
    assert dependence.effective_attempts(np.inf, 1.5) == pytest.approx(float(mpmath.zeta(1.5)), rel=1e-14, abs=0)


@pytest.mark.parametrize("repeat", [0.0, 1e-6, 0.5, 0.999])
@pytest.mark.parametrize("success", [1e-25, 1e-9, 0.3, 0.6, 1 - 1e-9])
def test_repeats_keep_their_digits(repeat, success):
    log_success, log_failure = at(success)
    with mpmath.workdps(60):
        p, r = mpmath.exp(mpmath.mpf(log_failure[0])), mpmath.mpf(repeat)
        for k in (1, 2, 1e3, 1e9, 1e15):
            expected = p * (r + (1 - r) * p) ** (k - 1)
            if expected > 1e-280:
                law = dependence.markov(np.array([k]), log_success, log_failure, repeat)[0, 0]
                assert law == pytest.approx(float(expected), rel=1e-12, abs=0), k


@pytest.mark.parametrize(("alpha", "beta"), [(5.0, 0.35), (0.3, 2.0), (40.0, 0.05)])
@pytest.mark.parametrize("repeat", [0.1, 0.8, 0.99])
def test_repeats_averaged_over_levis_problems_are_a_hypergeometric_function(alpha, beta, repeat):
    for k in (1, 2, 10, 300):
        with mpmath.workdps(30):
            polynomial = mpmath.hyp2f1(-(k - 1), beta, alpha + beta + 1, 1 - mpmath.mpf(repeat))
            expected = float(alpha / (mpmath.mpf(alpha) + beta) * polynomial)
        assert averaged(dependence.markov, k, alpha, beta, repeat) == pytest.approx(expected, rel=1e-12, abs=0), k


@pytest.mark.parametrize("correlation", [1e-12, 1e-6, 1e-3, 0.1, 0.5, 0.9, 1 - 1e-6])
def test_the_urn_agrees_with_90_digits_everywhere(correlation):
    log_success = np.array([-69.0, -20.0, -3.0, -0.7, -0.1, -1e-5])
    log_failure = np.log(-np.expm1(np.minimum(log_success, -1e-5)))
    log_failure[:3] = np.log1p(-np.exp(log_success[:3]))
    for k in (0, 1, 2, 10, 1e3, 1e6, 1e12, 1e15):
        law = dependence.polya(np.array([k]), log_success, log_failure, correlation)[0]
        with mpmath.workdps(90):
            urn = (1 - mpmath.mpf(correlation)) / mpmath.mpf(correlation)
            rises = mpmath.loggamma(urn + k) - mpmath.loggamma(urn)
            for log_s, value in zip(log_success, law, strict=True):
                p = (1 - mpmath.exp(mpmath.mpf(log_s))) * urn
                log = mpmath.loggamma(p + k) - mpmath.loggamma(p) - rises
                if log > -600:
                    assert value == pytest.approx(float(mpmath.exp(log)), rel=1e-11, abs=0), (log_s, k)


def test_a_nearly_empty_urn_is_independent_and_a_full_one_repeats():
    k, where = np.array([1.0, 5, 30]), at([1e-3, 0.2, 0.7])
    np.testing.assert_allclose(dependence.polya(k, *where, 1e-14), dependence.independent(k, *where), rtol=1e-10)
    np.testing.assert_allclose(dependence.polya(k, *where, 1 - 1e-12)[2], dependence.independent(1, *where), rtol=1e-10)
    np.testing.assert_allclose(dependence.copula(k, *where, 0.0), dependence.independent(k, *where), rtol=1e-11)


@pytest.mark.parametrize("correlation", [1e-3, 0.05, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("attempts", [10, 1e4, 1e9, 1e15])
def test_the_copula_agrees_with_gauss_and_legendre(correlation, attempts):
    """In the failing argument u instead of z: panels a hundredth wide around the turn, through 1 - Phi alone."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    success = np.array([1e-15, 1e-9, 1e-3, 0.2, 0.9])
    law = dependence.copula(attempts, *at(success), correlation)
    for s, value in zip(success, law, strict=True):
        edges = np.linspace(-38, 10, 4801)
        mood = (edges[:-1, None] + 0.005 * (1 + nodes)).ravel()
        harder = (-special.ndtri(s) - np.sqrt(correlation) * mood) / np.sqrt(1 - correlation)
        tail = special.ndtr(-np.abs(harder))
        log_fails = np.where(harder > 0, np.log1p(-np.minimum(tail, 0.5)), np.log(np.maximum(tail, 1e-300)))
        density = np.exp(-(mood**2) / 2) / np.sqrt(2 * np.pi)
        expected = np.tile(0.005 * weights, 4800) @ (density * np.exp(attempts * log_fails))
        if expected > 1e-200:
            assert value == pytest.approx(expected, rel=1e-9, abs=0), s


def test_the_copula_at_a_fixed_problem_nears_its_power_law_slowly():
    """At p = 0.8, rho = 0.3 slopes over a decade climb from 1.40 at 1e2 to 1.99 at 1e12; the limit is 2.33."""
    failed = dependence.copula(10.0 ** np.arange(2, 14), *at(0.2), 0.3)[:, 0]
    slopes = -np.diff(np.log10(failed))
    assert np.all(np.diff(slopes) > 0)
    assert slopes[-1] < 0.7 / 0.3
    np.testing.assert_allclose(slopes[[0, -1]], [1.40, 1.99], atol=0.005)


def test_the_urn_at_a_fixed_problem_has_a_power_law():
    """Gamma(1/t) / Gamma(p/t) k^-(s/t), t = rho/(1-rho): wrong by O(1/k)."""
    k, urn = np.array([1e4, 1e5]), 9.0
    failed = dependence.polya(k, *at(0.2), 0.1)[:, 0]
    error = special.gamma(urn) / special.gamma(0.8 * urn) * k ** -(0.2 * urn) / failed - 1
    assert error[0] / error[1] == pytest.approx(10, rel=0.01, abs=0)


@pytest.mark.parametrize(("law", "parameters"), LAWS)
def test_the_average_over_problems_does_not_depend_on_their_nodes(law, parameters, monkeypatch):
    k = np.array([1, 7, 1e3, 1e9, 1e15])
    coarse = law(k, PROBLEMS.log_success, PROBLEMS.log_failure, *parameters) @ PROBLEMS.weight
    monkeypatch.setattr(difficulty, "STEP", 0.0777)
    finer = difficulty.beta(*LEVI)
    fine = law(k, finer.log_success, finer.log_failure, *parameters) @ finer.weight
    np.testing.assert_allclose(coarse, fine, rtol=1e-10)


@pytest.mark.parametrize(("law", "parameters"), LAWS)
def test_more_attempts_help_never_less_and_the_impossible_stays_so(law, parameters):
    k = np.concatenate([np.arange(20.0), 10.0 ** np.arange(2, 16)])
    failed = law(k, *at([0, 1e-20, 1e-9, 0.01, 0.3, 0.9, 1]), *parameters)
    assert failed.shape == (34, 7)
    np.testing.assert_allclose(failed[0], 1, rtol=1e-12)
    np.testing.assert_allclose(failed[1], 1 - np.array([0, 1e-20, 1e-9, 0.01, 0.3, 0.9, 1]), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(failed[:, 0], 1, rtol=1e-12)
    np.testing.assert_allclose(failed[1:, -1], 0, atol=1e-300)
    assert np.all(np.diff(failed, axis=0) <= 1e-15)
    assert np.all(failed[:, 1:-1] >= dependence.independent(k, *at([1e-20, 1e-9, 0.01, 0.3, 0.9])) * (1 - 1e-12))


@pytest.mark.parametrize(("law", "parameters"), LAWS)
def test_a_number_of_attempts_gives_a_row_and_a_table_a_table_of_rows(law, parameters):
    where = at([0.1, 0.2, 0.3])
    assert law(3, *where, *parameters).shape == (3,)
    assert law(np.ones((4, 2)), *where, *parameters).shape == (4, 2, 3)


def test_discounted_attempts_change_the_exponent():
    """The error falls as k^-(1-zeta): a tenth of a power for zeta = 0.5 from k to 100 k."""
    tail = dependence.zipf_tail(*LEVI, 0.5)
    assert tail.exponent == pytest.approx(0.175, rel=1e-15, abs=0)
    k = np.array([1e10, 1e12])
    error = tail.prefactor * k**-tail.exponent / averaged(dependence.zipf, k, *LEVI, 0.5) - 1
    assert error[0] / error[1] == pytest.approx(10, rel=0.01, abs=0)
    plain = dependence.zipf_tail(*LEVI, 0.0)
    assert plain.prefactor == pytest.approx(coverage.prefactor(*LEVI), rel=1e-14, abs=0)


def test_discounted_attempts_end_on_a_plateau_or_fall_as_a_logarithm():
    plateau = coverage.inference_loss(float(mpmath.zeta(1.5)), *LEVI)
    assert averaged(dependence.zipf, np.inf, *LEVI, 1.5) == pytest.approx(plateau, rel=1e-12, abs=0)
    k = np.array([1e8, 1e15])
    shifted = coverage.shifted_asymptote(np.log(k) + np.euler_gamma, *LEVI)
    np.testing.assert_allclose(averaged(dependence.zipf, k, *LEVI, 1.0), shifted, rtol=1e-4)


def test_repeats_change_the_prefactor_only():
    tail, k = dependence.markov_tail(*LEVI, 0.8), np.array([1e6, 1e7])
    assert tail.exponent == 0.35
    error = tail.prefactor * k**-tail.exponent / averaged(dependence.markov, k, *LEVI, 0.8) - 1
    assert error[0] / error[1] == pytest.approx(10, rel=0.01, abs=0)
    assert np.all(np.abs(error) < 2 * LEVI[0] / (0.2 * k))


def test_identical_attempts_leave_a_plateau():
    k = np.array([1e6, 1e15])
    above = averaged(dependence.sticky, k, *LEVI, 0.1) - dependence.sticky_plateau(*LEVI, 0.1)
    np.testing.assert_allclose(above, 0.9 * coverage.inference_loss(k, *LEVI), rtol=1e-9)


@pytest.mark.parametrize(("alpha", "beta"), [(5.0, 0.35), (0.8, 1.5), (40.0, 2.0)])
@pytest.mark.parametrize("correlation", [0.001, 0.01, 0.1])
def test_any_urn_turns_the_power_law_into_a_power_of_the_logarithm(alpha, beta, correlation):
    """The error falls as 1/Lambda^2, where Lambda itself grows as ln k only; hence 10^250 attempts."""
    k, urn = np.array([1e15, 1e250]), (1 - correlation) / correlation
    exact = averaged(dependence.polya, k, alpha, beta, correlation)
    error = dependence.polya_tail(k, alpha, beta, correlation) / exact - 1
    effective = urn * (np.log(k) - float(mpmath.digamma(urn)))
    stated = beta * (beta + 1) / 2 * (urn + 0.5 - (alpha - 1) * (alpha - 2))
    np.testing.assert_allclose(error[0] * effective[0] ** 2, stated, rtol=0.15)
    np.testing.assert_allclose(error[1] * effective[1] ** 2, stated, rtol=0.02)


def test_a_rare_memory_leaves_the_urn_its_power_law_for_a_while():
    """As long as k t << 1, Lambda is k and the tail is Levi's."""
    k = np.array([1e4, 1e5])
    tail = dependence.polya_tail(k, *LEVI, 1e-9)
    np.testing.assert_allclose(tail, coverage.inference_loss(k, *LEVI), rtol=1e-4)


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_sticky_attempts_are_independent_ones_at_other_problems(share):
    problems = difficulty.beta(5, 0.35, 0.9)
    attempts = np.array([1, 2, 10, 1e4, 1e9])
    found = difficulty.failure(attempts, dependence.sticky_problems(problems, share))
    sticky = dependence.sticky(attempts, problems.log_success, problems.log_failure, share) @ problems.weight
    np.testing.assert_allclose(found, sticky, rtol=1e-12)

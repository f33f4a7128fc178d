"""Difficulty: by hand, against golden values, closed forms in mpmath and SciPy, and where the power laws hold."""

import json
from itertools import pairwise
from math import comb
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy import integrate, special

from sim.laws import difficulty

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
LEVI = (5.0, 0.35)
EVERY_KIND = {
    "beta": difficulty.beta(*LEVI),
    "beta with a ceiling": difficulty.beta(*LEVI, 0.7),
    "beta, extreme": difficulty.beta(0.05, 0.05),
    "scaled beta": difficulty.scaled_beta(3.5, 0.25, 0.1),
    "scaled Kumaraswamy": difficulty.scaled_kumaraswamy(3.5, 0.05, 0.8),
    "continuous Bernoulli": difficulty.continuous_bernoulli(0.1),
    "uniform": difficulty.uniform(0.0, 1.0),
    "uniform, bounded": difficulty.uniform(0.1, 0.3),
    "reciprocal": difficulty.reciprocal(1e-4, 1.0),
    "Zipf ranks": difficulty.zipf_ranks(1.5, 0.5, 1000),
    "Zipf ranks, many": difficulty.zipf_ranks(1.2, 1.0, 10**9),
    "latent precision": difficulty.latent_precision(2.5, 0.1),
    "latent precision, biased": difficulty.latent_precision_biased(2.5, 0.1, 1.0),
    "small ball": difficulty.small_ball(4, 0.05, 0.8),
}


def rows(name):
    """Parameters and value of each row of a golden table."""
    return [({k: float(v) for k, v in row["params"].items()}, float(row["value"]), row["name"]) for row in GOLDEN[name]]


def levi_loss(attempts, alpha, beta):
    with mpmath.workdps(50):
        k, a, b = mpmath.mpf(attempts), mpmath.mpf(alpha), mpmath.mpf(beta)
        gammas = mpmath.loggamma(a + k) - mpmath.loggamma(a) + mpmath.loggamma(a + b) - mpmath.loggamma(a + b + k)
        return float(mpmath.exp(gammas))


def panels(low, high, count):
    """Nodes and weights of 40 Gauss-Legendre points on each of so many equal panels."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    edges = np.linspace(low, high, count + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()


def test_a_linear_density_of_failures_integrates_by_hand():
    """p ~ Beta(2, 1) has density 2p, so E[p^k] = 2 / (k + 2); Beta(1, 2) would give 2 / ((k + 1) (k + 2))."""
    k = np.array([0, 1, 2, 10, 0.5])
    np.testing.assert_allclose(difficulty.failure(k, difficulty.beta(2, 1)), 2 / (k + 2), rtol=1e-14)
    np.testing.assert_allclose(difficulty.failure(k, difficulty.beta(1, 2)), 2 / ((k + 1) * (k + 2)), rtol=1e-14)
    assert difficulty.success(difficulty.beta(2, 1)) == pytest.approx(1 / 3, rel=1e-14, abs=0)


def test_a_kumaraswamy_square_root_integrates_by_hand():
    """P(z < y) = 1 - (1 - sqrt y) at alpha = 1, beta = 1/2: E[1 - z] = 2/3, E[(1-z)^2] = 8/15."""
    problems = difficulty.scaled_kumaraswamy(1, 0.5, 1)
    np.testing.assert_allclose(difficulty.failure([0, 1, 2], problems), [1, 2 / 3, 8 / 15], rtol=1e-14)
    # z = 1 - (1-y)^2 at alpha = 2, beta = 1, halved: E[1 - z/2] = 5/6.
    assert difficulty.failure(1, difficulty.scaled_kumaraswamy(2, 1, 0.5)) == pytest.approx(5 / 6, rel=1e-14, abs=0)


def test_a_recursion_by_parts_gives_the_reciprocal_density():
    """I_k = integral of (1-s)^k / s loses [(1-low)^k - (1-high)^k] / k with the k-th attempt."""
    for low, high in [(0.01, 1.0), (0.1, 0.3), (1e-6, 1e-3), (1e-30, 1.0)]:
        problems = difficulty.reciprocal(low, high)
        with mpmath.workdps(90):
            low, high = mpmath.mpf(low), mpmath.mpf(high)
            span = integral = mpmath.log(high / low)
            assert difficulty.success(problems) == pytest.approx(float((high - low) / span), rel=1e-13, abs=0)
            for k in range(1, 1001):
                integral -= ((1 - low) ** k - (1 - high) ** k) / k
                if k in (1, 2, 10, 100, 1000):
                    law = difficulty.failure(k, problems)
                    assert law == pytest.approx(float(integral / span), rel=1e-12, abs=0), (low, high, k)


@pytest.mark.parametrize(
    ("table", "law"),
    [
        ("levi_loss", lambda p: difficulty.failure(p["k"], difficulty.beta(p["alpha"], p["beta"]))),
        ("levi_passk", lambda p: 1 - difficulty.failure(p["k"], difficulty.beta(p["alpha"], p["beta"], p["A"]))),
        ("levi_prefactor", lambda p: difficulty.beta_tail(p["alpha"], p["beta"]).prefactor),
        ("scaled_beta", lambda p: difficulty.failure(p["k"], difficulty.scaled_beta(p["be"], p["al"], p["c"]))),
        (
            "scaled_kumaraswamy",
            lambda p: difficulty.failure(p["k"], difficulty.scaled_kumaraswamy(p["be"], p["al"], p["c"])),
        ),
        ("uniform", lambda p: difficulty.failure(p["k"], difficulty.uniform(0, p.get("b", 1)))),
        ("cont_bernoulli", lambda p: difficulty.continuous_bernoulli_tail(p["lam"]).prefactor),
        (
            "lid_intrinsic",
            lambda p: difficulty.failure(p["k"], difficulty.latent_precision(p["beta"], p["delta"] / p["sigma"])),
        ),
        ("lid_prefactor", lambda p: difficulty.latent_precision_tail(p["beta"], p["delta"] / p["sigma"]).prefactor),
        ("vae_toy", lambda p: difficulty.failure(p["k"], difficulty.small_ball(p["m"], p["tau"]))),
    ],
)
def test_the_law_has_the_golden_values(table, law):
    for parameters, value, _ in rows(table):
        np.testing.assert_allclose(law(parameters), value, rtol=1e-12, err_msg=str(parameters))


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_the_weights_are_probabilities_and_success_and_failure_add_to_one(kind):
    problems = EVERY_KIND[kind]
    assert problems.weight.sum() == pytest.approx(1, abs=1e-14)
    assert np.all(problems.weight >= 0)
    np.testing.assert_allclose(np.exp(problems.log_success) + np.exp(problems.log_failure), 1, atol=4e-16)
    # Whichever is near 0 holds the digits of the other: ln(1-s) = log1p(-s).
    hard = problems.log_success < -1
    np.testing.assert_allclose(problems.log_failure[hard], np.log1p(-np.exp(problems.log_success[hard])), rtol=1e-14)
    easy = problems.log_failure[:-2] < -1
    expected = np.log1p(-np.exp(problems.log_failure[:-2][easy]))
    np.testing.assert_allclose(problems.log_success[:-2][easy], expected, rtol=1e-14)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_no_attempt_solves_nothing_one_solves_the_mean_and_more_solve_more(kind):
    problems = EVERY_KIND[kind]
    failed = difficulty.failure([[0, 1], [10, 1e15]], problems)
    assert failed.shape == (2, 2)
    assert failed[0, 0] == pytest.approx(1, abs=1e-14)
    assert failed[0, 1] == pytest.approx(1 - difficulty.success(problems), rel=1e-12, abs=0)
    assert np.all(np.diff(failed.ravel()) < 0)
    assert isinstance(difficulty.failure(3, problems), np.float64)


@pytest.mark.parametrize("alpha", [1e-3, 0.05, 0.4, 5.0, 185.0, 1e6])
@pytest.mark.parametrize("beta", [1e-3, 0.05, 0.35, 2.0, 30.0, 1e4])
def test_the_beta_average_agrees_with_50_digits_everywhere(alpha, beta):
    k = np.array([1, 2, 7.5, 1e2, 1e4, 1e9, 1e15])
    problems = difficulty.beta(alpha, beta)
    expected = np.array([levi_loss(attempts, alpha, beta) for attempts in k])
    seen = expected > 1e-280
    np.testing.assert_allclose(difficulty.failure(k[seen], problems), expected[seen], rtol=1e-12)
    assert difficulty.success(problems) == pytest.approx(beta / (alpha + beta), rel=1e-13, abs=0)
    assert problems.weight.size < 20_000  # what a table over problems can hold


def test_other_conditional_laws_are_averaged_as_well():
    """One success in 100 attempts and all successes in 3, by their Beta integrals."""
    problems = difficulty.beta(*LEVI)
    once = 100 * problems.weight @ np.exp(problems.log_success + 99 * problems.log_failure)
    assert once == pytest.approx(100 * special.beta(104, 1.35) / special.beta(*LEVI), rel=1e-12, abs=0)
    always = problems.weight @ np.exp(3 * problems.log_success)
    assert always == pytest.approx(special.beta(5, 3.35) / special.beta(*LEVI), rel=1e-12, abs=0)


def test_problems_beyond_the_ceiling_are_never_solved():
    plain, bounded = difficulty.beta(*LEVI), difficulty.beta(*LEVI, 0.7)
    k = np.array([0, 1, 10, 1e15])
    np.testing.assert_allclose(difficulty.failure(k, bounded), 0.3 + 0.7 * difficulty.failure(k, plain), rtol=1e-14)
    assert bounded.log_success[-1] == -np.inf and bounded.log_failure[-1] == 0
    assert bounded.weight[-1] == pytest.approx(0.3, rel=1e-9, abs=0)


def test_mass_that_no_attempt_can_reach_is_not_lost():
    """At beta = 0.05, s is below 1e-30 on 1e-30^0.05 / (0.05 B(5, 0.05)) = 2.9 % of all problems."""
    problems = difficulty.beta(5, 0.05)
    unreachable = 1e-30**0.05 / (0.05 * special.beta(5, 0.05))
    assert problems.weight[-1] == pytest.approx(unreachable, rel=0.01, abs=0)  # to a node: s^0.05 over 1/8 in ln s


@pytest.mark.parametrize(("alpha", "beta", "scale"), [(3.5, 0.25, 0.1), (5, 0.15, 0.8), (0.3, 2.0, 0.5), (40, 6, 1.0)])
@pytest.mark.parametrize("attempts", [1, 2, 30, 300])
def test_a_scale_thins_the_attempts(alpha, beta, scale, attempts):
    law = difficulty.failure(attempts, difficulty.scaled_beta(alpha, beta, scale))
    thinned = sum(
        comb(attempts, j)
        * mpmath.mpf(scale) ** j
        * (1 - mpmath.mpf(scale)) ** (attempts - j)
        * levi_loss(j, alpha, beta)
        for j in range(attempts + 1)
    )
    assert law == pytest.approx(float(thinned), rel=1e-12, abs=0)


def test_a_scale_of_one_is_no_scale():
    k = np.array([1, 10, 1e9])
    scaled, plain = difficulty.scaled_beta(*LEVI, 1.0), difficulty.beta(*LEVI)
    np.testing.assert_allclose(difficulty.failure(k, scaled), difficulty.failure(k, plain), rtol=1e-14)
    # Either shape 1 makes a Kumaraswamy a Beta variate.
    for alpha, beta in [(1.0, 0.35), (5.0, 1.0), (0.05, 1.0), (1.0, 6.0)]:
        beta_like = difficulty.failure(k, difficulty.scaled_beta(alpha, beta, 0.3))
        kumaraswamy = difficulty.failure(k, difficulty.scaled_kumaraswamy(alpha, beta, 0.3))
        np.testing.assert_allclose(kumaraswamy, beta_like, rtol=1e-12)


@pytest.mark.parametrize(
    ("alpha", "beta", "scale"),
    [
        (3.5, 0.25, 0.1),
        (0.05, 0.05, 0.9),
        (1e4, 0.35, 1.0),
        (40, 6, 0.5),
        (0.3, 20, 0.999),
        (200, 12, 1.0),
        (1e-3, 1e3, 0.7),
    ],
)
def test_the_kumaraswamy_average_agrees_with_an_integral_over_its_power(alpha, beta, scale):
    """w = z^beta is Beta(1, alpha), so E = integral of alpha (1-w)^(alpha-1) (1 - c w^(1/beta))^k."""
    problems = difficulty.scaled_kumaraswamy(alpha, beta, scale)

    def at(log_w, k):
        fails = np.exp(special.xlog1py(k, -scale * np.exp(log_w / beta)))
        return alpha * np.exp(log_w + special.xlog1py(alpha - 1, -np.exp(log_w))) * fails

    def near_one(log_rest, k):
        fails = np.exp(special.xlog1py(k, -scale * np.exp(np.log1p(-np.exp(log_rest)) / beta)))
        return alpha * np.exp(alpha * log_rest) * fails

    for k in (1, 10, 1e4, 1e9):
        low = min(-beta * np.log(k) - 40, -np.log(alpha) - 40)
        edges = np.linspace(low, -np.log(2), 60)
        lower = sum(integrate.quad(at, a, b, (k,), epsabs=0, epsrel=1e-11)[0] for a, b in pairwise(edges))
        edges = np.linspace(-40 / min(1, alpha), -np.log(2), 30)
        upper = sum(integrate.quad(near_one, a, b, (k,), epsabs=1e-300)[0] for a, b in pairwise(edges))
        assert difficulty.failure(k, problems) == pytest.approx(lower + upper, rel=1e-10, abs=0), k
    mean = scale * alpha * special.beta(1 + 1 / beta, alpha)
    assert difficulty.success(problems) == pytest.approx(mean, rel=1e-11, abs=0)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 0.1), (1e-6, 1), (0.1, 0.3), (1e-12, 1e-3), (0.5, 0.500001)])
def test_the_uniform_average_has_its_closed_form(low, high):
    problems = difficulty.uniform(low, high)
    with mpmath.workdps(60):
        for k in (0, 1, 7.5, 100, 1e4, 1e9, 1e13):
            a, b = 1 - mpmath.mpf(low), 1 - mpmath.mpf(high)
            expected = float((a ** (k + 1) - b ** (k + 1)) / ((k + 1) * (a - b)))
            if expected > 1e-280:
                assert difficulty.failure(k, problems) == pytest.approx(expected, rel=1e-12, abs=0), k
    assert difficulty.success(problems) == pytest.approx((low + high) / 2, rel=1e-13, abs=0)


@pytest.mark.parametrize("rate", [1e-9, 0.1, 0.4999999, 0.5, 0.9, 1 - 1e-9])
def test_the_continuous_bernoulli_average_is_a_confluent_hypergeometric_function(rate):
    problems = difficulty.continuous_bernoulli(rate)
    with mpmath.workdps(40):
        lean = mpmath.log(mpmath.mpf(rate) / (1 - mpmath.mpf(rate)))
        total = mpmath.expm1(lean) / lean if lean else mpmath.mpf(1)
        for k in (0, 1, 7, 100, 1e4, 1e9, 1e15):
            expected = float(mpmath.hyp1f1(1, k + 2, lean) / (k + 1) / total)
            assert difficulty.failure(k, problems) == pytest.approx(expected, rel=1e-12, abs=0), k


def test_two_ranked_problems_by_hand():
    """Success 1 and 1/2: k attempts fail at the second, half of all, with 2^-k."""
    failed = difficulty.failure([0, 1, 2, 10], difficulty.zipf_ranks(1.0, 1.0, 2))
    np.testing.assert_allclose(failed, [1, 1 / 4, 1 / 8, 2**-11], rtol=1e-14)


@pytest.mark.parametrize("decline", [0.05, 0.5, 1.0, 1.5, 3.0, 20.0])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
@pytest.mark.parametrize("ranks", [1024, 1039, 1040, 1041, 5000, 10**5 + 1, 10**6])
def test_blocks_of_ranks_average_as_one_by_one(decline, scale, ranks):
    """Also where nearly all of what is left is at the last ranks: at 20 and 300 times R^zeta / c attempts."""
    problems = difficulty.zipf_ranks(decline, scale, ranks)
    success = np.exp(np.log(scale) - decline * np.log(np.arange(1.0, ranks + 1)))
    last = ranks**decline / scale
    for k in (1, 2, 7.5, 1e3, 1e6, 1e10, 1e15, 20 * last, 300 * last):
        expected = np.exp(special.xlog1py(k, -success)).mean()
        if k <= 1e15 and expected > 1e-280:
            assert difficulty.failure(k, problems) == pytest.approx(expected, rel=1e-12, abs=0), k
    assert difficulty.success(problems) == pytest.approx(success.mean(), rel=1e-13, abs=0)
    assert problems.weight.size < 10_000


@pytest.mark.parametrize(("decline", "scale"), [(0.3, 1.0), (1.5, 0.5), (4.0, 0.9)])
def test_few_attempts_at_a_thousand_million_ranks_are_a_sum_of_zeta_functions(decline, scale):
    """(1 - c r^-zeta)^k by the binomial series, each power summed as zeta(s) - zeta(s, R + 1)."""
    ranks = 10**9
    problems = difficulty.zipf_ranks(decline, scale, ranks)
    with mpmath.workdps(40):
        total = lambda s: mpmath.zeta(s) - mpmath.zeta(s, ranks + 1) if s else mpmath.mpf(ranks)  # noqa: E731
        powers = [(-mpmath.mpf(scale)) ** j * total(j * mpmath.mpf(decline)) / ranks for j in range(11)]
        for k in (1, 2, 10):
            expected = float(sum(comb(k, j) * powers[j] for j in range(k + 1)))
            assert difficulty.failure(k, problems) == pytest.approx(expected, rel=1e-13, abs=0), k


@pytest.mark.parametrize(("decline", "scale"), [(0.3, 1.0), (1.0, 0.5), (1.5, 0.5), (4.0, 0.9)])
def test_many_attempts_at_a_thousand_million_ranks_agree_with_gauss_and_legendre(decline, scale):
    """The first 10^5 ranks one by one, the others an integral from half to half: the next term is below 1e-16."""
    ranks, first = 10**9, 10**5
    problems = difficulty.zipf_ranks(decline, scale, ranks)
    rank, weight = panels(np.log(first + 0.5), np.log(ranks + 0.5), 400)
    rank, weight = np.append(np.arange(1.0, first + 1), np.exp(rank)), np.append(np.ones(first), weight * np.exp(rank))
    for k in (1e2, 1e4, 1e6, 1e9, 1e12, 1e15):
        expected = weight @ np.exp(special.xlog1py(k, -scale * rank**-decline)) / ranks
        if expected > 1e-280:
            assert difficulty.failure(k, problems) == pytest.approx(expected, rel=1e-10, abs=0), k


@pytest.mark.parametrize("decline", [0.7, 1.0, 1.5, 3.0])
def test_so_many_ranks_leave_an_exponential_integral(decline):
    """E_p(x) / zeta, p = 1 + 1/zeta, x = c k R^-zeta: 1 / R and 1 / k off; it ends exponentially."""
    ranks, scale = 10**8, 0.5
    problems = difficulty.zipf_ranks(decline, scale, ranks)
    for x in (1e-3, 0.1, 1.0, 5.0, 40.0):
        k = x * ranks**decline / scale
        law = difficulty.failure(k, problems)
        limit = float(mpmath.expint(1 + 1 / decline, x) / decline)
        assert abs(law - limit) < 1 / ranks + 1 / k
    assert law == pytest.approx(np.exp(-40) / (decline * 40), rel=0.06 if decline > 1 else 0.07, abs=0)


RISES = [  # decline, attempts, and by how much the power is too high: the x of its docstring, and 1/2 of a rank
    (2.0, 1e4, lambda x, ranks: x + 0.5 / ranks),
    (1.5, 1e6, lambda x, ranks: 2 * x + 0.5 / ranks),
    (1.0, 1e6, lambda x, ranks: -(x**2) / 2 + 0.25 / ranks),
    (0.8, 1e3, lambda x, ranks: -special.gamma(1 - 1 / 0.8) * x ** (1 / 0.8)),
]


@pytest.mark.parametrize(("decline", "attempts", "too_high"), RISES)
def test_few_ranked_problems_are_solved_as_a_power_says_and_it_is_as_wrong_as_stated(decline, attempts, too_high):
    scale, ranks = 0.5, 10**9
    problems = difficulty.zipf_ranks(decline, scale, ranks)
    solved = -(problems.weight @ np.expm1(attempts * problems.log_failure))
    error = difficulty.zipf_ranks_rise(attempts, decline, scale, ranks) - solved
    assert error == pytest.approx(too_high(scale * attempts * ranks**-decline, ranks), rel=0.02, abs=0)
    assert abs(error) < 0.1 * solved


def test_coverage_of_ranked_problems_rises_as_a_power_while_few_are_solved():
    """Slopes over a decade: 1 / zeta above 1, where some 10^4 of 10^9 problems are solved; 1 below."""
    for decline, first, slope in [(3.0, 1e12, 1 / 3), (2.0, 1e8, 0.5), (1.5, 1e6, 2 / 3), (0.4, 1, 1.0)]:
        problems, tries = difficulty.zipf_ranks(decline, 0.5, 10**9), np.array([first, 10 * first])
        solved = [-(problems.weight @ np.expm1(k * problems.log_failure)) for k in tries]
        assert np.diff(np.log(solved)) / np.log(10) == pytest.approx(slope, rel=5e-3)


@pytest.mark.parametrize(("beta", "tolerance"), [(2.5, 0.1), (0.3, 1e-6), (0.05, 0.1), (6, 3.0), (40, 0.5), (0.7, 1e8)])
def test_one_attempt_at_a_latent_precision_is_a_student_variate(beta, tolerance):
    """A normal over the root of Gamma(beta/2, 1) is a t with beta degrees of freedom times sqrt(2/beta)."""
    law = difficulty.failure(1, difficulty.latent_precision(beta, tolerance))
    reach = mpmath.mpf(tolerance) ** 2 / 2
    expected = mpmath.betainc(beta / 2, 0.5, 0, 1 / (1 + reach), regularized=True)
    assert law == pytest.approx(float(expected), rel=1e-11, abs=0)


@pytest.mark.parametrize(("beta", "tolerance"), [(2.5, 0.1), (0.6, 3.0), (8, 0.5)])
@pytest.mark.parametrize("attempts", [2, 50, 1e4, 1e8])
def test_attempts_at_a_latent_precision_agree_with_gauss_and_legendre(beta, tolerance, attempts):
    log_precision, step = panels(-90 / min(beta, 1), 6, 200)
    reach = tolerance * np.exp(log_precision / 2) / np.sqrt(2)
    log_fails = np.where(
        reach < 0.5, np.log1p(-special.erf(np.minimum(reach, 0.5))), np.log(2) + special.log_ndtr(-np.sqrt(2) * reach)
    )
    log_density = beta / 2 * log_precision - np.exp(log_precision) - special.gammaln(beta / 2)
    law = difficulty.failure(attempts, difficulty.latent_precision(beta, tolerance))
    assert law == pytest.approx(step @ np.exp(log_density + attempts * log_fails), rel=1e-11, abs=0)


@pytest.mark.seldom(2)
@pytest.mark.parametrize(
    ("beta", "tolerance", "variance"), [(2.5, 0.1, 0.3), (0.7, 3.0, 1.0), (6, 0.01, 5.0), (1, 30, 0.01)]
)
def test_one_biased_attempt_is_a_student_variate_around_the_bias(beta, tolerance, variance):
    def covered(bias):
        unit = np.sqrt(beta / 2)
        return special.stdtr(beta, (tolerance - bias) * unit) - special.stdtr(beta, (-tolerance - bias) * unit)

    spread = np.sqrt(variance)
    expected, _ = integrate.quad(
        lambda x: covered(spread * x) * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
        -12,
        12,
        epsabs=0,
        epsrel=1e-11,
        limit=200,
    )
    law = difficulty.success(difficulty.latent_precision_biased(beta, tolerance, variance))
    assert law == pytest.approx(expected, rel=1e-10, abs=0)


@pytest.mark.seldom(1)
@pytest.mark.parametrize("attempts", [10, 1e4, 1e8])
def test_biased_attempts_agree_with_a_double_integral(attempts):
    """Over the bias and the root of the precision, plain Gauss-Legendre panels; the bias is wide (v = 1)."""
    log_root, root_weight = panels(-25, np.log(9), 30)
    bias, bias_weight = panels(0, 12, 60)
    root, bias = np.exp(log_root)[:, None], bias[None, :]
    window = special.ndtr((0.1 - bias) * root) - special.ndtr((-0.1 - bias) * root)
    narrow = 0.2 * root * np.exp(-((bias * root) ** 2) / 2) / np.sqrt(2 * np.pi)
    inside = np.where(root < 1e-3, narrow, window)  # the difference would lose more digits than the expansion
    density = 2 * root**2.5 * np.exp(-(root**2)) / special.gamma(1.25) * 2 * np.exp(-(bias**2) / 2) / np.sqrt(2 * np.pi)
    expected = root_weight @ (density * np.exp(special.xlog1py(attempts, -inside))) @ bias_weight
    law = difficulty.failure(attempts, difficulty.latent_precision_biased(2.5, 0.1, 1.0))
    assert law == pytest.approx(expected, rel=1e-8, abs=0)


@pytest.mark.parametrize("dimension", [0.3, 1, 4, 5.7, 20, 300])
@pytest.mark.parametrize("temperature", [1e-6, 0.05, 30])
def test_attempts_at_a_small_ball_agree_with_gauss_and_legendre(dimension, temperature):
    log_room, step = panels(-90 * max(1, 2 / dimension), 0, 800)
    reach = np.exp(log_room) / (2 * temperature)
    inside, outside = (f(dimension / 2, reach) for f in (special.gammainc, special.gammaincc))
    log_fails = np.where(inside < 0.5, np.log1p(-np.minimum(inside, 0.5)), np.log(np.maximum(outside, 1e-300)))
    problems = difficulty.small_ball(dimension, temperature)
    for attempts in (1, 50, 1e6, 1e15):
        expected = step @ np.exp(log_room + attempts * log_fails)
        assert difficulty.failure(attempts, problems) == pytest.approx(expected, rel=1e-11, abs=0), attempts


def test_a_small_ball_in_two_dimensions_integrates_by_hand():
    """chi2_2 / 2 is exponential: s = 1 - exp(-u / (2 tau)), and k attempts fail on 2 tau (1 - e^(-k/(2 tau))) / k."""
    k, temperature = np.array([1, 7, 1e4]), 0.3
    law = difficulty.failure(k, difficulty.small_ball(2, temperature, 0.9))
    expected = 2 * temperature * -np.expm1(-k / (2 * temperature)) / k
    np.testing.assert_allclose(law, 0.1 + 0.9 * expected, rtol=1e-13)


@pytest.mark.parametrize(("dimension", "order"), [(1, 1), (4, 0.5), (6, 1 / 3)])
def test_the_power_law_of_a_small_ball_is_as_wrong_as_stated(dimension, order):
    tail, k = difficulty.small_ball_tail(dimension, 0.05, 0.8), np.array([1e8, 1e10])
    excess = 0.8 * difficulty.failure(k, difficulty.small_ball(dimension, 0.05))
    error = tail.prefactor * k**-tail.exponent / excess - 1
    assert error[0] / error[1] == pytest.approx(100**order, rel=0.01, abs=0)
    assert tail.exponent == 2 / dimension


def test_a_vanishing_bias_is_none():
    k = np.array([1, 100, 1e4])
    plain = difficulty.failure(k, difficulty.latent_precision(2.5, 0.1))
    biased = [difficulty.failure(k, difficulty.latent_precision_biased(2.5, 0.1, v)) / plain - 1 for v in (1e-4, 1e-5)]
    np.testing.assert_allclose(biased[0] / biased[1], 10, rtol=1e-2)  # the first effect of bias is linear in v
    assert np.all(np.abs(biased[1]) < 1e-5)


@pytest.mark.parametrize(
    ("tail", "problems"),
    [
        (difficulty.beta_tail(*LEVI), difficulty.beta(*LEVI)),
        (difficulty.scaled_beta_tail(3.5, 0.25, 0.1), difficulty.scaled_beta(3.5, 0.25, 0.1)),
        (difficulty.kumaraswamy_tail(0.6, 2.5, 0.8), difficulty.scaled_kumaraswamy(0.6, 2.5, 0.8)),
        (difficulty.continuous_bernoulli_tail(0.1), difficulty.continuous_bernoulli(0.1)),
        (difficulty.continuous_bernoulli_tail(0.5), difficulty.uniform(0.0, 1.0)),
        (difficulty.continuous_bernoulli_tail(0.9), difficulty.continuous_bernoulli(0.9)),
        (difficulty.latent_precision_tail(2.5, 0.1), difficulty.latent_precision(2.5, 0.1)),
        (difficulty.latent_precision_tail(0.4, 2.0), difficulty.latent_precision(0.4, 2.0)),
    ],
)
def test_the_power_laws_are_wrong_by_one_over_k(tail, problems):
    k = np.array([1e5, 1e6])
    error = tail.prefactor * k**-tail.exponent / difficulty.failure(k, problems) - 1
    assert error[0] / error[1] == pytest.approx(10, rel=0.01, abs=0)
    assert np.all(np.abs(error) < 100 / k)


def test_the_power_law_of_a_bounded_uniform_is_wrong_by_one_over_k():
    tail, k = difficulty.uniform_tail(0.1), np.array([1e5, 1e6])
    error = tail.prefactor * k**-tail.exponent / difficulty.failure(k, difficulty.uniform(0, 0.1)) - 1
    np.testing.assert_allclose(error * k, 1, rtol=1e-4)


def test_a_ceiling_scales_the_power_law_of_what_can_be_solved():
    tail = difficulty.beta_tail(*LEVI, 0.7)
    excess = difficulty.failure(1e6, difficulty.beta(*LEVI, 0.7)) - 0.3
    assert tail.prefactor * 1e6**-tail.exponent == pytest.approx(excess, rel=1e-5, abs=0)


def test_kumaraswamy_reaches_its_power_law_slowly():
    alpha, beta, scale = 3.5, 0.25, 0.1
    tail = difficulty.kumaraswamy_tail(alpha, beta, scale)
    errors = []
    for k in (1e10, 1e14):
        leading = tail.prefactor * k**-beta
        exact = difficulty.failure(k, difficulty.scaled_kumaraswamy(alpha, beta, scale))
        first = -(alpha - 1) * special.gamma(2 * beta) / special.gamma(beta) * (scale * k) ** -beta
        assert exact / leading - 1 == pytest.approx(first, rel=20 * (scale * k) ** -beta, abs=0)
        errors.append(exact / leading - 1)
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.1, abs=0)


def test_bounded_hardness_has_no_power_law():
    k = np.array([1e3, 2e3, 4e3])
    for problems in (difficulty.uniform(0.01, 0.5), difficulty.reciprocal(0.01, 0.5)):
        slope = -np.diff(np.log(difficulty.failure(k, problems))) / np.diff(np.log(k))
        assert slope[1] > 1.9 * slope[0] > 20
        rate = -np.diff(np.log(difficulty.failure([4e4, 4e4 + 1], problems)))
        assert rate == pytest.approx(-np.log(0.99), rel=0.01, abs=0)


@pytest.mark.seldom(0)
def test_a_bias_bends_the_power_law_away():
    """Slopes between 1e8 and 1e10 attempts at beta = 2.5: 0.4255, 0.2291, 0.1301; the law is within 7 % of them."""
    for variance, slope in [(0.3, 0.4255), (1, 0.2291), (3, 0.1301)]:
        problems = difficulty.latent_precision_biased(2.5, 0.1, variance)
        measured = -np.diff(np.log(difficulty.failure([1e8, 1e10], problems))) / np.log(100)
        assert measured == pytest.approx(slope, abs=5e-5)
        assert difficulty.latent_precision_biased_slope(1e9, variance) == pytest.approx(slope, rel=0.07, abs=0)


def test_the_bent_slope_by_hand_and_within_7_per_cent_of_those_measured():
    """1 / sqrt(v ln k) at k = e^16; slopes between 1e8 and 1e10 attempts at beta = 2.5, as in the test above."""
    assert difficulty.latent_precision_biased_slope(np.exp(16.0), 0.25) == pytest.approx(0.5, rel=1e-14)
    slopes = difficulty.latent_precision_biased_slope(1e9, np.array([1.0, 3.0]))
    np.testing.assert_allclose(slopes, [0.2291, 0.1301], rtol=0.07)


@pytest.mark.seldom(0)
def test_the_bent_slope_is_wrong_by_the_root_of_v_over_ln_k():
    """ln k cannot be varied enough; so the error must halve when v falls to a quarter."""
    errors = []
    for variance in (4.0, 1.0):
        problems = difficulty.latent_precision_biased(6.0, 0.1, variance)
        measured = -np.diff(np.log(difficulty.failure([1e13, 1e15], problems))) / np.log(100)
        errors.append(difficulty.latent_precision_biased_slope(1e14, variance) / measured[0] - 1)
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.3, abs=0)


def test_the_tolerance_and_the_scatter_matter_only_through_their_ratio():
    """A tolerance ten times as large at small s needs a tenth of the attempts: the prefactor scales as t^-beta."""
    near, far = difficulty.latent_precision_tail(2.5, 0.01), difficulty.latent_precision_tail(2.5, 0.1)
    assert near.prefactor / far.prefactor == pytest.approx(10**2.5, rel=1e-13, abs=0)


def test_listed_problems_are_averaged_as_they_are():
    problems = difficulty.listed([0.0, 0.25, 1.0])
    assert difficulty.success(problems) == pytest.approx(1.25 / 3, rel=1e-15)
    np.testing.assert_allclose(difficulty.failure([0, 1, 2], problems), [1, 1.75 / 3, 1.5625 / 3], rtol=1e-15)

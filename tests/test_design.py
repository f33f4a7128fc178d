"""Pilots drawn and refitted by the thousand: their law, refits against sim.judging.fits, errors against theory."""

from functools import cache
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import assert_counts, assert_mean, assert_proportion, rejects
from scipy import special, stats

from sim.design import draws, refit, study, targets
from sim.draw import simulate
from sim.draw.budget import BATCH, Budget
from sim.judging import fits
from sim.laws import cost, coverage, fisher
from sim.model import build
from sim.samplers import bits

LAW = (5.0, 0.35)


def truth(target="coverage", ceiling=1.0, alpha=5.0, beta=0.35):
    return targets.Truth(alpha, beta, ceiling, target, 1000, 1.0, 1e-3)


@cache
def drawn(kind, problems, attempts, pilots, law=LAW, ceiling=1.0, seed=0):
    """Attempts and successes, [pilots, problems], and all lanes beyond."""
    kernel = draws.build(kind, build.beta_sampler(*law, ceiling), problems, attempts)
    batches = -(-pilots // len(kernel.lanes))
    counts = simulate.curves(seed, "test", kernel, batches, Budget(batches * BATCH, 0, 0))[:pilots]
    width = kernel.lanes.shape[1]
    recorded, successes = counts[:, :width], counts[:, width:]
    return recorded[:, :problems], successes[:, :problems], np.concatenate([recorded, successes], 0)[:, problems:]


# Draws ----------------------------------------------------------------------------------------------------------------


@pytest.mark.seldom(1)
@pytest.mark.parametrize(("attempts", "ceiling"), [(7, 1.0), (60, 0.7), (3000, 1.0)])
def test_counts_of_uniform_pilots_are_beta_binomial(attempts, ceiling):
    recorded, successes, beyond = drawn(draws.Uniform, 60, attempts, 2000, ceiling=ceiling)
    assert (recorded == attempts).all() and not beyond.any()
    cells = np.unique([0, *np.geomspace(1, attempts + 1, 12).astype(int)])[:-1]  # few, so that little is overlooked
    counts = np.add.reduceat(np.bincount(successes.astype(int).ravel(), minlength=attempts + 1), cells)

    def law(alpha, beta):
        chance = ceiling * stats.betabinom(attempts, beta, alpha).pmf(np.arange(attempts + 1))
        return np.add.reduceat(chance + (1 - ceiling) * (np.arange(attempts + 1) == 0), cells)

    assert_counts(counts, law(*LAW))
    rejects(assert_counts, counts, law(5.0, 0.35 * 1.05))


def literal(recorded, successes, waits):
    """Algorithm 1 of Kazdan et al. 2025, attempt by attempt; waits: attempts to each further success, [levels, P]."""
    problems = waits.shape[1]
    made, won, since = np.zeros(problems, int), np.zeros(problems, int), np.zeros(problems, int)
    for _ in range(int(recorded.sum())):
        one = np.lexsort((np.arange(problems), made, won))[0]
        made[one] += 1
        since[one] += 1
        if since[one] == waits[won[one], one]:
            won[one] += 1
            since[one] = 0
    return made, won


@jax.jit
def counted(member, key):
    return member.curves(key)


@jax.jit
def waits(member, key):
    """Attempts to each further success that an adaptive pilot is drawn from, [levels, pilots, lanes]."""
    key_problems, key_waits = jax.random.split(key)
    rate = bits.rate(member.difficulty.at(bits.stream(key_problems), member.lanes))
    stream = bits.stream(key_waits)

    def at(turn):
        return bits.geometric(stream, jnp.full(rate.shape, turn), member.lanes, rate)

    return jax.vmap(at)(jnp.arange(200, dtype=jnp.uint32))


@pytest.mark.seldom(0)
@pytest.mark.parametrize(("law", "attempts"), [(LAW, 20), ((0.8, 1.5), 6), ((0.5, 3.0), 9)], ids=str)
def test_adaptive_pilots_are_those_of_the_algorithm_attempt_by_attempt(law, attempts):
    problems = 13
    member = draws.build(draws.Adaptive, build.beta_sampler(*law, 1.0), problems, attempts)
    key = lambda: jax.random.wrap_key_data(np.array([3, 5], np.uint32), impl="threefry2x32")  # noqa: E731
    found = np.asarray(counted(member, key()))
    width = member.lanes.shape[1]
    own_waits = np.asarray(waits(member, key()))
    solved = set()
    for pilot in range(6):
        recorded, successes = found[pilot, :problems], found[pilot, width : width + problems]
        made, won = literal(recorded, successes, own_waits[:, pilot, :problems])
        assert recorded.sum() == problems * attempts
        assert (made == recorded).all() and (won == successes).all()
        solved |= set(won.tolist())
    assert len(solved) > 1


WAITS = np.array(  # attempts to each further success of three problems, in two pilots, and of a lane that is none
    [[[1, 4, 2, 1], [3, 1, 1, 1]], [[2, 1, 5, 1], [1, 1, 1, 1]], [[1, 7, 1, 1], [2, 2, 2, 1]], [[9, 9, 9, 1]] * 2]
)


def literal_of_all(total):
    """Attempts and successes of Algorithm 1 in both pilots, [2, 2, 3]."""
    return np.array([literal(np.full(1, total), None, WAITS[:, pilot, :3]) for pilot in range(2)])


def test_adaptive_pilots_with_known_waiting_times_are_the_algorithm_s(monkeypatch):
    """Each total from one attempt to nine a problem: ties, rounds that just end, and the last one cut anywhere."""
    table = jnp.asarray(WAITS)

    def known(stream, turn, lanes, rate):
        return table[jnp.minimum(turn[:, 0], 3), jnp.arange(2)].astype(jnp.float32)

    monkeypatch.setattr(draws.bits, "geometric", known)
    even = SimpleNamespace(at=lambda stream, lanes: jnp.full(lanes.shape, np.float32(-1.0)))
    lanes = np.arange(8, dtype=np.uint32).reshape(2, 4)
    key = lambda: jax.random.wrap_key_data(np.array([3, 5], np.uint32), impl="threefry2x32")  # noqa: E731
    run = jax.jit(lambda total: draws.Adaptive(even, total / 3, np.uint32(3), lanes).curves(key()))
    for total in range(1, 28):
        found = np.asarray(run(np.float32(total)))
        assert not found[:, [3, 7]].any()
        np.testing.assert_array_equal(np.stack([found[:, :3], found[:, 4:7]], axis=1), literal_of_all(total))


@pytest.mark.seldom(0)
def test_a_pilot_does_not_know_how_many_others_there_are():
    few, many = (study.fits(truth(), "adaptive", 30, 20, pilots, 0) for pilots in (40, 300))
    assert (few.beta == many.beta[:40]).all()


@pytest.mark.seldom(0)
def test_pilots_of_other_sizes_and_seeds_are_other_pilots():
    one, *others = (study.fits(truth(), "uniform", 30, m, 40, seed) for m, seed in ((20, 0), (21, 0), (20, 1)))
    assert all((one.beta != other.beta).any() for other in others)


# Refits ---------------------------------------------------------------------------------------------------------------

TABLES = [((5.0, 0.35), 60, 30), ((20.0, 0.15), 60, 100), ((0.8, 1.5), 60, 300), ((0.5, 0.3), 40, 20)]


@pytest.mark.seldom(1)
@pytest.mark.parametrize(("law", "problems", "attempts"), TABLES, ids=str)
def test_refits_are_those_of_sim_fits(law, problems, attempts):
    recorded, successes, _ = drawn(draws.Uniform, problems, attempts, 200, law)
    own, other = refit.beta_law(recorded, successes, False), fits.beta_binomial(recorded, successes)
    inside = ~own.at_wall
    assert inside.mean() > 0.9
    assert own.alpha[inside] == pytest.approx(other.alpha[inside], rel=1e-6)
    assert own.beta[inside] == pytest.approx(other.beta[inside], rel=1e-6)


def log_likelihood(recorded, successes, alpha, beta, ceiling):
    chance = ceiling * np.exp(
        special.betaln(alpha + recorded - successes, beta + successes) - special.betaln(alpha, beta)
    )
    return np.log(chance + (1 - ceiling) * (successes == 0)).sum(axis=1)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("with_ceiling", [False, True])
def test_no_parameters_nearby_are_likelier_than_the_refit_s(with_ceiling):
    """Attempts as adaptive pilots have them, where Newton's method without care goes astray."""
    recorded, successes, _ = drawn(draws.Adaptive, 60, 30, 200, ceiling=0.7 if with_ceiling else 1.0)
    recorded, successes = (np.pad(x, ((0, 0), (0, 100))) for x in (recorded, successes))  # no attempts: say nothing
    own = refit.beta_law(recorded, successes, with_ceiling)
    best = np.stack(own[:3])
    at = lambda theta: log_likelihood(recorded, successes, *theta[:, :, None])  # noqa: E731
    rng = np.random.default_rng(0)
    for size in (1e-3, 0.1, 1.0):
        for _ in range(10):
            other = best * np.exp(size * rng.standard_normal((3, 1)) * [[1], [1], [float(with_ceiling)]])
            other[2] = np.minimum(other[2], 1 / (1 + np.exp(-refit.WALL))) if with_ceiling else 1.0
            assert (at(other) <= at(best) + 1e-7).all()


def test_pilots_without_spread_or_without_success_are_told():
    recorded = np.full((3, 50), 100.0)
    successes = np.stack([np.full(50, 30.0), np.zeros(50), np.random.default_rng(0).binomial(100, 0.5, 50) * 1.0])
    successes[2, :20] = 0
    own, other = refit.beta_law(recorded, successes, False), fits.beta_binomial(recorded, successes)
    assert own.at_wall.tolist() == [True, True, False]
    rate = own.beta / (own.alpha + own.beta)
    assert rate == pytest.approx(other.beta / (other.alpha + other.beta), rel=1e-6)


# Errors ---------------------------------------------------------------------------------------------------------------

PILOTS = 2000


@pytest.fixture(scope="module")
def refitted():
    return study.fits(truth(), "uniform", 256, 60, PILOTS, 0)


def assert_root_mean_square(error, law):
    """By the square, whose deviation is sqrt(2) of itself for normal errors."""
    assert_mean(error**2, PILOTS, law**2, np.sqrt(2) * law**2)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("target", ["coverage", "exponent"])
def test_large_pilots_err_as_much_as_their_information_allows_for(refitted, target):
    found, bound = targets.error(truth(target), refitted), targets.bound(truth(target), 256, 60)
    assert_root_mean_square(found.error, bound * 1.01)  # 1 % for what is of order 1/P
    rejects(assert_root_mean_square, found.error, bound * 1.15)
    rejects(assert_root_mean_square, found.error, bound * 0.87)


@pytest.mark.seldom(0)
def test_large_pilots_regret_as_much_as_theory_says(refitted):
    """A regret is an error squared: chi-square with one degree of freedom, as few parameters matter."""
    found, bound = targets.error(truth("decision"), refitted), targets.bound(truth("decision"), 256, 60)
    assert_mean(found.error, PILOTS, bound * 1.02, np.sqrt(2) * bound)
    rejects(assert_mean, found.error, PILOTS, 1.3 * bound, np.sqrt(2) * bound)


@pytest.mark.seldom(0)
def test_with_a_ceiling_to_be_found_errors_are_those_of_three_parameters():
    own = truth("coverage", ceiling=0.7, alpha=2.0, beta=1.0)._replace(attempts=100)
    found = targets.error(own, study.fits(own, "uniform", 256, 100, PILOTS, 0))
    bound = targets.bound(own, 256, 100)
    assert_root_mean_square(found.error, bound)
    two = np.sqrt(fisher.variance_bound(fisher.coverage_gradient(100, 2.0, 1.0), 256, 100, 2.0, 1.0))
    rejects(assert_root_mean_square, found.error, two)


@pytest.mark.seldom(0)
def test_standard_errors_of_errors_hold():
    """Of 400 errors, each from 50 pilots, about two thirds are within their standard error of the one of all."""
    all_fits = study.fits(truth(), "uniform", 60, 60, 20_000, 1)
    own = truth("coverage")
    of_all = targets.error(own, all_fits).error
    parts = [targets.error(own, refit.Fits(*(x[i : i + 50] for x in all_fits))) for i in range(0, 20_000, 50)]
    inside = sum(abs(part.error - of_all) < part.stderr for part in parts)
    assert_proportion(inside, 400, 0.68)
    rejects(assert_proportion, sum(abs(part.error - of_all) < 2 * part.stderr for part in parts), 400, 0.68)


@pytest.mark.parametrize("target", ["coverage", "exponent"])
def test_an_error_is_the_root_of_the_mean_square_and_its_standard_error_that_of_the_root(target):
    found = refit.Fits(*np.array([[5.0, 5.0, 4.0], [0.30, 0.41, 0.38], [1.0, 1.0, 1.0]]), np.zeros(3, bool))
    own = truth(target)
    if target == "exponent":
        errors = np.array([-0.05, 0.06, 0.03])
    else:
        errors = special.beta(found.alpha + 1000, found.beta) / special.beta(found.alpha, found.beta)
        errors = special.beta(5 + 1000, 0.35) / special.beta(5, 0.35) - errors
    root = np.sqrt(np.sum(errors**2) / 3)
    told = targets.error(own, found)
    assert told.error == pytest.approx(root, rel=1e-6)
    assert told.stderr == pytest.approx(stats.sem(errors**2) / (2 * root), rel=1e-6)
    assert told.bias == pytest.approx(errors.mean(), rel=1e-6)


def test_the_best_k_of_many_pilots_is_that_of_the_law_one_by_one():
    parameters = refit.Fits(
        np.array([5.0, 0.8, 20.0, 3.0]), np.array([0.35, 1.5, 0.1, 1e-3]), np.array([1.0, 0.7, 1, 1]), np.zeros(4, bool)
    )
    for price in (1e-9, 1e-3, 0.5, 2.0):
        own = targets.best_attempts(1.0, price, parameters)
        assert own.tolist() == [
            cost.optimal_parallel(1.0, price, *(float(x[i]) for x in parameters[:3])) for i in range(4)
        ]


def test_a_regret_is_the_mean_of_what_each_pilot_s_choice_forgoes():
    own = truth("decision")._replace(value=2.0, price=0.01, ceiling=0.9)
    found = refit.Fits(*np.array([[5.0, 2.0, 9.0], [0.35, 0.5, 0.2], [0.9, 0.8, 1.0]]), np.zeros(3, bool))

    def worth(k):
        loss = special.beta(5 + k, 0.35) / special.beta(5, 0.35)
        return 2.0 * 0.9 * (1 - loss) - 0.01 * k

    k = np.arange(2000)
    chosen = [
        int(np.argmax(2.0 * a * (1 - special.beta(al + k, be) / special.beta(al, be)) - 0.01 * k))
        for al, be, a in zip(*found[:3], strict=True)
    ]
    regret = worth(k).max() - worth(np.array(chosen))
    told = targets.error(own, found)
    assert told.error == pytest.approx(regret.mean(), rel=1e-9)
    assert told.stderr == pytest.approx(stats.sem(regret), rel=1e-9)
    assert np.isnan(told.bias) and told.lost == 0


def test_pilots_at_the_wall_give_no_exponent_and_are_counted():
    found = refit.Fits(
        np.full(4, 5.0), np.array([0.30, 1e5, 0.41, 0.38]), np.ones(4), np.array([False, True, False, False])
    )
    told = targets.error(truth("exponent"), found)
    errors = np.array([-0.05, 0.06, 0.03])
    assert told.error == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-9)
    assert told.lost == 0.25
    assert np.isnan(targets.error(truth("exponent"), found._replace(at_wall=np.array([1, 1, 1, 0], bool))).error)


def test_an_error_reaches_what_is_wanted_by_two_standard_errors_and_with_few_lost():
    assert targets.Error(0.02, 0.0049, 0.0, 0.01).reaches(0.03)
    assert not targets.Error(0.02, 0.0051, 0.0, 0.0).reaches(0.03)
    assert not targets.Error(0.02, 0.001, 0.0, 0.011).reaches(0.03)


@pytest.mark.parametrize("with_ceiling", [False, True])
def test_slopes_and_curvatures_of_the_likelihood_are_its_derivatives(with_ceiling):
    recorded, successes = np.array([20.0, 20, 9, 40, 20]), np.array([0.0, 20, 3, 1, 0])
    theta = np.array([0.4, -0.7, 1.2][: 2 + with_ceiling])

    def value(x):
        alpha, beta = np.exp(x[:2])
        chance = np.exp(special.betaln(alpha + recorded - successes, beta + successes) - special.betaln(alpha, beta))
        ceiling = special.expit(x[2]) if with_ceiling else 1.0
        return np.log(ceiling * chance + (1 - ceiling) * (successes == 0)).sum()

    with jax.enable_x64(True):
        found = refit._log_likelihood(jnp.asarray(theta), jnp.asarray(recorded), jnp.asarray(successes), with_ceiling)
        slope, bend = (np.asarray(x) for x in found[1:])
    steps = 1e-4 * np.eye(len(theta))
    np.testing.assert_allclose(slope, [(value(theta + h) - value(theta - h)) / 2e-4 for h in steps], rtol=1e-5)
    for i, one in enumerate(steps):
        for j, other in enumerate(steps):
            corners = [value(theta + a * one + b * other) for a in (1, -1) for b in (1, -1)]
            assert bend[i, j] == pytest.approx(np.dot([1, -1, -1, 1], corners) / 4e-8, rel=1e-4, abs=1e-5)


def test_bounds_are_standard_errors_of_known_difficulties():
    """With endless attempts success rates are known: a sample of a Beta, whose Fisher information has a closed form."""
    trigamma = lambda x: float(special.polygamma(1, x))  # noqa: E731
    own, both = np.diag([trigamma(5.0), trigamma(0.35)]), trigamma(5.35)
    variance = np.linalg.inv(200 * (own - both))
    assert targets.bound(truth("exponent"), 200, np.inf) == pytest.approx(np.sqrt(variance[1, 1]), rel=1e-9)
    slope = [
        (special.beta(5 + a + 1000, 0.35 + b) / special.beta(5 + a, 0.35 + b))
        - (special.beta(5 - a + 1000, 0.35 - b) / special.beta(5 - a, 0.35 - b))
        for a, b in ((1e-5, 0), (0, 1e-5))
    ]
    gradient = np.array(slope) / 2e-5
    expected = np.sqrt(gradient @ variance @ gradient)
    assert targets.bound(truth("coverage"), 200, np.inf) == pytest.approx(expected, rel=1e-4)
    assert targets.bound(truth("coverage"), 50, np.inf) == pytest.approx(2 * expected, rel=1e-4)
    assert np.isnan(targets.bound(truth("decision")._replace(price=2.0), 200, 30))  # no attempt pays


def test_pilots_drawn_in_several_goes_are_those_of_one(monkeypatch):
    weights = np.sqrt(np.arange(1.0, 65))  # tell one pilot's successes from another's
    told = lambda recorded, successes, _: refit.Fits(*[(recorded + successes) @ weights] * 4)  # noqa: E731
    monkeypatch.setattr(refit, "beta_law", told)
    whole = study.fits(truth(), "uniform", 30, 20, 600, 0)
    assert len(set(whole.beta)) > 500  # no two goes draw the same pilots
    monkeypatch.setattr(study, "_TOGETHER", 2**14)  # lanes: two batches
    assert (study.fits(truth(), "uniform", 30, 20, 600, 0).beta == whole.beta).all()


def test_every_size_and_law_has_draws_of_its_own(monkeypatch):
    asked = []

    def spied(seed, physics, kernel, batches, budget):
        asked.append(f"{seed} {physics}")
        return np.ones((batches * len(kernel.lanes), 2 * kernel.lanes.shape[1]))

    monkeypatch.setattr(simulate, "curves", spied)
    monkeypatch.setattr(refit, "beta_law", lambda *_: refit.Fits(*np.ones((4, 300))))
    base = truth()
    changes = {"alpha": 4.0, "beta": 0.4, "ceiling": 0.9}
    for own in (base, *(base._replace(**{name: value}) for name, value in changes.items())):
        study.fits(own, "uniform", 30, 20, 10, 0)
    for other in (("adaptive", 30, 20, 10, 0), ("uniform", 31, 20, 10, 0), ("uniform", 30, 21, 10, 0)):
        study.fits(base, *other)
    study.fits(base, "uniform", 30, 20, 10, 1)
    assert len(set(asked)) == len(asked) == 8


def test_problems_and_their_counts_come_from_streams_of_their_own():
    """With one stream easy problems would have many successes even for their ease."""
    kernel = draws.build(draws.Uniform, build.beta_sampler(0.5, 0.5, 1.0), 4096, 3)
    key = lambda: jax.random.wrap_key_data(np.array([3, 5], np.uint32), impl="threefry2x32")  # noqa: E731
    successes = np.asarray(counted(kernel, key()))[0, kernel.lanes.shape[1] :][:4096]
    chance = stats.betabinom(3, 0.5, 0.5).pmf(np.arange(4))
    assert_counts(np.bincount(successes.astype(int), minlength=4), chance)
    rejects(assert_counts, np.bincount(successes.astype(int), minlength=4), stats.binom(3, 0.5).pmf(np.arange(4)))


def test_equal_totals_are_those_that_leave_two_attempts_at_each_problem(monkeypatch):
    known = targets.Error(0.1, 0.0, 0.0, 0.0)
    monkeypatch.setattr(study, "_size", lambda truth, kind, p, m, *_: study.Size(kind, p, m, known, np.nan, np.nan))
    found = study.study(truth(), 0.2, [5, 10, 15], [2, 4], 29, 10, 0)
    assert [(one.problems, one.attempts) for one in found.grid] == [(5, 2), (5, 4), (10, 2)]
    assert [(one.problems, one.attempts) for one in found.line] == [(5, 5), (10, 2)] * 2
    assert (found.chosen.problems, found.chosen.attempts, found.reached) == (5, 2, True)
    assert (found.other.allocation, found.other.problems, found.other.attempts) == ("adaptive", 5, 2)
    free = study.study(truth(), 0.2, [5, 10], [2, 4], None, 10, 0)
    assert (free.total, len(free.grid), [one.total for one in free.line]) == (10, 4, [10] * 2)


# Answers --------------------------------------------------------------------------------------------------------------


def size(problems, attempts, error, stderr=0.0, lost=0.0):
    return study.Size("uniform", problems, attempts, targets.Error(error, stderr, 0.0, lost), np.nan, np.nan)


def test_the_cheapest_size_that_surely_reaches_is_named_else_the_best_one():
    sizes = [size(30, 10, 0.05), size(60, 10, 0.029, 0.001), size(120, 10, 0.028, 0.001), size(250, 10, 0.01)]
    assert study._answer(sizes, 0.03) == (sizes[2], True)
    assert study._answer(sizes, 0.001) == (sizes[3], False)
    lost = [size(30, 10, 0.001, lost=0.5), size(60, 10, 0.02), size(40, 10, np.nan)]
    assert study._answer(lost, 0.03) == (lost[1], True)
    assert study._answer(lost, 0.01) == (lost[1], False)


@pytest.mark.seldom(0)
def test_lines_of_equal_totals_are_within_the_budget():
    found = study.study(truth(), 0.2, [20, 40], [5, 10], 250, 30, 0)
    assert all(one.total <= 250 for one in (*found.grid, *found.line, found.chosen))
    assert {(one.allocation, one.problems, one.attempts) for one in found.line} == {
        (allocation, *one) for allocation in ("uniform", "adaptive") for one in ((20, 12), (40, 6))
    }
    assert found.total == 250


def test_truth_of_coverage_is_the_law():
    own = refit.Fits(*(np.full(10, x) for x in (*LAW, 1.0)), np.zeros(10, bool))
    assert targets.error(truth(), own)[:3] == (0.0, 0.0, 0.0)
    assert targets.error(truth("decision"), own)[:2] == (0.0, 0.0)
    other = own._replace(beta=np.full(10, 0.4))
    expected = coverage.coverage(1000, 5.0, 0.4) - coverage.coverage(1000, *LAW)
    assert targets.error(truth(), other).bias == pytest.approx(expected, rel=1e-12)

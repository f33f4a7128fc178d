"""Attempts shared over a suite: made one by one in NumPy, the experiment against its laws, refusals, the figure."""

from functools import cache
from math import comb
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import FALSE_ALARM, assert_mean, assert_same_distribution, rejects
from scipy import stats

from sim.draw import keys, simulate
from sim.draw.budget import BATCH, Budget, grid
from sim.experiments import EXPERIMENTS, asking, suite
from sim.experiments.question import Question
from sim.experiments.settings import Suite
from sim.figures import files
from sim.laws import suite as laws
from sim.model import build
from sim.model.difficulty import Beta, Certain, Difficulty, GammaRatio
from sim.records.folder import Run
from sim.samplers import suite as sampler

LEVI = Beta(5.0, 0.35, 1.0)
BUDGET = Budget(problems=2**19, chunk=0, devices=2)


def kernel(difficulty=LEVI, spent=(1, 100), attempts=(1, 10), budgets=(1, 10), size=20):
    return sampler.build(difficulty.sampler(), spent, attempts, budgets, size, BATCH)


def drawn(name, batches, **parts):
    """Means of each batch [batches, x] of the four quantities of the kernel."""
    own = kernel(**parts)
    curves = simulate.curves(1, name, own, batches, BUDGET)
    return np.split(curves, np.cumsum([len(own.spent), len(own.attempts), len(own.attempts)]), axis=1)


def ask(difficulty=LEVI, law=None, tries=grid(1e5, 16), size=164, seed=0, budget=BUDGET):  # noqa: B008
    none = dict.fromkeys(Question._fields)
    given = {"seed": seed, "difficulty": difficulty, "tries": tries, "budget": budget, "settings": Suite(size)}
    law = SimpleNamespace(difficulty=law or difficulty)
    return asking.answer("suite", Question(**{**none, **given, "law": law}))


def column(answer, quantity, name):
    return answer.columns[name][answer.columns["quantity"] == quantity]


# What is drawn --------------------------------------------------------------------------------------------------------


def finished_in_turn(suites, attempts, rng):
    """Problems solved by so many attempts, made one by one at the same problem until it is solved, [suites]."""
    success, solved = rng.beta(1.0, 2.0, suites), np.zeros(suites, int)
    for _ in range(attempts):
        right = rng.random(suites) < success
        solved += right
        success = np.where(right, rng.beta(1.0, 2.0, suites), success)
    return solved


def left_after(suites, attempts, each, rng):
    """Problems solved by so many attempts, when a problem is left after its first success or `each` attempts."""
    success, made, solved = rng.beta(1.0, 2.0, suites), np.zeros(suites, int), np.zeros(suites, int)
    for _ in range(attempts):
        right = rng.random(suites) < success
        solved, made = solved + right, made + 1
        leave = right | (made == each)
        success, made = np.where(leave, rng.beta(1.0, 2.0, suites), success), np.where(leave, 0, made)
    return solved


def gone_round(suites, size, budget, rng):
    """Problems unsolved when the budget is spent, one attempt at each of the unsolved a round, order drawn anew."""
    success, unsolved = rng.beta(1.0, 2.0, (suites, size)), np.ones((suites, size), bool)
    remaining = np.full((suites, 1), budget)
    for _ in range(budget):  # rounds: each takes an attempt at least
        order = np.where(unsolved, rng.random((suites, size)), 2.0).argsort(axis=1).argsort(axis=1)
        tried = unsolved & (order < remaining)
        remaining = remaining - tried.sum(axis=1, keepdims=True)
        unsolved &= ~(tried & (rng.random((suites, size)) < success))
    return unsolved.sum(axis=1)


def same_mean(one, other):
    """Two-sample z test of independent samples, as assert_mean has it."""
    stderr = np.hypot(one.std(ddof=1) / np.sqrt(len(one)), other.std(ddof=1) / np.sqrt(len(other)))
    assert_mean(one.mean(), 1, other.mean(), stderr)


def generator(name):
    return keys.host_generator(keys.run_key(1, name))


EASY = Beta(2.0, 1.0, 1.0)


@cache
def sampled():
    """The same from the kernel, means of batches."""
    grids = {"spent": (12, 60), "attempts": (1, 2, 7), "budgets": (1.2, 3.7)}
    return drawn("one by one", 256, difficulty=EASY, size=10, **grids)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("attempts", [12, 60])
def test_problems_finished_in_turn_are_those_of_attempts_made_one_by_one(attempts):
    solved, rng = sampled()[0][:, [12, 60].index(attempts)], generator(f"in turn {attempts}")
    same_mean(solved, finished_in_turn(20_000, attempts, rng))
    rejects(same_mean, solved, finished_in_turn(20_000, attempts + 4, rng))


@pytest.mark.seldom(0)
@pytest.mark.parametrize("each", [1, 2, 7])
def test_problems_left_are_solved_at_the_rate_of_a_long_run_of_attempts(each):
    """Such a run is ahead of the rate, as the problem it breaks off is a hard one: by 7e-5 for 7 attempts each."""
    _, unsolved, made, _ = sampled()
    rates, rng = suite._rates(1 - unsolved, made)[:, [1, 2, 7].index(each)], generator(f"left {each}")
    same_mean(rates, left_after(1000, 2000, each, rng) / 2000)
    rejects(same_mean, rates, left_after(1000, 2000, each + 1, rng) / 2000)


@pytest.mark.parametrize("budget", [12, 37])
def test_a_finite_suite_is_gone_round_attempt_by_attempt(budget):
    shares, rng = sampled()[3][:, [12, 37].index(budget)], generator(f"round {budget}")
    same_mean(shares, gone_round(10_000, 10, budget, rng) / 10)
    rejects(same_mean, shares, gone_round(10_000, 10, budget + 2, rng) / 10)


@cache
def unsolved_on_average(number, unsolved, budget, alpha, beta):
    """Mean number of problems unsolved, exactly: in round `number` all of them have failed as often, so that each is
    solved with the hazard beta / (alpha + beta + number), whatever happened to the others."""
    hazard = beta / (alpha + beta + number)
    if budget <= unsolved:
        return unsolved - budget * hazard
    return sum(
        comb(unsolved, left)
        * hazard ** (unsolved - left)
        * (1 - hazard) ** left
        * (unsolved_on_average(number + 1, left, budget - unsolved, alpha, beta) if left else 0)
        for left in range(unsolved + 1)
    )


@pytest.mark.seldom(0)
def test_a_finite_suite_leaves_what_every_outcome_of_its_rounds_leaves_and_more_than_an_endless_one():
    budgets = np.array([2, 8, 15, 40, 90])
    *_, shares = drawn("exact", 512, difficulty=LEVI, budgets=budgets / 5, size=5)
    exact = np.array([unsolved_on_average(0, 5, int(b), 5.0, 0.35) for b in budgets]) / 5
    assert_mean(shares.mean(axis=0), len(shares), exact, shares.std(axis=0, ddof=1))
    spent, unsolved = laws.round_robin(np.arange(60), 5, 0.35)  # straight between whole rounds
    endless = np.interp(budgets / 5, spent, unsolved)
    assert (exact[1:] > endless[1:]).all()
    rejects(assert_mean, shares.mean(axis=0), len(shares), endless, shares.std(axis=0, ddof=1))


def test_waiting_times_are_those_of_the_attempts_sampler():
    own = kernel(attempts=np.arange(1, 13))
    waits = jax.jit(lambda own, key: own._waiting(key)(own.problems.ravel()))(own, keys.run_key(1, "waits"))
    literal = np.minimum(generator("literal").geometric(generator("p").beta(0.35, 5.0, BATCH)), 13)
    ours = np.minimum(np.asarray(waits), 13).astype(int)
    assert_same_distribution(np.bincount(ours, minlength=14), np.bincount(literal, minlength=14))


@jax.jit
def curves(own, seed):
    return own.curves(keys.key_of(jnp.stack([jnp.uint32(0), seed])))


@pytest.mark.seldom(0)
def test_hopeless_problems_hold_a_suite_up_for_ever_and_certain_ones_never():
    grids = {"spent": (1, 10, 1000), "attempts": (1, 10, 1e15), "budgets": (1, 2, 1e15)}
    of = lambda successes: SimpleNamespace(  # noqa: E731
        sampler=lambda: build.table_sampler(np.ones(1), np.array([successes]))
    )
    found = np.asarray(curves(kernel(of(0.0), **grids), jnp.uint32(1)))
    np.testing.assert_allclose(found[0], [0, 0, 0, 1, 1, 1, 1, 10, 1e15, 1, 1, 1], rtol=1e-6)
    found = np.asarray(curves(kernel(of(1.0), **grids), jnp.uint32(1)))
    np.testing.assert_array_equal(found[0], [1, 10, 1000, 0, 0, 0, 1, 1, 1, 0, 0, 0])


@pytest.mark.parametrize(("size", "suites"), [(2, 512), (164, 6), (1024, 1), (16384, 1)])
def test_a_batch_has_room_for_suites_of_every_size(size, suites):
    own = kernel(size=size)
    assert own.suites.shape == (suites, size) and sampler.finite(size) == suites
    assert own.problems.size == BATCH
    assert own.numbers == 2 * (BATCH + suites * size + 32 * 64)
    assert kernel(GammaRatio(5.0, 0.35, 1.0), size=size).numbers == 2.5 * own.numbers
    assert own.bytes > 4 * 64 * suites * size


# The experiment -------------------------------------------------------------------------------------------------------


@pytest.mark.seldom(0)
def test_every_quantity_is_shown_and_judged_but_for_the_finite_suite():
    answer = ask()
    names = list(dict.fromkeys(answer.columns["quantity"]))
    assert names == list(EXPERIMENTS["suite"].quantities)
    assert [v.quantity for v in answer.verdicts] == names[:-1]
    assert min(v.p_value for v in answer.verdicts) > FALSE_ALARM
    assert np.isfinite(answer.columns["sigmas"][answer.columns["quantity"] != "finite_suite"]).all()
    assert np.isnan(column(answer, "finite_suite", "law")).all()
    np.testing.assert_array_equal(column(answer, "finite_suite", "attempts"), column(answer, "round_robin_cost", "law"))
    assert answer.draws == BUDGET.problems and answer.represented == BUDGET.problems * 1e5
    of_rounds = answer.verdicts[2]
    assert of_rounds.predicted == pytest.approx(0.35 / 0.65) and of_rounds.prefactor_predicted == pytest.approx(
        2.89586899
    )
    assert abs(of_rounds.measured - of_rounds.predicted) < 5 * of_rounds.stderr


@pytest.mark.seldom(0)
@pytest.mark.parametrize("wrong", [Beta(5.25, 0.35, 1.0), Beta(5.0, 0.3675, 1.0), Beta(5.0, 0.35, 0.95)], ids=str)
def test_a_law_five_percent_off_is_refuted(wrong):
    verdicts = {v.quantity: v.verdict for v in ask(law=wrong, budget=Budget(2**23, 0, 2)).verdicts}
    assert verdicts == dict.fromkeys(suite.LAWS, "refuted")


@pytest.mark.seldom(0)
def test_other_difficulties_have_their_laws_too():
    answer = ask(Beta(5.0, 0.35, 0.8))  # in which some problems are never solved
    assert [v.quantity for v in answer.verdicts] == list(suite.LAWS)
    assert min(v.p_value for v in answer.verdicts) > FALSE_ALARM
    assert answer.verdicts[2].predicted is None
    assert np.abs(answer.columns["sigmas"][np.isfinite(answer.columns["law"])]).max() < 6


@pytest.mark.seldom(0)
@pytest.mark.parametrize("difficulty", [Beta(5.0, 40.0, 1.0), Beta(1e4, 1e-3, 1.0), Certain()], ids=str)
def test_what_hardly_ever_happens_refutes_nothing(difficulty):
    answer = ask(difficulty)
    assert "refuted" not in {v.verdict for v in answer.verdicts}
    assert np.abs(answer.columns["sigmas"][np.isfinite(answer.columns["law"])]).max() < 6


def test_problems_finished_in_turn_end_where_their_law_or_their_number_does():
    tries = grid(1e9, 37)
    assert suite.spendable(LEVI, tries)[-1] == 1e5
    solved = laws.solve_to_completion(suite.spendable(EASY, tries).astype(int), 2, 1)
    assert 300 < solved[-1] < 2 * 512
    assert suite.spendable(Bare(), tries)[-1] <= 512


@pytest.mark.seldom(0)
def test_the_smaller_the_suite_the_more_it_leaves_at_equal_cost():
    small, larger = (ask(size=size) for size in (3, 164))
    left = [column(answer, "finite_suite", "estimate")[-1] for answer in (small, larger)]
    assert left[0] > 1.5 * left[1] > 1.5 * column(small, "round_robin", "law")[-1]


def test_the_error_of_a_rate_is_the_spread_of_runs():
    """Ratios of 400 runs of 32 batches of one problem each scatter as they say."""
    rng = generator("rates")
    waits = rng.geometric(rng.beta(1.0, 2.0, (400, 256, 32)))
    runs = [(np.mean(w <= 4, axis=1)[:, None], np.mean(np.minimum(w, 4), axis=1)[:, None]) for w in waits]
    rates = [suite._rates(*run) for run in runs]
    pulls = [(r.mean() - laws.reset_rate(4, 2, 1)) / (r.std(ddof=1) / np.sqrt(len(r))) for r in rates]
    low, high = stats.chi2.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], 400)
    assert low < np.sum(np.square(pulls)) < high
    assert_mean(np.mean(pulls), 400, 0.0, 1.0)


class Bare(Difficulty):
    """A member from outside that says no more than its own failure."""

    sampler = LEVI.sampler

    def physics(self):
        return "bare"


@pytest.mark.seldom(0)
def test_without_a_law_the_simulation_stands_alone():
    answer = ask(difficulty=Bare(), law=SimpleNamespace())
    assert answer.verdicts == [] and np.isnan(answer.columns["law"]).all()
    assert np.isfinite(answer.columns["estimate"]).all()
    np.testing.assert_array_equal(column(answer, "finite_suite", "attempts"), grid(1e5, 16))


@pytest.mark.seldom(0)
def test_the_draws_do_not_know_the_law():
    one, other = ask(), ask(law=Beta(5.0, 0.4, 1.0))
    for quantity in ("solve_to_completion", "reset", "round_robin"):
        np.testing.assert_array_equal(column(one, quantity, "estimate"), column(other, quantity, "estimate"))
    assert (column(one, "reset", "estimate") != column(ask(seed=1), "reset", "estimate")).all()


@pytest.mark.parametrize("problems", [1, 0, -5, 16385])
def test_a_suite_with_nothing_to_share_or_larger_than_a_batch_is_refused(problems):
    with pytest.raises(ValueError) as caught:
        Suite(problems).check()
    assert str(caught.value) == f"suite.problems: need a whole number from 2 to 16384, got {problems}"


# The figure -----------------------------------------------------------------------------------------------------------


def words(answer, size=164):
    manifest = {"experiment": "suite", "config": {"suite": {"problems": size}}, "seed": 0}
    figure = files.draw(Run(answer.columns, [{**vars(v)} for v in answer.verdicts], manifest))
    legends = [text.get_text() for axis in figure.axes if axis.get_legend() for text in axis.get_legend().get_texts()]
    labels = [text for axis in figure.axes for text in (axis.get_xlabel(), axis.get_ylabel(), axis.get_title("left"))]
    return "\n".join([figure.get_suptitle(), *legends, *labels])


def test_the_figure_says_what_it_shows():
    said = words(ask())
    for phrase in (
        *("each finished", r"left after $\tau$ = 1", r"left after $\tau$ = 100", "endless, k rounds", "N = 164"),
        *("m(t) = sum_{j<=t} f_j (1 + m(t-j))", "pass@tau / E min(T, tau)", "E[p^k] for E min(T, k) attempts"),
        *("problems solved", "solved per attempt", "share unsolved", "N = 164 / law", "residual (sigma)"),
        "attempts spent per problem t/N",
    ):
        assert phrase in said


@pytest.mark.seldom(0)
@pytest.mark.parametrize("answer", [lambda: ask(Certain()), lambda: ask(tries=grid(2, 2))])
def test_the_figure_bears_suites_with_nothing_left_and_grids_of_two_points(answer):
    assert "N = 20 / law" in words(answer(), 20)


@pytest.mark.seldom(0)
def test_without_a_law_the_figure_says_so():
    assert "simulation only: no closed form" in words(ask(difficulty=Bare(), law=SimpleNamespace())).replace("\n", " ")

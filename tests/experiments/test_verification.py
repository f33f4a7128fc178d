"""A noisy verifier: attempts judged one by one, the experiment and its optimum, what is refused, the figure."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import FALSE_ALARM, assert_proportion, assert_same_distribution, rejects
from scipy import stats

from sim.draw import keys, simulate
from sim.draw.budget import BATCH, Budget, grid
from sim.experiments import EXPERIMENTS, asking, verification
from sim.experiments.question import Question
from sim.experiments.settings import Verification
from sim.figures import files
from sim.judging import estimators
from sim.laws import verification as laws
from sim.model import build
from sim.model.difficulty import Beta, Difficulty, GammaRatio
from sim.model.verifier import Noisy
from sim.records.folder import Run
from sim.samplers.verification import ENDLESS, outcomes

LEVI = Beta(5.0, 0.35, 1.0)
ASKED = Verification(0.9, 0.02, 1.0)
MOST = 30
BUDGET = Budget(problems=2**19, chunk=0, devices=2)


def kernel(difficulty=LEVI, verifier=Noisy(0.9, 0.02), attempts=(1.0, 10.0, ENDLESS)):  # noqa: B008 (they cannot change)
    return outcomes(difficulty.sampler(), verifier.sampler(None), attempts, BATCH)


def ask(asked=ASKED, difficulty=LEVI, law=None, tries=grid(1000, 12), seed=0, budget=BUDGET):  # noqa: B008
    none = dict.fromkeys(Question._fields)
    given = {"seed": seed, "difficulty": difficulty, "tries": tries, "budget": budget, "settings": asked}
    law = SimpleNamespace(difficulty=law or difficulty, settings=asked)
    return asking.answer("verification", Question(**{**none, **given, "law": law}))


def column(answer, quantity, name):
    return answer.columns[name][answer.columns["quantity"] == quantity]


# What is drawn --------------------------------------------------------------------------------------------------------


def literal(verifier, problems, rng):
    """How many problems are answered rightly at each attempt, wrongly at each, and not at all, judged one by one."""
    success = np.where(rng.random(problems) < 0.9, rng.beta(1.0, 2.0, problems), 0.0)
    outcome = np.zeros(problems, int)
    for k in range(1, MOST + 1):
        right = rng.random(problems) < success
        accepted = rng.random(problems) < np.where(right, verifier.true_positive, verifier.false_positive)
        outcome = np.where((outcome == 0) & accepted, np.where(right, k, MOST + k), outcome)
    return np.bincount(outcome, minlength=2 * MOST + 1)


def sampled(verifier, problems):
    """The same from the kernel."""
    own = kernel(Beta(2.0, 1.0, 0.9), verifier, np.arange(1.0, MOST + 1))
    counts = simulate.curves(1, f"literal {verifier}", own, problems // BATCH, BUDGET).sum(axis=0)
    right, wrong = (np.diff(x, prepend=0) for x in np.split(counts, 2))
    return np.concatenate([[problems - right.sum() - wrong.sum()], right, wrong])


def test_right_wrong_and_unanswered_are_those_of_attempts_judged_one_after_the_other():
    made = literal(Noisy(0.8, 0.05), 2**17, keys.host_generator(keys.run_key(1, "judged one by one")))
    assert_same_distribution(sampled(Noisy(0.8, 0.05), 2**19), made)
    rejects(assert_same_distribution, sampled(Noisy(0.8, 0.055), 2**19), made)
    rejects(assert_same_distribution, sampled(Noisy(0.76, 0.05), 2**19), made)


@jax.jit
def curves(own, seed):
    return own.curves(keys.key_of(jnp.stack([jnp.uint32(0), seed])))


def test_a_batch_is_counted_whatever_the_order_of_the_attempts():
    one, other = (
        np.asarray(curves(kernel(attempts=k), jnp.uint32(1))) for k in ((1.0, 10.0, ENDLESS), (ENDLESS, 1.0, 10.0))
    )
    assert one.shape == (1, 6) and one.dtype == np.float32
    np.testing.assert_array_equal(one[0, [2, 0, 1, 5, 3, 4]], other[0])
    assert one[0, 2] + one[0, 5] == BATCH  # in the end something is accepted
    assert (np.diff(one.reshape(2, 3)) > 0).all()


def test_certain_and_hopeless_problems_are_told_apart():
    table = build.table_sampler(np.ones(2), np.array([0.0, 1.0]))
    own = outcomes(table, Noisy(1.0, 0.5).sampler(None), (1.0, 10.0, ENDLESS), BATCH)
    right, wrong = np.asarray(curves(own, jnp.uint32(2))).reshape(2, 3)
    assert right[0] == right[2] == BATCH - wrong[2]
    assert_proportion(int(right[0]), BATCH, 0.5)
    assert_proportion(int(wrong[0]), int(wrong[2]), 0.5)


def test_a_batch_says_how_much_it_draws():
    assert [kernel(d).numbers / BATCH for d in (LEVI, GammaRatio(5.0, 0.35, 1.0))] == [3, 6]
    assert kernel(attempts=[1.0] * 200).bytes > kernel().bytes > 4 * BATCH


# The experiment -------------------------------------------------------------------------------------------------------


def test_the_law_of_a_beta_is_the_one_of_its_closed_forms():
    tries = grid(1e9, 12)
    law = verification.law_of(LEVI, ASKED, tries)
    for name, mean in (("right", laws.correct_mean), ("wrong", laws.wrong_mean), ("unanswered", laws.unanswered_mean)):
        np.testing.assert_allclose(law.curves[name], mean(tries, 5, 0.35, 0.9, 0.02), rtol=1e-11, atol=1e-300)
    np.testing.assert_allclose(law.curves["ceiling"], laws.ceiling(5, 0.35, 0.02 / 0.9), rtol=1e-12)
    for penalty in (0.0, 1.0, 2.0, 4.0, 8.0):
        found = verification.law_of(LEVI, Verification(0.9, 0.02, penalty), tries).optimum
        assert found == laws.optimal_attempts(5, 0.35, 0.9, 0.02, penalty)


def test_every_quantity_is_shown_with_its_law_and_judged():
    answer = ask()
    names = list(dict.fromkeys(answer.columns["quantity"]))
    assert names == list(EXPERIMENTS["verification"].quantities)
    assert [v.quantity for v in answer.verdicts] == ["right", "wrong", "unanswered", "ceiling", "utility"]
    assert min(v.p_value for v in answer.verdicts) > FALSE_ALARM
    assert np.isfinite(answer.columns["sigmas"]).all()
    shares = sum(column(answer, name, "estimate") for name in names[:3])
    np.testing.assert_allclose(shares, 1, rtol=1e-12)
    right, wrong = (column(answer, name, "estimate") for name in names[:2])
    np.testing.assert_allclose(column(answer, "utility", "estimate"), right - wrong, atol=1e-12)
    assert column(answer, "ceiling", "attempts") == np.inf
    assert answer.draws == BUDGET.problems and answer.represented == BUDGET.problems * 1000


@pytest.mark.seldom(0)
@pytest.mark.parametrize("wrong", [Beta(5.25, 0.35, 1.0), Beta(5.0, 0.3675, 1.0), Beta(5.0, 0.35, 0.95)], ids=str)
def test_a_law_five_percent_off_is_refuted(wrong):
    assert [v.verdict for v in ask(law=wrong).verdicts] == ["refuted"] * 5


@pytest.mark.parametrize(("penalty", "best"), [(1.0, 13), (2.0, 4), (4.0, 0), (8.0, 0)])
def test_the_optimum_may_be_no_attempt_at_all(penalty, best):
    answer = ask(Verification(0.9, 0.02, penalty))
    assert column(answer, "optimum", "law") == best and column(answer, "optimum", "attempts") == 1000
    assert abs(column(answer, "optimum", "sigmas")) < 5 and 0 <= column(answer, "regret", "sigmas") < 5
    assert column(answer, "optimum", "estimate") == 0 or best > 0


@pytest.mark.parametrize("penalty", [0.0, 1e-3])
def test_an_optimum_beyond_the_grid_is_not_looked_for(penalty):
    answer = ask(Verification(0.9, 0.02, penalty))
    assert "optimum" not in answer.columns["quantity"] and "regret" not in answer.columns["quantity"]
    assert answer.verdicts[-1].law.endswith("higher with every k" if penalty == 0 else "best at k = 17535")


def test_the_draws_do_not_know_what_a_wrong_answer_costs():
    one, other = ask(), ask(Verification(0.9, 0.02, 3.0))
    np.testing.assert_array_equal(column(one, "wrong", "estimate"), column(other, "wrong", "estimate"))
    assert (column(one, "wrong", "estimate") != column(ask(seed=1), "wrong", "estimate")).all()


def test_the_optimum_and_what_it_loses_have_honest_errors():
    """300 runs of 100,000 problems drawn from the law itself: standard errors of the best k are generous."""
    numbers, problems, rng = np.arange(1.0, 61), 10**5, keys.host_generator(keys.run_key(1, "honest optimum"))
    law = verification.law_of(LEVI, ASKED, numbers).curves
    steps = np.concatenate([np.diff(law["right"], prepend=0), np.diff(law["wrong"], prepend=0)])
    runs = rng.multinomial(problems, np.append(steps, 1 - steps.sum()), size=300)[:, :-1].reshape(300, 2, 60)
    optima, regrets = [], []
    for right, wrong in runs.cumsum(axis=2):
        counts = verification.Outcomes(*(np.append(x, x[12]) for x in (right, wrong)))
        optimum, regret = verification.best_attempts(counts, numbers, 13.0, 1.0, problems)
        optima.append(optimum["sigmas"][0])
        regrets.append(regret["sigmas"][0])
    assert 0.2 < np.mean(np.square(optima)) < 1
    assert min(regrets) == 0 and np.mean(np.square(regrets)) < 2


@pytest.mark.seldom(0)
def test_the_error_of_the_utility_is_the_spread_of_batches():
    tries = np.array([1.0, 10, 100])
    counts = simulate.curves(1, "utility", kernel(attempts=tries), 512, BUDGET)
    drawn = verification.Outcomes(*np.split(counts, 2, axis=1))
    spread = estimators.mean_curve(drawn.utility(3.0) / BATCH)
    curve = drawn.total().reward(3.0, 512 * BATCH)
    np.testing.assert_allclose(curve.estimate, spread.estimate, rtol=1e-12)
    low, high = stats.chi2.ppf([FALSE_ALARM / 6, 1 - FALSE_ALARM / 6], 511) / 511
    assert ((spread.stderr / curve.stderr) ** 2 > low).all() and ((spread.stderr / curve.stderr) ** 2 < high).all()


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
    assert abs(column(answer, "optimum", "estimate") - 13) < 5 * column(answer, "optimum", "stderr")
    assert "regret" not in answer.columns["quantity"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ((0.0, 0.0, 1.0), "verification.true_positive: need 0.000001 <= true_positive <= 1, got 0.0"),
        ((1.1, 0.1, 1.0), "verification.true_positive: need 0.000001 <= true_positive <= 1, got 1.1"),
        ((0.5, 0.6, 1.0), "need 1e-12 <= false_positive <= true_positive, and below 1, got 0.6"),
        ((0.5, 0.0, 1.0), "need 1e-12 <= false_positive <= true_positive, and below 1, got 0.0"),
        ((1.0, 1.0, 1.0), "need 1e-12 <= false_positive <= true_positive, and below 1, got 1.0"),
        ((0.9, 0.1, -1.0), "verification.penalty: need 0 <= penalty <= 1e6, got -1.0"),
        ((0.9, 0.1, np.inf), "verification.penalty: need 0 <= penalty <= 1e6, got inf"),
    ],
)
def test_what_is_no_verifier_is_refused(asked, sentence):
    with pytest.raises(ValueError) as caught:
        Verification(*asked).check()
    assert str(caught.value).endswith(sentence)


# The figure -----------------------------------------------------------------------------------------------------------


def figure_of(answer, penalty=1.0):
    config = {"verification": {"true_positive": 0.9, "false_positive": 0.02, "penalty": penalty}}
    verdicts = [{**vars(v)} for v in answer.verdicts]
    return files.draw(Run(answer.columns, verdicts, {"experiment": "verification", "config": config, "seed": 0}))


def words(figure):
    legends = [text.get_text() for axis in figure.axes if axis.get_legend() for text in axis.get_legend().get_texts()]
    return "\n".join([figure.get_suptitle(), *legends, *(axis.get_ylabel() for axis in figure.axes)])


def test_the_figure_says_what_it_shows():
    drawn = figure_of(ask())
    for phrase in (
        *("true positive 0.9, false positive 0.02, penalty 1", "right: E[(s t / a)", "wrong: E[((1-s) f / a)"),
        *("unanswered: E[(1-a)^k]", "ceiling: E[s / (s + r (1-s))]", "utility: right - 1 wrong, best at k = 13"),
        *("confirmed", "simulated, 13 by the law", "share of problems", "residual (sigma)"),
    ):
        assert phrase in words(drawn)
    [optimum] = [line for line in drawn.axes[2].lines if "best k" in str(line.get_label())]
    assert list(optimum.get_xdata()) == [13, 13]


def test_no_attempt_at_all_is_said_in_words():
    drawn = figure_of(ask(Verification(0.9, 0.02, 4.0)), 4.0)
    assert "best k: 0 ± 0.25 simulated, 0 by the law" in words(drawn)


@pytest.mark.seldom(0)
def test_without_a_law_the_figure_says_so():
    drawn = words(figure_of(ask(difficulty=Bare(), law=SimpleNamespace())))
    assert "right, simulation only: no law to test" in drawn and "by the law" not in drawn

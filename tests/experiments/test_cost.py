"""What attempts cost: made one by one, the experiment with its best numbers, what is refused, the figure."""

from functools import cache
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import FALSE_ALARM, assert_mean, assert_proportion, assert_same_distribution, rejects

from sim import __main__ as command_line
from sim.draw import keys, simulate
from sim.draw.budget import BATCH, Budget, grid
from sim.experiments import EXPERIMENTS, asking, cost
from sim.experiments.question import Question
from sim.experiments.settings import Cost
from sim.figures import files
from sim.laws import cost as laws
from sim.model.difficulty import Beta, Certain, Difficulty
from sim.model.spread import Uniform
from sim.records.folder import Run
from sim.samplers.cost import Spending, pairwise_sum, token_flops

LEVI, CAPPED = Beta(5.0, 0.35, 1.0), Beta(1.0, 0.5, 0.9)
LLAMA = {"parameters": 8.03e9, "layers": 32, "width": 4096, "prompt": 500, "decode": 300}
ASKED = Cost(value=1.0, price=1e-3, **LLAMA, seconds=6.0, slots=16)
BUDGET = Budget(problems=2**19, chunk=0, devices=2)


def spend(difficulty, attempts, slots=16, batches=32, seed=0):
    """Problems beyond reach [batches], and unsolved problems, mean attempts, mean waves [batches, k]."""
    kernel = Spending(difficulty.sampler(), np.float32(attempts), np.float32(slots))
    drawn = simulate.curves(seed, "spend", kernel, batches, BUDGET)
    return drawn[:, 0], *np.split(drawn[:, 1:], 3, axis=1)


@cache
def ask(difficulty=LEVI, law=None, largest=1e4, seed=0, **asked):
    none, settings = dict.fromkeys(Question._fields), Cost(**{**vars(ASKED), **asked})
    settings.check()
    given = {"seed": seed, "difficulty": difficulty, "tries": grid(largest, 12), "budget": BUDGET, "settings": settings}
    given |= {"attempts": "first_success", "law": SimpleNamespace(difficulty=law or difficulty)}
    return asking.answer("cost", Question(**{**none, **given}))


def column(answer, quantity, name):
    return answer.columns[name][answer.columns["quantity"] == quantity]


def words_of(answer):
    return {verdict.quantity: verdict.verdict for verdict in answer.verdicts}


# What is drawn --------------------------------------------------------------------------------------------------------


def test_attempts_are_those_of_problems_tried_one_by_one():
    most, problems, rng = 40, 2**19, keys.host_generator(keys.run_key(1, "one by one"))
    success = np.where(rng.random(problems) < 0.9, rng.beta(0.5, 1.0, problems), 0.0)
    first = np.full(problems, most + 1)
    for attempt in range(1, most + 1):
        first[(first > most) & (rng.random(problems) < success)] = attempt
    _, unsolved, *_ = spend(CAPPED, np.arange(1, 101))
    assert_same_distribution(np.bincount(first, minlength=most + 2)[1:], firsts(unsolved[:, :most]))
    _, unsolved, *_ = spend(Beta(1.0, 0.525, 0.9), np.arange(1, 101))
    rejects(assert_same_distribution, np.bincount(first, minlength=most + 2)[1:], firsts(unsolved[:, :most]))


def firsts(unsolved):
    """Problems first solved at each attempt, and those never."""
    left = unsolved.sum(axis=0)
    return -np.diff(left, prepend=unsolved.shape[0] * BATCH, append=0)


@pytest.mark.parametrize("slots", [1, 3, 16])
def test_attempts_and_waves_are_as_many_as_find_the_problem_unsolved(slots):
    tries = np.arange(1, 101)
    _, unsolved, made, waves = spend(LEVI, tries, slots)
    before = np.insert(unsolved, 0, BATCH, axis=1)[:, :-1]
    np.testing.assert_array_equal(made * BATCH, before.cumsum(axis=1))
    np.testing.assert_array_equal(waves * BATCH, np.where(np.arange(100) % slots == 0, before, 0).cumsum(axis=1))


@pytest.mark.seldom(0)
def test_problems_beyond_reach_are_counted_and_take_all_attempts():
    tries = [1e6, 12345678, 1e15]
    beyond, unsolved, made, waves = spend(Beta(1.0, 5.0, 0.3), tries)
    assert_proportion(beyond.sum(), 32 * BATCH, 0.7)
    rejects(assert_proportion, beyond.sum(), 32 * BATCH, 0.71)
    np.testing.assert_array_equal(unsolved[:, -1], beyond)
    share, exact = beyond[:, None] / BATCH, np.float32(tries).astype(float)
    np.testing.assert_allclose(made[:, 2] / (share * exact)[:, 2], 1, rtol=1e-6)
    np.testing.assert_allclose(waves[:, 2] / (share * np.ceil(exact / 16))[:, 2], 1, rtol=1e-6)


def test_certain_problems_take_one_attempt():
    beyond, unsolved, made, waves = spend(Certain(), [1, 100], batches=2)
    assert not beyond.any() and not unsolved.any() and (made == 1).all() and (waves == 1).all()


@pytest.mark.seldom(0)
def test_sums_of_sixteen_thousand_numbers_keep_six_digits():
    for value in (1e6 + 1, 3.3333334e5, 1e15 / 3):
        of_pieces = np.full((128, 128), value, np.float32)
        total = float(pairwise_sum(jax.vmap(pairwise_sum)(jnp.asarray(of_pieces))[:, None])[0])
        assert total == pytest.approx(BATCH * float(of_pieces[0, 0]), rel=1e-7)
        one_by_one = np.cumsum(of_pieces.ravel(), dtype=np.float32)[-1]
        assert one_by_one != pytest.approx(BATCH * float(of_pieces[0, 0]), rel=1e-6)
    spread = np.exp(keys.host_generator(keys.run_key(1, "sums")).uniform(0, 35, (128, 128))).astype(np.float32)
    total = float(pairwise_sum(jax.vmap(pairwise_sum)(jnp.asarray(spread))[:, None])[0])
    assert total == pytest.approx(spread.sum(dtype=float), rel=9e-7)


def test_tokens_cost_what_brown_et_al_count():
    prompt, attempt = token_flops(**LLAMA)
    assert (prompt, 100 * attempt) == (8095667072000, 492031480320000)
    law = laws.prompt_flops(8.03e9, 32, 4096, 500), laws.attempt_flops(8.03e9, 32, 4096, 500, 300)
    np.testing.assert_allclose((prompt, attempt), law, rtol=1e-12)
    assert token_flops(1.0, 1, 1, 0, 1) == (0.0, 6.0)


# The experiment -------------------------------------------------------------------------------------------------------


@pytest.mark.seldom(0)
@pytest.mark.parametrize("difficulty", [LEVI, CAPPED, Uniform(0.0, 0.1)])
def test_laws_are_not_refuted_by_what_they_describe(difficulty):
    answer = ask(difficulty)
    assert set(words_of(answer)) == set(cost.LAWS)
    assert min(verdict.p_value for verdict in answer.verdicts) > FALSE_ALARM
    assert list(dict.fromkeys(answer.columns["quantity"])) == list(EXPERIMENTS["cost"].quantities)
    assert np.isfinite(answer.columns["sigmas"]).all()


@pytest.mark.seldom(1)
@pytest.mark.parametrize("wrong", [Beta(5.25, 0.35, 1.0), Beta(5.0, 0.3675, 1.0), Beta(5.0, 0.35, 0.98)])
def test_laws_that_are_off_are_refuted(wrong):
    verdicts = words_of(ask(law=wrong))
    flat = {"regret_parallel", "regret_sequential"}  # of an optimum, where the whole budget is needed to tell
    flat |= {"flops_exponent"} if wrong.ceiling < 1 else set()  # a share beyond reach has no slope
    assert {verdicts[quantity] for quantity in set(verdicts) - flat} == {"refuted"}


@pytest.mark.parametrize(("ceiling", "price", "best"), [(1.0, 1e-3, (110, 345)), (0.95, 1e-2, (15, 27))])
def test_the_best_numbers_are_those_of_the_law_and_are_found(ceiling, price, best):
    answer = ask(Beta(5.0, 0.35, ceiling), price=price)
    for way, number in zip(("parallel", "sequential"), best, strict=True):
        [law], [found], [stderr] = (column(answer, f"best_{way}", x) for x in ("law", "estimate", "stderr"))
        assert law == number and abs(found - law) < 5 * stderr < law
        tried, lost = column(answer, f"regret_{way}", "attempts"), column(answer, f"regret_{way}", "estimate")
        assert lost[tried == law] == 0 and lost.argmin() == np.flatnonzero(tried == found)[0]
        assert (column(answer, f"regret_{way}", "law") >= 0).all()
    words = [verdict.law for verdict in answer.verdicts if verdict.quantity == "regret_parallel"]
    assert words == [f"stop once V E[s p^k] <= c: k = {best[0]}"]


def test_the_error_of_the_best_number_is_honest():
    """200 runs of half a million problems drawn from the law itself, of problems first solved between the numbers."""
    tried, prices = np.arange(60.0, 200), SimpleNamespace(value=1.0, price=1e-3)
    unsolved = LEVI.failure(tried)
    cells = -np.diff(unsolved, prepend=1, append=0)
    rng, nothing, pulls = keys.host_generator(keys.run_key(1, "honest best")), np.zeros((32, len(tried))), []
    law = cost.Side(unsolved, unsolved, nothing[0], nothing[0])
    for _ in range(200):
        left = 1 - rng.multinomial(BATCH, cells, size=32)[:, :-1].cumsum(axis=1) / BATCH
        (found, _), _ = cost.optimum("parallel", cost.Side(left, left, nothing, nothing), law, tried, prices, 110.0)
        pulls.append(found["sigmas"][0])
    assert 0.3 < np.mean(np.square(pulls)) < 1.5


@pytest.mark.seldom(0)
def test_where_no_attempt_pays_or_all_do_there_is_no_best_number():
    dear = ask(price=0.5)
    assert not {"best_parallel", "best_sequential", "regret_parallel"} & set(dear.columns["quantity"])
    assert {v.law for v in dear.verdicts} >= {"V pass@k - c k, none pays", "V pass@k - c E min(T, k), none pays"}
    easy = ask(Uniform(0.1, 0.9))
    assert "best_parallel" in easy.columns["quantity"] and "best_sequential" not in easy.columns["quantity"]
    assert "V pass@k - c E min(T, k), all pay" in {verdict.law for verdict in easy.verdicts}


@pytest.mark.seldom(0)
def test_rare_failures_and_distant_numbers_leave_no_infinite_deviation():
    for difficulty, largest, price in ((Beta(5.0, 3.0, 1.0), 1e4, 1e-3), (LEVI, 1e15, 1e-12)):
        answer = ask(difficulty, largest=largest, price=price)
        assert np.isfinite(answer.columns["sigmas"]).all() and "refuted" not in words_of(answer).values()
    assert np.isfinite(ask(Certain()).columns["sigmas"]).all()


def test_the_draws_do_not_know_of_prices():
    one, other = ask(), ask(price=0.01, slots=3, prompt=0)
    made = [column(answer, "attempts_made", "estimate") for answer in (one, other, ask(seed=1))]
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0][1:] != made[2][1:]).all()


class Unknown:
    """No law at all."""


class Bare(Difficulty):
    """A member from outside that says no more than its own failure."""

    sampler = LEVI.sampler

    def physics(self):
        return "bare"


@pytest.mark.seldom(0)
def test_without_a_law_the_simulation_stands_alone():
    answer = ask(Bare(), Unknown())
    assert answer.verdicts == [] and np.isnan(answer.columns["law"]).all()
    known = laws.expected_attempts(1e4, 5, 0.35)
    estimate, stderr = (column(answer, "attempts_made", name)[-1] for name in ("estimate", "stderr"))
    assert_mean(estimate, 1, known, stderr)
    rejects(assert_mean, estimate, 1, 1.05 * known, stderr)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"value": 0.0}, "cost.value: need 1e-12 <= value <= 1e12, got 0.0"),
        ({"price": 0.0}, "1e-15 value <= price <= 1e12 (more than 1e15 attempts would pay), got 0.0"),
        ({"price": 1e-16}, "1e-15 value <= price <= 1e12 (more than 1e15 attempts would pay), got 1e-16"),
        ({"parameters": 0.5}, "cost.parameters: need 1 <= parameters <= 1e15, got 0.5"),
        ({"layers": 0}, "cost.layers: need a whole number from 1 to 1e6, got 0"),
        ({"width": 0}, "cost.width: need a whole number from 1 to 1e6, got 0"),
        ({"prompt": -1}, "cost.prompt: need a whole number from 0 to 1e6, got -1"),
        ({"decode": 0}, "cost.decode: need a whole number from 1 to 1e6, got 0"),
        ({"seconds": np.inf}, "cost.seconds: need 1e-6 <= seconds <= 1e6, got inf"),
        ({"slots": 10**7}, "cost.slots: need a whole number from 1 to 1e6, got 10000000"),
    ],
)
def test_prices_and_models_that_are_none_are_refused(changed, sentence):
    with pytest.raises(ValueError) as caught:
        ask(**changed)
    assert str(caught.value).endswith(sentence)


@pytest.mark.parametrize("member", ["sampling=lattice", "attempts=bernoulli", "dependence=polya", "verifier=noisy"])
def test_members_it_does_not_know_of_are_refused(member, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["sim", "run", "experiment=cost", "budget=smoke", "dry=true", member])
    assert command_line.main() == 2
    error = capsys.readouterr().err
    assert f"need {member.split('=')[0]}=" in error and error.count("\n") == 1


# The figure -----------------------------------------------------------------------------------------------------------


def words(answer):
    """All that stands in the figure."""
    verdicts, config = [vars(verdict) for verdict in answer.verdicts], {"cost": vars(ASKED)}
    drawn = files.draw(Run(answer.columns, verdicts, {"experiment": "cost", "config": config, "seed": 0}))
    legends = [text.get_text() for axis in drawn.axes if axis.get_legend() for text in axis.get_legend().get_texts()]
    return "\n".join([drawn.get_suptitle(), *legends, *(axis.get_ylabel() for axis in drawn.axes)])


def test_the_figure_says_what_it_shows():
    drawn = words(ask())
    for phrase in (
        *("value 1, price 0.001", "all k paid: best k 110 (simulated", "to the first success: best k 345 (simulated"),
        *("16 at a time", "all k attempts", "prompt included", "in the end 0.35, measured 0.3", "confirmed"),
        *("net value of a problem", "attempts,\nor waves of them", "exponent\nof FLOPs", "residual (sigma)"),
    ):
        assert phrase in drawn


@pytest.mark.seldom(0)
def test_the_figure_leaves_out_what_there_is_not():
    assert "best k" not in words(ask(price=0.5))
    assert "exponent" not in words(ask(Certain()))
    assert "not judged" in words(ask(Bare(), Unknown()))

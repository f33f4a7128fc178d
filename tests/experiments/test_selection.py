"""Selection: votes and scores against attempts made one by one, the experiment against its laws, what is refused."""

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import assert_counts, assert_mean, rejects
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from scipy import stats

from sim.app import door
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.draw import keys, simulate
from sim.draw.budget import Budget
from sim.experiments import EXPERIMENTS, asking
from sim.experiments import selection as experiment
from sim.experiments.settings import Selection
from sim.figures import files
from sim.laws import voting
from sim.model import build
from sim.model.difficulty import Empirical
from sim.pilot.pilot import Pilot
from sim.records import folder
from sim.samplers import bits, selection

K = np.array([1, 2, 3, 4, 5, 8, 20, 1000.0])  # so many that some votes are searched for and some deviate from a mean
FEW = K <= 20
RATES = np.arange(64)  # successes of 100 attempts, at 64 problems
BATCHES, DRAWN = 16, 16 * 16384
BUDGET = Budget(problems=2**20, chunk=0, devices=2)


# What is drawn --------------------------------------------------------------------------------------------------------


def simulated(successes, wrong=3, shift=1.5):
    """Means of 1024 problems each, [quantity, means, k], and of endless votes [means].  successes: of 100."""
    difficulty = build.table_sampler(np.full(64, 100), np.broadcast_to(successes, 64))
    kernel = selection.selection(difficulty, K, wrong, shift)
    curves = simulate.curves(1, "votes", kernel, BATCHES, BUDGET)
    assert curves.shape == (16 * BATCHES, 4 * len(K) + 1)
    return np.array(np.split(curves[:, :-1], 4, axis=1)), curves[:, -1]


def one_by_one(problems, wrong, shift):
    """The same by NumPy, every attempt an answer and two scores: bool [quantity, problems, k] for the few k."""
    rng = keys.host_generator(keys.run_key(1, f"one by one {wrong} {shift}"))
    shape = problems, 20
    right = rng.random(shape) < rng.choice(RATES / 100, problems)[:, None]
    answers = np.where(right, 0, rng.integers(1, wrong + 1, shape))
    scores = [score + shift * right for score in (rng.exponential(size=shape), rng.standard_normal(shape))]
    found = []
    for k in K[FEW].astype(int):
        votes = np.stack([(answers[:, :k] == answer).sum(axis=1) for answer in range(wrong + 1)], axis=1)
        lots = np.where(votes == votes.max(axis=1, keepdims=True), rng.random(votes.shape), -1.0)
        best = [right[np.arange(problems), score[:, :k].argmax(axis=1)] for score in scores]
        found.append([right[:, :k].any(axis=1), lots.argmax(axis=1) == 0, *best])
    return np.array(found).transpose(1, 2, 0)


def difference(ours, others):
    """Means of two independent samples [..., n, k] from each other, in the terms of assert_mean."""
    error = np.sqrt(sum(x.var(axis=-2, ddof=1) / x.shape[-2] for x in (ours, others)))
    return ours.mean(axis=-2) - others.mean(axis=-2), 1, 0.0, error


def of_proportion(means, law):
    """Means of shares [n, k] against their law, in the terms of assert_mean."""
    return means.mean(axis=0), DRAWN, law, np.sqrt(law * (1 - law))


def test_votes_and_scores_are_those_of_attempts_made_one_by_one():
    ours = simulated(RATES)[0][:, :, FEW]
    assert_mean(*difference(ours, one_by_one(40_000, 3, 1.5)))
    others = one_by_one(40_000, 4, 1.7)
    for quantity in (1, 2, 3):
        rejects(assert_mean, *difference(ours[quantity], others[quantity]))


def plurality(success):
    """Votes against three wrong answers, those of a thousand by the law's other way."""
    few = voting.plurality(K[:-1], success, 3)
    return np.append(few, stats.binom(1000, success).pmf(np.arange(1001)) @ voting._wins_of_many(1000, 3))


def test_at_one_success_rate_the_laws_hold_up_to_a_thousand_votes():
    curves, _ = simulated(27)
    laws = [1 - 0.73**K, plurality(0.27), voting.best_exponential(K, [0.27], 1.5)[:, 0]]
    laws.append(voting.best_gaussian(K, 0.27, 1.5))
    for means, law in zip(curves, laws, strict=True):
        assert_mean(*of_proportion(means, np.minimum(law, 1.0)))
    rejects(assert_mean, *of_proportion(curves[1], plurality(0.273)))
    rejects(assert_mean, *of_proportion(curves[2], voting.best_exponential(K, [0.27], 1.575)[:, 0]))
    rejects(assert_mean, *of_proportion(curves[3], voting.best_gaussian(K, 0.27, 1.575)))


@pytest.mark.seldom(0)
def test_answers_all_alike_have_even_shares_and_what_leads_wins_in_the_end():
    for successes, share in ((24, 0.0), (25, 0.25), (26, 1.0)):
        curves, endless = simulated(successes)
        assert (endless == share).all()
        if successes == 25:
            assert_mean(*of_proportion(curves[1], np.full(len(K), share)))


def test_what_never_or_always_succeeds_is_chosen_never_or_always():
    for successes, share in ((0, 0.0), (100, 1.0)):
        curves, endless = simulated(successes)
        assert (curves == share).all() and (endless == share).all()


@pytest.mark.seldom(0)
@pytest.mark.parametrize("attempts", [7, 1000])
def test_votes_are_multinomial(attempts):
    chance = np.array([0.3, 0.35, 0.35])
    shares, lanes = jnp.array([[0.3], [0.5]], jnp.float32), jnp.arange(1 << 17, dtype=jnp.uint32)
    shares, stream = jnp.broadcast_to(shares, (2, len(lanes))), bits.stream(keys.run_key(1, "votes"))
    drawn = jax.jit(selection._votes)(stream, jnp.uint32(0), lanes, jnp.float32(attempts), shares)
    votes = np.asarray(drawn).astype(int)
    assert (votes.sum(axis=0) == attempts).all() and votes.min() >= 0
    for answer, probability in zip(votes, chance, strict=True):
        assert_counts(*tally(answer, attempts, probability))
        rejects(assert_counts, *tally(answer, attempts, 1.02 * probability))
    if attempts == 7:
        apart = np.bincount(8 * votes[0] + votes[1], minlength=64)
        law = stats.multinomial(7, chance)
        assert_counts(apart, [law.pmf([i, j, 7 - i - j]) if i + j <= 7 else 0.0 for i in range(8) for j in range(8)])


def tally(found, attempts, probability):
    return np.bincount(found, minlength=attempts + 1), stats.binom(attempts, probability).pmf(np.arange(attempts + 1))


# The experiment -------------------------------------------------------------------------------------------------------


def question(*overrides):
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        config = OmegaConf.to_container(
            compose("run", ["experiment=selection", "budget=smoke", *overrides]), resolve=True
        )
    [(name, asked)] = door.questions(config)
    assert name == "selection"
    return asked


POINTS = ("attempts.max=1000", "attempts.points=7", "budget.problems=2097152")


@pytest.mark.seldom(0)
def test_the_laws_are_not_refuted_and_those_of_an_alpha_five_percent_off_are():
    asked = question(*POINTS)
    answer = asking.answer("selection", asked)
    assert answer.draws == 8 * 16384
    assert [verdict.quantity for verdict in answer.verdicts] == list(EXPERIMENTS["selection"].quantities)
    assert all(verdict.verdict != "refuted" for verdict in answer.verdicts)
    off = replace(asked.law.difficulty, alpha=1.05 * asked.law.difficulty.alpha)
    others = asking.answer("selection", asked._replace(law=replace(asked.law, difficulty=off))).verdicts
    assert {verdict.verdict for verdict in others} == {"refuted"}


@pytest.mark.seldom(0)
def test_without_a_closed_form_there_is_no_law_and_the_grid_ends_at_a_million():
    less = "difficulty.scale=0.4"  # so that some majorities are right
    answer = asking.answer(
        "selection", question("difficulty=scaled_beta", less, *POINTS[2:], "attempts.max=1e8", "attempts.points=9")
    )
    columns = answer.columns
    votes = columns["quantity"] == "majority"
    assert columns["attempts"][votes].max() == 1e6
    np.testing.assert_array_equal(np.isfinite(columns["law"][votes]), columns["attempts"][votes] <= 300)
    assert np.isnan(columns["law"][columns["quantity"] == "majority_limit"]).all()
    assert (columns["stderr"] > 0).all() and np.isfinite(columns["sigmas"][np.isfinite(columns["law"])]).all()
    judged = {verdict.quantity: verdict for verdict in answer.verdicts}
    assert set(judged) == set(EXPERIMENTS["selection"].quantities) - {"majority_limit"}
    assert judged["majority"].law.endswith("k <= 300")
    assert all(verdict.verdict != "refuted" for verdict in answer.verdicts)


def test_where_few_problems_change_sides_nothing_is_judged_unless_the_law_has_far_more_or_fewer():
    rng, problems = keys.host_generator(keys.run_key(1, "told")), 1000 * 1024
    changes = (0.1, 1e-4, 1e-4, 1e-4, 1e-4, 1e-2)  # from one point to the next
    samples = np.cumsum([rng.binomial(1024, change, 1000) / 1024 for change in changes], axis=0).T
    law = np.cumsum(changes)
    assert experiment._testable(law, samples, problems) == [0, 4, 5]
    assert experiment._testable(np.where(np.arange(6) == 4, np.nan, law), samples, problems) == [0, 5]
    assert experiment._testable(np.where(np.arange(6) == 2, 0.11, law), samples, problems)[:2] == [0, 2]
    assert experiment._testable(law[:3] - law[0], samples[:, :3] - samples[:, :1], problems) == []


@pytest.mark.seldom(0)
def test_a_table_of_problems_is_not_refuted_where_all_that_can_be_solved_is():
    asked = question("difficulty=empirical", "attempts.max=1e8", "attempts.points=9", "budget.problems=2097152")
    assert all(verdict.verdict != "refuted" for verdict in asking.answer("selection", asked).verdicts)


def test_a_table_of_problems_has_a_limit_of_votes_with_even_shares():
    difficulty = question("difficulty=empirical").difficulty
    lead = difficulty.success() - 0.2
    share = (lead > 1e-9).mean() + (np.abs(lead) < 1e-9).mean() / 5
    assert experiment._endless(difficulty, 4) == pytest.approx(share, rel=1e-12)


@pytest.mark.parametrize(
    ("override", "phrase"),
    [
        ("selection.wrong=0", "selection.wrong: need a whole number from 1 to 100, got 0"),
        ("selection.wrong=101", "selection.wrong"),
        ("selection.wrong=1.5", "selection.wrong"),
        ("selection.shift=-1", "selection.shift: need 0 <= shift <= 20, got -1"),
        ("selection.shift=.nan", "selection.shift"),
        ("+selection.size=3", "selection.size"),
        ("dependence=sticky", "dependence"),
        ("verifier=noisy", "verifier"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(override, phrase):
    with pytest.raises(ValueError, match=phrase) as refusal:
        question(override)
    assert "\n" not in str(refusal.value)


def test_settings_are_what_the_experiment_is_told():
    assert question("selection.wrong=9", "selection.shift=0.5").settings == Selection(9, 0.5)


# The figure -----------------------------------------------------------------------------------------------------------


def drawn(tmp_path, limit, verdicts):
    """The upper panel of the figure of a small table, and all words.  limit: what the law has for endless votes."""
    rows = [
        [quantity, "", k, "", height * (1 - 0.5 / k), 1e-3, height * (1 - 0.5 / k), 0.0]
        for height, quantity in zip((0.9, 0.1, 0.3, 0.7), list(EXPERIMENTS["selection"].quantities), strict=False)
        for k in (1, 10, 100, 1000)
    ]
    rows.append(["majority_limit", "", np.inf, "", 0.095, 1e-3, limit, ""])
    columns = {name: list(cells) for name, cells in zip(folder.COLUMNS, zip(*rows, strict=True), strict=True)}
    config = {"selection": {"wrong": 4, "shift": 2.0}, "difficulty": {"name": "beta", "alpha": 5.0, "beta": 0.35}}
    folder.write_columns(tmp_path / "table.csv", columns)
    for name, content in (("verdict", verdicts), ("manifest", {"experiment": "selection", "config": config})):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    figure = files.draw(folder.read_run(tmp_path))
    axis = figure.axes[1]  # the residuals come first
    return axis, "\n".join([figure.get_suptitle(), *(x.get_text() for x in axis.get_legend().get_texts())])


def test_the_figure_shows_every_way_of_choosing_and_where_votes_end(tmp_path):
    entry = dict.fromkeys(folder.VERDICT_FIELDS) | {"max_sigmas": 1.23, "verdict": "confirmed"}
    verdicts = [entry | {"law": f"law of {name}", "quantity": name} for name in EXPERIMENTS["selection"].quantities]
    axis, words = drawn(tmp_path, 0.0951, verdicts)
    for name in EXPERIMENTS["selection"].quantities:
        assert f"law of {name}; 1.2 sigma, confirmed" in words
    for phrase in ("wrong answers 4", "score shift 2", "alpha 5", "0.0951"):
        assert phrase in words
    assert any(np.all(np.asarray(line.get_ydata()) == 0.0951) for line in axis.lines)


def test_the_figure_says_where_there_is_no_law(tmp_path):
    axis, words = drawn(tmp_path, np.nan, [])
    assert words.count("simulation only") == 1 and words.count("too few such problems for a verdict") == 4
    assert any(np.all(np.asarray(line.get_ydata()) == 0.095) for line in axis.lines)


@pytest.mark.parametrize("wrong", [1, 2, 4])
def test_problems_without_a_likeliest_answer_have_even_shares_of_endless_votes(wrong):
    successes = np.array([0.0, 59, 60, 61, 180]) if wrong == 2 else np.array([0.0, 10, 36, 90, 179])
    table = Pilot("t.csv", list("abcde"), np.full(5, 180.0), successes)
    shares = {1: (0, 0, 0, 0.5, 1), 2: (0, 0, 1 / 3, 1, 1), 4: (0, 0, 0.2, 1, 1)}[wrong]
    assert experiment._endless(Empirical("t.csv", table), wrong) == pytest.approx(np.mean(shares), rel=1e-12)


def test_points_are_told_where_enough_problems_change_sides_or_the_law_is_far_off():
    """400 problems that change, or twice as many too many: means of 1024 problems, 64 of them."""
    law = np.array([0.1, 0.2, np.nan, 0.5])
    quiet = np.tile(law, (64, 1))
    assert experiment._testable(law, quiet, 65536) == []
    noisy = quiet.copy()
    noisy[:, 1] += np.where(np.arange(64) % 2, 1, -1) * np.sqrt(410 * 64) / 65536
    assert experiment._testable(law, noisy, 65536) == [1, 3]  # and back again
    noisy[:, 1] = 0.2 + np.where(np.arange(64) % 2, 1, -1) * np.sqrt(390 * 64) / 65536
    assert experiment._testable(law, noisy, 65536) == []
    off = quiet + np.array([0, 0, 0, 810 / 65536])
    assert experiment._testable(law, off, 65536) == [3]
    assert experiment._testable(law, quiet + np.array([0, 0, 0, 790 / 65536]), 65536) == []

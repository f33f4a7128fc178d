"""Importance: weights, their sampler against plain NumPy, estimates with errors, the experiment, refusals, figure."""

from dataclasses import asdict
from types import SimpleNamespace
from typing import NamedTuple

import jax
import numpy as np
import pytest
from checks import FALSE_ALARM

from sim.draw import simulate
from sim.draw.budget import BATCH, Budget, grid
from sim.experiments import EXPERIMENTS, asking, importance
from sim.experiments.question import Law, Question
from sim.experiments.settings import Importance
from sim.figures import files
from sim.judging import estimators, verdict
from sim.laws import importance as laws
from sim.model import build
from sim.model.dependence import Independent
from sim.model.difficulty import Beta, Empirical
from sim.model.features import Zipf
from sim.model.memory import Arrival
from sim.model.spread import LatentPrecision, ScaledBeta, ScaledKumaraswamy
from sim.model.verifier import Perfect
from sim.pilot import counts
from sim.pilot.pilot import Pilot
from sim.records.folder import Run
from sim.samplers.importance import Weighted

LEVI, USUAL, ASKED = Beta(5.0, 0.35, 1.0), Zipf(2.0, np.inf), Importance(0.25, 0.25, 0.0, 0.9)
N, K = grid(1e6, 12), grid(1e6, 25)
FEW, MORE = (Budget(problems=problems, chunk=0, devices=2) for problems in (2**18, 2**21))


class Given(NamedTuple):
    """Difficulty of each lane as it is listed."""

    log_success: jax.Array

    STREAMS = 0

    def at(self, streams, lanes):
        return self.log_success[lanes]


def weighted(difficulty, weights, tries=(1.0, 10.0), examples=(1.0, 10.0), lanes=128, exponent=2.0):
    """(rarity, lift, drop) -> kernel."""
    numbers = (np.asarray(x, np.float32) for x in (*weights, examples, tries))
    parts = build.feature_sampler(exponent, np.inf), build.memory_sampler("arrival", 1)
    problems = np.arange(BATCH, dtype=np.uint32).reshape(-1, lanes)
    return Weighted(*parts, difficulty, build.attempts_sampler("first_success"), *numbers, problems)


def drawn(kernel, batches=2, seed=0):
    """Its parts but the numbers of those without a weight, [batches, x] each."""
    curves = simulate.curves(seed, "importance", kernel, batches, FEW)
    k, n = len(kernel.tries), len(kernel.examples)
    parts = np.split(curves, np.cumsum([1, k, k, 1, 1, n, n]), axis=1)
    return parts[1:4] + parts[5:]


def ask(asked=ASKED, difficulty=LEVI, law=None, features=USUAL, depth=1, normalisation="discrete", tries=K, budget=FEW):
    none = dict.fromkeys(Question._fields)
    given = {"seed": 0, "features": features, "memory": Arrival(depth), "memory_name": "arrival"}
    given |= {"difficulty": difficulty, "dependence": Independent(), "verifier": Perfect(), "sampling": "random"}
    given |= {"attempts": "first_success", "examples": N, "tries": tries, "budget": budget, "settings": asked}
    own = Law(features, Arrival(depth), law or difficulty, normalisation=normalisation)
    return asking.answer("importance", Question(**{**none, **given, "law": own}))


def column(answer, quantity, name):
    return answer.columns[name][answer.columns["quantity"] == quantity]


@pytest.fixture(scope="module")
def usual():
    return ask(budget=MORE)


# The sampler ----------------------------------------------------------------------------------------------------------


@pytest.mark.seldom(0)
def test_a_problem_weighs_powers_of_its_failure_and_success_and_nothing_if_it_cannot_be_solved():
    success = np.resize([1.0, 1 - 1e-6, 0.9, 0.3, 1e-4, 1e-30], BATCH)
    log_success = np.log(success)
    log_success[::7] = -np.inf
    for lift, drop in ((0.0, 0.0), (2.0, 0.0), (0.0, 0.3), (0.5, 0.1)):
        weight = drawn(weighted(Given(log_success.astype(np.float32)), (0.0, lift, drop)))[2]
        expected = np.where(np.isinf(log_success), 0, (1 - success) ** lift * success**-drop)
        np.testing.assert_allclose(weight, expected.mean(), rtol=3e-6)


@pytest.mark.seldom(0)
def test_what_cannot_fail_or_succeed_leaves_exactly_its_weight():
    log_success = np.where(np.arange(BATCH) % 4 == 0, np.log(1e-30), 0.0).astype(np.float32)
    failures, failed, weight, *_ = drawn(weighted(Given(log_success), (0.0, 0.0, 0.1)))
    np.testing.assert_array_equal(failures, BATCH / 4)
    np.testing.assert_allclose(failed / weight, 1e3 / (1e3 + 3), rtol=1e-6)


@pytest.mark.seldom(0)
def test_how_a_batch_is_cut_into_pieces_changes_no_count():
    log_success = np.log(np.linspace(1e-3, 1, BATCH)).astype(np.float32)
    one, other = (drawn(weighted(Given(log_success), (0.1, 1.0, 0.1), lanes=lanes)) for lanes in (128, 512))
    for i in (0, 3):
        np.testing.assert_array_equal(one[i], other[i])
    for i in (1, 2, 4, 5):
        np.testing.assert_allclose(one[i], other[i], rtol=1e-5)


def plain(batches, rarity, lift, drop, tries, examples):
    """The same in plain NumPy: features by search in a table of 10^7 ranks, s from Beta variates, Geometric waits."""
    rng = np.random.default_rng(5)
    shares = np.cumsum(1 / np.arange(1.0, 10**7 + 1) ** 2)
    ranks = 1 + np.searchsorted(shares / shares[-1], rng.random((batches, BATCH)))
    mass = ranks**-2.0 * 6 / np.pi**2
    success = rng.beta(0.35, 5, (batches, BATCH))
    sides = []
    for chance, weight, points in (
        (success, (1 - success) ** lift * success**-drop, tries),
        (mass, mass**-rarity, examples),
    ):
        wait = rng.geometric(chance)[..., None]
        sides.append(
            estimators.weighted_means((weight[..., None] * (wait > points)).mean(axis=1), weight.mean(axis=1)[:, None])
        )
    return np.concatenate(sides, axis=1)


@pytest.mark.seldom(0)
def test_weighted_failures_are_those_of_a_plain_simulation_and_of_no_other_weights():
    points, batches = np.array([1.0, 10, 100, 1000]), 64
    kernel = weighted(LEVI.sampler(), (0.125, 1.0, 0.1), points, points)
    _, failed, weight, _, missed, mass = drawn(kernel, batches)
    ours = np.concatenate([estimators.weighted_means(failed, weight), estimators.weighted_means(missed, mass)], axis=1)
    test = lambda theirs: verdict.hotelling(ours - theirs, np.zeros(8))[2]  # noqa: E731
    assert test(plain(batches, 0.125, 1.0, 0.1, points, points)) > FALSE_ALARM
    assert test(plain(batches, 0.125, 1.0, 0.08, points, points)) < FALSE_ALARM
    assert test(plain(batches, 0.1, 1.0, 0.1, points, points)) < FALSE_ALARM


def test_random_numbers_are_counted():
    assert weighted(LEVI.sampler(), (0, 0, 0)).numbers == 4 * BATCH
    one_by_one = weighted(LEVI.sampler(), (0, 0, 0))._replace(attempts=build.attempts_sampler("bernoulli"))
    assert one_by_one.numbers == (3 + 10) * BATCH and one_by_one.bytes > 4 * BATCH


# Estimates ------------------------------------------------------------------------------------------------------------


def test_weighted_means_have_the_ratio_of_sums_as_their_mean_and_an_honest_spread():
    rng, runs, batches, each = np.random.default_rng(1), 400, 64, 100
    weight = 1 + rng.pareto(5, (runs, batches, each))
    fails = rng.random(weight.shape) < 1 / weight  # heavy ones fail less: weight and failure go together
    failed, whole = (weight * fails).mean(axis=2)[..., None], weight.mean(axis=2)[..., None]
    curves = [estimators.mean_curve(estimators.weighted_means(*one)) for one in zip(failed, whole, strict=True)]
    estimate, stderr = (np.array([getattr(c, name)[0] for c in curves]) for name in ("estimate", "stderr"))
    np.testing.assert_allclose(estimate, failed.sum(axis=(1, 2)) / whole.sum(axis=(1, 2)), rtol=1e-12)
    pulls = (estimate - 0.8) / stderr  # E[w / w] / E[w], E[w] = 5/4
    assert abs(pulls.mean()) < 5 / np.sqrt(runs) and abs(pulls.std() - 1) < 5 / np.sqrt(2 * runs)


def test_where_nothing_failed_the_error_is_that_of_one_event_with_the_weight_of_the_last():
    failures = np.array([[30.0, 10, 0], [34, 6, 0]])
    failed = failures / 100 * np.array([1.0, 3.0, 1.0])
    curve = estimators.weighted_curve(failed, np.array([[1.0], [1.0]]), failures, 100)
    np.testing.assert_allclose(curve.estimate, [0.32, 0.24, 0])
    np.testing.assert_allclose(curve.stderr[[0, 2]], [np.sqrt(65) / 200, 3 / 200])


def test_points_are_told_by_the_problems_that_fail_between_them():
    law = np.array([1 - 1e-6, 0.5, 0.4995, 0.1, 1e-2, 1e-5])
    assert importance._testable(law, 0.0, 10**6) == [2, 3, 4]
    assert importance._testable(law, 0.0, 10**4) == [2, 3]
    assert importance._testable(law, 0.0995, 10**6) == [2] and importance._testable(law, 0.0, 100) == []


def test_a_crossing_lies_on_the_power_law_between_points():
    tries = np.array([1.0, 10, 100])
    assert importance._crossed(tries**-0.3, tries, 0.4) == pytest.approx(0.4 ** (-1 / 0.3), rel=1e-12)
    assert importance._crossed(tries**-0.3, tries, 0.01) == np.inf
    assert importance._crossed(np.array([0.2, 0.1, 0.05]), tries, 0.3) == 1
    assert importance._crossed(np.array([0.5, 0.4, 0.0]), tries, 0.3) == 100


# The experiment -------------------------------------------------------------------------------------------------------


def test_a_run_confirms_the_laws_of_what_counts_more(usual):
    found = {entry.quantity: entry for entry in usual.verdicts}
    assert set(found) == {"failure", "weighted_failure", "weighted_error"}
    assert all(entry.p_value > FALSE_ALARM for entry in usual.verdicts)
    for quantity, exponent in (("failure", 0.35), ("weighted_failure", 0.2625), ("weighted_error", 0.375)):
        assert found[quantity].predicted == pytest.approx(exponent)
        assert found[quantity].measured == pytest.approx(exponent, abs=6 * found[quantity].stderr)
    assert set(usual.columns["quantity"]) == set(EXPERIMENTS["importance"].quantities)
    assert np.abs(usual.columns["sigmas"]).max() < 5


def test_the_attempts_needed_are_the_laws_and_more_where_the_hard_count_more(usual):
    [plain_needed], [needed] = (column(usual, q, "law") for q in ("attempts_needed", "weighted_attempts_needed"))
    assert plain_needed == laws.attempts_needed(0.1, 5, 0.35) and needed == laws.attempts_needed(0.1, 5, 0.2625)
    assert needed > 8 * plain_needed
    for quantity in ("attempts_needed", "weighted_attempts_needed"):
        [estimate], [error] = column(usual, quantity, "estimate"), column(usual, quantity, "stderr")
        assert 0.5 <= error < 0.02 * estimate and estimate == np.ceil(estimate)


@pytest.mark.parametrize("wrong", [Beta(5.25, 0.35, 1.0), Beta(5.0, 0.3675, 1.0)])
def test_a_law_five_per_cent_off_is_refuted(wrong):
    found = {entry.quantity: entry.verdict for entry in ask(law=wrong, budget=MORE).verdicts}
    assert found["failure"] == found["weighted_failure"] == "refuted" and found["weighted_error"] != "refuted"


@pytest.mark.seldom(0)
def test_without_weights_a_share_of_the_weight_is_a_share_of_the_problems():
    answer = ask(Importance(0.0, 0.0, 0.0, 0.5), tries=grid(100, 8))
    for name in ("estimate", "law"):
        np.testing.assert_allclose(column(answer, "weighted_failure", name), column(answer, "failure", name), rtol=1e-6)
    assert column(answer, "attempts_needed", "law") == column(answer, "weighted_attempts_needed", "law")


@pytest.mark.seldom(0)
@pytest.mark.parametrize(
    "difficulty",
    [
        *(Beta(0.8, 1.5, 0.7), ScaledKumaraswamy(3.5, 0.25, 0.1)),
        Empirical("", counts.read(counts.SHIPPED)),
    ],
    ids=lambda difficulty: type(difficulty).__name__,
)
def test_every_difficulty_is_weighed_and_meets_its_law(difficulty):
    answer = ask(Importance(1 / 3, 1 / 3, 1.5, 0.6), difficulty, tries=grid(1e6, 8))
    assert np.isfinite(answer.columns["law"]).all() and np.abs(answer.columns["sigmas"]).max() < 5
    assert all(entry.p_value > FALSE_ALARM for entry in answer.verdicts)
    assert {entry.quantity for entry in answer.verdicts} == {"failure", "weighted_failure", "weighted_error"}


def test_quadrature_and_closed_form_agree():
    weights, tries = importance.Weights(1.5, 0.08, 0.0), np.array([1.0, 7, 1e3, 1e9])
    by_nodes = importance._problem_law(ScaledBeta(5.0, 0.35, 1.0), weights)
    closed = importance._problem_law(LEVI, weights)
    np.testing.assert_allclose(by_nodes.curve(tries), closed.curve(tries), rtol=1e-9)
    assert importance._needed(by_nodes, 0.2, SimpleNamespace(attempts="first_success", tries=K)) == closed.needed(0.2)


def test_where_the_law_is_not_known_there_is_none():
    no_weights = importance.Weights(0.0, 0.0, 0.1)
    law = Law(USUAL, Arrival(1), LEVI)
    for other in (
        Law(USUAL, Arrival(3), LEVI),
        Law(USUAL, Arrival(1), LEVI, normalisation="continuous"),
        Law(Zipf(2.0, 1e7), Arrival(1), LEVI),
        Law(Zipf(1.05, np.inf), Arrival(1), LEVI),
    ):
        assert importance._feature_law(other, no_weights, N) is None
    assert importance._feature_law(law, no_weights, N) is not None
    hard = importance.Weights(0.0, 0.3, 0.0)
    assert importance._problem_law(Beta(5.0, 0.3, 1.0), hard) is None
    assert importance._problem_law(ScaledBeta(5.0, 0.31, 1.0), hard) is None  # most of the weight below e^-69
    assert importance._problem_law(LatentPrecision(2.5, 0.1, 0.5), hard) is None


@pytest.mark.seldom(0)
def test_depths_without_a_law_are_simulated_all_the_same():
    answer = ask(depth=3, tries=grid(100, 5))
    assert np.isnan(column(answer, "weighted_error", "law")).all()
    assert (column(answer, "weighted_error", "stderr") > 0).all()
    assert {entry.quantity for entry in answer.verdicts} == {"failure", "weighted_failure"}


@pytest.mark.seldom(0)
def test_a_table_of_problems_nobody_solves_has_no_weight():
    table = Pilot(*([None] * len(Pilot._fields)))._replace(attempts=np.array([9.0, 9]), successes=np.zeros(2))
    answer = ask(difficulty=Empirical("", table), tries=grid(100, 5))
    assert set(answer.columns["quantity"]) == {"failure", "weighted_error"}


# What is refused, and what is drawn -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("problems", 0.34, "0 <= problems <= 1/3 (heavier weights have no error bar)"),
        ("problems", -0.1, "0 <= problems <= 1/3 (heavier weights have no error bar)"),
        ("features", 0.5, "0 <= features <= 1/3 (heavier weights have no error bar)"),
        ("lift", -1.0, "0 <= lift <= 10"),
        ("target", 1.0, "0 < target < 1"),
        ("target", 0.0, "0 < target < 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_one_sentence(key, value, rule):
    with pytest.raises(ValueError) as refusal:
        Importance(**{**asdict(ASKED), key: value}).check()
    assert str(refusal.value) == f"importance.{key}: need {rule}, got {value}"


def drawn_run(columns, verdicts):
    config = {
        "difficulty": asdict(LEVI),
        "features": asdict(USUAL),
        "memory": {"depth": 1},
        "importance": asdict(ASKED),
    }
    manifest = {"experiment": "importance", "config": config, "seed": 0, "problems": 2**21}
    return files.draw(Run(columns, [entry.record() for entry in verdicts], manifest))


def test_the_figure_shows_both_sides_the_target_and_what_it_takes(usual):
    figure = drawn_run(usual.columns, usual.verdicts)
    texts = [figure.get_suptitle()] + [axis.get_title(loc="left") for axis in figure.axes]
    texts += [axis.get_xlabel() for axis in figure.axes] + [axis.get_ylabel() for axis in figure.axes]
    texts += [text.get_text() for axis in figure.axes if axis.get_legend() for text in axis.get_legend().get_texts()]
    said = "\n".join(texts)
    for phrase in (
        "hard problems 0.25",
        "w = s^-0.0875",
        "w = p^-0.125",
        "confirmed",
        "share unsolved",
        "target at k = ",
    ):
        assert phrase in said, phrase
    assert all(label in said for label in ("attempts per problem k", "examples seen n", "residual (sigma)"))


@pytest.mark.seldom(0)
def test_a_side_without_a_law_is_drawn_as_wide_as_the_other(usual):
    unknown = usual.columns["quantity"] == "weighted_error"
    columns = usual.columns | {name: np.where(unknown, np.nan, usual.columns[name]) for name in ("law", "sigmas")}
    figure = drawn_run(columns, usual.verdicts[:2])
    assert "simulation only: no closed form" in [axis.get_title(loc="left") for axis in figure.axes]
    figure.get_layout_engine().execute(figure)
    assert all(axis.get_position().width > 0.3 for axis in figure.axes)

"""What the scripts that judge forecasts and learn the prior compute, in small."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special, stats

from sim.judging import estimators
from sim.pilot.pilot import Pilot

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="module")
def scripts():
    """The scripts, which load each other by their names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPTS))
        names = "benchmark_forecast", "benchmark_decisions", "learn_prior"
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in names})
        for name in names:
            sys.modules.pop(name)


def curve(attempts=50, successes=(0, 1, 25, 49, 50)):
    return Pilot("s, m", list("abcde"), np.full(5, float(attempts)), np.array(successes, float))


def test_a_pilot_is_drawn_from_the_recorded_attempts_without_replacement(scripts):
    drawn = [scripts.benchmark_forecast.drawn_pilot(curve(), 49, seed, 0) for seed in range(400)]
    assert {tuple(own[[0, 4]]) for own in drawn} == {(0, 49)}
    assert {own[1] for own in drawn} == {0, 1} and {own[3] for own in drawn} == {48, 49}  # one attempt is left out
    assert set(scripts.benchmark_forecast.drawn_pilot(curve(), 50, 0, 0) - curve().successes) == {0}
    for changed in ((30, 1, 0), (30, 0, 1), (29, 0, 0)):
        assert (scripts.benchmark_forecast.drawn_pilot(curve(), *changed)[:, None]
                != scripts.benchmark_forecast.drawn_pilot(curve(), 30, 0, 0)[:, None]).any()  # fmt: skip


@pytest.mark.parametrize(("truth", "score"), [(0.5, 0.4), (0.3, 0.4), (0.7, 0.4), (0.2, 0.4 + 2), (0.75, 0.4 + 1)])
def test_an_interval_is_scored_by_its_width_and_20_times_by_how_much_it_misses(scripts, truth, score):
    assert scripts.benchmark_forecast._score(0.3, 0.7, truth) == pytest.approx(score)


def test_intervals_of_50_and_90_percent_are_told_apart(scripts):
    quantiles = np.array([0.1, 0.2, 0.5, 0.7, 0.9])
    for value, half, ninety in ((0.05, 0, 0), (0.1, 0, 1), (0.2, 1, 1), (0.7, 1, 1), (0.8, 0, 1), (0.91, 0, 0)):
        found = scripts.benchmark_forecast._inside(quantiles[None], np.array([value]))
        assert [bool(own[0]) for own in found] == [bool(half), bool(ninety)]


def test_errors_are_summed_up_curve_by_curve(scripts):
    found = scripts.benchmark_forecast._summary({"a": 0.0, "b": 1.0, "c": 5.0})
    assert (found["median"], found["mean"], found["p90"]) == pytest.approx((1.0, 2.0, 4.2))


def test_success_probabilities_of_eq_7_are_one_less_failures_of_beta_alpha_beta(scripts):
    drawn = scripts.benchmark_forecast.of_model(0.6, 5.0, 0.35, np.random.default_rng(1), 200_000)
    solvable = drawn > 0
    assert stats.binomtest(int(solvable.sum()), 200_000, 0.6).pvalue > 1e-6
    assert stats.kstest(1 - drawn[solvable], stats.beta(5, 0.35).cdf).pvalue > 1e-6
    assert stats.kstest(drawn[solvable], stats.beta(5, 0.35).cdf).pvalue < 1e-6


def test_curves_are_those_of_one_large_number_of_attempts_and_their_suite_is_in_their_name(scripts, tmp_path):
    path = tmp_path / "counts.csv"
    rows = [("A", "long", 5000), ("A", "short", 10), ("B", "long", 6000)]
    lines = [f"{suite},{model},p{i},{n},{n // 2 - i}" for suite, model, n in rows for i in range(3)]
    path.write_text("suite,model,problem_id,attempts,successes\n" + "\n".join(lines) + "\n")
    found = scripts.benchmark_forecast.curves_of(path)
    assert [scripts.benchmark_forecast.suite_of(one) for one in found] == ["A", "B"]
    path.write_text("suite,model,problem_id,attempts,successes\n" + "\n".join(lines[:6]) + "\n")
    [only] = scripts.benchmark_forecast.curves_of(path)
    assert scripts.benchmark_forecast.suite_of(only) == "A" and only.attempts.tolist() == [5000] * 3


# Decisions ------------------------------------------------------------------------------------------------------------


def test_the_best_number_of_attempts_is_that_of_most_value_less_price_and_may_be_none(scripts):
    ks, solved = np.array([1, 2, 4, 8]), np.array([0.5, 0.7, 0.8, 0.85])
    for price, best in ((0.001, 8), (0.02, 4), (0.08, 2), (0.3, 1), (0.6, 0)):
        assert scripts.benchmark_decisions._best(solved, price, ks) == best
    assert scripts.benchmark_decisions._best(np.nan, 0.001, ks) == 0


def test_regret_is_what_the_best_number_is_worth_more_on_all_that_is_recorded(scripts, monkeypatch):
    own, module = curve(), scripts.benchmark_decisions
    monkeypatch.setattr(module, "_chosen", lambda *asked: {"some": (50, 2, 0)})
    found = module._lost((own, 10, 0, 0))["some"]
    true = np.array([estimators.pass_at_k([k], own.attempts, own.successes).mean() for k in range(1, 51)])
    for (regret, best), price, k in zip(found, (1e-2, 1e-3, 1e-4), (50, 2, 0), strict=True):
        net = np.append(0, true - price * np.arange(1, 51))
        assert best == pytest.approx(net.max(), abs=1e-3)
        assert regret == pytest.approx(best - net[k], abs=1e-9)


# The prior ------------------------------------------------------------------------------------------------------------


def test_the_ratio_of_two_normal_densities(scripts):
    points = np.array([-1.5, 0.0, 2.0])
    values = 0.3 + 2 * points
    expected = stats.norm.logpdf(values, -1, 0.7) - stats.norm.logpdf(values, 0.3, 2)
    np.testing.assert_allclose(scripts.learn_prior._ratio(points, (0.3, 2.0), (-1.0, 0.7)), expected)


def test_the_score_is_the_mean_distance_to_the_truth_less_half_of_that_between_two_draws(scripts, monkeypatch):
    """Three kinds of law that weigh by their evidence and their share; draws of the last by their own weights."""
    module, generator = scripts.learn_prior, np.random.default_rng(2)
    solved = tuple(generator.normal(size=n) for n in (4, 5, 6))
    own, evidence, truth = generator.normal(size=6), np.array([0.3, -0.2, 0.5]), 0.1
    monkeypatch.setattr(module, "log_weights", lambda one, kind: own)
    one = module.Drawn("s", 100, evidence, solved, None, None, None, truth)
    shares = [module.prior.KINDS[name].share for name in module.KINDS]
    size = 0.7
    law = np.exp(np.add(evidence, [0, 0, np.log(np.exp(own).mean()) - size])) * shares
    law /= law.sum()
    weights = (np.full(4, law[0] / 4), np.full(5, law[1] / 5), law[2] * special.softmax(own))
    value, weight = np.concatenate(solved), np.concatenate(weights)
    expected = weight @ abs(value - truth) - weight @ abs(value[:, None] - value) @ weight / 2
    assert module.score(one, None, size) == pytest.approx(expected)


def test_the_five_numbers_of_the_search_are_a_kind_of_law_and_back(scripts):
    module = scripts.learn_prior
    kind = module.of(np.array([-1.25, 0.5, special.logit(0.8), np.log(2.5), np.log(0.04)]))
    assert module.numbers(kind) == (-1.25, 0.5, 0.8, 2.5, 0.04)
    assert (kind.beta[1], kind.deviation.size[1]) == (module.FIXED.beta[1], module.FIXED.deviation.size[1])

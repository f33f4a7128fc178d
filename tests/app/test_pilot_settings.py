"""Settings of the commands about a pilot, by hand: prices, limits of time, grids, cells of a page, records."""

from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pytest

from sim.app.reports import design, page, pilots
from sim.calibration import curve, difference, posterior, prediction
from sim.decision import priced
from sim.decision.prices import Prices
from sim.pilot.pilot import Pilot, Stopping
from sim.records import checked

TOKENS = ("cost.tokens.prompt_price=3", "cost.tokens.completion_price=12", "cost.tokens.prompt=2000",
          "cost.tokens.completion=500", "cost.tokens.cached=0.25")  # fmt: skip
FIRST, LATER = 3 * 0.002 + 12 * 0.0005, 0.25 * 3 * 0.002 + 12 * 0.0005  # of an attempt: 0.012, 0.0075
OTHER = ("cost.value=5", "cost.wrong=0.5", "cost.verification=0.002", "cost.fixed=0.03",
         "verifier.false_accept=0.05", "verifier.false_reject=0.2")  # fmt: skip


def config(*typed):
    return pilots.composed("recommend", ["pilot=none.csv", *typed])


def test_the_first_attempt_pays_the_prompt_in_full_and_all_pay_their_verification():
    found = priced.of_model(config(*TOKENS, *OTHER, "paid=sequential", "attempts.max=1000"))
    expected = Prices(5.0, LATER + 0.002, 0.5, 0.03 + FIRST - LATER, 0.05, 0.2, True, 1000)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    plain = priced.of_model(config("cost.price=0.01", *OTHER))
    np.testing.assert_allclose(plain, Prices(5.0, 0.012, 0.5, 0.03, 0.05, 0.2, False, 10**9), rtol=1e-12)


def test_the_second_model_has_prices_of_its_own_and_the_lengths_of_the_first_where_it_says_none():
    first = priced.of_model(config(*TOKENS, *OTHER))
    own = ("against=other.csv", "against.tokens.prompt_price=1", "against.tokens.completion_price=4",
           "against.tokens.completion=800")  # fmt: skip
    asked = config(*TOKENS, *OTHER, *own)
    rival = priced.of_rival(asked, first)
    once, again = 1 * 0.002 + 4 * 0.0008, 0.25 * 1 * 0.002 + 4 * 0.0008
    np.testing.assert_allclose(rival, first._replace(each=again + 0.002, setup=0.03 + once - again), rtol=1e-12)
    asked = config(*TOKENS, *OTHER, "against=other.csv", "against.price=0.05")
    np.testing.assert_allclose(priced.of_rival(asked, first), first._replace(each=0.052, setup=0.03), rtol=1e-12)
    assert priced.of_rival(config(*TOKENS), first) is None


@pytest.mark.parametrize(
    ("typed", "most"),
    [
        (("latency.limit=60", "latency.seconds=7", "latency.slots=3"), 24),  # 8 turns of 3
        (("latency.limit=60", "latency.seconds=60", "latency.slots=3"), 3),
        (("latency.limit=0.6", "latency.seconds=0.2", "latency.slots=1"), 3),  # 0.6 / 0.2 is below 3 in doubles
        (("latency.limit=60", "latency.seconds=7", "latency.slots=3", "attempts.max=10"), 10),
        (("attempts.max=77",), 77),
    ],
)
def test_attempts_are_limited_by_time_and_by_what_is_asked(typed, most):
    assert priced.of_model(config("cost.price=0.01", *typed)).most == most


def test_numbers_at_their_limits_are_accepted_and_beyond_them_refused():
    asked = {"a": {"b": 3.0}}
    assert checked.number(asked, "a.b", 3, 5) == 3.0 == checked.number(asked, "a.b", 1, 3)
    assert isinstance(checked.number(asked, "a.b", 1, 3, whole=True), int)
    for low, high in ((3.1, 5), (1, 2.9)):
        with pytest.raises(ValueError, match=r"a\.b: need a number from"):
            checked.number(asked, "a.b", low, high)
    for value, rule in ((2.5, "a whole number"), (True, "a number"), ("3", "a number"), (None, "a number")):
        with pytest.raises(ValueError, match=rule):
            checked.number({"b": value}, "b", 1, 5, whole=value == 2.5)


def test_a_grid_of_attempts_has_so_many_a_decade_and_both_ends():
    assert prediction.attempts_grid(1000, 1).tolist() == [1, 10, 100, 1000]
    assert prediction.attempts_grid(2, 10).tolist() == [1, 2]
    assert len(prediction.attempts_grid(10**8, 10)) == 81 - 3  # of ten numbers below 10 three round to another
    assert [k for k in range(1, 61) if pilots.near_round(k, 0.04)] == [1, 2, 5, 10, 19, 20, 21, *range(46, 55)]


def test_what_is_kept_of_a_pilot_counts_its_successes_and_the_problems_that_have_one():
    stopping = Stopping("batches", 5, 20)
    one = Pilot("p.csv", ["a", "b", "c"], np.array([5.0, 20, 10]), np.array([3.0, 0, 4]), "m", None, stopping)
    told = pilots.manifest("calibrate", [one], {"seed": 3})
    assert told["pilots"] == [
        {
            "model": "m", "problems": 3, "attempts": [5.0, 20.0], "successes": 7.0, "solved": 2,
            "stopping": {"kind": "batches", "batch": 5, "cap": 20},
        }
    ]  # fmt: skip
    assert (told["command"], told["source"], told["config"]) == ("calibrate", "p.csv", {"seed": 3})


def test_a_second_folder_of_the_same_second_has_a_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Still:
        @staticmethod
        def now():
            return datetime(2026, 3, 4, 5, 6, 7)

    monkeypatch.setattr(pilots, "datetime", Still)
    names = []
    for _ in range(3):
        names.append(pilots.folder_of({"output": None}, "design"))
        names[-1].mkdir(parents=True)
    assert [one.name for one in names] == [f"design_2026-03-04_05-06-07{end}" for end in ("", "_2", "_3")]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (0.123456, "0.1235"), (12347.678, "12350"), (0.00012367, "0.0001237"), (0.000012367, "1.237e-05"),
        (1e6, "1000000"), (2.5, "2.5"), (-0.5, "-0.5"), (None, ""), (float("nan"), ""), (True, "True"), (1e17, "1e+17"),
    ],
)  # fmt: skip
def test_numbers_of_a_page_have_four_digits_and_counts_all_of_theirs(cell, text):
    assert page._text(cell) == text


def test_two_models_are_compared_up_to_a_hundred_times_the_attempts_of_the_smaller_pilot(monkeypatch):
    grids = []
    monkeypatch.setattr(difference, "difference", lambda first, second, grid, seed: grids.append((grid, seed)))
    few, many = (SimpleNamespace(pilot=SimpleNamespace(attempts=np.array(m))) for m in ([3.0, 20], [50.0, 9]))
    for pair in ((few, many), (many, few)):
        difference.found(*pair, 7)
    difference.found(few, many, 7, 30)
    assert [(grid[0], grid[-1], seed) for grid, seed in grids] == [(1, 2000, 7), (1, 2000, 7), (1, 30, 7)]
    assert len(grids[0][0]) > 25


def test_design_takes_the_law_nearest_to_the_pilot_and_the_median_of_its_ceiling():
    successes = np.array([0, 0, 0, 0, 0, 0, 0, 0, 60, 40, 75, 30, 90, 22, 51, 12.0])
    one = Pilot("p.csv", [str(i) for i in range(16)], np.full(16, 100.0), successes)
    known = posterior.posterior(curve.likelihood(one))
    alpha, beta, ceiling = design._fitted(one)
    assert ceiling == np.median(known.ceiling) != np.mean(known.ceiling)
    nearest = posterior.nearest((known.weight @ known.mixing)[None])
    assert (alpha, beta) == (nearest[0][0], nearest[1][0])
    assert design._fitted((3.0, 0.4, 0.9)) == (3.0, 0.4, 0.9)


def test_sizes_of_a_grid_are_whole_ascending_and_within_their_ends():
    read = lambda values: design._list({"grid": {"problems": values}}, "grid.problems", 2, 100)  # noqa: E731
    assert read([2, 50, 100]) == [2, 50, 100] and read(7.0) == [7]
    for wrong in ([2, 2], [50, 10], [1, 5], [5, 101], [2.5], [], [True], ["5"]):
        with pytest.raises(ValueError, match=r"grid\.problems: need whole numbers from 2 to 100, ascending"):
            read(wrong)


def test_grids_and_budgets_of_a_design_are_checked_at_their_limits():
    design._check_sizes([[2, 10**4], [2, 1000]], None)
    design._check_sizes([list(range(2, 12)), list(range(2, 12))], 4)
    many = [list(range(2, 13)), list(range(2, 12))]
    for grid, budget in (([[2, 10**4], [2, 1001]], None), (many, None), ([[3], [2]], 5)):
        with pytest.raises(ValueError, match=r"^(grid|budget)"):
            design._check_sizes(grid, budget)
    design._check_sizes([[3], [2]], 6)

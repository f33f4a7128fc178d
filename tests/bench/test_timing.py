"""Two contestants in turn, on a clock that the test winds."""

import numpy as np
import pytest

from sim.bench import timing
from sim.bench.timing import Absent, Contestant, Wrong, in_turn, need_mean, need_share, package, ratio


class Clock:
    """Seconds that pass only while a contestant works."""

    def __init__(self):
        self.now = 0.0
        self.log = []

    def __call__(self):
        return self.now

    def contestant(self, name, seconds, items=1, check=lambda result: None):
        def call():
            self.log.append(name)
            self.now += seconds
            return name

        return Contestant(call, items, check, self)


def test_a_ratio_is_what_so_many_items_of_the_peer_cost_over_one_of_ours():
    clock = Clock()
    measured = in_turn(clock.contestant("ours", 0.1, items=100), clock.contestant("peer", 0.3, items=10), 5, 4)
    assert measured.ours == pytest.approx(1e6)
    assert measured.peer == pytest.approx(3e7)
    assert measured.value == pytest.approx(150)
    assert measured.quartiles == pytest.approx((150, 150))


def test_contestants_are_measured_in_turn():
    clock = Clock()
    in_turn(clock.contestant("ours", 0.1), clock.contestant("peer", 0.1), 1, 3)
    assert clock.log[-6:] == ["ours", "peer"] * 3


def test_a_quick_call_is_repeated_until_the_clock_can_tell():
    clock = Clock()
    in_turn(clock.contestant("ours", timing.LEAST / 10), clock.contestant("peer", 1.0), 1, 1)
    assert clock.log[-11:] == ["ours"] * 10 + ["peer"]


def test_a_slow_pair_is_measured_three_times():
    clock = Clock()
    in_turn(clock.contestant("ours", 1.0), clock.contestant("peer", 60.0), 1, 100)
    assert clock.log.count("peer") == 1 + 1 + 3  # checked, counted, measured


def test_medians_forget_a_disturbed_turn():
    turns = np.array([[1.0, 2.0], [1.0, 2.0], [50.0, 2.0], [1.0, 2.0], [1.0, 300.0]])
    assert ratio(turns, 1).value == 2.0


def test_a_wrong_result_is_not_timed():
    clock = Clock()

    def check(result):
        raise Wrong(f"{result} is broken")

    with pytest.raises(Wrong, match="ours is broken"):
        in_turn(clock.contestant("ours", 0.1, check=check), clock.contestant("peer", 0.1), 1, 3)
    assert clock.log == ["ours"]


def test_six_standard_errors_are_allowed_and_no_more():
    need_mean("x", 0.5 + 5.9e-3, 0.5, 1.0, 10**6)
    need_share("x", 0.5 + 2.9e-3, 0.5, 10**6)
    for mean in (0.5 + 6.1e-3, 0.5 - 6.1e-3, np.nan):
        with pytest.raises(Wrong, match="x: "):
            need_mean("x", mean, 0.5, 1.0, 10**6)
    with pytest.raises(Wrong, match="standard errors off"):
        need_share("x", 0.5 + 3.1e-3, 0.5, 10**6)


def test_a_peer_that_is_not_installed_is_named():
    with pytest.raises(Absent, match=r"^no_such_peer is not installed$"):
        package("no_such_peer")
    assert package("scipy.stats").__name__ == "scipy.stats"


def test_time_is_told_for_an_item_in_nanoseconds():
    clock = Clock()
    assert timing._nanoseconds(clock.contestant("ours", 2e-3, items=50), 4) == pytest.approx(4e4)
    measured = in_turn(clock.contestant("ours", 0.1, items=4), clock.contestant("peer", 0.1, items=5), 1, 3)
    assert (measured.ours, measured.peer) == pytest.approx((2.5e7, 2e7))
    assert measured.value == pytest.approx(0.8)


def test_quartiles_are_those_of_the_ratios_turn_by_turn():
    turns = np.array([[1.0, 2.0], [2.0, 8.0], [4.0, 24.0], [5.0, 40.0], [6.0, 60.0]])
    found = ratio(turns, 3)
    assert (found.ours, found.peer, found.value) == (4.0, 24.0, 18.0)
    assert found.quartiles == pytest.approx((12.0, 24.0))


def test_a_share_far_from_a_half_has_the_deviation_of_its_own():
    """Of 10^6 trials at 1 %: 9.95e-5, six of which are allowed."""
    need_share("x", 0.01 + 5.9e-4, 0.01, 10**6)
    for share in (0.01 + 6.1e-4, 0.01 - 6.1e-4):
        with pytest.raises(Wrong, match=r"x: 0\.0\d+ against 0\.01, 6\.1 standard errors off"):
            need_share("x", share, 0.01, 10**6)


def test_as_many_turns_are_taken_as_asked_for_or_as_fit():
    for seconds, asked, turns in ((0.1, 5, 5), (1.0, 9, 6), (0.5, 100, 12), (5.0, 9, 3)):
        clock = Clock()
        in_turn(clock.contestant("ours", seconds), clock.contestant("peer", seconds), 1, asked)
        assert clock.log.count("ours") == 2 + turns


def test_a_measurement_is_as_many_calls_as_fill_it_and_one_call_takes_its_own_seconds():
    for seconds, calls in ((1.0, 1), (timing.LEAST / 10, 10), (timing.LEAST / 100, 100)):
        clock = Clock()
        found, once = timing._calls(clock.contestant("ours", seconds))
        assert found == calls and once == pytest.approx(seconds)
        assert clock.log.count("ours") >= 2  # one is checked, which may compile, and some are counted

"""What ended the attempts is told by the user or asked for; counts that say nothing against it are fixed."""

import numpy as np
import pytest
from scipy import stats

from sim.pilot import stopping as stopping_rules
from sim.pilot.pilot import FIXED, Pilot, Stopping
from sim.pilot.stopping import StoppingUnclear, parsed, settled

RNG = np.random.Generator(np.random.PCG64(20260725))


def pilot(attempts, successes, name="", outcomes=None):
    rows = outcomes and [np.array(row, np.int8) for row in outcomes]
    return Pilot(
        "p.csv",
        [f"p{i}" for i in range(len(attempts))],
        np.array(attempts, float),
        np.array(successes, float),
        name,
        rows,
    )


def drawn(problems, batch, cap, floor=1e-3):
    """A pilot of batches: each problem ends with the first one that has a success, or at the cap."""
    ends = [], []
    for p in np.maximum(RNG.beta(0.3, 3, problems), floor):
        attempts = successes = 0
        while not successes and attempts < cap:
            now = min(batch, cap - attempts)
            attempts, successes = attempts + now, RNG.binomial(now, p)
        ends[0].append(attempts)
        ends[1].append(successes)
    return pilot(*ends)


def stopping(pilots, told=None):
    return [one.stopping for one in settled("p.csv", pilots, told)]


def refusal(pilots, told=None, kind=ValueError):
    with pytest.raises(kind) as caught:
        settled("p.csv", pilots, told)
    assert "\n" not in str(caught.value)
    return str(caught.value)


BATCHES = pilot([60, 120, 10020, 60, 300], [3, 1, 0, 40, 1])
FIRST = pilot([1, 7, 100, 30, 100], [1, 1, 0, 1, 0])
FIXED_ONES = {
    "equal attempts": ([10, 10, 10], [0, 3, 10]),
    "equal attempts, at most one success": ([10, 10, 10], [0, 1, 1]),
    "one problem": ([10], [1]),
    "no success": ([10, 20], [0, 0]),
    "more attempts with a success": ([10, 20, 30], [0, 1, 5]),
    "shares that do not vary": ([10, 20, 30], [3, 5, 9]),
    "many successes before the end": ([10, 20, 7], [3, 0, 7]),
    "some cut short without a success": ([10, 9, 10, 8, 10], [1, 0, 0, 0, 1]),
}


@pytest.mark.parametrize(("attempts", "successes"), FIXED_ONES.values(), ids=FIXED_ONES)
def test_counts_without_a_sign_are_fixed(attempts, successes):
    assert stopping([pilot(attempts, successes)]) == [FIXED]


def test_attempts_that_vary_without_regard_to_outcomes_are_fixed():
    for _ in range(50):
        attempts = RNG.integers(50, 200, 300)
        assert stopping([pilot(attempts, RNG.binomial(attempts, RNG.beta(0.3, 5, 300)))]) == [FIXED]


HOW = (
    "p.csv: need to know what ended the attempts, as {}; set pilot.stopping=fixed if no outcome did, "
    "pilot.stopping=first_success, or pilot.stopping={} (the first batch with a success, or the cap)"
)


def test_batches_are_seen_and_asked_about_with_their_size_and_cap():
    seen = (
        "the problems with fewer than 10,020 attempts (4) all have a success, and those without one (1) all have 10,020"
    )
    assert refusal([BATCHES], kind=StoppingUnclear) == HOW.format(seen, "batches:60:10020")


def test_a_first_success_is_seen():
    seen = "the problems with fewer than 100 attempts (3) all have a success, and those without one (2) all have 100"
    assert refusal([FIRST], kind=StoppingUnclear) == HOW.format(seen, "batches:SIZE:CAP")
    seen = "every problem has exactly 1 success, in 1 to 30 attempts"
    assert refusal([pilot([1, 7, 30], [1, 1, 1])], kind=StoppingUnclear) == HOW.format(seen, "batches:SIZE:CAP")


@pytest.mark.parametrize(("batch", "cap"), [(1, 300), (10, 1000), (60, 10020), (32, 100)])
@pytest.mark.parametrize("floor", [1e-4, 0.02])
def test_drawn_batches_are_never_taken_for_fixed(batch, cap, floor):
    for _ in range(20):
        one = drawn(100, batch, cap, floor)
        assert "batches" in refusal([one], kind=StoppingUnclear)
        stop = "first_success" if batch == 1 else f"batches:{batch}:{cap}"
        assert stopping([one], stop)[0]._replace(cap=None) == Stopping(stop.partition(":")[0], batch)


def test_other_rules_that_go_by_outcomes_are_seen_too():
    seen = refusal([pilot([30, 35, 41, 50] * 10 + [90] * 40, [4] * 40 + [0] * 40)], kind=StoppingUnclear)
    assert (
        "the problems with fewer than 90 attempts (40) all have a success, and those without one (40) all have 90"
        in seen
    )
    late = pilot([30, 35, 41, 50] * 20 + [90] * 40 + [10], [4] * 80 + [0] * 41)  # one was cut short
    seen = "problems with a success have fewer attempts (median 38) than others (90)"
    assert seen in refusal([late], kind=StoppingUnclear)


def test_the_pilot_of_a_file_is_named():
    sentence = refusal([pilot([9, 9], [1, 0], "s, k"), BATCHES._replace(name="s, m")], kind=StoppingUnclear)
    assert sentence.startswith("p.csv, s, m: need to know")


def test_batches_and_caps_are_told_from_the_data():
    assert stopping([BATCHES], "batches") == [Stopping("batches", 60, 10020)]
    assert stopping([FIRST], "first_success") == [Stopping("first_success", 1, 100)]
    assert stopping([BATCHES], "fixed") == [FIXED]


def test_a_file_has_one_size_of_batches_and_a_cap_that_may_show_in_one_pilot_only():
    solved = pilot([120, 240], [1, 2])
    assert stopping([solved, BATCHES], "batches") == [Stopping("batches", 60, 10020)] * 2
    longer = pilot([120, 20040], [1, 0])
    assert [one.cap for one in stopping([solved, BATCHES, longer], "batches")] == [None, 10020, 20040]
    assert stopping([pilot([120, 300], [0, 0]), BATCHES], "batches")[0].cap is None


def test_a_last_batch_may_be_cut_by_the_cap():
    assert stopping([pilot([32, 100, 100], [5, 4, 0])], "batches") == [Stopping("batches", 32, 100)]
    crowded = pilot([32, 100, 100], [5, 5, 0])
    assert refusal([crowded], "batches:32:100").endswith(
        "problem 'p1' with 5 successes, more than its last 4 attempts hold"
    )


NEED = "p.csv: need attempts as pilot.stopping={} leaves them, got problem {}"
CONTRADICTED = [
    (([5, 9], [1, 2]), "first_success", "'p1' with 2 successes, more than its last 1 attempts hold"),
    (([9, 12, 9], [1, 1, 0]), "first_success", "'p1' with 1 successes in 12 attempts and a cap of 9"),
    (([60, 90, 120], [1, 1, 0]), "batches:60:120", "'p1' with 90 attempts, no multiple of a batch of 60"),
    (([60, 180], [1, 1]), "batches:60:120", "'p1' with 1 successes in 180 attempts and a cap of 120"),
    (([60, 60], [1, 0]), "batches:60:120", "'p1' with 0 successes in 60 attempts and a cap of 120"),
    (([60, 120], [61, 0]), "batches:60:120", "'p0' with 61 successes, more than its last 60 attempts hold"),
]


@pytest.mark.parametrize(("counts", "rule", "what"), CONTRADICTED)
def test_what_the_data_contradict_is_refused(counts, rule, what):
    assert refusal([pilot(*counts)], rule) == NEED.format(rule.partition(":")[0], what)


def test_outcomes_in_their_order_contradict_too():
    early = pilot([3, 2, 3], [1, 1, 0], outcomes=[[0, 1, 0], [0, 1], [0, 0, 0]])
    what = "'p0' with a success before its last 1 attempts"
    assert refusal([early], "first_success") == NEED.format("first_success", what)
    assert stopping([early]) == [FIXED]
    last = pilot([2, 2, 3], [1, 1, 0], outcomes=[[0, 1], [0, 1], [0, 0, 0]])
    assert stopping([last], "first_success") == [Stopping("first_success", 1, 3)]


def test_batches_that_the_data_do_not_show_are_asked_for():
    sentence = (
        "p.csv: need attempts of solved problems that are multiples of a batch for pilot.stopping=batches, got none; "
        "set pilot.stopping=batches:SIZE:CAP or first_success"
    )
    assert refusal([FIRST], "batches") == sentence
    assert refusal([pilot([9, 9], [0, 0])], "batches") == sentence


@pytest.mark.parametrize("rule", ["first", "batches:60", "batches:0:9", "batches:6:x", "", 3, True, "Fixed"])
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(ValueError) as caught:
        parsed(rule)
    values = "need fixed, first_success, batches or batches:SIZE:CAP"
    assert str(caught.value) == f"pilot.stopping: {values}, got {rule!r}"


def test_batches_end_below_their_cap():
    with pytest.raises(
        ValueError, match=r"^pilot\.stopping: need batches of at most CAP attempts, got 'batches:60:30'$"
    ):
        parsed("batches:60:30")


@pytest.mark.parametrize("seed", range(6))
def test_the_rank_correlation_is_spearmans_in_its_standard_deviations(seed):
    host = np.random.Generator(np.random.Philox(key=seed))
    x, y = host.integers(0, 6, 40), host.integers(0, 4, 40) * 0.5  # many ties
    expected = stats.spearmanr(x, y).statistic * np.sqrt(39)
    assert stopping_rules._sigmas(x, y) == pytest.approx(expected, rel=1e-9)
    assert stopping_rules._sigmas(x, np.ones(40)) == 0


@pytest.mark.parametrize(("problems", "solved", "short"), [(5, 3, 2), (12, 9, 4), (30, 28, 1), (7, 7, 3)])
def test_chance_puts_all_short_problems_among_the_solved_as_often_as_it_does(problems, solved, short):
    expected = stats.hypergeom(problems, solved, short).pmf(short)
    assert stopping_rules._all_solved(problems, solved, short) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("attempts", "successes", "batch", "cap", "fits"),
    [
        ([10, 20, 40], [3, 10, 0], 10, 40, True),
        ([10, 20, 40], [3, 11, 0], 10, 40, False),  # more than the last batch holds
        ([10, 25, 40], [3, 1, 0], 10, 40, False),  # no whole batches
        ([10, 25, 25], [3, 5, 0], 10, 25, True),  # the cap cuts the last one to five
        ([10, 25, 25], [3, 6, 0], 10, 25, False),
        ([10, 30, 40], [3, 0, 0], 10, 40, False),  # ended without a success below the cap
        ([10, 50, 40], [3, 1, 0], 10, 40, False),  # beyond the cap
    ],
)
def test_batches_end_with_the_first_that_has_a_success_or_at_the_cap(attempts, successes, batch, cap, fits):
    told_so = f"batches:{batch}:{cap}"
    if fits:
        assert stopping([pilot(attempts, successes)], told_so) == [Stopping("batches", batch, cap)]
    else:
        refusal([pilot(attempts, successes)], told_so)


def test_a_success_before_the_last_batch_is_no_first_one_and_one_in_it_is():
    inside = pilot([2, 4], [1, 1], outcomes=[[0, 1], [0, 0, 1, 0]])
    assert stopping([inside], "batches:2:10") == [Stopping("batches", 2, 10)]
    refusal([pilot([2, 4], [1, 2], outcomes=[[0, 1], [0, 1, 1, 0]])], "batches:2:10")

"""Two contestants measured in turn, so that what else the machine does falls on both."""

import importlib
import importlib.util
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

LEAST = 0.03  # seconds of one measurement: a clock's grain and the cost of a call stay below 0.1 %
LONGEST = 12.0  # seconds given to a pair, where three measurements of each fit into them
SIGMAS = 6.0  # deviation of a mean that a right kernel reaches once in 5e8 runs


class Absent(Exception):
    """A contestant that cannot take part; the sentence says why."""


class Wrong(Exception):
    """A contestant whose result is not what it should be: its time is worth nothing."""


class Contestant(NamedTuple):
    """Something that can be timed.

    call: does the work, waits for it, returns its result.  items: how many items of work one call does.
    check: raises Wrong for a result that cannot be right.  clock: seconds; by default the CPU time of this process,
    all threads, which a neighbour on the machine does not lengthen.
    """

    call: Callable[[], Any]
    items: float
    check: Callable[[Any], None]
    clock: Callable[[], float] = time.process_time


class Ratio(NamedTuple):
    """Nanoseconds an item of each contestant (medians), ratio of the medians, quartiles of the ratios turn by turn."""

    ours: float
    peer: float
    value: float
    quartiles: tuple[float, float]


def in_turn(ours, peer, times, repeats):
    """Ratio of `times` items of peer to one item of ours, up to `repeats` measurements each.  Wrong if either is."""
    pair = (ours, peer)
    calls = [_calls(contestant) for contestant in pair]
    seconds = sum(count * once for count, once in calls)
    rounds = min(repeats, max(3, int(LONGEST / seconds)))
    turns = [[_nanoseconds(c, count) for c, (count, _) in zip(pair, calls, strict=True)] for _ in range(rounds)]
    return ratio(np.array(turns), times)


def ratio(turns, times):
    """Ratio from nanoseconds an item [turns, (ours, peer)]."""
    median_ours, median_peer = np.median(turns, axis=0)
    quartiles = np.quantile(times * turns[:, 1] / turns[:, 0], (0.25, 0.75))
    return Ratio(
        float(median_ours), float(median_peer), float(times * median_peer / median_ours), tuple(quartiles.tolist())
    )


def _calls(contestant):
    """Calls that fill a measurement, and the seconds of one; the first call, which may compile, is checked."""
    contestant.check(contestant.call())
    began, calls = contestant.clock(), 0
    while True:
        contestant.call()
        calls += 1
        spent = contestant.clock() - began
        if spent > LEAST / 3:
            return max(1, round(LEAST * calls / spent)), spent / calls


def _nanoseconds(contestant, calls):
    began = contestant.clock()
    for _ in range(calls):
        contestant.call()
    return 1e9 * (contestant.clock() - began) / (calls * contestant.items)


def package(name):
    """The package of a peer; Absent where it is not installed."""
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        raise Absent(f"{name} is not installed")
    return importlib.import_module(name)


def need_mean(what, mean, law_mean, law_deviation, count):
    """Wrong unless a mean of `count` draws lies within 6 standard errors of the law's."""
    sigmas = abs(mean - law_mean) * count**0.5 / law_deviation
    if not sigmas < SIGMAS:  # so that NaN is wrong
        raise Wrong(f"{what}: {mean:.8g} against {law_mean:.8g}, {sigmas:.1f} standard errors off")


def need_share(what, share, probability, count):
    """Wrong unless the share of `count` trials lies within 6 standard errors of their probability."""
    need_mean(what, share, probability, (probability * (1 - probability)) ** 0.5, count)

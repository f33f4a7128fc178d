"""Rows measured: contestants built once by name, a pair at a time put to the clock, or curves held together."""

from typing import NamedTuple

from sim.bench import contestants, variance
from sim.bench.processes import Processes
from sim.bench.timing import Absent, Ratio, Wrong, in_turn


class Measured(NamedTuple):
    """A row, measured or not.

    ratio: None where there is none, and then `reason` says why.  wrong: a contestant's result could not be right.
    """

    row: object
    ratio: Ratio | None = None
    reason: str | None = None
    wrong: bool = False

    @property
    def holds(self):
        """Whether the bar is met; None where nothing was measured or there is no bar, false for a wrong result."""
        if self.ratio is None:
            return False if self.wrong else None
        return self.row.holds(self.ratio.value)


def measure(rows, repeats, cores):
    """Measured for each row in turn, as it is done.  cores: those that other processes may use, None if unknown."""
    built = {}

    def contestant(name, processes):
        if name not in built:
            built[name] = contestants.builder(name, processes)()
        return built[name]

    with Processes(cores) as processes:
        for row in rows:
            try:
                pair = [contestant(name, processes) for name in (row.ours, row.peer)]
                yield Measured(row, _ratio(pair, row, repeats))
            except Absent as absent:
                yield Measured(row, reason=str(absent))
            except Wrong as wrong:
                yield Measured(row, reason=str(wrong), wrong=True)


def _ratio(pair, row, repeats):
    if isinstance(pair[0], variance.Curves):
        return variance.variance_ratio(*pair)
    return in_turn(*pair, row.times, repeats)

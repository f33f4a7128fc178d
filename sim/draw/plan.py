"""What a run is about to draw: its steps, what each of them computes, and what their counts come to."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sim.draw.cutting import Cut


@dataclass(frozen=True)
class Steps:
    """Steps of a run of batches 0, 1, ..., each of which may begin at any of them.

    program, arguments: of the devices.  words: numbers of batches, uint32 -> what each of them draws from,
    uint32 [batches, ...].  mesh: the devices.  physics: text that names seed and law of the draws.  first: the number
    that batch 0 has among all batches of that seed and physics.
    """

    program: Callable
    words: Callable
    arguments: tuple
    mesh: Any
    cut: Cut
    physics: str
    first: int = 0

    @property
    def digest(self):
        """Of all numbers that the counts depend on, whatever law or setting they were made from."""
        from jax import tree

        found = hashlib.sha256(f"{self.physics} {self.first}".encode())
        for leaf in tree.leaves(self.arguments):
            found.update(f"{leaf.dtype} {leaf.shape}".encode() + np.asarray(leaf).tobytes())
        return found.hexdigest()

    def counts(self, start):
        """Counts of the step that begins with batch `start`, [per_step, ...], on devices that may still be at it."""
        numbers = np.arange(start, start + self.cut.per_step, dtype=np.uint32) + np.uint32(self.first)
        return self.program(self.words(numbers), *self.arguments, mesh=self.mesh, chunk=self.cut.chunk)

    def starts(self, begin=0, end=None):
        """First batches of the steps from batch `begin` to before batch `end` (or the last)."""
        return range(begin, self.cut.batches if end is None else end, self.cut.per_step)

    def drawn(self, starts):
        """(start, its counts) of one step after another: one is fetched when the next is under way."""
        ahead = None
        for start in starts:
            following = start, self.counts(start)
            if ahead is not None:
                yield ahead[0], np.asarray(ahead[1])
            ahead = following
        if ahead is not None:
            yield ahead[0], np.asarray(ahead[1])


class Plan(NamedTuple):
    """What an experiment is about to draw. steps: of the run.  counted: from its counts [batches, ...], as they come
    from the devices, to what is judged.
    """

    steps: Steps
    counted: Callable


def take(steps):
    """Counts of all batches, [batches, ...], one step after the other."""
    return np.concatenate([counts for _, counts in steps.drawn(steps.starts())])[: steps.cut.batches]


def draw(plan):
    """What an experiment judges, drawn here and now."""
    return plan.counted(take(plan.steps))

"""The points of a sweep, drawn many in one program: while some are judged, the next are drawn."""

from collections import deque
from functools import partial
from typing import NamedTuple

import numpy as np

from sim.app import door
from sim.app.host import machine
from sim.experiments import asking
from sim.records import state

_POINTS = 64  # of one program at most: what is drawn is not saved before all of it is
_SPARE = 1.25  # times as many points may be computed as are wanted, so that no other program is compiled
_OPERATIONS = 2**36  # of one program: a second, more or less, of an accelerator


class Drawn(NamedTuple):
    """What is drawn of a point (`draws`), counts of its batches, [at least as many as there are, ...], and on what."""

    draws: tuple
    counts: np.ndarray
    by: machine.Identity

    def of(self, steps):
        """Whether these are the draws of these steps, on whatever device and however they are cut."""
        return self.draws == draws(steps)

    def steps(self, steps, starts):
        """(start, counts) of these steps (sim.app.runs.taking.Taker)."""
        if not self.of(steps):
            raise RuntimeError(f"drawn was {self.draws}, and asked for is {draws(steps)}")
        for start in starts:
            yield start, self.counts[start : start + steps.cut.per_step]


def draws(steps):
    """What tells the draws of steps from those of others."""
    return steps.physics, steps.first, steps.cut.batches


class Sweep:
    """Where the points of a sweep have their counts from."""

    def __init__(self, points):
        self.fresh = [point for point in points if not (point.where / state.STATUS).is_file()]
        self.queues = {}
        self.started = False

    def source(self, point, name):
        """Where the counts of an experiment of a point come from (sim.app.runs.taking.Taker)."""
        return partial(self._counts, point, name)

    def _counts(self, point, name, steps, starts):
        own = self._drawn(point, name) if _wanted(point) else None
        yield from steps.drawn(starts) if own is None or not own.of(steps) else own.steps(steps, starts)

    def all_of(self, point):
        """{experiment: Drawn} of a point; None where it draws any by itself."""
        try:
            if not self.started:
                machine.start_jax(door.questions(point.config)[0][1].budget.devices)
                self.started = True
            names = door.experiments(point.config)
        except Exception:  # whatever is wrong with a point, it says itself when it is run
            return None
        drawn = {name: self._drawn(point, name) for name in names} if _wanted(point) else {}
        return drawn if drawn and all(drawn.values()) else None

    def _drawn(self, point, name):
        """Drawn of a point; None where it is to draw by itself."""
        if name not in self.queues:
            self.queues[name] = _Queue(name, self.fresh)
        return self.queues[name].drawn(point.number)


def _wanted(point):
    """Whether a point is to be drawn with others: as it says, or because there is an accelerator."""
    import jax

    says = point.config["together"]
    return jax.default_backend() != "cpu" if says is None else says


class _Queue:
    """What is drawn of one experiment, group after group."""

    def __init__(self, name, points):
        self.name, self.left, self.sizes = name, deque(points), []
        self.coming, self.there = self._fetched(), {}
        self.numbers = {point.number for point in points}

    def drawn(self, number):
        """Drawn of a point; None where it is to draw by itself."""
        self.there = {other: drawn for other, drawn in self.there.items() if other >= number}
        while number in self.numbers and number not in self.there:
            self.there |= next(self.coming)
        return self.there.get(number)

    def _fetched(self):
        """{number: Drawn, or None} of group after group; the next one is under way when one is fetched."""
        ahead = None
        for group in self._groups():
            following = group, _tried(self._counts, list(group.values())) if len(group) > 1 else None
            if ahead is not None:
                yield _split(*ahead)
            ahead = following
        if ahead is not None:
            yield _split(*ahead)

    def _counts(self, steps):
        """Counts of a group, and of some more that nobody asks for."""
        from sim.draw import many

        return many.draw([*steps, *steps[-1:] * (self._size(len(steps)) - len(steps))])

    def _size(self, points):
        """Points that a program is made for: as many as one has been before, if that is not much more."""
        made = [size for size in self.sizes if points <= size <= _SPARE * points]
        if not made:
            self.sizes.append(points)
        return min(made, default=points)

    def _groups(self):
        """{number: Steps} of points that are alike and near each other; {number: None} of one that is not planned."""
        from sim.draw import many

        while self.left:
            window, alike = -(-len(self.left) // -(-len(self.left) // _POINTS)), {}
            for point in [self.left.popleft() for _ in range(window)]:
                steps = _steps(point, self.name)
                if steps is None:
                    yield {point.number: None}
                else:
                    alike.setdefault(many.likeness(steps), []).append((point.number, steps))
            for members in alike.values():
                parts = -(-len(members) // _most(members[0][1]))
                yield from (dict(members[part::parts]) for part in range(parts))


def _steps(point, name):
    """Steps of a point's experiment; None where it is not one, says itself how many it takes, or cannot be planned.

    What learns before it draws cannot be.
    """
    try:
        asked = dict(door.questions(point.config)) if point.config["budget"]["until"] is None else {}
        return asking.plan(name, asking.prepared(name, asked[name], _unplanned)).steps if name in asked else None
    except Exception:  # whatever is wrong with a point, it says itself when it is run
        return None


def _unplanned(training):
    raise NotImplementedError(f"{training.identity['training']}: to be trained when the point is run")


def _most(steps):
    """Points of one program at most."""
    from sim.app.runs import dry
    from sim.draw import many

    by_operations = _OPERATIONS / (dry.operations(steps.arguments) * steps.cut.steps * steps.cut.per_step)
    by_bytes = steps.cut.allowed_bytes / 2 / many.size(steps)
    return max(1, int(min(_POINTS, by_operations, by_bytes)))


def _tried(work, what):
    """What comes of work on a device; None where it ends badly, as for want of memory: each point then draws alone."""
    import jax

    try:
        return work(what)
    except jax.errors.JaxRuntimeError:
        return None


def _split(group, counts):
    """{number: Drawn} of a group, None where nothing was drawn."""
    counts = None if counts is None else _tried(np.asarray, counts)
    if counts is None:
        return dict.fromkeys(group)
    each = zip(group.items(), counts, strict=False)  # without those that fill it up
    return {
        number: Drawn(draws(steps), own.reshape(-1, *own.shape[2:]), machine.identity(steps.mesh.devices.flat))
        for (number, steps), own in each
    }

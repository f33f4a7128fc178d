"""One run over many processes: the first of them writes and says which steps are to be drawn, all draw them.

Every process draws its own batches on its own devices; counts are gathered, whole numbers in the order of batches, so
that the tables are those of a single process, bit for bit. The others write nothing and know nothing of files.
"""

import json
import os
import sys
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sim.app.runs import taking
from sim.experiments import asking

_WAIT = 120  # seconds that the processes wait for each other at the start


class Cluster(NamedTuple):
    """Where the first process listens, how many there are, which one this is; Nones where the scheduler says it."""

    coordinator: str | None
    processes: int | None
    process: int | None


class Lost(Exception):
    """Another process of the run has ended before its time."""


def read(config):
    """Cluster of a configuration, None for a run of one process.  ValueError, in one sentence, for what is wrong."""
    node = config["cluster"]
    if not isinstance(node, dict) or set(node) != set(Cluster._fields):
        raise ValueError(f"cluster: need the keys {', '.join(Cluster._fields)}, got {node!r}")
    cluster = Cluster(**node)
    given = [name for name, value in node.items() if value is not None]
    if given and not config["distributed"]:
        raise ValueError(f"cluster.{given[0]}: need distributed=true, got false")
    if not config["distributed"]:
        return None
    if len(given) not in (0, len(node)):
        raise ValueError(f"cluster: need {', '.join(node)} together, or none of them under a scheduler, got {given}")
    if given:
        _check(cluster)
    return cluster


def _check(cluster):
    host, _, port = str(cluster.coordinator).rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 2**16:
        raise ValueError(f"cluster.coordinator: need HOST:PORT of the first process, got {cluster.coordinator!r}")
    for name in ("processes", "process"):
        value = getattr(cluster, name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"cluster.{name}: need a whole number, got {value!r}")
    if cluster.processes < 1:
        raise ValueError(f"cluster.processes: need at least 1, got {cluster.processes}")
    if not 0 <= cluster.process < cluster.processes:
        raise ValueError(f"cluster.process: need 0 to {cluster.processes - 1}, got {cluster.process}")


def join(cluster):
    """Meet the other processes, once; before JAX's backend starts.  ValueError where that comes to nothing."""
    import jax

    if jax.distributed.is_initialized():
        return
    given = {}
    if cluster.coordinator is not None:
        given = dict(zip(("coordinator_address", "num_processes", "process_id"), cluster, strict=True))
        if cluster.coordinator.startswith(("127.", "localhost:")):
            given["coordinator_bind_address"] = cluster.coordinator  # and no other network than its own
    jax.config.update("jax_enable_preemption_service", False)  # which takes SIGTERM from us
    try:
        jax.distributed.initialize(**given, initialization_timeout=_WAIT)
    except (ValueError, RuntimeError) as error:
        what = " ".join(str(error).split())
        rule = (
            "a scheduler that starts the processes (srun), or cluster.coordinator, cluster.processes, cluster.process"
        )
        raise ValueError(f"distributed: need {rule}, got: {what}") from error


def index():
    """Number of this process; 0 for the only one."""
    import jax

    return jax.process_index()


class Driver:
    """Source of counts (sim.app.runs.taking.Taker) for the first process of several."""

    def __init__(self, experiment):
        self.experiment = experiment

    def __call__(self, steps, starts):
        """(start, counts) of all steps, in their order."""
        order = {"experiment": self.experiment, "first": steps.first, "cut": list(steps.cut), "starts": list(starts)}
        _announce(order)
        return _rounds(steps, list(starts))


def differing(record):
    """None where all processes are asked the same; else the first one's record, in every one of them.

    record: flat, of all that the results depend on.
    """
    own = json.loads(json.dumps(record))
    if index() == 0:
        _announce(own)
    first = own if index() == 0 else _heard()
    same = _gathered(np.array([first == own], np.int32))
    return None if same.all() else first


def end():
    """Send the others home."""
    _announce({"experiment": None})


def serve(asked):
    """Draw what the first process orders, until it sends us home.  asked: [(name, Question)], the same as there."""
    questions = dict(asked)
    while True:
        order = _heard()
        if order["experiment"] is None:
            return
        name = order["experiment"]
        steps = asking.plan(name, asking.prepared(name, questions[name])).steps
        for _ in _rounds(_as_ordered(steps, order), order["starts"]):
            taking.heed()


def _as_ordered(steps, order):
    """The steps cut as they are in the first process: all draw pieces of one size."""
    cut = type(steps.cut)(*order["cut"])
    if cut.devices != steps.cut.devices:
        raise Lost(f"need as many devices as the first process, {cut.devices}, got {steps.cut.devices}")
    return replace(steps, cut=cut, first=order["first"])


def _rounds(steps, starts):
    """(start, counts) of all steps: each process draws one step of a round, the next while one is gathered."""
    import jax

    of, own = jax.process_count(), jax.process_index()
    rounds = [starts[i : i + of] for i in range(0, len(starts), of)]
    draw = lambda one: steps.counts(one[min(own, len(one) - 1)])  # noqa: E731 (of the last round some draw it twice)
    ahead = draw(rounds[0]) if rounds else None
    for number, one in enumerate(rounds):
        mine, ahead = ahead, draw(rounds[number + 1]) if number + 1 < len(rounds) else None
        yield from zip(one, _gathered(np.asarray(mine)), strict=False)


# What is said between processes ---------------------------------------------------------------------------------------


def _announce(order):
    """Say an order to all others."""
    text = np.frombuffer(json.dumps(order).encode(), np.uint8)
    _from_first(np.array([len(text)], np.int32))
    _from_first(text)


def _heard():
    """The next order."""
    length = int(_from_first(np.zeros(1, np.int32))[0])
    return json.loads(_from_first(np.zeros(length, np.uint8)).tobytes())


def _from_first(array):
    from jax.experimental import multihost_utils

    return np.asarray(_reached(multihost_utils.broadcast_one_to_all, array))


def _gathered(array):
    """The same of every process, [processes, ...]."""
    from jax.experimental import multihost_utils

    return np.asarray(_reached(multihost_utils.process_allgather, array))


def _reached(call, array):
    """What a call that needs all processes gives; Lost where one of them is gone."""
    try:
        return call(array)
    except (RuntimeError, ValueError) as error:  # JAX's own errors are RuntimeErrors
        import jax

        rest = jax.process_count() - 1
        raise Lost(f"one of the {rest} other processes has ended ({' '.join(str(error).split())[:120]})") from error


def abandon(code):
    """End this process at once: what JAX does at the end of one waits for all the others."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)

"""Training cut into chunks, each of which knows its own key: a training that was interrupted goes on as it would have.

Plain records: whoever trains may save the state between two chunks (sim.app.runs.learning).
"""

import hashlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_CHUNK = 250  # steps


@dataclass(frozen=True)
class Training:
    """identity: flat record of all that the result depends on.  begin: () -> state before the first chunk, a pytree.

    advance: (state, number of the chunk) -> state after it.  chunks: how many there are.
    """

    identity: dict
    begin: Callable
    advance: Callable
    chunks: int


def learn(training):
    """State after all chunks."""
    state = training.begin()
    for number in range(training.chunks):
        state = training.advance(state, number)
    return state


def of_task(task, name, seed):
    """Training of a sim.generative.vae.Task.  name: text that tells it from others of the same seed."""
    from sim.draw import keys
    from sim.generative import vae

    digests = {
        field: hashlib.sha256(np.ascontiguousarray(getattr(task, field))).hexdigest() for field in ("pixels", "copies")
    }
    sizes = {field: getattr(task, field) for field in ("latent", "width", "steps", "noise")}
    releases = {package: importlib.metadata.version(package) for package in ("equinox", "optax")}
    identity = {"training": name, "seed": seed, **vae.RECIPE, **digests, **sizes, **releases}
    run = keys.run_key(seed, f"training {name} {digests} {sizes}")
    chunks = -(-task.steps // _CHUNK)
    words = keys.batch_keys(run, np.arange(chunks + 1, dtype=np.uint32))

    def advance(state, number):
        return vae.advance(task, state, keys.key_of(words[1 + number]), min(_CHUNK, task.steps - number * _CHUNK))

    return Training(identity, lambda: vae.begin(task, keys.key_of(words[0])), advance, chunks)

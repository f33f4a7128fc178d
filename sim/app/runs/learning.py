"""How a training is done: on from what is kept of it, saving as it goes. A model that is ready is read and not trained.

Kept is the state after a chunk, as a piece of a checkpoint (sim.records.checkpoint: whole or not at all, with a
checksum), in a folder named by the digest of the training's identity.
"""

import hashlib
import json
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sim.records import checkpoint

_FATE = "it is replaced, and its model is trained again"
_SHORTEST = 1.0  # seconds between two saves: less is quickly trained again


class Learner(NamedTuple):
    """Trains (sim.generative.training). folder: gives the folder that states are kept in, or None.  kind: of this
    machine, whose rounding the result has.  say: called with a sentence about a damaged file.
    """

    folder: Callable
    kind: dict
    say: Callable

    def __call__(self, training):
        """State after all chunks; what was trained before is not trained again."""
        identity = training.identity | self.kind
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:32]
        folder = self.folder()
        where = folder and folder / digest
        done, state = self._kept(where, identity, training.begin)
        saved, last = done, time.monotonic()
        try:
            while done < training.chunks:
                state = training.advance(state, done)
                done += 1
                if time.monotonic() - last >= _SHORTEST:
                    _save(where, identity, done, state)
                    saved, last = done, time.monotonic()
        finally:  # a signal, or all is done
            if saved < done:
                _save(where, identity, done, state)
        return state

    def _kept(self, where, identity, begin):
        """(chunks done, state) of the newest state that is whole, or none and that of the beginning."""
        pieces, damaged = checkpoint.read(where, identity, _FATE) if where else ([], [])
        for sentence in damaged:
            self.say(sentence)
        return (pieces[-1].end, _state(pieces[-1].counts[-1], begin)) if pieces else (0, begin())


def _save(where, identity, done, state):
    """Keep the state, and it alone."""
    if where is None:
        return
    before = list(where.glob("*.counts"))
    checkpoint.write(where, identity, checkpoint.Piece(done - 1, _bytes(state)[None]))
    for path in before:
        path.unlink(missing_ok=True)  # another run may have done so


def _bytes(state):
    """All arrays of a pytree, uint8 [bytes]."""
    import jax

    return np.concatenate([np.frombuffer(np.asarray(leaf).tobytes(), np.uint8) for leaf in jax.tree.leaves(state)])


def _state(content, begin):
    """The pytree that `begin` would give, of the same shapes, from its bytes."""
    import jax

    leaves, tree = jax.tree.flatten(jax.eval_shape(begin))
    ends = np.cumsum([leaf.size * leaf.dtype.itemsize for leaf in leaves])
    pieces = zip(np.split(content, ends[:-1]), leaves, strict=True)
    return tree.unflatten(jax.numpy.asarray(np.frombuffer(x.tobytes(), of.dtype).reshape(of.shape)) for x, of in pieces)

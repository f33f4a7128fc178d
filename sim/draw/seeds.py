"""A seed to numbers, without JAX: for keys (sim.draw.keys), and for commands that answer before JAX would be loaded."""

import hashlib

import numpy as np


def words(seed, physics):
    """The first 64 bits of SHA-256 of the seed and the physics, uint32 [2].

    seed: any integer.  physics: text that names every number the result depends on.
    """
    digest = hashlib.sha256(f"{seed}\n{physics}".encode()).digest()
    return np.frombuffer(digest[:8], dtype="<u4").astype(np.uint32)


def generator(seed, physics):
    """NumPy generator for draws made on the host in float64."""
    return np.random.Generator(np.random.Philox(key=words(seed, physics).astype(np.uint64)))

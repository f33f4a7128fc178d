"""The only place where a seed becomes keys.

seed, physics -> run_key -> batch_key(i) -> split once, by name, where it is used -> consumed once in a sampler.
"""

import hashlib

import jax
import numpy as np


def run_key(seed, physics):
    """Key of a whole run: the first 64 bits of SHA-256 of the seed and the physics.

    seed: any integer.  physics: text that names every number the result depends on, so that two points of a sweep
    draw independently of each other.
    """
    digest = hashlib.sha256(f"{seed}\n{physics}".encode()).digest()
    words = np.frombuffer(digest[:8], dtype="<u4").astype(np.uint32)
    return jax.random.wrap_key_data(words, impl="threefry2x32")


def batch_key(key, batch):
    """Key of batch number `batch` (uint32): it does not know how many others there are, nor where they run."""
    return jax.random.fold_in(key, batch)


def host_generator(key):
    """NumPy generator for the few draws made on the host in float64 (parametric bootstrap)."""
    return np.random.Generator(np.random.Philox(key=np.asarray(jax.random.key_data(key), dtype=np.uint64)))

"""The only place where a seed becomes keys, and keys become streams of bits.

seed, physics -> run_key -> streams of every batch -> dealt out, by name, to the samplers of one batch.
"""

import hashlib

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits


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


def streams(key, batches, count):
    """The `count` streams of bits (sim.samplers.bits) of each of `batches` (uint32): two words [batches, count].

    Threefry of (batch, number of the stream) under the run's key: a stream does not know how many others there are.
    """
    run, number = jax.random.key_data(key), jnp.arange(count, dtype=jnp.uint32)
    return bits.words((run[0], run[1]), batches[:, None], number[None, :])


def key_of(stream):
    """A JAX key in place of a stream, for what only jax.random draws."""
    return jax.random.wrap_key_data(jnp.stack(stream), impl="threefry2x32")


def host_generator(key):
    """NumPy generator for the few draws made on the host in float64 (parametric bootstrap)."""
    return np.random.Generator(np.random.Philox(key=np.asarray(jax.random.key_data(key), dtype=np.uint64)))

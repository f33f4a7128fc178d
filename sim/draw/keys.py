"""The only place where a seed becomes keys, and keys become streams of bits.

seed, physics -> run_key -> streams of every batch -> dealt out, by name, to the samplers of one batch.
"""

import jax
import numpy as np

from sim.draw import seeds
from sim.samplers import bits


def run_key(seed, physics):
    """Key of a whole run: the first 64 bits of SHA-256 of the seed and the physics.

    seed: any integer.  physics: text that names every number the result depends on, so that two points of a sweep
    draw independently of each other.
    """
    return key_of(seeds.words(seed, physics))


def batch_keys(key, batches):
    """Keys of the `batches` (uint32), as words [batches, 2] for `key_of`: jax.random.fold_in of each number.

    A batch does not know how many others there are, nor where they run.
    """
    run = np.asarray(jax.random.key_data(key))
    return np.stack(bits.threefry2x32_on_host(run[0], run[1], 0, batches), axis=-1)


def streams(key, batches, count):
    """The `count` streams of bits (sim.samplers.bits) of each of `batches` (uint32): two words [batches, count].

    Threefry of (batch, number of the stream) under the run's key: a stream does not know how many others there are.
    """
    run, number = np.asarray(jax.random.key_data(key)), np.arange(count, dtype=np.uint32)
    return bits.threefry2x32_on_host(run[0], run[1], batches[:, None], number[None, :])


def words_of(key, count):
    """Words [count, 2] of so many independent streams, from a key of a program of one's own, traced or not."""
    return jax.random.key_data(jax.random.split(key, count))


def key_of(words):
    """The JAX key, or keys, of words [..., 2]: for what jax.random draws or splits."""
    return jax.random.wrap_key_data(words, impl="threefry2x32")


def host_generator(key):
    """NumPy generator for the few draws made on the host in float64 (parametric bootstrap)."""
    return np.random.Generator(np.random.Philox(key=np.asarray(jax.random.key_data(key), dtype=np.uint64)))

"""A seed and the physics become keys in one place, the same ones for ever."""

import hashlib

import jax
import numpy as np
import pytest
from jax.extend.random import threefry_2x32

from sim import keys
from sim.samplers import bits

FROZEN_RUN = (0x2A1F279A, 0x6E0B6B91)
FROZEN_BATCH = (0x366CAC88, 0x6FCD7866)
FROZEN_WORDS = (0x8009C589, 0xBB892510)


def words(key):
    return tuple(int(word) for word in jax.random.key_data(key))


def test_a_run_key_is_the_first_64_bits_of_a_hash_of_seed_and_physics():
    digest = hashlib.sha256(b"7\nzipf 1.2").hexdigest()
    first, second = (int.from_bytes(bytes.fromhex(digest[i : i + 8]), "little") for i in (0, 8))
    assert words(keys.run_key(7, "zipf 1.2")) == (first, second)


def test_keys_do_not_change_from_version_to_version():
    """Frozen: a table made today is made again tomorrow, on any version of JAX."""
    assert words(keys.run_key(0, "")) == FROZEN_RUN
    assert words(keys.batch_key(keys.run_key(0, ""), np.uint32(5))) == FROZEN_BATCH
    high, low = bits.words(bits.stream(keys.batch_key(keys.run_key(0, ""), np.uint32(5))), 0, np.uint32(3))
    assert (int(high), int(low)) == FROZEN_WORDS


def test_zero_is_a_seed_and_every_seed_and_physics_has_a_key_of_its_own():
    seeds = [0, 1, -1, 2**31, 2**32, 2**64, 2**64 + 1, 10**40]
    physics = ["", " ", "zipf 1.2", "zipf 1.20", "1\n", "ζ"]
    found = {words(keys.run_key(seed, text)) for seed in seeds for text in physics}
    assert len(found) == len(seeds) * len(physics)
    assert words(keys.run_key(0, "a")) == words(keys.run_key(0, "a"))


@pytest.mark.parametrize("seed", [np.int64(3), np.uint8(3), 3])
def test_a_seed_is_a_number_whatever_its_type(seed):
    assert words(keys.run_key(seed, "a")) == words(keys.run_key(3, "a"))


def test_every_batch_has_a_key_of_its_own():
    """65,536 batches of two runs, and the last possible one: no two keys agree, nor do two runs share one."""
    fold = jax.jit(jax.vmap(keys.batch_key, in_axes=(None, 0)))
    batches = np.append(np.arange(1 << 16, dtype=np.uint32), np.uint32(2**32 - 1))
    data = [np.asarray(jax.random.key_data(fold(keys.run_key(seed, "batches"), batches))) for seed in (0, 1)]
    assert len(np.unique(np.concatenate(data), axis=0)) == 2 * len(batches)


def test_a_batch_key_is_threefry_of_the_batch_number():
    key = keys.run_key(0, "fold")
    oracle = np.asarray(threefry_2x32(jax.random.key_data(key), np.array([0, 12], np.uint32)))
    assert words(keys.batch_key(key, np.uint32(12))) == tuple(oracle)


def test_a_run_key_serves_any_number_of_batches_and_a_batch_key_one():
    key = keys.run_key(0, "serves")
    first, again = (keys.batch_key(key, np.uint32(number)) for number in (1, 1))
    assert words(first) == words(again)
    bits.stream(first)
    with pytest.raises(jax.errors.KeyReuseError):
        bits.stream(first)


def test_a_host_generator_depends_on_its_key_alone():
    draws = [keys.host_generator(keys.run_key(seed, "host")).random(8) for seed in (0, 0, 1)]
    assert (draws[0] == draws[1]).all()
    assert not np.isin(draws[0], draws[2]).any()

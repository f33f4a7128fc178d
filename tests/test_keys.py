"""A seed and the physics become keys in one place, the same ones for ever."""

import hashlib

import jax
import numpy as np
import pytest
from jax.extend.random import threefry_2x32

from sim.draw import keys
from sim.samplers import bits

FROZEN_RUN = (0x2A1F279A, 0x6E0B6B91)
FROZEN_BATCH = (0x366CAC88, 0x6FCD7866)
FROZEN_WORDS = (0x8009C589, 0xBB892510)


def words(key):
    return tuple(int(word) for word in jax.random.key_data(key))


def batch_key(key, number):
    return keys.key_of(keys.batch_keys(key, np.array([number], np.uint32))[0])


def test_a_run_key_is_the_first_64_bits_of_a_hash_of_seed_and_physics():
    digest = hashlib.sha256(b"7\nzipf 1.2").hexdigest()
    first, second = (int.from_bytes(bytes.fromhex(digest[i : i + 8]), "little") for i in (0, 8))
    assert words(keys.run_key(7, "zipf 1.2")) == (first, second)


def test_keys_do_not_change_from_version_to_version():
    """Frozen: a table made today is made again tomorrow, on any version of JAX."""
    assert words(keys.run_key(0, "")) == FROZEN_RUN
    assert words(batch_key(keys.run_key(0, ""), 5)) == FROZEN_BATCH
    high, low = bits.words(bits.stream(batch_key(keys.run_key(0, ""), 5)), 0, np.uint32(3))
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
    batches = np.append(np.arange(1 << 16, dtype=np.uint32), np.uint32(2**32 - 1))
    data = [keys.batch_keys(keys.run_key(seed, "batches"), batches) for seed in (0, 1)]
    assert len(np.unique(np.concatenate(data), axis=0)) == 2 * len(batches)


@pytest.mark.parametrize("batch", [0, 12, 2**32 - 1])
def test_a_batch_key_is_the_run_key_with_the_batch_number_folded_in(batch):
    key = keys.run_key(0, "fold")
    assert words(batch_key(key, batch)) == words(jax.random.fold_in(key, np.uint32(batch)))


def test_streams_are_threefry_of_batch_and_number():
    key, batches = keys.run_key(0, "streams"), np.array([0, 7, 2**32 - 1], np.uint32)
    first, second = keys.streams(key, batches, 3)
    assert first.shape == second.shape == (3, 3) and first.dtype == second.dtype == np.uint32
    for i, batch in enumerate(batches):
        for number in range(3):
            oracle = np.asarray(threefry_2x32(jax.random.key_data(key), np.array([batch, number], np.uint32)))
            assert (first[i, number], second[i, number]) == tuple(oracle)


def test_a_run_key_serves_any_number_of_batches_and_a_batch_key_one():
    key = keys.run_key(0, "serves")
    first, again = (batch_key(key, number) for number in (1, 1))
    assert words(first) == words(again)
    bits.stream(first)
    with pytest.raises(jax.errors.KeyReuseError):
        bits.stream(first)


def test_a_host_generator_depends_on_its_key_alone():
    draws = [keys.host_generator(keys.run_key(seed, "host")).random(8) for seed in (0, 0, 1)]
    assert (draws[0] == draws[1]).all()
    assert not np.isin(draws[0], draws[2]).any()

"""Attempts of a model whose errors are known: noise in m directions about an error of each image's own."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import assert_proportion, rejects
from scipy import stats

from sim.draw import keys
from sim.generative import attempts, vae

LATENT, SPREAD = 3, 0.4
OWN = np.array([0.0, 0.3, 0.8, 2.0], np.float32)  # r of each image
PIXELS = np.concatenate([np.zeros((4, LATENT), np.float32), OWN[:, None]], axis=1)
TEMPERATURES, THRESHOLDS = np.array([0.5, 2.0]), np.array([0.02, 0.2])
BATCHES = 64


class Toy(vae.Autoencoder):
    """Decodes latents as they are, and misses what an image has in its last pixel."""

    SPREAD: ClassVar[float] = SPREAD

    def encode(self, image):
        return jnp.zeros(LATENT), jnp.full(LATENT, self.SPREAD)

    def decode(self, latents):
        return jnp.concatenate([latents, jnp.zeros(1)])


def models():
    return jax.vmap(lambda key: Toy(LATENT + 1, LATENT, 2, key))(jax.random.split(keys.run_key(0, "toy"), 1))


def counts(shared=0.0, made=64):
    """int64 [batches, t, images, e]."""
    part = attempts.part(models(), PIXELS, TEMPERATURES, THRESHOLDS, made, shared)
    kernel = attempts.Attempts((part,))
    words = keys.batch_keys(keys.run_key(1, f"toy {shared}"), np.arange(BATCHES, dtype=np.uint32))
    rows = jax.jit(lambda words: jax.lax.map(lambda own: kernel.curves(keys.key_of(own))[0], words))(words)
    return kernel.split(np.asarray(rows, float))[0][:, 0].astype(int)


def law(spread):
    """P((r^2 + T^2 sigma^2 chi2_m) / pixels <= epsilon), [t, images, e]."""
    room = (LATENT + 1) * THRESHOLDS[None, None, :] - OWN.astype(float)[None, :, None] ** 2
    return stats.chi2.cdf(room / (TEMPERATURES[:, None, None] * spread) ** 2, LATENT)


@pytest.mark.seldom(0)
def test_attempts_succeed_as_often_as_noise_in_m_directions_leaves_them_near_enough():
    right = counts().sum(axis=0)
    assert_proportion(right, 64 * BATCHES, law(SPREAD))
    rejects(assert_proportion, right, 64 * BATCHES, law(1.1 * SPREAD))
    assert (right[:, 3] == 0).all()  # an error of its own above the threshold: the ceiling


@pytest.mark.seldom(0)
def test_shared_noise_leaves_the_share_of_successes_and_makes_the_attempts_of_a_batch_alike():
    alone, shared = counts(), counts(0.999)
    middle = np.abs(law(SPREAD) - 0.5) < 0.4
    assert middle.any()
    alike = ((shared == 0) | (shared == 64)).mean(axis=0)[middle]
    assert (alike > 0.8).all() and not ((alone == 0) | (alone == 64)).mean(axis=0)[middle].max() > 0.1
    # each batch is one draw of the noise they share, to a thousandth of its variance
    mostly = (shared > 32).sum(axis=0)[middle]
    assert_proportion(mostly, BATCHES, law(SPREAD)[middle])
    rejects(assert_proportion, mostly, BATCHES, np.clip(law(SPREAD)[middle] * 0.3, 0, 1))


@pytest.mark.seldom(0)
def test_the_best_of_more_attempts_is_nearer_and_has_the_error_it_is_said_to_have():
    part = attempts.part(models(), PIXELS, [1.0], [1.0], 64)
    drawn, errors = attempts.best(part, keys.run_key(2, "best"), np.array([1, 8, 64], np.int32))
    np.testing.assert_allclose(((np.asarray(drawn) - PIXELS) ** 2).mean(axis=2), errors, rtol=1e-5)
    errors = np.asarray(errors)
    assert (np.diff(errors, axis=0) <= 0).all() and (errors[-1] < errors[0]).any()
    assert (errors >= OWN**2 / (LATENT + 1) * (1 - 1e-6)).all()


def toys(count):
    """So many of them, made without drawing weights that they do not use."""
    shapes = jax.eval_shape(lambda: Toy(LATENT + 1, LATENT, 2, jax.random.key(0)))
    return jax.tree.map(lambda x: np.zeros((count, *x.shape), np.float32), shapes)


def test_counts_are_those_of_the_noise_of_their_keys_added_up_by_hand():
    """Of each model its own key: noise that a batch shares, then that of each piece of 32 attempts."""
    shared, made = 0.36, 64
    part = attempts.part(toys(2), PIXELS, TEMPERATURES, THRESHOLDS, made, shared)
    key = lambda: keys.run_key(5, "by hand")  # noqa: E731
    found = np.asarray(jax.jit(lambda own: own.counts(key()))(part))
    assert found.shape == part.shape == (2, 2, 4, 2) and part.made == made
    for model, own in enumerate(jax.random.split(key(), 2)):
        of_all, of_pieces = jax.random.split(own)
        common = 0.6 * np.asarray(jax.random.normal(of_all, (4, LATENT)))
        pieces = [np.asarray(jax.random.normal(piece, (32, 4, LATENT))) for piece in jax.random.split(of_pieces, 2)]
        noise = common + 0.8 * np.concatenate(pieces)
        for t, temperature in enumerate(TEMPERATURES):
            errors = (((temperature * SPREAD * noise) ** 2).sum(axis=2) + OWN.astype(float) ** 2) / (LATENT + 1)
            expected = (errors[:, :, None] <= THRESHOLDS).sum(axis=0)
            np.testing.assert_array_equal(found[model, t], expected)


def test_the_best_of_k_attempts_is_the_nearest_of_the_first_k():
    part = attempts.part(toys(1), PIXELS, [1.5], [1.0], 64)
    drawn, errors = attempts.best(part, keys.run_key(2, "best"), np.array([1, 3, 64], np.int32))
    noise = np.asarray(jax.random.normal(keys.run_key(2, "best"), (64, 4, LATENT)))
    made = 1.5 * SPREAD * noise
    missed = ((made**2).sum(axis=2) + OWN.astype(float) ** 2) / (LATENT + 1)
    for row, k in enumerate((1, 3, 64)):
        chosen = missed[:k].argmin(axis=0)
        np.testing.assert_allclose(np.asarray(errors)[row], missed[:k].min(axis=0), rtol=1e-5)
        np.testing.assert_allclose(np.asarray(drawn)[row, :, :LATENT], made[chosen, np.arange(4)], rtol=1e-5, atol=1e-7)


def test_rows_of_several_parts_are_split_into_those_of_each():
    one = attempts.part(toys(1), PIXELS, TEMPERATURES, THRESHOLDS, 32)
    other = attempts.part(toys(1), PIXELS[:3], TEMPERATURES[:1], THRESHOLDS, 64)
    kernel = attempts.Attempts((one, other))
    rows = np.arange(2 * 22.0).reshape(2, 22)
    first, second = kernel.split(rows)
    assert (first.shape, second.shape) == ((2, 1, 2, 4, 2), (2, 1, 1, 3, 2))
    assert first[1, 0, 1, 2, 1] == 22 + 8 + 2 * 2 + 1 and second[0, 0, 0, 2, 0] == 16 + 4

"""A variational autoencoder (Kingma and Welling 2014, arXiv 1312.6114), several of them trained side by side.

The architecture is ours, as the one of Levi 2024 is not published: one hidden layer on either side.
"""

from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

_IN_BATCH = 128  # images of a training step
_RATE = 3e-3  # of Adam, falling to 0 as a cosine
_STILL = -8.0  # least logarithm of the spread of a latent
RECIPE = {"architecture": "one hidden layer", "in_batch": _IN_BATCH, "rate": _RATE, "still": _STILL}


class Autoencoder(eqx.Module):
    """Image -> distribution of m latents -> image; layers and activations as libraries have them."""

    encoder: tuple[eqx.nn.Linear, eqx.nn.Linear]
    decoder: tuple[eqx.nn.Linear, eqx.nn.Linear]

    def __init__(self, pixels, latent, width, key):
        """pixels, width: lengths of an image and of the hidden layers.  latent: m."""
        keys = jax.random.split(key, 4)
        self.encoder = eqx.nn.Linear(pixels, width, key=keys[0]), eqx.nn.Linear(width, 2 * latent, key=keys[1])
        self.decoder = eqx.nn.Linear(latent, width, key=keys[2]), eqx.nn.Linear(width, pixels, key=keys[3])

    def encode(self, image):
        """Mean and standard deviation [m] of an image's latents."""
        hidden, out = self.encoder
        mean, log_spread = jnp.split(out(jax.nn.relu(hidden(image))), 2)
        return mean, jnp.exp(jnp.maximum(log_spread, _STILL))

    def decode(self, latents):
        """Image [pixels] of latents [m]."""
        hidden, out = self.decoder
        return jax.nn.sigmoid(out(jax.nn.relu(hidden(latents))))


class Task(NamedTuple):
    """What is trained: models [s] of one size, each on its own selection of the images.

    pixels: float32 [images, pixels].  copies: int32 [s, images], how often each image stands in each training set.
    latent, width: of the models.  steps: of training.  noise: standard deviation of a pixel in the likelihood.
    """

    pixels: np.ndarray
    copies: np.ndarray
    latent: int
    width: int
    steps: int
    noise: float


class State(NamedTuple):
    """Models being trained, every array with an axis [s] in front."""

    models: Autoencoder
    optimiser: Any


def begin(task, key):
    """State before the first step."""
    return _begin(jax.random.split(key, len(task.copies)), task.pixels.shape[1], task.latent, task.width, task.steps)


def advance(task, state, key, steps):
    """State after so many further steps."""
    ends = np.cumsum(task.copies, axis=1, dtype=np.int32)
    numbers = task.pixels, ends, np.float32(task.noise)
    return _advance(state, key, *numbers, total=task.steps, steps=steps)


def loss(model, key, images, noise):
    """Negative evidence lower bound of images [batch, pixels], but for a constant, their mean.

    |x - decode(z)|^2 / (2 noise^2) + KL(N(mean, spread^2) | N(0, 1)),  z = mean + spread N(0, 1)
    """
    mean, spread = jax.vmap(model.encode)(images)
    drawn = jax.vmap(model.decode)(mean + spread * jax.random.normal(key, mean.shape))
    missed = ((drawn - images) ** 2).sum(axis=1) / (2 * noise**2)
    divergence = (0.5 * (mean**2 + spread**2 - 1) - jnp.log(spread)).sum(axis=1)
    return (missed + divergence).mean()


def _optimiser(steps):
    return optax.adam(optax.cosine_decay_schedule(_RATE, steps))


@partial(jax.jit, static_argnums=(1, 2, 3, 4))
def _begin(keys, pixels, latent, width, total):
    models = jax.vmap(lambda own: Autoencoder(pixels, latent, width, own))(keys)
    return State(models, jax.vmap(_optimiser(total).init)(models))


@partial(jax.jit, static_argnames=("total", "steps"))
def _advance(state, key, pixels, ends, noise, *, total, steps):
    update = _optimiser(total).update

    def step(model, optimiser, key, ends):
        key_images, key_noise = jax.random.split(key)
        drawn = jax.random.randint(key_images, (_IN_BATCH,), 0, ends[-1])
        batch = pixels[jnp.searchsorted(ends, drawn, side="right")]
        slope = jax.grad(loss)(model, key_noise, batch, noise)
        with jax.numpy_dtype_promotion("standard"):  # optax raises numbers to the power of a counter
            change, optimiser = update(slope, optimiser)
        return optax.apply_updates(model, change), optimiser

    def all_models(state, key):
        keys = jax.random.split(key, len(ends))
        return State(*jax.vmap(step)(state.models, state.optimiser, keys, ends)), None

    return jax.lax.scan(all_models, state, jax.random.split(key, steps))[0]

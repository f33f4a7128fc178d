"""Attempts of trained models at their images: decodings of noisy latents, right where the error is small enough."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.generative.vae import Autoencoder

_PIECE = 32  # attempts at every image decoded together: hidden layers of some megabytes


class Part(NamedTuple):
    """Models [s] that make attempts at the same images.

    An attempt decodes mean + T spread N(0, 1) of its image's latents; its error is the mean squared difference of a
    pixel.  models: Autoencoder, every array with an axis [s] in front.  pixels: float32 [images, pixels].
    temperatures: T, float32 [t].  thresholds: epsilon, float32 [e].  shared: share of the noise's variance that all
    attempts of a batch have in common, float32 scalar.  pieces: uint32 [pieces, attempts of a piece].
    Attempts at several temperatures and thresholds are made with the same noise.
    """

    models: Autoencoder
    pixels: jax.Array
    temperatures: jax.Array
    thresholds: jax.Array
    shared: jax.Array
    pieces: jax.Array

    @property
    def shape(self):
        """(s, t, images, e) of the counts."""
        return (len(self.models.decoder[0].bias), len(self.temperatures), len(self.pixels), len(self.thresholds))

    @property
    def made(self):
        """Attempts of a batch at every image, by every model, at every temperature and threshold."""
        return self.pieces.size

    @property
    def numbers(self):
        """Random numbers of a batch."""
        models, _, images, _ = self.shape
        return models * images * float(self.made) * self.models.decoder[0].weight.shape[-1]

    @property
    def bytes(self):
        """Device bytes that a batch needs, an upper estimate: of a piece, latents, hidden layers and images."""
        width, latent = self.models.decoder[0].weight.shape[1:]
        return 16 * len(self.pixels) * self.pieces.shape[1] * (width + 2 * latent + 2 * self.pixels.shape[1])

    def counts(self, key):
        """int32 [s, t, images, e]: attempts of a batch that are right."""
        keys = jax.random.split(key, self.shape[0])
        return jax.lax.map(lambda own: self._of_one(*own), (self.models, keys))

    def errors(self, model, noise):
        """float32 [t, attempts, images] of one model's attempts with noise [attempts, images, m]."""
        mean, spread = jax.vmap(model.encode)(self.pixels)

        def at(temperature):
            drawn = jax.vmap(jax.vmap(model.decode))(mean[None] + temperature * spread[None] * noise)
            return ((drawn - self.pixels[None]) ** 2).mean(axis=-1)

        return jax.lax.map(at, self.temperatures)

    def _of_one(self, model, key):
        key_common, key_own = jax.random.split(key)
        _, temperatures, images, thresholds = self.shape
        latent = model.decoder[0].weight.shape[1]
        common = jnp.sqrt(self.shared) * jax.random.normal(key_common, (images, latent))

        def add(total, key):
            own = jax.random.normal(key, (self.pieces.shape[1], images, latent))
            errors = self.errors(model, common[None] + jnp.sqrt(1 - self.shared) * own)
            right = errors[..., None] <= self.thresholds[None, None, None]
            return total + right.sum(axis=1, dtype=jnp.int32), None

        zero = jnp.zeros((temperatures, images, thresholds), jnp.int32)
        return jax.lax.scan(add, zero, jax.random.split(key_own, len(self.pieces)))[0]


class Attempts(NamedTuple):
    """All parts of an experiment, a batch of attempts of each at a time: what simulate.curves takes."""

    parts: tuple[Part, ...]

    LEARNERS = 1

    @property
    def numbers(self):
        """Random numbers of a batch."""
        return sum(part.numbers for part in self.parts)

    @property
    def bytes(self):
        """Device bytes that a batch needs, an upper estimate."""
        return max(part.bytes for part in self.parts) + 8 * sum(int(np.prod(part.shape)) for part in self.parts)

    def curves(self, key):
        """float32 [1, x]: counts of all parts, one after the other, whole numbers below 2^24."""
        keys = jax.random.split(key, len(self.parts))
        counts = [part.counts(own).ravel() for part, own in zip(self.parts, keys, strict=True)]
        return jnp.concatenate(counts).astype(jnp.float32)[None, :]

    def split(self, rows):
        """Of rows [batches, x], the counts [batches, s, t, images, e] of each part."""
        ends = np.cumsum([int(np.prod(part.shape)) for part in self.parts])
        pieces = np.split(rows, ends[:-1], axis=1)
        return [one.reshape(len(rows), *part.shape) for one, part in zip(pieces, self.parts, strict=True)]


def part(models, pixels, temperatures, thresholds, made, shared=0.0):
    """Part of so many attempts a batch, a multiple of 32."""
    numbers = (np.asarray(x, np.float32) for x in (pixels, temperatures, thresholds, shared))
    return Part(models, *numbers, np.arange(made, dtype=np.uint32).reshape(-1, _PIECE))


@jax.jit
def best(one, key, attempts):
    """Images [len(attempts), images, pixels] nearest to the original among the first k attempts, and their errors.

    one: Part of one model and one temperature.  attempts: k, int32 ascending, at most those of a batch.
    """
    model = jax.tree.map(lambda x: x[0], one.models)
    latent = model.decoder[0].weight.shape[1]
    noise = jax.random.normal(key, (one.pieces.size, len(one.pixels), latent))
    errors = one.errors(model, noise)[0]
    late = jnp.arange(len(errors))[None, :, None] >= attempts[:, None, None]
    first = jnp.where(late, jnp.inf, errors[None]).argmin(axis=1)  # [k, images]
    mean, spread = jax.vmap(model.encode)(one.pixels)
    chosen = jnp.take_along_axis(noise, first[:, :, None], axis=0)
    drawn = jax.vmap(jax.vmap(model.decode))(mean[None] + one.temperatures[0] * spread[None] * chosen)
    return drawn, jnp.take_along_axis(errors, first, axis=0)

"""Autoencoders: the bound that is maximised, by its formula, and what training on it does."""

import jax
import numpy as np
import pytest

from sim.draw import keys
from sim.generative import training, vae

PIXELS = (np.random.Generator(np.random.Philox(key=7)).random((6, 9)) > 0.5).astype(np.float32)
COPIES = np.array([[1, 1, 1, 1, 1, 1], [5, 0, 0, 0, 0, 1]], np.int32)


def test_the_loss_is_the_negative_lower_bound():
    """|x - decode(z)|^2 / (2 noise^2) + KL, written out; the same key draws the same noise."""
    model = vae.Autoencoder(9, 2, 4, keys.run_key(0, "model"))
    noise, drawn = 0.3, np.asarray(jax.random.normal(keys.run_key(1, "noise"), (6, 2)))
    bound = []
    for image, own in zip(PIXELS, drawn, strict=True):
        mean, spread = (np.asarray(x, float) for x in model.encode(image))
        missed = np.asarray(model.decode((mean + spread * own).astype(np.float32)), float) - image
        bound.append((missed**2).sum() / (2 * noise**2) + (0.5 * (mean**2 + spread**2 - 1) - np.log(spread)).sum())
    assert float(vae.loss(model, keys.run_key(1, "noise"), PIXELS, noise)) == pytest.approx(np.mean(bound), rel=1e-5)


def test_what_a_model_is_trained_on_it_remembers_and_the_rest_it_does_not():
    """Two models side by side: one sees every image, the other the first most of the time, and four never."""
    task = vae.Task(PIXELS, COPIES, 2, 32, 500, 0.1)
    state = training.learn(training.of_task(task, "test", 0))

    def errors(models):
        def error(model):
            return ((jax.vmap(lambda x: model.decode(model.encode(x)[0]))(PIXELS) - PIXELS) ** 2).mean(axis=1)

        return np.asarray(jax.vmap(error)(models))

    before, after = errors(training.of_task(task, "test", 0).begin().models), errors(state.models)
    assert before.min() > 0.1 and after[0].max() < 0.02
    assert max(after[1, [0, 5]]) < 0.02 and after[1, 1:5].min() > 0.1

"""The experiment of trained models from counts that are known: what each table, file and verdict is made from."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from asked import question

from sim.calibration import ansatz
from sim.experiments import generative
from sim.experiments.settings import Generative
from sim.generative import training, vae
from sim.generative.images import Images

IMAGES, BATCHES = 24, 4
PIXELS = np.random.Generator(np.random.Philox(key=4)).random((IMAGES, 6), dtype=np.float32)
SETTINGS = Generative(
    "", IMAGES, 2, 4, 10, 0.1, (1.0, 2.0, 4.0), (0.05, 0.08, 0.12), 1024, (3,), 0.3, 1.5, (8, 16, 64), 2,
    Images("made", PIXELS, 2, 3),
)  # fmt: skip


def models(task, *_):
    """Models that have learned nothing."""
    shapes = jax.eval_shape(lambda: vae.Autoencoder(task.pixels.shape[1], task.latent, task.width, jax.random.key(0)))
    host = np.random.Generator(np.random.Philox(key=task.latent))
    draw = lambda x: jnp.asarray(host.normal(0, 0.6, (len(task.copies), *x.shape)), jnp.float32)  # noqa: E731
    return vae.State(jax.tree.map(draw, shapes), None)


def counts(batches, sizes):
    """Counts of each part, [batches, x]: of main [3, images, 3], shared, another, and training sets [6, images]."""
    b, t, image, e = np.ix_(*map(np.arange, (batches, 3, IMAGES, 3)))
    main = np.minimum((image * image * (e + 1)) // (2 * t + 1) + 5 * b * (image > 3), 256) * (image > 1)
    shared = (image[:, 0, :, 0] * 37) % 257 * (b[:, 0, :, 0] % 2)
    other = np.minimum(image[:, 0, :, 0] ** 2 // 9 + b[:, 0, :, 0], 64)
    s, rank = np.ix_(np.arange(6), np.arange(IMAGES))
    sets = np.broadcast_to((31 - rank) * (rank < 3 * (s % 3 + 1)) // (1 + s // 3), (batches, 6, IMAGES))
    parts = [np.broadcast_to(x, shape) for x, shape in zip((main, shared, other, sets), sizes(batches), strict=True)]
    return np.concatenate([x.reshape(batches, -1) for x in parts], axis=1).astype(float), parts


def sizes(batches):
    return [(batches, 3, IMAGES, 3), (batches, IMAGES), (batches, IMAGES), (batches, 6, IMAGES)]


@pytest.fixture(scope="module")
def answered():
    """The answer to known counts, and the counts."""
    asked = question("coverage")._replace(settings=SETTINGS)
    trained = []
    with pytest.MonkeyPatch.context() as patch:
        known = SimpleNamespace(p_value=0.5, statistic=1.0)  # a thousand simulated pilots for each fit take seconds
        patch.setattr(ansatz, "shape", lambda *_: known)
        patch.setattr(training, "of_task", lambda task, name, seed: trained.append((name, task)) or task)
        prepared = generative.prepare(asked, models)
        assert generative.plan(prepared).steps.cut.batches == BATCHES
        answer = generative.answer(prepared, counts(BATCHES, sizes)[0])
    return answer, counts(BATCHES, sizes)[1], trained


def chosen(answer, quantity, **columns):
    rows = answer.columns["quantity"] == quantity
    for name, value in columns.items():
        rows &= np.isclose(answer.columns[name].astype(float), value, rtol=1e-9)
    return {name: values[rows] for name, values in answer.columns.items()}


def test_every_model_is_trained_with_its_own_latents_and_training_set(answered):
    _, _, trained = answered
    assert [(name, task.latent, len(task.copies)) for name, task in trained] == [
        ("main", 2, 1), ("latent 3", 3, 1), ("training sets", 2, 6),
    ]  # fmt: skip
    assert all((task.copies == 1).all() for _, task in trained[:2])
    assert trained[2][1].copies.sum(axis=1).tolist() == [8, 16, 64] * 2
    assert {(task.width, task.steps, task.noise) for _, task in trained} == {(4, 10, 0.1)}


def test_coverage_of_a_pair_is_that_of_its_counts(answered):
    answer, (main, *_), _ = answered
    pairs = {(t, 1) for t in range(3)} | {(1, e) for e in range(3)}
    for t, e in pairs:
        own = chosen(answer, "coverage", temperature=SETTINGS.temperatures[t], threshold=SETTINGS.thresholds[e])
        right = main[:, t, :, e].sum(axis=0)
        assert own["estimate"][0] == pytest.approx(right.mean() / 1024, rel=1e-12)
        assert own["estimate"][-1] == pytest.approx(np.mean(right > 0), rel=1e-12)
        assert own["attempts"][[0, -1]].tolist() == [1, 1000] or own["attempts"][[0, -1]].tolist() == [1, 1024]
    assert len(chosen(answer, "coverage")["estimate"]) == 5 * len(own["estimate"])


def test_where_noise_is_shared_a_batch_is_one_problem_s_attempts(answered):
    answer, (_, shared, *_), _ = answered
    own = chosen(answer, "shared_noise", temperature=2.0, threshold=0.08)
    assert own["attempts"][-1] == 256
    assert own["estimate"][0] == pytest.approx(shared.mean() / 256, rel=1e-12)
    assert own["estimate"][-1] == pytest.approx(np.mean(shared > 0), rel=1e-12)
    assert own["stderr"][-1] == pytest.approx((shared > 0).mean(axis=0).std(ddof=1) / np.sqrt(IMAGES), rel=1e-12)


def test_models_of_other_latents_have_thresholds_that_as_many_images_meet_without_noise(answered):
    answer, _, trained = answered
    errors = [generative._own_error(models(task).models, PIXELS) for _, task in trained[:2]]
    share = np.mean(errors[0] < 0.08)
    near = np.quantile(errors[1], share)
    found = chosen(answer, "exponent", latent=3)
    assert found["threshold"].tolist() == pytest.approx([near], rel=1e-6)
    assert (found["law"][0], found["temperature"][0]) == (2 / 3, 2.0)
    assert found["attempts"].tolist() == [256]  # a fourth of the main model's
    assert chosen(answer, "ceiling", latent=3)["law"][0] == np.mean(errors[1] < near)


def test_what_is_unsolved_after_examples_is_that_of_each_size_of_training_set(answered):
    answer, (*_, sets), _ = answered
    mass = np.arange(1, IMAGES + 1.0) ** -1.5
    mass /= mass.sum()
    for place, n in enumerate(SETTINGS.examples):
        first = chosen(answer, "failure", examples=n, attempts=1)
        each = [1 - (sets[:, place + 3 * r].sum(axis=0) / 128) @ mass for r in range(2)]
        assert first["estimate"][0] == pytest.approx(np.mean(each), rel=1e-12)
        assert first["stderr"][0] == pytest.approx(np.std(each, ddof=1) / np.sqrt(2), rel=1e-9)
    assert np.isnan(chosen(answer, "failure", examples=64)["law"]).all()
    assert np.isfinite(chosen(answer, "failure", examples=16)["law"]).all()


def test_files_and_numbers_of_the_answer_are_those_of_the_counts(answered):
    answer, (main, *_), _ = answered
    assert (answer.draws, answer.unit) == (BATCHES * 256 * IMAGES * 3, "attempts")
    counted = answer.files["counts.csv"]
    assert counted["successes"] == [int(x) for t in range(3) for e in range(3) for x in main[:, t, :, e].sum(axis=0)]
    assert set(counted["attempts"]) == {1024}
    strip = answer.files["strip.csv"]
    assert set(strip["best_of"].tolist()) == {0, 1, 10, 100, 1000}
    original = strip["best_of"] == 0
    np.testing.assert_allclose(strip["value"][original], PIXELS[:6].ravel(), rtol=1e-6)
    assert (strip["error"][original] == 0).all()
    best = [strip["error"][(strip["best_of"] == k) & (strip["image"] == 2)][0] for k in (1, 10, 100, 1000)]
    assert best == sorted(best, reverse=True)
    shown = (strip["best_of"] == 10) & (strip["image"] == 2)
    assert strip["error"][shown][0] == pytest.approx(np.mean((strip["value"][shown] - PIXELS[2]) ** 2), rel=1e-4)


def test_verdicts_are_of_every_pair_that_can_be_fitted_then_of_what_moves_and_of_the_toy(answered):
    answer, _, _ = answered
    told = [(one.quantity, one.law.partition(",")[0].partition(":")[0]) for one in answer.verdicts]
    fits = [quantity for quantity, _ in told].count("coverage")
    assert told[:fits] == [("coverage", one) for _, one in told[:fits]]
    assert [quantity for quantity, _ in told[fits:]] == [
        "alpha",
        "exponent",
        "ceiling",
        "exponent",
        "learning_exponent",
    ]
    assert told[-1] == ("learning_exponent", "joint law")

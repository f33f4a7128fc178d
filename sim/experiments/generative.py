"""Autoencoders that have memorised images make noisy attempts at them: do these follow the laws?"""

from typing import Any, NamedTuple

import numpy as np

from sim.draw import keys, simulate
from sim.draw.budget import Unanswerable, grid
from sim.experiments import fit_verdicts, fitted
from sim.experiments.question import Answer, join, rows
from sim.generative import attempts, training, vae
from sim.judging import estimators
from sim.laws import joint, learning_curve
from sim.model.dependence import Copula, Polya, Sticky

_BATCH = 256  # attempts of a batch at an image: as many share noise where they do
_FEWER = 4  # times fewer are made by models of other latents
_FEWEST = 8  # times fewer by each of those of the training sets
_POINTS = 25  # attempts k
_SHOWN, _STRIP = 6, np.array([1, 10, 100, 1000], np.int32)  # images of the strip, and the attempts of which the best
_AT = 1, 10, 100, 1000  # attempts at which the exponent of examples is told


class Runs(NamedTuple):
    """Right attempts [batches, s, t, images, e] of the parts, and all of each at an image.

    main: one model, all temperatures and thresholds.  shared: the same with shared noise.  others: of other latents.
    examples: of one model for each training set, [batches, replicates, s, images].
    """

    main: np.ndarray
    shared: np.ndarray
    others: list[np.ndarray]
    examples: np.ndarray


class Trained(NamedTuple):
    """What makes the attempts. sets: copies of each image in training sets [replicates, s, images].

    main, others, of_sets: models, each pytree with an axis [models] in front.  own, own_of_others: errors without noise
    [images] of main and others.  near: thresholds of the others, at which by the toy their ceilings are as large.
    """

    sets: np.ndarray
    main: Any
    others: list
    of_sets: Any
    own: np.ndarray
    own_of_others: list
    near: list


def prepare(question, learn):
    """The question with the models Trained that it needs.  learn: sim.generative.training.learn, or what stands for it.

    Architecture, thresholds and temperatures are ours: Levi's are not published.
    """
    settings, sets = question.settings, _training_sets(question)
    pixels, middle = settings.pictures.pixels, _middle(settings.thresholds)
    main = _learn(question, learn, "main", settings.latent, None)
    others = [_learn(question, learn, f"latent {m:g}", int(m), None) for m in settings.latents]
    of_sets = _learn(question, learn, "training sets", settings.latent, sets.reshape(-1, settings.images))
    own, *own_of_others = [_own_error(models, pixels) for models in (main, *others)]
    share = np.mean(own < middle)
    near = [float(np.quantile(errors, share)) for errors in own_of_others]
    return question._replace(models=Trained(sets, main, others, of_sets, own, own_of_others, near))


def plan(question):
    """Plan of the attempts of models that are trained (prepare)."""
    settings = question.settings
    physics = f"generative {settings} {settings.pictures.source}"
    return simulate.plan_curves(
        question.seed, physics, _kernel(settings, question.models), _batches(settings), question.budget
    )


def _batches(settings):
    return -(-settings.attempts // _BATCH)


def answer(question, counts):
    """Fit Eq. 7 of Levi 2024 to the attempts, and test all against what a toy autoencoder does.

    Of noise in m dimensions around an image's own error r^2: A = P(r^2 < epsilon), beta = 2 / m at every temperature
    (sim.laws.difficulty.small_ball).
    """
    settings, models = question.settings, question.models
    middle = len(settings.temperatures) // 2, len(settings.thresholds) // 2
    own = models.own
    counts = Runs(*_split(_kernel(settings, models), counts, models.sets.shape))
    fits = fitted.crossed(settings, counts.main[:, 0], own, _BATCH, middle)
    if fits[middle].fit is None:
        low, high = np.quantile(own, (0.1, 0.9))
        rule = "a middle one that, at two images or more, the first attempt misses and a later one meets"
        errors = f"without noise the errors of these images are {low:.3g} to {high:.3g}"
        raise Unanswerable(f"generative.thresholds: need {rule} ({errors}), got {list(settings.thresholds)}")
    of_latents = fitted.of_latents(settings, counts.others, models.own_of_others, _BATCH // _FEWER, models.near, middle)
    shared, misses = _shared(settings, counts, middle)
    of_examples, verdict_of_examples = _joint(settings, counts, models.sets, middle)
    table = join(*fitted.tables(fits.values(), of_latents), shared, *of_examples)
    verdicts = [*fit_verdicts.verdicts(fits, of_latents, question.seed), *verdict_of_examples]
    misses = fitted.misses(fits.values(), misses)
    made = _batches(settings) * _BATCH * len(settings.pictures.pixels) * len(settings.temperatures)
    files = {"counts.csv": fitted.pilots(settings, counts.main[:, 0], _BATCH), "fits.csv": misses}
    files["strip.csv"] = _strip(question, models.main, middle)
    return Answer(table, verdicts, made, float(made), "attempts", files)


# Models and their attempts --------------------------------------------------------------------------------------------


def _training_sets(question):
    """Copies int32 [replicates, s, images] of each image in nested training sets, drawn with Zipf frequencies."""
    settings = question.settings
    ranks = np.arange(1, settings.images + 1.0)
    mass = ranks**-settings.zipf / (ranks**-settings.zipf).sum()
    host = keys.host_generator(
        keys.run_key(question.seed, f"generative training sets {settings.images} {settings.zipf}")
    )
    drawn = host.choice(settings.images, (settings.replicates, int(settings.examples[-1])), p=mass)
    return np.array(
        [[np.bincount(own[: int(n)], minlength=settings.images) for n in settings.examples] for own in drawn], np.int32
    )


def _learn(question, learn, name, latent, copies):
    """Trained models [s]; without copies one, of all images alike."""
    settings = question.settings
    pixels = settings.pictures.pixels
    copies = np.ones((1, len(pixels)), np.int32) if copies is None else copies
    task = vae.Task(pixels, copies, latent, settings.width, settings.steps, settings.noise)
    return learn(training.of_task(task, name, question.seed)).models


def _kernel(settings, models):
    """All attempts of a batch of models Trained."""
    pixels, middle = settings.pictures.pixels, ([_middle(settings.temperatures)], [_middle(settings.thresholds)])
    part, few = attempts.part, _BATCH // _FEWER
    main = part(models.main, pixels, settings.temperatures, settings.thresholds, _BATCH)
    shared = part(models.main, pixels, *middle, _BATCH, settings.shared)
    pairs = zip(models.others, models.near, strict=True)
    rest = [part(other, pixels, middle[0], [epsilon], few) for other, epsilon in pairs]
    return attempts.Attempts((main, shared, *rest, part(models.of_sets, pixels, *middle, _BATCH // _FEWEST)))


def _split(kernel, counts, sets):
    """Runs of rows of counts.  sets: shape of the training sets."""
    main, shared, *others, examples = kernel.split(counts)
    examples = examples.reshape(len(counts), *sets)
    return main, shared[:, 0, 0, :, 0], [other[:, 0, 0, :, 0] for other in others], examples


def _middle(numbers):
    return numbers[len(numbers) // 2]


def _own_error(models, pixels):
    """Mean squared error of a pixel without noise, float64 [images], of the first model."""
    one = attempts.part(models, pixels, [0.0], [1.0], 32)
    return np.asarray(attempts.best(one, keys.run_key(0, "no noise"), np.array([1], np.int32))[1][0], float)


def _strip(question, models, middle):
    """Columns of strip.csv: some images, and the best of so many attempts at each (0: the image itself)."""
    settings, pictures = question.settings, question.settings.pictures
    few = pictures.pixels[:_SHOWN]
    one = attempts.part(models, few, [settings.temperatures[middle[0]]], [1.0], 1024)
    drawn, errors = attempts.best(one, keys.run_key(question.seed, "generative strip"), _STRIP)
    shown = np.concatenate([few[None], np.asarray(drawn)])
    error = np.concatenate([np.zeros((1, len(few))), np.asarray(errors, float)])
    best_of = np.concatenate([[0], _STRIP])
    shape = (len(best_of), len(few), pictures.height, pictures.width)
    best_of, image, row, column = (
        np.broadcast_to(x, shape).ravel() for x in np.ix_(best_of, *map(np.arange, shape[1:]))
    )
    of_image = np.broadcast_to(error[:, :, None, None], shape).ravel()
    names = ("image", "best_of", "error", "row", "column", "value")
    return dict(zip(names, (image, best_of, of_image, row, column, shown.ravel().astype(float)), strict=True))


# What they are tested against -----------------------------------------------------------------------------------------


def _shared(settings, counts, middle):
    """pass@k where attempts of a batch share noise, against the copula of the correlation that fits best.

    And how far it and the other laws of dependence are off (rows of fits.csv).
    """
    right, alone = counts.shared, counts.main[:, 0, middle[0], :, middle[1]]
    k = grid(_BATCH, _POINTS)
    each = estimators.pass_at_k(k, np.full(right.size, float(_BATCH)), right.ravel()).reshape(len(k), *right.shape)
    curve = fitted.over_images(each.mean(axis=1))
    problems = fitted.empirical(len(alone) * _BATCH, alone.sum(axis=0))
    laws = {name: fitted.nearest(kind, k, curve.estimate, problems) for name, kind in _DEPENDENCE.items()}
    correlation, law = laws["copula"]
    misses = [
        (
            f"noise shared, {fitted.words(settings, middle)}",
            f"{name}, correlation {own:.3f}",
            fitted.rms(law - curve.estimate),
        )
        for name, (own, law) in laws.items()
    ]
    return fitted.labelled(rows("shared_noise", curve, law, attempts=k), settings, middle, depth=correlation), misses


_DEPENDENCE = {"copula": Copula, "polya": Polya, "sticky": Sticky}


def _joint(settings, counts, sets, middle):
    """(tables, verdicts) on what is unsolved after n examples and k attempts, and the exponent of n at some k.

    The joint law knows how hard each image is to the models with the most examples that have seen it, takes it to be as
    hard after fewer, and what was not seen to be never solved; with the most examples it has nothing to predict.
    Means over replicates of the training sets, with their standard errors for these images; what a single one leaves
    unsolved is taken to scatter as the law does.
    """
    mass = np.arange(1.0, settings.images + 1) ** -settings.zipf
    mass /= mass.sum()
    made = counts.examples.shape[0] * _BATCH // _FEWEST
    k, n = grid(made, _POINTS), np.array(settings.examples, float)
    right = counts.examples.sum(axis=0)
    solved = estimators.pass_at_k(k, np.full(right.size, float(made)), right.ravel()).reshape(len(k), *right.shape)
    unsolved = 1 - np.moveaxis(solved @ mass, 0, -1)  # [replicates, n, k]
    at = np.unique([int(np.argmin(np.abs(k - wanted))) for wanted in _AT if wanted <= made])
    exponents = lambda x: fitted.slope(np.log(n), -np.log(np.maximum(x[..., at], 1e-12)))  # noqa: E731
    law = _predicted(mass, n, sets[:, -1], solved[:, :, -1])
    known = exponents(law).estimate
    of_sets = np.sqrt(learning_curve.unmemorised_mass_variance(n, settings.zipf, settings.images))
    curve, falls, verdicts = fitted.over_replicates(unsolved, of_sets[:, None]), exponents(unsolved.mean(axis=0)), []
    if len(sets) > 1:
        parts = exponents(estimators.jackknife_groups(unsolved)).estimate
        falls = falls._replace(stderr=estimators.jackknife_stderr(parts))
        others = [np.arange(len(sets)) != left_out for left_out in range(len(sets))]
        laws = np.array([_predicted(mass, n, sets[own, -1], solved[:, own, -1]) for own in others])
        words = f"joint law, exponent of n at k = {', '.join(f'{point:.0f}' for point in k[at])}"
        off, parts = falls.estimate - known, parts - exponents(laws).estimate
        verdicts.append(fit_verdicts.judge_replicates(words, "learning_exponent", off, parts))
    last = (n == n[-1])[:, None]
    where = {"examples": n[:, None], "attempts": k[None, :]}
    tables = [
        rows("failure", curve, np.where(last, np.nan, law), **where),
        rows("learning_exponent", falls, known, attempts=k[at]),
    ]
    return [fitted.labelled(table, settings, middle) for table in tables], verdicts


def _predicted(mass, n, copies, solved):
    """The joint law [n, k] of images as hard as they are to those models, [k, models, images], that have seen copies.

    Those that none has seen are as hard as the others.
    """
    seen = copies > 0
    times = seen.sum(axis=0)
    ability = (solved * seen).sum(axis=1) / np.maximum(times, 1)  # [k, images]
    average = ability @ mass / mass[times > 0].sum()
    return joint.failure_of_features(mass, n, 1 - np.where(times > 0, ability, average[:, None]))

"""Eq. 7 of Levi 2024 and its rivals fitted to the attempts of trained models, with errors over their images."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy import optimize, special

from sim.calibration import calibrate, mixtures, published
from sim.calibration import curve as curves
from sim.draw.budget import grid
from sim.experiments.question import rows
from sim.judging import estimators
from sim.model.difficulty import Empirical
from sim.pilot.pilot import Pilot

_LARGEST, _POINTS = 10**4, 33  # attempts k that fits are made over; of more than so many, the next power of ten
_FEWEST = 2  # images that later attempts solve beside the first: of fewer no law can be told


class Case(NamedTuple):
    """One pilot: attempts at the images at one temperature and threshold, pair, of the settings (Generative).

    own_error: of each image without noise [images].  attempts: k.  curve: pass@k.  fit: None where later attempts solve
    fewer than two images more than the first.
    """

    settings: Any
    pair: tuple[int, int]
    pilot: Pilot
    own_error: np.ndarray
    attempts: np.ndarray
    curve: estimators.Curve
    fit: Any

    @property
    def threshold(self):
        """Largest error of a right attempt."""
        return self.settings.thresholds[self.pair[1]]

    @property
    def toy_ceilings(self):
        """P(r^2 < epsilon) of all images, and without one group of them after the other [groups]."""
        near = (self.own_error < self.threshold)[:, None].astype(float)
        return near.mean(), estimators.jackknife_groups(near)[:, 0]


def crossed(settings, right, own_error, attempts, middle):
    """{pair: Case} over temperatures at the middle threshold, and over thresholds at the middle temperature.

    right: [batches, t, images, e] of so many attempts a batch.
    """
    t, e = (range(len(numbers)) for numbers in (settings.temperatures, settings.thresholds))
    pairs = dict.fromkeys([*((i, middle[1]) for i in t), *((middle[0], j) for j in e)])
    return {pair: _case(settings, pair, right[:, pair[0], :, pair[1]], attempts, own_error) for pair in pairs}


def of_latents(settings, others, own_errors, attempts, thresholds, middle):
    """Cases of models with other latents, where Eq. 7 can be fitted.  others: [batches, images] each."""
    cases = []
    for latent, right, own_error, threshold in zip(settings.latents, others, own_errors, thresholds, strict=True):
        own = replace(settings, latent=latent, thresholds=(threshold,))
        cases.append(_case(own, (middle[0], 0), right, attempts, own_error))
    return [case for case in cases if case.fit is not None]


def pilots(settings, right, attempts):
    """Columns of counts.csv, which `calibrate` reads: a pilot for every temperature and threshold."""
    columns = {"problem": [], "model": [], "attempts": [], "successes": []}
    for i, temperature in enumerate(settings.temperatures):
        for j, threshold in enumerate(settings.thresholds):
            successes = right[:, i, :, j].sum(axis=0)
            columns["problem"] += [f"image {number}" for number in range(len(successes))]
            columns["model"] += [f"T {temperature:g} epsilon {threshold:g}"] * len(successes)
            columns["attempts"] += [len(right) * attempts] * len(successes)
            columns["successes"] += [int(won) for won in successes]
    return columns


def labelled(table, settings, pair, **more):
    """The table with columns temperature, threshold and latent, the same in all rows; more: columns set anew."""
    length = len(table["quantity"])
    own = {"temperature": settings.temperatures[pair[0]], "threshold": settings.thresholds[pair[1]]}
    own |= {"latent": settings.latent} | more
    return table | {name: np.full(length, float(value)) for name, value in own.items()}


def over_images(each):
    """Mean over images of [k, images], with its standard error: images are taken for drawn from many more."""
    return estimators.mean_curve(each.T)


def over_replicates(each, alone):
    """Mean over independent replicates [replicates, ...], with its standard error; that of one is alone."""
    if len(each) > 1:
        return estimators.mean_curve(each)
    return estimators.Curve(each[0], np.broadcast_to(alone, each[0].shape))


def empirical(made, successes):
    """The images as problems with known success probabilities."""
    pilot = Pilot("images", [str(i) for i in range(len(successes))], np.full(len(successes), float(made)), successes)
    return Empirical("images", pilot)


def nearest(kind, attempts, solved, problems):
    """(correlation, pass@k [k]) of the dependence law of this kind that is nearest to a curve in least squares."""

    def law(correlation):
        return 1 - kind(float(correlation)).failure(attempts, problems)

    off = lambda correlation: ((law(correlation) - solved) ** 2).sum()  # noqa: E731
    found = optimize.minimize_scalar(off, bounds=(2e-3, 0.98), method="bounded", options={"xatol": 1e-3}).x
    return float(found), law(found)


def slope(x, y):
    """Curve of the slopes of lines through y [..., points, lines] by least squares; errors from what they miss."""
    x = x - x.mean()
    slopes = x @ y / (x @ x)
    missed = y - y.mean(axis=-2, keepdims=True) - x[:, None] * slopes[..., None, :]
    return estimators.Curve(slopes, np.sqrt((missed**2).sum(axis=-2) / max(len(x) - 2, 1) / (x @ x)))


# One pilot ------------------------------------------------------------------------------------------------------------


class Fit(NamedTuple):
    """Eq. 7 as it fits: A, alpha, beta; replicates [groups, 3] without one group of images each; the law over k."""

    whole: np.ndarray
    parts: np.ndarray
    law: np.ndarray


def words(settings, pair):
    """Temperature and threshold, in words."""
    return f"T {settings.temperatures[pair[0]]:g}, epsilon {settings.thresholds[pair[1]]:.4g}"


def _case(settings, pair, right, attempts, own_error):
    """right: [batches, images] of so many attempts a batch."""
    names, made = [f"image {i}" for i in range(right.shape[1])], np.full(right.shape[1], float(len(right) * attempts))
    pilot = Pilot(words(settings, pair), names, made, right.sum(axis=0).astype(float))
    k = grid(_largest(made[0]), _POINTS)
    each = estimators.pass_at_k(k, made, pilot.successes)
    return Case(settings, pair, pilot, own_error, k, over_images(each), _fit(k, each))


def _largest(made):
    """Attempts up to which pass@k is told of so many made."""
    return made if made < _LARGEST else 10.0 ** np.floor(np.log10(made))


def _fit(k, each):
    """Fit of pass@k of images [k, images], by least squares of their mean; None where later attempts hardly matter."""
    groups = estimators.jackknife_groups(each.T)
    if (each[-1] - each[0]).sum() < _FEWEST or min(groups[:, -1] - groups[:, 0]) <= 0:
        return None
    theta = published.ceiling_law_fit(k, each.mean(axis=1))
    near = np.clip(theta, -11.9, 11.9)
    parts = np.stack([_numbers(published.ceiling_law_fit(k, group, near)) for group in groups])
    return Fit(_numbers(theta), parts, published.levi(theta, k))


def _numbers(theta):
    return np.array([special.expit(theta[2]), np.exp(theta[0]), np.exp(theta[1])])


# What is told of them -------------------------------------------------------------------------------------------------


def tables(cases, further):
    """pass@k of cases, and of these and further ones the numbers of Eq. 7 against those of a toy autoencoder.

    Errors by a jackknife over the images.
    """
    found = []
    for case in cases:
        law = np.nan if case.fit is None else case.fit.law
        found.append(labelled(rows("coverage", case.curve, law, attempts=case.attempts), case.settings, case.pair))
    for case in (*cases, *further):
        if case.fit is None:
            continue
        toy = {"ceiling": case.toy_ceilings[0], "alpha": np.nan, "exponent": 2 / case.settings.latent}
        for (name, law), value, part in zip(toy.items(), case.fit.whole, case.fit.parts.T, strict=True):
            curve = estimators.Curve(value, estimators.jackknife_stderr(part))
            found.append(labelled(rows(name, curve, law, attempts=case.attempts[-1]), case.settings, case.pair))
    return found


def misses(cases, more):
    """Columns of fits.csv: Eq. 7 and its rivals, how far they are off pass@k, and the log likelihood of the counts.

    By least squares of pass@k, which is what the root mean square error judges, or by likelihood of the counts.
    more: (model, law, rms error) besides.
    """
    found = [(case.pilot.source, *each) for case in cases if case.fit is not None for each in _rivals(case)]
    found += [(*each, np.nan) for each in more]
    return {name: [row[i] for row in found] for i, name in enumerate(("model", "law", "rms_error", "log_likelihood"))}


def _rivals(case):
    """(law, rms error, log likelihood) each."""
    k, solved, likelihood = case.attempts, case.curve.estimate, curves.likelihood(case.pilot)
    ceiling, alpha, beta = case.fit.whole
    weights = {
        "Eq. 7, least squares": mixtures.beta(np.array([[np.log(beta), np.log(alpha), special.logit(1 - ceiling)]]))
    }
    for name, (kind, starts) in calibrate.COUNTED.items():
        same = "Eq. 7" if kind is mixtures.beta else name
        weights[f"{same}, likelihood"] = calibrate.counted(kind, starts, likelihood)[None]
    for name, own in weights.items():
        law = case.fit.law if name.endswith("squares") else (own @ mixtures.reach(k))[0]
        yield name, rms(law - solved), float(mixtures.log_likelihood(own, likelihood)[0])
    for name, law in (("exp(-a k^-b)", published.exponential_power), ("line of log(-log pass@k)", published.line)):
        yield f"{name}, least squares", rms(law(k, solved, k) - solved), np.nan


def rms(x):
    """Root mean square."""
    return float(np.sqrt(np.mean(x**2)))

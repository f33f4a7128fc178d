"""Eq. 7 of Levi 2024 and its rivals fitted to the attempts of trained models, with errors over their images."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import optimize, special

from sim import estimators
from sim.axes.difficulty import Empirical
from sim.calibration import ansatz, calibrate, mixtures, published
from sim.calibration import curve as curves
from sim.experiments.question import rows
from sim.model import grid
from sim.pilot.pilot import Pilot
from sim.verdict import judge_fit, sigmas, verdict_of

_LARGEST, _POINTS = 10**4, 33  # attempts k that fits are made over
_LEVEL = 0.01  # p-value below which Eq. 7 is said to fail: of five pilots one does by chance in 20 runs
_WORST = 1 / 200  # least p-value that the simulated pilots can give


def crossed(question, right, own_error, attempts, middle):
    """(tables, verdicts, misses) over temperatures at the middle threshold, and over thresholds at the middle one.

    right: [batches, t, images, e] of so many attempts a batch.  own_error: of each image without noise [images].
    misses: columns of how far Eq. 7 and its rivals are off.
    """
    settings, tables, verdicts, misses, found = question.settings, [], [], [], {}
    t, e = (np.arange(len(numbers)) for numbers in (settings.temperatures, settings.thresholds))
    pairs = dict.fromkeys([*((int(i), middle[1]) for i in t), *((middle[0], int(j)) for j in e)])
    for pair in pairs:
        pilot = _pilot(settings, pair, right[:, pair[0], :, pair[1]].sum(axis=0), right.shape[0] * attempts)
        fit = _fit(pilot)
        if fit is None:
            continue
        found[pair] = fit
        tables += _tables(settings, pilot, fit, own_error, pair)
        misses += [(pilot.source, *each) for each in _misses(pilot, fit)]
        verdicts.append(_verdict(pilot, fit, question.seed))
    verdicts += _same_exponent(settings, {pair: fit for pair, fit in found.items() if pair[1] == middle[1]})
    return tables, verdicts, {name: [row[i] for row in misses] for i, name in enumerate(("model", "law", "rms_error"))}


def of_latents(settings, others, own_errors, attempts, thresholds, middle):
    """Tables of ceiling, alpha and exponent of models with other latents.  others: [batches, images] each."""
    tables = []
    for latent, right, own_error, threshold in zip(settings.latents, others, own_errors, thresholds, strict=True):
        own = replace(settings, latent=latent, thresholds=(threshold,))
        pilot = _pilot(own, (middle[0], 0), right.sum(axis=0), right.shape[0] * attempts)
        fit = _fit(pilot)
        tables += [] if fit is None else _tables(own, pilot, fit, own_error, (middle[0], 0))[1:]
    return tables


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
    return estimators.Curve(each.mean(axis=1), each.std(axis=1, ddof=1) / np.sqrt(each.shape[1]))


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
    """Curve of the slopes of lines through y [points, lines] by least squares; errors from what they miss."""
    x = x - x.mean()
    slopes = x @ y / (x @ x)
    missed = y - y.mean(axis=0) - x[:, None] * slopes
    return estimators.Curve(slopes, np.sqrt((missed**2).sum(axis=0) / max(len(x) - 2, 1) / (x @ x)))


# One pilot ------------------------------------------------------------------------------------------------------------


def _pilot(settings, pair, successes, made):
    names = [f"image {i}" for i in range(len(successes))]
    source = f"T {settings.temperatures[pair[0]]:g}, epsilon {settings.thresholds[pair[1]]:.4g}"
    return Pilot(source, names, np.full(len(successes), float(made)), successes.astype(float))


class Fit(NamedTuple):
    """Eq. 7 as it fits, its replicates [groups, 3] without one group of images each; k, pass@k as a Curve, and the law.

    whole: A, alpha, beta.
    """

    whole: np.ndarray
    parts: np.ndarray
    attempts: np.ndarray
    curve: estimators.Curve
    law: np.ndarray


def _fit(pilot):
    """Fit to one pilot, by least squares of pass@k; None where nothing more is solved after one attempt."""
    k = grid(min(_LARGEST, pilot.attempts[0]), _POINTS)
    each = estimators.pass_at_k(k, pilot.attempts, pilot.successes)
    curve, groups = over_images(each), estimators.jackknife_groups(each.T)
    if min(groups[:, -1] - groups[:, 0]) <= 0:
        return None
    theta = published.ceiling_law_fit(k, curve.estimate)
    near = np.clip(theta, -11.9, 11.9)
    parts = np.stack([_numbers(published.ceiling_law_fit(k, group, near)) for group in groups])
    return Fit(_numbers(theta), parts, k, curve, published.levi(theta, k))


def _numbers(theta):
    return np.array([special.expit(theta[2]), np.exp(theta[0]), np.exp(theta[1])])


def _tables(settings, pilot, fit, own_error, pair):
    """pass@k, and the numbers of Eq. 7 against those of a toy autoencoder; errors by a jackknife over the images."""
    k, threshold = fit.attempts, settings.thresholds[pair[1]]
    predicted = {"ceiling": np.mean(own_error < threshold), "alpha": np.nan, "exponent": 2 / settings.latent}
    tables = [labelled(rows("coverage", fit.curve, fit.law, attempts=k), settings, pair)]
    for name, value, part in zip(predicted, fit.whole, fit.parts.T, strict=True):
        found = estimators.Curve(value, estimators.jackknife_stderr(part))
        tables.append(labelled(rows(name, found, predicted[name], attempts=k[-1]), settings, pair))
    return tables


def _misses(pilot, fit):
    """[(law, root mean square of what it misses)] of Eq. 7 and its rivals over k."""
    k, solved = fit.attempts, fit.curve.estimate
    laws = {"Eq. 7": fit.law, "exp(-a k^-b)": published.exponential_power(k, solved, k)}
    laws["line of log(-log pass@k)"] = published.line(k, solved, k)
    likelihood = curves.likelihood(pilot)
    for name, (kind, starts) in calibrate.COUNTED.items():
        laws[f"{name}, counts"] = calibrate.counted(kind, starts, likelihood) @ mixtures.reach(k)
    return [(name, _rms(law - solved)) for name, law in laws.items()]


def _rms(x):
    return float(np.sqrt(np.mean(x**2)))


def _verdict(pilot, fit, seed):
    """Does Eq. 7 fit, by the smooth test of the counts? In words its numbers, and how far it is off.

    p-value: from pilots simulated from the fit; where none of these fits as badly, that of a chi-square with 6 degrees
    of freedom, as if nothing had been fitted.
    """
    shape = ansatz.shape(pilot.attempts, pilot.successes, seed)
    p_value = shape.p_value
    if p_value <= _WORST:
        p_value = min(p_value, float(special.chdtrc(ansatz.COMPONENTS, shape.statistic)))
    numbers = "A {:.3f}, alpha {:.3g}, beta {:.3g}".format(*fit.whole)
    judged = "fails" if p_value < _LEVEL else "fits"
    words = f"Eq. 7 {judged}, {pilot.source}: {numbers}, rms {_rms(fit.law - fit.curve.estimate):.4f}"
    largest = float(np.abs(sigmas(fit.curve, fit.law)).max())
    test = shape.statistic, ansatz.COMPONENTS, p_value
    return verdict_of(words, "coverage", None, None, largest, test, len(pilot.attempts), 0.0)


def _same_exponent(settings, found):
    """Is beta one at all temperatures? They share images, and groups of these, so that differences have an error."""
    if len(found) < 2:
        return []
    beta, parts = (
        np.stack([getattr(fit, name)[..., 2] for fit in found.values()], axis=-1) for name in ("whole", "parts")
    )
    told = ", ".join(f"{settings.temperatures[i]:g}" for i, _ in found)
    zero, images = np.zeros(len(beta) - 1), settings.images
    return [
        judge_fit(f"one beta at T {told}", "exponent", beta[1:] - beta[0], parts[:, 1:] - parts[:, :1], zero, images)
    ]

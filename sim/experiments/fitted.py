"""Eq. 7 of Levi 2024 and its rivals fitted to the attempts of trained models, with errors over their images."""

import numpy as np
from scipy import optimize, special

from sim import estimators, fits
from sim.axes.difficulty import Empirical
from sim.calibration import ansatz, calibrate, curve, mixtures, published
from sim.experiments.question import rows
from sim.model import grid
from sim.pilot.pilot import Pilot
from sim.verdict import verdict_of

_LARGEST, _POINTS = 10**4, 33  # attempts k that fits are made over
_WORST = 1 / 200  # least p-value that the simulated pilots can give


def crossed(question, right, own_error, middle):
    """(tables, verdicts) over temperatures at the middle threshold, and over thresholds at the middle temperature.

    right: [batches, t, images, e].  own_error: of each image without noise [images].
    """
    settings, tables, verdicts = question.settings, [], []
    t, e = (np.arange(len(numbers)) for numbers in (settings.temperatures, settings.thresholds))
    pairs = dict.fromkeys([*((int(i), middle[1]) for i in t), *((middle[0], int(j)) for j in e)])
    for pair in pairs:
        successes = right[:, pair[0], :, pair[1]].sum(axis=0)
        pilot = _pilot(settings, pair, successes, settings_attempts(right))
        own, fit, law = _fitted(settings, pilot, own_error, pair, settings.latent)
        tables += own
        verdicts.append(_verdict(pilot, fit, law, question.seed))
    return tables, verdicts


def settings_attempts(right):
    """Attempts made at each image, from counts of batches of 256 [batches, ...]."""
    return 256 * len(right)


def of_latents(settings, others, own_errors, middle):
    """Tables of ceiling, alpha and exponent of models with other latents; right: [batches, images] each."""
    tables = []
    for latent, right, own_error in zip(settings.latents, others, own_errors, strict=True):
        pilot = _pilot(settings, middle, right.sum(axis=0), settings_attempts(right) // 4)
        tables += _fitted(settings, pilot, own_error, middle, latent)[0][1:]
    return tables


def pilots(settings, right):
    """Columns of counts.csv, which `calibrate` reads: a pilot for every temperature and threshold."""
    columns = {"problem": [], "model": [], "attempts": [], "successes": []}
    for i, temperature in enumerate(settings.temperatures):
        for j, threshold in enumerate(settings.thresholds):
            successes = right[:, i, :, j].sum(axis=0)
            columns["problem"] += [f"image {number}" for number in range(len(successes))]
            columns["model"] += [f"T = {temperature:g} epsilon = {threshold:g}"] * len(successes)
            columns["attempts"] += [settings_attempts(right)] * len(successes)
            columns["successes"] += [int(won) for won in successes]
    return columns


def labelled(table, settings, pair, latent=None, **more):
    """The table with columns temperature, threshold and latent, the same in all rows; more: columns set anew."""
    length = len(table["quantity"])
    own = {"temperature": settings.temperatures[pair[0]], "threshold": settings.thresholds[pair[1]]}
    own |= {"latent": float(settings.latent if latent is None else latent)} | more
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
    source = f"T = {settings.temperatures[pair[0]]:g}, epsilon = {settings.thresholds[pair[1]]:g}"
    return Pilot(source, names, np.full(len(successes), float(made)), successes.astype(float))


def _fitted(settings, pilot, own_error, pair, latent):
    """([tables], Eq. 7 as it fits, (k, pass@k, its law)) of one pilot; errors by a jackknife over groups of images."""
    k = grid(min(_LARGEST, pilot.attempts[0]), _POINTS)
    each = estimators.pass_at_k(k, pilot.attempts, pilot.successes)
    curve_of_k, threshold = over_images(each), settings.thresholds[pair[1]]
    groups = estimators.jackknife_groups(1 - each.T)
    whole, parts = (fits.ceiling_law(failure, k) for failure in (1 - curve_of_k.estimate, groups))
    errors = [estimators.jackknife_stderr(part) for part in parts]
    law = whole.ceiling * -np.expm1(
        special.betaln(whole.alpha + k, whole.beta) - special.betaln(whole.alpha, whole.beta)
    )
    predicted = {"ceiling": np.mean(own_error < threshold), "alpha": np.nan, "exponent": 2 / latent}
    tables = [labelled(rows("coverage", curve_of_k, law, attempts=k), settings, pair, latent)]
    for name, value, error in zip(predicted, whole, errors, strict=True):
        found = rows(name, estimators.Curve(value, error), predicted[name], attempts=k[-1])
        tables.append(labelled(found, settings, pair, latent))
    return tables, whole, (k, curve_of_k.estimate, law)


def _verdict(pilot, fit, law, seed):
    """Does Eq. 7 fit, by the smooth test of the counts? In words its numbers, and how far it and its rivals are off.

    p-value: from pilots simulated from the fit; where none of these fits as badly, that of a chi-square with 6 degrees
    of freedom, as if nothing had been fitted.
    """
    k, solved, known = law
    rms = lambda other: float(np.sqrt(np.mean((other - solved) ** 2)))  # noqa: E731
    rivals = {"exp(-a k^-b)": published.exponential_power(k, solved, k), "line": published.line(k, solved, k)}
    likelihood = curve.likelihood(pilot)
    for name, (kind, starts) in calibrate.COUNTED.items():
        rivals[name] = calibrate.counted(kind, starts, likelihood) @ mixtures.reach(k)
    shape = ansatz.shape(pilot.attempts, pilot.successes, seed)
    p_value = shape.p_value
    if p_value <= _WORST:
        p_value = min(p_value, float(special.chdtrc(ansatz.COMPONENTS, shape.statistic)))
    told = ", ".join(f"{name} {rms(other):.4f}" for name, other in rivals.items())
    numbers = f"A {fit.ceiling:.3f}, alpha {fit.alpha:.3g}, beta {fit.beta:.3g}"
    words = f"Eq. 7 at {pilot.source}: {numbers}; root-mean-square error {rms(known):.4f} ({told})"
    test = shape.statistic, ansatz.COMPONENTS, p_value
    return verdict_of(words, "coverage", None, None, float(np.nan), test, len(pilot.attempts), 0.0)

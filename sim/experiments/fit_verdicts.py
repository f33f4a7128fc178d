"""What is judged of Eq. 7, fitted to trained models: does it fit, what moves with temperature, is a toy right?"""

import numpy as np
from scipy import special

from sim.calibration import ansatz
from sim.experiments.fitted import rms
from sim.judging import estimators
from sim.judging.verdict import judge_fit, sigmas, verdict_of

_LEVEL = 0.01  # p-value below which Eq. 7 is said to fail: of five pilots one does by chance in 20 runs
_TESTED = 2000  # attempts of a pilot at an image that the test of Eq. 7 looks at
_WORST = 1 / 200  # least p-value that the simulated pilots can give


def verdicts(cases, further, seed):
    """Of Eq. 7 by case; are alpha and beta one at all temperatures; is a toy autoencoder right on A and beta?

    cases: {pair: Case}; those at the first one's threshold differ in temperature.
    """
    fitted = {pair: case for pair, case in cases.items() if case.fit is not None}
    middle = next(iter(cases))[1]
    heated = [case for pair, case in fitted.items() if pair[1] == middle]
    found = [_fits(case, seed) for case in fitted.values()]
    if len(heated) > 1:
        found += [_same(heated, "alpha", "alpha", 1), _same(heated, "beta", "exponent", 2)]
    all_there = [*fitted.values(), *further]
    return [*found, _toy_ceilings(all_there), _toy_exponents(all_there)]


def _fits(case, seed):
    """Does Eq. 7 fit, by the smooth test of the counts? In words its numbers, and how far it is off.

    p-value: from pilots simulated from the fit; where none of these fits as badly, that of a chi-square with 6 degrees
    of freedom, as if nothing had been fitted.
    """
    pilot, fit = case.pilot, case.fit
    shape = ansatz.shape(pilot.attempts, pilot.successes, seed, _TESTED)
    p_value = shape.p_value
    if p_value <= _WORST:
        p_value = min(p_value, float(special.chdtrc(ansatz.COMPONENTS, shape.statistic)))
    numbers = "A {:.3f}, alpha {:.3g}, beta {:.3g}".format(*fit.whole)
    judged = "rejected" if p_value < _LEVEL else "not rejected"
    shape_words = f"Eq. 7 {judged} at 1 %, {pilot.source}: {numbers}, rms {rms(fit.law - case.curve.estimate):.4f}"
    largest = float(np.abs(sigmas(case.curve, fit.law)).max())
    return verdict_of(
        (shape_words, "coverage"), None, None, largest, (shape.statistic, 0, p_value), len(pilot.attempts), 0.0
    )


def _same(cases, name, quantity, column):
    """Is a number one at all temperatures? They share images, and groups of these: their differences have an error."""
    whole, parts = (np.log(x) for x in _numbers(cases, column))
    temperatures = ", ".join(f"{case.settings.temperatures[case.pair[0]]:g}" for case in cases)
    return _none(f"one {name} at T {temperatures}", quantity, whole[1:] - whole[0], parts[:, 1:] - parts[:, :1], cases)


def _toy_ceilings(cases):
    whole, parts = _numbers(cases, 0)
    toy, toy_parts = zip(*(case.toy_ceilings for case in cases), strict=True)
    return _none("A = P(r^2 < epsilon)", "ceiling", whole - toy, parts - np.stack(toy_parts, axis=1), cases)


def _toy_exponents(cases):
    whole, parts = _numbers(cases, 2)
    toy = np.array([2 / case.settings.latent for case in cases])
    latents = ", ".join(f"{latent:g}" for latent in sorted({case.settings.latent for case in cases}))
    return _none(f"beta = 2 / m, m = {latents}", "exponent", whole - toy, parts - toy, cases)


def _numbers(cases, column):
    """A, alpha or beta of cases [x], and their replicates [groups, x]."""
    fits = [case.fit for case in cases]
    return np.array([fit.whole[column] for fit in fits]), np.stack([fit.parts[:, column] for fit in fits], axis=1)


def _none(law, quantity, whole, parts, cases):
    """Verdict on differences that a law says are 0."""
    return judge_fit(law, quantity, whole, parts, np.zeros(len(whole)), len(cases[0].pilot.attempts))


def judge_replicates(law, quantity, off, parts):
    """Verdict on what a law misses [x], which is without each of the independent replicates parts [replicates, x].

    By Student's t of the largest, as likely as one of x numbers is.
    """
    count = len(parts)
    largest = float(np.abs(off / estimators.jackknife_stderr(parts)).max())
    p_value = float(np.minimum(1.0, 2 * len(off) * special.stdtr(count - 1, -largest)))
    return verdict_of((law, quantity), None, None, largest, (largest**2, 0, p_value), count, 0.0)

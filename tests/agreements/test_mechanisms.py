"""Mechanisms behind a difficulty."""

import numpy as np
import pytest
from agreements.tables import cells, meets
from checks import FALSE_ALARM, assert_counts, rejects
from scipy import special, stats

from sim.draw import keys
from sim.draw.budget import grid
from sim.judging import estimators, verdict
from sim.laws import coverage, difficulty


def test_a_bound_on_ease_thins_the_attempts():
    problems, scale = 2**20, 0.1
    rng = keys.host_generator(keys.run_key(1, "thinning"))
    wait = np.ceil(rng.exponential(size=problems) / -np.log1p(-np.maximum(rng.beta(0.25, 3.5, problems), 1e-30)))
    tries, counted, failed = grid(1e4, 12).astype(int), np.zeros(problems), []
    for more in np.diff(tries, prepend=0):
        counted += rng.binomial(more, scale, problems)  # of the attempts, those that count
        failed.append((wait > counted).sum())
    observed = cells(np.array(failed) / problems) * problems
    law = difficulty.failure(tries, difficulty.scaled_beta(3.5, 0.25, scale))
    assert_counts(np.rint(observed), cells(law))
    wrong = difficulty.failure(tries, difficulty.scaled_beta(3.5, 0.25, 1.05 * scale))
    rejects(assert_counts, np.rint(observed), cells(wrong))
    smooth = coverage.inference_loss(scale * tries, 3.5, 0.25)  # as if c k attempts were made, and no random number
    rejects(assert_counts, np.rint(observed), cells(smooth))


def test_a_random_precision_leaves_a_power_law_in_beta():
    """Precisions so low that 10^4 attempts fail are rare: x = k s is drawn as Gamma(2.5, 2) and weighted back."""
    beta, tolerance, draws = 2.5, 0.1, 2**19
    rng, tries = keys.host_generator(keys.run_key(1, "random precision")), np.array([1e4, 1e5, 1e6])
    unit = (tries * tolerance * np.sqrt(2 / np.pi)) ** -2.0
    x = 2 * rng.gamma(beta, size=(draws, len(tries)))
    tau = unit * x**2  # its density times dtau/dx over the density of x:
    weight = stats.gamma.pdf(tau, beta / 2) * 2 * unit * x / stats.gamma.pdf(x, beta, scale=2)
    failed = rng.exponential(size=x.shape) > -tries * np.log1p(-special.erf(tolerance * np.sqrt(tau / 2)))
    batches = (weight * failed).reshape(64, -1, len(tries)).mean(axis=1)
    tail = difficulty.latent_precision_tail(beta, tolerance)
    assert meets(batches, tail.prefactor * tries**-tail.exponent)
    assert not meets(batches, 1.05 * tail.prefactor * tries**-tail.exponent)
    assert not meets(batches, tail.prefactor * tries ** (-1.01 * tail.exponent))


@pytest.mark.seldom(0)
@pytest.mark.parametrize("variance", [0.3, 1.0, 3.0])
def test_a_random_bias_bends_the_power_law_for_ever(variance):
    """Bias and precision are drawn about where 10^9 attempts fail most probably, and weighted back."""
    tolerance, draws, tries = 0.1, 2**20, np.array([1e8, 1e10])
    rng = keys.host_generator(keys.run_key(1, f"random bias {variance}"))
    far = (4 * np.log(1e9) / variance) ** 0.25  # bias in its deviations; the precision there is far^2 / 2
    wide, long = far, far**2 / 2.5
    bias, tau = wide * rng.normal(size=draws), long * rng.gamma(1.25, size=draws)
    weight = wide * np.exp(-(bias**2) / 2 * (1 - 1 / wide**2)) * long**1.25 * np.exp(-tau * (1 - 1 / long))
    half, offset = tolerance * np.sqrt(tau), np.sqrt(variance * tau) * np.abs(bias)
    near, beyond = special.log_ndtr(half - offset), special.log_ndtr(-half - offset)
    rate = -np.log1p(-np.exp(near) * -np.expm1(beyond - near))
    failed = rng.exponential(size=draws)[:, None] > tries * rate[:, None]
    means = (weight[:, None] * failed).reshape(256, -1, 2).mean(axis=1)

    def slope(means):
        return -np.diff(np.log(means), axis=-1) / np.log(tries[1] / tries[0])

    def p_value(v):
        law = slope(difficulty.failure(tries, difficulty.latent_precision_biased(2.5, tolerance, v)))
        groups = slope(estimators.jackknife_groups(means))
        return verdict.judge_fit("", "", slope(means.mean(axis=0)), groups, law, len(means)).p_value

    assert p_value(variance) > FALSE_ALARM
    assert p_value(1.05**2 * variance) < FALSE_ALARM
    asymptote = difficulty.latent_precision_biased_slope(1e9, variance)
    np.testing.assert_allclose(slope(means.mean(axis=0)), asymptote, rtol=0.08)


def test_a_toy_autoencoder_has_its_ceiling_from_the_threshold_and_its_exponent_from_the_dimension():
    """Errors of its own are uniform up to 1/A thresholds; an attempt adds noise of 4 components of variance 0.05."""
    problems, tau, tries = 2**21, 0.05, np.array([1, 2, 5, 10, 20, 50, 100])
    rng = keys.host_generator(keys.run_key(1, "toy autoencoder"))
    room = 1 - rng.uniform(0, 1 / 0.8, problems)
    tried, failed = room[room > 0], []
    for attempt in range(1, 1 + tries[-1]):
        tried = tried[tau * rng.chisquare(4, len(tried)) > tried]
        if attempt in tries:
            failed.append(len(tried))
    observed = np.rint(cells((np.array(failed) + problems - (room > 0).sum()) / problems) * problems)

    def law(dimension, temperature, ceiling):
        return cells(difficulty.failure(tries, difficulty.small_ball(dimension, temperature, ceiling)))

    assert_counts(observed, law(4, tau, 0.8))
    rejects(assert_counts, observed, law(4.1, tau, 0.8))
    rejects(assert_counts, observed, law(4, 1.02 * tau, 0.8))
    rejects(assert_counts, observed, law(4, tau, 0.81))

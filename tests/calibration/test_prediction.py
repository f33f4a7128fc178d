"""What is said of coverage: what a pilot shows as far as it goes, the laws beyond it, never less for more attempts."""

import numpy as np
import pytest

from sim.app.reports.calibrate import Asked
from sim.calibration import calibrate
from sim.pilot.pilot import Pilot, Stopping

ASKED = Asked(0.05, 5, 5.0, 0.1, 0)
KS = np.unique(np.round(np.geomspace(1, 1e6, 60)))


def found(attempts, successes, ks=KS, stopping=None):
    attempts, successes = (np.asarray(values, float) for values in (attempts, successes))
    names = [str(i) for i in range(len(attempts))]
    stopping = stopping or Stopping("fixed", 1, None)
    return calibrate.calibrate(Pilot("a", names, attempts, successes, stopping=stopping), ks, ASKED, 0)


def of_model(problems, attempts, seed=0):
    generator = np.random.default_rng(seed)
    return np.full(problems, attempts), generator.binomial(attempts, generator.beta(0.35, 5.0, problems))


@pytest.mark.parametrize("pilot", [of_model(128, 100), of_model(30, 20), ([7], [2]), of_model(60, 10**12)])
def test_as_far_as_a_pilot_goes_what_it_shows_is_said(pilot):
    one = found(*pilot)
    inside = one.attempts <= one.observed.attempts[-1]
    shown = np.interp(np.log(one.attempts[inside]), np.log(one.observed.attempts), one.observed.value)
    np.testing.assert_allclose(one.point[inside], shown)


@pytest.mark.parametrize(
    "pilot",
    [of_model(128, 100), of_model(30, 3), ([7], [2]), ([50], [0]), ([50] * 3, [50] * 3), ([1, 5, 900], [1, 0, 2])],
)
def test_more_attempts_never_cover_less(pilot):
    one = found(*pilot)
    assert (np.diff(one.point) >= 0).all()
    assert (np.diff(one.these.quantiles, axis=0) >= 0).all() and (np.diff(one.new.quantiles, axis=0) >= 0).all()
    assert (one.these.quantiles[:, 0] <= one.point).all() and (one.point <= one.these.quantiles[:, -1]).all()


def test_far_beyond_a_pilot_its_own_curve_leaves_no_trace():
    """What is said from ten times its attempts on does not depend on which other numbers of attempts are asked for."""
    pilot = of_model(128, 100)
    far = KS >= 1000
    np.testing.assert_allclose(found(*pilot).point[far], found(*pilot, ks=KS[far]).point, rtol=1e-12)


def test_where_attempts_end_with_success_the_median_is_said():
    generator = np.random.default_rng(3)
    first = generator.geometric(generator.beta(0.35, 5.0, 100).clip(1e-12))
    one = found(np.minimum(first, 50), first <= 50, stopping=Stopping("first_success", 1, 50))
    inside = one.attempts <= 50
    np.testing.assert_allclose(one.point[inside], one.these.quantiles[inside, 2])

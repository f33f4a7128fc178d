"""Numbers told of trained models, by hand: cases, slopes, weights of images, and what the joint law makes of them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from checks import assert_counts, rejects
from scipy import stats

from sim.experiments import fit_verdicts, fitted, generative
from sim.experiments.settings import Generative
from sim.figures import generative as drawing
from sim.judging import estimators
from sim.model.dependence import Copula, Sticky
from sim.records import folder

SETTINGS = Generative("", 256, 8, 128, 3000, 0.1, (1.0, 2.0, 3.0), (0.004,), 4096, (), 0.3, 1.5, (8.0, 16.0, 32.0), 4)
SOLVABLE = np.where(np.arange(256) % 5 < 4, 0.001, 0.01)  # errors without noise: four of five images are below .004


def case(beta, ceiling, settings=SETTINGS):
    """A pilot of images whose failure probabilities are Beta(3, beta) distributed, as attempts of one batch each."""
    host = np.random.Generator(np.random.Philox(key=0))
    success = np.where(host.random(256) < ceiling, host.beta(beta, 3.0, 256), 0.0)
    return fitted._case(settings, (0, 0), host.binomial(4096, success)[None], 4096, SOLVABLE)


def cases_of(right, settings, own_error):
    """Cases by temperature and threshold of counts [batches, t, images, e] of 64 attempts a batch."""
    middle = len(settings.temperatures) // 2, len(settings.thresholds) // 2
    return fitted.crossed(settings, right, own_error, 64, middle)


def counted(settings, images=24, batches=3):
    """Counts that grow with the threshold and differ by temperature, image and batch, at most 64."""
    t, e = len(settings.temperatures), len(settings.thresholds)
    b, i, image, j = np.ix_(*map(np.arange, (batches, t, images, e)))
    return (image * (j + 2) * (i + 1) + 3 * b * (image > 4)) % 61 * (image > 4)


TWO = replace(SETTINGS, temperatures=(1.0, 2.0, 4.0), thresholds=(0.002, 0.004, 0.006), images=24)


def test_a_case_has_the_counts_threshold_and_words_of_its_own_pair():
    right, own_error = counted(TWO), np.linspace(0.0005, 0.0075, 24)
    found = cases_of(right, TWO, own_error)
    assert list(found) == [(0, 1), (1, 1), (2, 1), (1, 0), (1, 2)]
    for (i, j), one in found.items():
        np.testing.assert_array_equal(one.pilot.successes, right[:, i, :, j].sum(axis=0))
        assert set(one.pilot.attempts) == {3 * 64.0}
        assert one.threshold == TWO.thresholds[j]
        assert one.pilot.source == f"T {TWO.temperatures[i]:g}, epsilon {TWO.thresholds[j]:g}"
        assert one.toy_ceilings[0] == np.mean(own_error < TWO.thresholds[j])
        first = right[:, i, :, j].sum(axis=0).mean() / (3 * 64)
        assert one.curve.estimate[0] == pytest.approx(first, rel=1e-12)
        each = right[:, i, :, j].sum(axis=0) / (3 * 64)
        assert one.curve.stderr[0] == pytest.approx(stats.sem(each), rel=1e-12)
    columns = fitted.pilots(TWO, right, 64)
    at = [k for k, model in enumerate(columns["model"]) if model == "T 2 epsilon 0.006"]
    assert [columns["successes"][k] for k in at] == right[:, 1, :, 2].sum(axis=0).tolist()
    assert set(columns["attempts"]) == {192} and len(columns["model"]) == 9 * 24


def test_a_line_through_points_has_the_slope_and_error_of_least_squares():
    x = np.array([0.0, 1.0, 2.5, 4.0, 4.5])
    y = np.array([[1.0, 2.0], [2.5, 1.0], [3.0, 1.5], [5.5, -1.0], [5.0, -2.5]])
    found = fitted.slope(x, y)
    for line in range(2):
        own = stats.linregress(x, y[:, line])
        assert (found.estimate[line], found.stderr[line]) == pytest.approx((own.slope, own.stderr), rel=1e-12)


def test_the_numbers_of_eq_7_stand_with_those_of_a_toy_of_their_own_latents():
    one = case(0.8, 0.8, replace(SETTINGS, latent=5))
    tables = {table["quantity"][0]: table for table in fitted.tables([one], [])}
    assert tables["exponent"]["law"][0] == 2 / 5
    assert tables["ceiling"]["law"][0] == np.mean(SOLVABLE < 0.004)
    numbers = [tables[name]["estimate"][0] for name in ("ceiling", "alpha", "exponent")]
    np.testing.assert_array_equal(numbers, one.fit.whole)
    errors = [tables[name]["stderr"][0] for name in ("ceiling", "alpha", "exponent")]
    np.testing.assert_allclose(errors, estimators.jackknife_stderr(one.fit.parts), rtol=1e-12)
    assert [tables["alpha"][name][0] for name in ("temperature", "threshold", "latent")] == [1.0, 0.004, 5.0]


def test_rms_is_the_root_of_the_mean_square():
    assert fitted.rms(np.array([3.0, -4.0, 0.0, 0.0])) == 2.5


@pytest.mark.parametrize("toy", [2 / 8, 1 / 8])
def test_the_exponent_of_a_toy_is_two_over_its_latents(toy):
    one = case(toy, 0.9)
    fit = one.fit._replace(whole=np.array([0.9, 3.0, toy]), parts=one.fit.parts - one.fit.whole + [0.9, 3.0, toy])
    verdict = fit_verdicts._toy_exponents([one._replace(fit=fit)])
    assert (verdict.max_sigmas < 1e-6) == (toy == 2 / 8)


def test_what_is_unsolved_is_weighed_by_the_images_frequencies():
    settings = replace(SETTINGS, images=4, examples=(2.0, 4.0, 8.0), zipf=1.5, temperatures=(1.0,))
    per_batch = generative._BATCH // generative._FEWEST
    right = np.zeros((2, 1, 3, 4), int)
    right[:, 0, :, 0], right[:, 0, 1:, 1] = per_batch, per_batch // 2  # by the most frequent image alone; then two
    sets = np.array([[[1, 1, 0, 0], [2, 1, 1, 0], [5, 2, 1, 0]]])
    counts = generative.Runs(None, None, [], right)
    [failure, exponent], verdicts = generative._joint(settings, counts, sets, (0, 0))
    mass = np.arange(1, 5.0) ** -1.5
    mass /= mass.sum()
    first = failure["attempts"] == 1
    expected = [1 - mass[0], 1 - mass[0] - mass[1] / 2, 1 - mass[0] - mass[1] / 2]
    np.testing.assert_allclose(failure["estimate"][first], expected, rtol=1e-12)
    last = failure["attempts"] == 2 * per_batch
    np.testing.assert_allclose(failure["estimate"][last], [1 - mass[0], *[1 - mass[0] - mass[1]] * 2], rtol=1e-12)
    assert np.isnan(failure["law"][failure["examples"] == 8]).all() and verdicts == []
    own = stats.linregress(np.log([2, 4, 8]), -np.log(expected))
    assert exponent["estimate"][0] == pytest.approx(own.slope, rel=1e-9)


def test_images_are_as_hard_as_to_the_models_that_have_seen_them():
    """By enumeration: n of 1 example, three images, two models that have seen other images."""
    mass, copies = np.array([0.5, 0.3, 0.2]), np.array([[1, 0, 0], [2, 3, 0]])
    solved = np.array([[[0.4, 0.9, 0.9], [0.6, 0.5, 0.7]]])  # one k
    ability = np.array([0.5, 0.5, 0.5])  # of both, of the second, and the others' mean
    for n in (1.0, 2.0, 5.0):
        [[law]] = generative._predicted(mass, np.array([n]), copies, solved)
        seen = 1 - (1 - mass) ** n
        assert law == pytest.approx(1 - (mass * seen) @ ability, rel=1e-12)
    solved[0, 1, 1] = 0.2
    ability = np.array([0.5, 0.2, (0.5 * 0.5 + 0.3 * 0.2) / 0.8])
    [[law]] = generative._predicted(mass, np.array([2.0]), copies, solved)
    assert law == pytest.approx(1 - (mass * (1 - (1 - mass) ** 2)) @ ability, rel=1e-12)


def test_training_sets_are_nested_and_drawn_with_their_own_zipf_exponent():
    def drawn(zipf):
        settings = replace(SETTINGS, images=50, examples=(100.0, 1000.0, 20000.0), replicates=2, zipf=zipf)
        return generative._training_sets(question_of(settings))

    for zipf in (0.5, 1.5):
        sets = drawn(zipf)
        assert sets.shape == (2, 3, 50) and (np.diff(sets, axis=1) >= 0).all()
        np.testing.assert_array_equal(sets.sum(axis=2), [[100, 1000, 20000]] * 2)
        mass = np.arange(1, 51.0) ** -zipf
        assert_counts(sets[0, -1], mass / mass.sum())
        other = np.arange(1, 51.0) ** -(zipf + 0.2)
        rejects(assert_counts, sets[0, -1], other / other.sum())
    assert (sets[0] != sets[1]).any()


def question_of(settings):
    return SimpleNamespace(settings=settings, seed=0)


def test_the_strip_shows_each_image_and_the_best_of_its_attempts(tmp_path):
    best_of, images, height, width = np.array([0, 1, 10]), 2, 3, 4
    at = np.indices((3, images, height, width)).reshape(4, -1)
    value, error = (at * np.array([[100], [10], [1], [0.1]])).sum(axis=0), at[0] * 7.0 + at[1]
    columns = {"image": at[1], "best_of": best_of[at[0]], "error": error, "row": at[2], "column": at[3], "value": value}
    folder.write_columns(tmp_path / "strip.csv", {name: list(column) for name, column in columns.items()})
    found, pixels, errors = drawing.further(tmp_path)
    assert found.tolist() == [0, 1, 10]
    np.testing.assert_allclose(pixels[2, 1, 1], [211.0, 211.1, 211.2, 211.3])
    np.testing.assert_array_equal(errors, [[0, 1], [7, 8], [14, 15]])


def test_what_a_law_misses_is_judged_by_student_s_t_of_the_largest_of_so_many():
    off, parts = np.array([0.3, -0.02]), np.array([[0.35, -0.03], [0.28, 0.01], [0.31, -0.05], [0.27, 0.0]])
    verdict = fit_verdicts.judge_replicates("law", "x", off, parts)
    stderr = np.sqrt(3 / 4 * ((parts - parts.mean(axis=0)) ** 2).sum(axis=0))
    t = (np.abs(off) / stderr).max()
    assert verdict.max_sigmas == pytest.approx(t, rel=1e-12)
    assert verdict.p_value == pytest.approx(min(1, 2 * 2 * stats.t(3).sf(t)), rel=1e-9)


def test_noise_that_is_shared_has_the_correlation_of_the_nearest_copula():
    problems = fitted.empirical(1000, np.linspace(5, 900, 40).round())
    k = np.array([1.0, 3, 10, 30, 100])
    for kind, own in ((Copula, 0.37), (Sticky, 0.2)):
        curve = 1 - kind(own).failure(k, problems)
        found, law = fitted.nearest(kind, k, curve, problems)
        assert found == pytest.approx(own, abs=2e-3)
        assert np.abs(law - curve).max() < 1e-3


def numbered(one, whole):
    """The case as if Eq. 7 had been fitted by these numbers, as it is without each group of images in turn."""
    scale = np.array(whole) / one.fit.whole
    return one._replace(fit=one.fit._replace(whole=np.array(whole), parts=one.fit.parts * scale))


def test_ceilings_are_compared_with_those_of_a_toy_and_numbers_with_those_of_another_temperature():
    one = case(0.4, 0.9)
    toy = one.toy_ceilings[0]
    assert fit_verdicts._toy_ceilings([numbered(one, (toy, 3.0, 0.4))]).max_sigmas < 1e-6
    assert fit_verdicts._toy_ceilings([numbered(one, (0.8 * toy, 3.0, 0.4))]).max_sigmas > 1
    host, cases = np.random.Generator(np.random.Philox(key=2)), []
    for t, exponent in enumerate((0.4, 0.5, 0.6)):
        own = numbered(one, (0.9, 3.0, exponent)).fit
        fit = own._replace(parts=own.parts * host.uniform(0.99, 1.01, own.parts.shape))
        cases.append(one._replace(pair=(t, 0), fit=fit))
    alpha, beta = fit_verdicts._same(cases, "alpha", "alpha", 1), fit_verdicts._same(cases, "beta", "exponent", 2)
    assert (alpha.max_sigmas < 1e-6, beta.max_sigmas > 1) == (True, True)
    assert (alpha.law, beta.quantity, beta.degrees) == ("one alpha at T 1, 2, 3", "exponent", 2)
    logs = np.log([own.fit.parts[:, 2] for own in cases])
    expected = np.log(0.6 / 0.4) / estimators.jackknife_stderr(logs[2] - logs[0])
    other = np.log(0.5 / 0.4) / estimators.jackknife_stderr(logs[1] - logs[0])
    assert beta.max_sigmas == pytest.approx(max(expected, other), rel=1e-9)

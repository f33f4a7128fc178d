"""Autoencoders and their attempts, from the command line: what they are fitted by, what is written, what is refused."""

import csv
import importlib.util
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from checks import assert_counts, assert_mean, rejects
from scipy import stats

from sim import estimators
from sim.app import folder
from sim.app.reports import calibrate
from sim.axes.dependence import Copula, Sticky
from sim.experiments import fit_verdicts, fitted, generative
from sim.experiments.question import join
from sim.experiments.settings import Generative
from sim.figures import generative as drawing
from sim.laws import coverage
from sim.model import grid
from sim.pilot.pilot import Pilot
from sim.pilot.reading import read

SMALL = [
    *("experiment=generative", "budget=smoke", "budget.devices=2", "generative.images=40"),
    *("generative.attempts=1024", "generative.latents=[]", "generative.steps=250", "generative.width=32"),
    *("generative.examples=[8,16,32]", "generative.thresholds=[0.02,0.03,0.04]"),
]


def pilot(alpha, beta, ceiling, images, made=4096, seed=0):
    """Counts of images whose failure probabilities are Beta distributed."""
    host = np.random.Generator(np.random.Philox(key=seed))
    success = np.where(host.random(images) < ceiling, host.beta(beta, alpha, images), 0.0)
    return Pilot(
        "drawn", [str(i) for i in range(images)], np.full(images, float(made)), host.binomial(made, success) * 1.0
    )


@pytest.mark.slow  # half a minute of compiling
def test_a_run_writes_what_it_found_and_pilots_that_can_be_read(sim, tmp_path):
    code, out, err = sim("run", *SMALL)
    assert (code, err) == (0, "")
    [where] = tmp_path.glob("outputs/*/generative")
    with (where / "counts.csv").open() as stream:
        counts = list(csv.DictReader(stream))
    assert len(counts) == 3 * 3 * 40 and {row["attempts"] for row in counts} == {"1024"}
    with (where / "table.csv").open() as stream:
        table = list(csv.DictReader(stream))
    chosen = [
        row for row in table if (row["quantity"], row["temperature"], row["threshold"]) == ("coverage", "2", "0.03")
    ]
    own = [int(row["successes"]) for row in counts if row["model"] == "T 2 epsilon 0.03"]
    assert float(chosen[0]["estimate"]) == pytest.approx(np.mean(own) / 1024, rel=1e-12)  # pass@1
    assert float(chosen[-1]["estimate"]) == pytest.approx(np.mean(np.array(own) > 0), rel=1e-12)
    more = {float(row["threshold"]): float(row["estimate"]) for row in table if row["quantity"] == "ceiling"}
    assert more[0.02] <= more[0.03] <= more[0.04]
    with (where / "fits.csv").open() as stream:
        misses = {
            row["law"]: float(row["rms_error"]) for row in csv.DictReader(stream) if "T 2, epsilon 0.03" in row["model"]
        }
    assert misses["Eq. 7, least squares"] < 0.03
    assert sum("rejected at 1 %" in entry["law"] for entry in json.loads((where / "verdict.json").read_text())) >= 2
    assert "rejected at 1 %, T 2, epsilon 0.03: A" in out
    pilots = read(str(where / "counts.csv"))
    assert [one.name for one in pilots] == [f"T {t} epsilon {e}" for t in (1, 2, 3) for e in (0.02, 0.03, 0.04)]
    np.testing.assert_array_equal(pilots[4].successes, own)


@pytest.mark.slow
def test_thresholds_that_no_attempt_meets_are_refused_with_those_that_some_would(sim):
    code, _, err = sim("run", *SMALL[:-1], "generative.thresholds=[1e-6]", "generative.examples=[8,16,32]")
    assert code == 2 and err.count("\n") == 1
    rule = "one in the middle that at two images or more the first attempt misses and a later one meets"
    assert f"generative: generative.thresholds: need {rule} (without noise the errors of these images are" in err


@pytest.mark.slow
def test_calibrate_answers_for_every_temperature_and_threshold(sim, tmp_path, capsys):
    assert sim("run", *SMALL, "figure=true")[0] == 0
    [where] = tmp_path.glob("outputs/*/generative")
    assert calibrate.main([f"pilot={where / 'counts.csv'}", "output=calibrated"]) == 0
    assert capsys.readouterr().out.count("The memorising model ") >= 5


SETTINGS = Generative("", 256, 8, 128, 3000, 0.1, (1.0, 2.0, 3.0), (0.004,), 4096, (), 0.3, 1.5, (8.0, 16.0, 32.0), 4)
SOLVABLE = np.where(np.arange(256) % 5 < 4, 0.001, 0.01)  # errors without noise: four of five images are below .004


def case(pilot, settings=SETTINGS, own_error=SOLVABLE, pair=(0, 0)):
    """A pilot as attempts of one batch each."""
    made = int(pilot.attempts[0])
    return fitted._case(settings, pair, pilot.successes[None], made, own_error[: len(pilot.successes)])


def test_the_fit_finds_the_numbers_that_counts_were_drawn_with_and_knows_its_errors():
    """Over 24 pilots of 256 images the pulls of A have mean 0 and variance 1; about another A they have not."""
    found = [case(pilot(3.0, 0.8, 0.8, 256, seed=seed)) for seed in range(24)]
    ceiling, errors = np.array(
        [(one.fit.whole[0], estimators.jackknife_stderr(one.fit.parts[:, 0])) for one in found]
    ).T
    pulls = (ceiling - 0.8) / errors
    assert_mean(pulls.mean(), 24, 0.0, 1.0)
    rejects(assert_mean, ((ceiling - 0.9) / errors).mean(), 24, 0.0, 1.0)
    assert_counts_of(pulls**2)
    with pytest.raises(AssertionError):
        assert_counts_of((2.5 * pulls) ** 2)
    law = coverage.coverage(found[0].attempts, 3.0, 0.8, 0.8)
    assert np.abs(np.mean([one.curve.estimate for one in found], axis=0) - law).max() < 0.03


def assert_counts_of(squares):
    """Their sum is chi-square distributed, to a false alarm in a million."""
    p_value = stats.chi2.sf(squares.sum(), len(squares))
    assert 5e-7 < p_value < 1 - 5e-7


def test_counts_of_the_law_fit_it_and_those_of_two_kinds_of_images_do_not():
    p_values = [fit_verdicts._fits(case(drawn), 0).p_value for drawn in (pilot(3.0, 0.8, 0.8, 256), two_kinds())]
    assert p_values[0] > 1e-6 and p_values[1] < 1e-6


def two_kinds():
    host = np.random.Generator(np.random.Philox(key=1))
    success = np.repeat([0.4, 0.02], 128)
    return Pilot("two", [str(i) for i in range(256)], np.full(256, 4096.0), host.binomial(4096, success) * 1.0)


def test_where_nothing_more_is_solved_after_one_attempt_nothing_is_fitted_but_pass_at_k_is_told():
    for successes in (0.0, 4096.0):
        none = case(Pilot("none", list("ab") * 32, np.full(64, 4096.0), np.full(64, successes)))
        assert none.fit is None
        [table] = fitted.tables([none], [])
        assert (table["estimate"] == successes / 4096).all() and np.isnan(table["law"]).all()


def test_likelihood_and_least_squares_both_know_the_law_that_counts_were_drawn_with():
    columns = fitted.misses([case(pilot(3.0, 0.8, 0.8, 256))], [("more", "another", 0.5)])
    told = {law: (own, of) for law, own, of in zip(*list(columns.values())[1:], strict=True)}
    assert max(told[f"Eq. 7, {how}"][0] for how in ("least squares", "likelihood")) < 0.02
    assert told["another"][0] == 0.5 and np.isnan(told["another"][1])
    best = told["Eq. 7, likelihood"][1]
    assert told["Eq. 7, least squares"][1] < best  # of all with these parameters
    assert told["scaled beta, likelihood"][1] < best - 2  # as far as a ceiling is from a largest probability
    assert told["line of log(-log pass@k), least squares"][0] > 0.02


@pytest.mark.parametrize(("alphas", "betas"), [((1.0, 3.0, 9.0), (0.8, 0.8, 0.8)), ((3.0, 3.0, 3.0), (0.3, 0.8, 2.0))])
def test_temperatures_that_move_one_number_are_seen_to_move_it_alone(alphas, betas):
    cases = {
        (i, 0): case(pilot(alpha, beta, 0.8, 256), pair=(i, 0))
        for i, (alpha, beta) in enumerate(zip(alphas, betas, strict=True))
    }
    p_values = {entry.law: entry.p_value for entry in fit_verdicts.verdicts(cases, [], 0)}
    same = p_values["one alpha at T 1, 2, 3"], p_values["one beta at T 1, 2, 3"]
    moved, kept = same if len(set(alphas)) > 1 else same[::-1]
    assert moved < 1e-6 < kept


def test_a_toy_is_right_on_counts_of_its_own_and_wrong_on_others():
    """beta = 2/8 and the ceiling that errors without noise give, then another of each."""
    for ceiling, beta, right in ((0.8, 0.25, (True, True)), (0.8, 0.5, (True, False)), (0.4, 0.25, (False, True))):
        host = np.random.Generator(np.random.Philox(key=int(10 * (ceiling + beta))))
        solvable = (SOLVABLE < 0.004) & (host.random(256) < ceiling / 0.8)
        success = np.where(solvable, host.beta(beta, 1.0, 256), 0.0)
        counts = Pilot("", [""] * 256, np.full(256, 16384.0), host.binomial(16384, success) * 1.0)
        [by_ceiling, by_beta] = fit_verdicts.verdicts({(0, 0): case(counts)}, [], 0)[-2:]
        assert (by_ceiling.law, by_beta.law) == ("A = P(r^2 < epsilon)", "beta = 2 / m, m = 8")
        assert (by_ceiling.p_value > 1e-6, by_beta.p_value > 1e-6) == right
        toy = {str(row): law for row, law in zip(*(table(counts)[name] for name in ("quantity", "law")), strict=True)}
        assert toy["exponent"] == 0.25 and toy["ceiling"] == np.mean(SOLVABLE < 0.004)


def table(counts):
    return join(*fitted.tables([case(counts)], []))


def test_the_correlation_of_attempts_is_found_and_other_laws_of_dependence_are_farther_off():
    k, problems = grid(256, 25), fitted.empirical(1e6, np.linspace(1e3, 4e5, 100).round())
    solved = 1 - Copula(0.3).failure(k, problems)
    found = {kind: fitted.nearest(kind, k, solved, problems) for kind in (Copula, Sticky)}
    assert found[Copula][0] == pytest.approx(0.3, abs=2e-3)
    np.testing.assert_allclose(found[Copula][1], solved, atol=1e-3)
    assert np.abs(found[Sticky][1] - solved).max() > 0.01


def memorised(leak, replicates=60):
    """(settings, counts, sets) of learners that solve what they have seen, and now and then what they have not."""
    settings = replace(SETTINGS, replicates=replicates)
    host = np.random.Generator(np.random.Philox(key=5))
    mass = np.arange(1.0, 257) ** -settings.zipf
    drawn = host.choice(256, (replicates, 32), p=mass / mass.sum())
    sets = np.array([[np.bincount(own[: int(n)], minlength=256) for n in settings.examples] for own in drawn])
    hard = host.beta(0.5, 2.0, 256)
    right = host.binomial(32, np.where(sets > 0, hard, leak), (64, *sets.shape))
    return settings, generative.Runs(None, None, [], right), sets


def test_learners_that_have_memorised_meet_the_joint_law_and_those_that_guess_do_not():
    """Hardness that does not go with frequency, as the law takes it to be; a chance at what is unseen."""
    for leak, meets in ((0.0, True), (0.1, False)):
        settings, counts, sets = memorised(leak)
        tables, [verdict] = generative._joint(settings, counts, sets, (0, 0))
        assert (verdict.p_value > 1e-6) == meets
        unsolved, falls = (
            {name: np.array(one[name], float) for name in ("examples", "attempts", "estimate", "stderr", "law")}
            for one in tables
        )
        one = (unsolved["examples"] == 16) & (unsolved["attempts"] == 1)
        mass = np.arange(1.0, 257) ** -1.5
        share = (counts.examples.mean(axis=0)[:, 1] / 32) @ (mass / mass.sum())
        assert unsolved["estimate"][one] == pytest.approx(1 - share.mean(), rel=1e-12)
        assert unsolved["stderr"][one] == pytest.approx(share.std(ddof=1) / np.sqrt(60), rel=1e-9)
        assert np.isnan(unsolved["law"][unsolved["examples"] == 32]).all()
        assert len(falls["attempts"]) == 4 and (falls["stderr"] > 0).all()


def test_a_single_replicate_has_errors_and_no_verdict():
    settings, counts, sets = memorised(0.0, 1)
    tables, verdicts = generative._joint(settings, counts, sets, (0, 0))
    assert not verdicts and all((np.array(one["stderr"], float) > 0).all() for one in tables)


def test_lines_have_the_slope_they_were_drawn_with():
    x = np.log(grid(1e4, 9))
    y = np.stack([2 - 0.5 * x, 1 + 3 * x], axis=1)
    for lines in (y, np.stack([y, y])):
        found = fitted.slope(x, lines)
        np.testing.assert_allclose(found.estimate, np.broadcast_to([-0.5, 3], (*lines.shape[:-2], 2)))
        assert (found.stderr < 1e-12).all()


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("generative.images=19", "generative.images: need a whole number from 20 to 16384, got 19"),
        (
            "generative.images=1798",
            "generative.images: need at most the 1797 different images of scikit-learn's digits",
        ),
        ("generative.path=nowhere", "generative.path: need a file or a folder of images, got nowhere"),
        ("generative.thresholds=0.1", "generative.thresholds: need a list of numbers such as [1, 2], got 0.1"),
        (
            "generative.temperatures=[2,1]",
            "generative.temperatures: need numbers from 0.001 to 100, ascending, at least 1",
        ),
        (
            "generative.latents=[2.5]",
            "generative.latents: need whole numbers from 1 to 256, ascending, at least 0 of them",
        ),
        ("generative.examples=[8]", "generative.examples: need whole numbers from 2 to 1e+06, ascending, at least 3"),
        ("generative.shared=1", "generative.shared: need 0 < shared < 1, got 1.0"),
        ("generative.replicates=0", "generative.replicates: need a whole number from 1 to 64, got 0"),
        ("generative.attempts=1000", "generative.attempts: need a whole number from 1024 to 131072"),
        ("budget.until=exponent:0.1", "budget.until: need experiments that simulate, got generative"),
        ("law.beta=0.3", "law.beta: no law of the experiments generative has it"),
        ("memory=guessing", "experiment=generative: need memory=automatic or arrival, got guessing"),
    ],
)
def test_what_cannot_be_trained_or_drawn_is_refused_in_one_sentence(sim, typed, rule):
    code, _, err = sim("run", "experiment=generative", typed)
    assert code == 2 and err.startswith(f"sim run: {rule}") and err.count("\n") == 1


def test_without_the_extra_one_sentence_says_what_to_install(sim, monkeypatch):
    original = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "optax" else original(name, *rest)
    )
    code, _, err = sim("run", "experiment=generative")
    rule = "need equinox, optax and scikit-learn (pip install 'sim[generative]'), got no optax"
    assert (code, err) == (2, f"sim run: generative: {rule}\n")


def test_settings_are_checked_without_a_run():
    numbers = (8, 128, 3000, 0.1, (1.0, 2.0), (0.004,), 16384, (2.0,), 0.3, 1.5, (8.0, 16.0, 32.0), 4)
    Generative("", 256, *numbers).check()
    with pytest.raises(ValueError, match=r"^generative\.latent: need a whole number from 1 to 256, got 0$"):
        Generative("", 256, 0, *numbers[1:]).check()


# Numbers told of trained models, by hand ------------------------------------------------------------------------------


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
    one = case(pilot(3.0, 0.8, 0.8, 256), replace(SETTINGS, latent=5))
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
    one = case(pilot(3.0, toy, 0.9, 256))
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
        [[law]] = generative._foretold(mass, np.array([n]), copies, solved)
        seen = 1 - (1 - mass) ** n
        assert law == pytest.approx(1 - (mass * seen) @ ability, rel=1e-12)
    solved[0, 1, 1] = 0.2
    ability = np.array([0.5, 0.2, (0.5 * 0.5 + 0.3 * 0.2) / 0.8])
    [[law]] = generative._foretold(mass, np.array([2.0]), copies, solved)
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

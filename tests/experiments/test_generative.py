"""Autoencoders and their attempts, from the command line: what they are fitted by, what is written, what is refused."""

import csv
import importlib.util
import json
from dataclasses import replace

import numpy as np
import pytest
from checks import assert_mean, rejects
from scipy import stats

from sim.app.reports import calibrate
from sim.draw.budget import grid
from sim.experiments import fit_verdicts, fitted, generative
from sim.experiments.question import join
from sim.experiments.settings import Generative
from sim.judging import estimators
from sim.laws import coverage
from sim.model.dependence import Copula, Sticky
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
    rule = "a middle one that, at two images or more, the first attempt misses and a later one meets"
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

"""Autoencoders and their attempts, from the command line: what they are fitted by, what is written, what is refused."""

import csv
import importlib.util
import json

import numpy as np
import pytest
from checks import assert_mean, rejects

from sim.app import calibrate
from sim.experiments import fitted
from sim.experiments.settings import Generative
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
    assert misses["Eq. 7"] == min(misses.values()) < 0.03
    verdicts = json.loads((where / "verdict.json").read_text())
    assert all("Eq. 7 f" in entry["law"] or "one beta at T" in entry["law"] for entry in verdicts)
    assert "Eq. 7 fi" in out or "Eq. 7 fails" in out
    pilots = read(str(where / "counts.csv"))
    assert [one.name for one in pilots] == [f"T {t} epsilon {e}" for t in (1, 2, 3) for e in (0.02, 0.03, 0.04)]
    np.testing.assert_array_equal(pilots[4].successes, own)


@pytest.mark.slow
def test_thresholds_that_no_attempt_meets_are_refused_with_those_that_some_would(sim):
    code, _, err = sim("run", *SMALL[:-1], "generative.thresholds=[1e-6]", "generative.examples=[8,16,32]")
    assert code == 2 and err.count("\n") == 1
    assert "generative: generative.thresholds: need some that attempts meet (without noise the errors of these" in err


@pytest.mark.slow
def test_calibrate_answers_for_every_temperature_and_threshold(sim, tmp_path, capsys):
    assert sim("run", *SMALL, "figure=true")[0] == 0
    [where] = tmp_path.glob("outputs/*/generative")
    assert calibrate.main([f"pilot={where / 'counts.csv'}", "output=calibrated"]) == 0
    assert capsys.readouterr().out.count("The memorising model ") >= 5


def test_the_fit_finds_the_numbers_that_counts_were_drawn_with_and_knows_its_errors():
    """Over 12 pilots of 256 images: the mean of pulls is 0 (to their own scatter), and that of another law's is not."""
    found = [fitted._fit(pilot(3.0, 0.8, 0.8, 256, seed=seed)) for seed in range(12)]
    ceiling = np.array([fit.whole[0] for fit in found])
    errors = np.array([fit.parts[:, 0].std() * np.sqrt(63) for fit in found])
    assert_mean(ceiling.mean(), 12, 0.8, errors.mean())
    rejects(assert_mean, ceiling.mean(), 12, 0.9, errors.mean())
    assert 0.5 < ceiling.std() / errors.mean() < 2
    law = coverage.coverage(found[0].attempts, 3.0, 0.8, 0.8)
    assert np.abs(np.mean([fit.curve.estimate for fit in found], axis=0) - law).max() < 0.03


def test_counts_of_the_law_fit_it_and_those_of_two_kinds_of_images_do_not():
    fits = [(fitted._fit(drawn), drawn) for drawn in (pilot(3.0, 0.8, 0.8, 256), two_kinds())]
    p_values = [fitted._verdict(drawn, fit, 0).p_value for fit, drawn in fits]
    assert p_values[0] > 0.01 and p_values[1] < 1e-4


def two_kinds():
    host = np.random.Generator(np.random.Philox(key=1))
    success = np.repeat([0.4, 0.02], 128)
    return Pilot("two", [str(i) for i in range(256)], np.full(256, 4096.0), host.binomial(4096, success) * 1.0)


def test_where_nothing_more_is_solved_after_one_attempt_nothing_is_fitted():
    none = Pilot("none", ["a", "b"] * 32, np.full(64, 100.0), np.zeros(64))
    assert fitted._fit(none) is None
    assert fitted._fit(none._replace(successes=np.full(64, 100.0))) is None


def test_lines_have_the_slope_they_were_drawn_with():
    x = np.log(grid(1e4, 9))
    y = np.stack([2 - 0.5 * x, 1 + 3 * x], axis=1)
    found = fitted.slope(x, y)
    np.testing.assert_allclose(found.estimate, [-0.5, 3])
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
    numbers = (8, 128, 3000, 0.1, (1.0, 2.0), (0.004,), 16384, (2.0,), 0.3, 1.5, (8.0, 16.0, 32.0))
    Generative("", 256, *numbers).check()
    with pytest.raises(ValueError, match=r"^generative\.latent: need a whole number from 1 to 256, got 0$"):
        Generative("", 256, 0, *numbers[1:]).check()

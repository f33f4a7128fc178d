"""Memory, difficulty, dependence and verifier together, from the command line."""

import csv
import json
import math

import pytest

SMOKE = ["budget=smoke", "examples.max=1e4", "attempts.max=1e4"]


@pytest.fixture
def composed(sim, tmp_path):
    """Runs a composition; its table and verdicts."""

    def run(*arguments):
        code, out, err = sim("run", *arguments, *SMOKE)
        assert (code, err) == (0, "")
        [folder] = [path.parent for path in tmp_path.glob("*/*/*/table.csv") if arguments[0][11:] == path.parent.name]
        with (folder / "table.csv").open() as stream:
            return out, list(csv.DictReader(stream)), json.loads((folder / "verdict.json").read_text())

    return run


CLOSED = [
    ["memory.depth=2", "difficulty=scaled_beta", "dependence=markov"],
    ["difficulty=uniform", "dependence=polya"],
    ["memory.depth=3", "difficulty=reciprocal", "dependence=sticky", "verifier=noisy"],
    ["difficulty=empirical", "dependence=zipf"],
    ["difficulty=empirical", "verifier=noisy"],
    ["features=exponential", "memory=capacity", "difficulty=scaled_beta", "dependence=sticky", "verifier=noisy"],
]


@pytest.mark.seldom(1)
@pytest.mark.parametrize("parts", CLOSED, ids=" ".join)
def test_where_there_is_a_law_memory_and_all_that_follows_meet_it(composed, parts):
    _, table, verdicts = composed("experiment=joint", *parts)
    assert [entry["quantity"] for entry in verdicts] == ["failure", "failure"]
    assert all(entry["p_value"] > 1e-6 for entry in verdicts)
    assert all(float(row["law"]) > 0 for row in table if row["quantity"] == "failure")


GRADED = [
    ["memory=guessing", "features=uniform", "difficulty=scaled_beta"],
    ["memory=multi_trace", "difficulty=certain"],
]


@pytest.mark.seldom(0)
@pytest.mark.parametrize("parts", GRADED, ids=" ".join)
def test_where_memory_grades_attempts_the_whole_table_meets_one_law(composed, parts):
    _, table, [verdict] = composed("experiment=joint", *parts, "examples.points=9", "attempts.points=9")
    assert verdict["p_value"] > 1e-6
    assert all(float(row["law"]) > 0 for row in table)
    _, _, [learning] = composed("experiment=learning_curve", *parts[:2], "examples.points=9", "output=learning")
    assert learning["p_value"] > 1e-6


@pytest.mark.seldom(0)
def test_a_wrong_prefactor_of_learning_is_refuted_in_the_joint_law_too(composed):
    _, _, verdicts = composed("experiment=joint", "law.normalisation=continuous")
    assert "refuted" in [entry["verdict"] for entry in verdicts]


RARE = [
    "experiment=joint memory=multi_trace difficulty=certain features=uniform",
    "experiment=joint memory=guessing features.size=3 difficulty=certain",
    "experiment=capacity features.size=3",
    "experiment=capacity features.exponent=20",
    pytest.param("experiment=noise memory.depth=50", marks=pytest.mark.slow),  # seven seconds
]


@pytest.mark.seldom(0)
@pytest.mark.parametrize("asked", RARE)
def test_errors_too_rare_to_be_seen_refute_no_law(composed, asked):
    _, _, verdicts = composed(*asked.split(), "examples.points=8", "attempts.points=8")
    assert verdicts and "refuted" not in [entry["verdict"] for entry in verdicts]


OPEN = [
    ["memory=guessing", "dependence=markov"],
    ["memory=guessing", "verifier=noisy"],
    ["memory=multi_trace"],
    ["memory=multi_trace", "difficulty=certain", "dependence=sticky"],
    ["memory=multi_trace", "features=uniform", "difficulty=latent_precision", "dependence=copula", "verifier=noisy"],
]


@pytest.mark.seldom(0)
@pytest.mark.parametrize("parts", OPEN, ids=" ".join)
def test_where_memory_grades_attempts_that_are_not_plain_there_is_no_law(composed, parts):
    out, table, verdicts = composed("experiment=joint", *parts, "examples.points=5", "attempts.points=5")
    assert "simulation only" in out and verdicts == []
    assert {row["law"] for row in table} == {""}
    assert all(0 <= float(row["estimate"]) <= 1 for row in table)


@pytest.mark.seldom(0)
@pytest.mark.parametrize("dependence", ["polya", "copula"])
@pytest.mark.parametrize("experiment", ["joint", "coverage"])
def test_where_there_is_none_the_simulation_stands_alone(composed, experiment, dependence):
    out, table, verdicts = composed(
        f"experiment={experiment}", f"dependence={dependence}", "verifier=noisy", "figure=true"
    )
    assert "simulation only: no closed form is known" in out and verdicts == []
    assert {row["law"] for row in table} == {row["sigmas"] for row in table} == {""}
    assert all(float(row["stderr"]) > 0 and math.isfinite(float(row["estimate"])) for row in table)


REFUSED = {
    "dependence=markov attempts=bernoulli": "dependence=markov: need attempts=first_success, got bernoulli",
    "verifier=noisy dependence=zipf": (
        "verifier=noisy: need dependence=independent or sticky or polya or copula, got zipf"
    ),
    "verifier=noisy attempts=bernoulli": "verifier=noisy: need attempts=first_success, got bernoulli",
    "verifier=noisy verifier.false_positive=0.95": (
        "verifier.false_positive: need 0 <= false_positive <= true_positive, got 0.95"
    ),
    "verifier=noisy law.true_positive=2": "law.true_positive: need 0.000001 <= true_positive <= 1, got 2.0",
    "dependence=sticky dependence.share=1": "dependence.share: need 0 < share < 1, got 1.0",
    "dependence=polya dependence.correlation=0": "dependence.correlation: need 0.001 <= correlation <= 0.99, got 0.0",
    "difficulty=uniform difficulty.low=0.5 difficulty.high=0.4": (
        "difficulty.low, difficulty.high: need 0 <= low, low + 1e-6 < high <= 1, got 0.5 and 0.4"
    ),
    "difficulty=reciprocal difficulty.low=0": (
        "difficulty.low, difficulty.high: need 1e-30 <= low, low + 1e-6 < high <= 1, got 0 and 0.5"
    ),
    "difficulty=continuous_bernoulli difficulty.rate=0.5": (
        "difficulty.rate: need 0.000001 <= rate <= 0.999999, and not 0.5 (that is difficulty=uniform), got 0.5"
    ),
    "difficulty=scaled_beta difficulty.scale=0": "difficulty.scale: need 0 < scale <= 1, got 0.0",
    "difficulty=latent_precision difficulty.bias=-1": "difficulty.bias: need 0 <= bias <= 100, got -1.0",
    "sampling=lattice dependence=polya": "sampling=lattice: need dependence=independent or zipf or markov, got polya",
    "features=uniform features.size=0": "features.size: need a whole number from 1 to 1e9, got 0.0",
    "features=exponential features.decay=0": "features.decay: need 0.0001 <= decay <= 10, got 0.0",
    "features=empirical": "features.path: need a CSV with columns feature, count, got none",
    "features=empirical features.path=absent.csv": ("absent.csv: no such file; need a CSV with columns feature, count"),
    "memory=capacity memory.capacity=0": "memory.capacity: need a whole number from 1 to 2^31 - 1, got 0",
    "memory=capacity memory.capacity=1.5": "memory.capacity: need a whole number, got 1.5",
    "memory=guessing memory.guess=1": "memory.guess: need 0 < guess < 1, got 1.0",
    "memory=guessing law.normalisation=continuous experiment=joint": (
        "law.normalisation: need a memory whose only number is depth for continuous, got guessing"
    ),
    "law.normalisation=continuous experiment=capacity": (
        "law.normalisation: no law of the experiments capacity has it"
    ),
    "features=empirical features.path=.": ".: need a file, a CSV with columns feature, count, got a folder",
    "memory=multi_trace memory.recall=0": "memory.recall: need 0.000001 <= recall <= 1, got 0.0",
    "memory=direct features=uniform experiment=learning_curve": "memory=direct: need features=zipf, got uniform",
    "memory=capacity sampling=lattice experiment=joint": (
        "sampling=lattice: need memory=arrival or automatic, got capacity"
    ),
    "law.discount=0.4": "law.discount: no law of the experiments coverage has it",
    "dependence=zipf law.discount=-1": "law.discount: need 0 < discount <= 10, got -1.0",
}


@pytest.mark.seldom(14)
@pytest.mark.parametrize("arguments", REFUSED)
def test_what_does_not_go_together_is_refused_in_one_sentence(sim, arguments):
    asked = [] if "experiment=" in arguments else ["experiment=coverage"]
    code, _, err = sim("run", *asked, *arguments.split(), *SMOKE)
    assert (code, err) == (2, f"sim run: {REFUSED[arguments]}\n")


@pytest.mark.seldom(0)
def test_a_sweep_without_laws_says_so(sim, tmp_path):
    code, out, err = sim("run", "-m", "experiment=coverage", "verifier=noisy", "dependence=polya,copula", *SMOKE)
    assert (code, err) == (0, "")
    assert "sweep: 2 tables without a law to test in " in out
    assert not list((tmp_path / "outputs").glob("*/summary.csv"))


EXTREME = [
    "dependence=zipf dependence.discount=1.001",
    "dependence=zipf dependence.discount=10",
    "difficulty=scaled_beta difficulty.alpha=1e4 difficulty.beta=1e4",
    "difficulty=scaled_beta difficulty.scale=1e-9 difficulty.beta=50",
    "difficulty=scaled_kumaraswamy difficulty.alpha=0.001 difficulty.beta=1e4",
    "difficulty=latent_precision difficulty.beta=100 difficulty.tolerance=1e-6",
]


@pytest.mark.seldom(1)
@pytest.mark.parametrize("parts", EXTREME)
def test_extremes_that_are_accepted_have_a_law_and_refute_it_not(composed, parts):
    _, table, verdicts = composed("experiment=coverage", *parts.split())
    assert len(verdicts) == 1 and verdicts[0]["verdict"] != "refuted"
    assert all(row["law"] != "" for row in table)


def test_a_law_of_which_too_few_events_tell_is_not_confirmed(composed):
    _, _, [verdict] = composed("experiment=coverage", "difficulty=scaled_beta", "difficulty.scale=1e-9", "law.beta=0.3")
    assert (verdict["verdict"], verdict["degrees"], verdict["p_value"]) == ("undecided", 0, None)

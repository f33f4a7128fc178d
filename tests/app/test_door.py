"""The door: a good configuration becomes questions; one bad value is refused with key, rule and value."""

import copy
import math

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app import door
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.app.door import values
from sim.draw.budget import BATCH, Budget, grid
from sim.model import LEARNERS, MEMBERS
from sim.model.dependence import Independent
from sim.model.difficulty import Beta, Empirical
from sim.model.features import Zipf
from sim.model.memory import BlockChain, TrainingSet
from sim.pilot import counts

NAN, INF = math.nan, math.inf


@pytest.fixture(scope="module")
def composed():
    """The configuration of `python -m sim run`, and of it with members chosen."""
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        chosen = {"run": [], "training_set": ["memory=training_set"], "bernoulli": ["attempts=bernoulli"]}
        chosen |= {name: [f"memory={name}"] for name in LEARNERS} | {"lattice": ["sampling=lattice"]}
        chosen["empirical"] = ["difficulty=empirical"]
        return {name: OmegaConf.to_container(compose("run", some), resolve=True) for name, some in chosen.items()}


@pytest.fixture
def good(composed):
    """A good configuration of one's own to spoil; without a replay, which wants alpha and beta of the law together."""
    config = copy.deepcopy(composed["run"])
    config["experiments"].remove("replay")
    return config


def put(config, key, value):
    """Set a dotted key."""
    *path, last = key.split(".")
    for part in path:
        config = config[part]
    config[last] = value


def refusal(config):
    with pytest.raises(ValueError) as caught:
        door.questions(config)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


# What is good ---------------------------------------------------------------------------------------------------------


def test_the_configuration_as_it_stands_asks_every_experiment(composed):
    good = composed["run"]
    asked = door.questions(good)
    assert [name for name, _ in asked] == ["learning_curve", "coverage", "joint", "replay"]
    question = asked[0][1]
    assert question.seed == 0
    assert question.features == Zipf(2.0, INF)
    assert question.memory == BlockChain(1)
    assert (question.memory_name, question.attempts, question.sampling) == ("block_chain", "first_success", "random")
    assert question.learners == good["budget"]["learners"]
    assert question.difficulty == Beta(5.0, 0.35, 1.0)
    assert np.array_equal(question.examples, grid(good["examples"]["max"], good["examples"]["points"]))
    assert np.array_equal(question.tries, grid(good["attempts"]["max"], good["attempts"]["points"]))
    assert question.budget == Budget(*(good["budget"][key] for key in ("problems", "chunk", "devices", "memory")))
    law = question.law
    assert (law.features, law.memory, law.normalisation) == (Zipf(2.0, INF), BlockChain(1), "discrete")
    assert (law.difficulty, law.dependence) == (question.difficulty, question.dependence)
    assert isinstance(law.dependence, Independent)


def test_a_good_configuration_is_left_as_it_was(good):
    before = copy.deepcopy(good)
    door.questions(good)
    assert good == before


def test_other_members_are_built_in_their_place(composed):
    _, question = door.questions(composed["training_set"])[0]
    assert question.memory == TrainingSet(1)
    assert question.memory_name == "training_set"
    _, question = door.questions(composed["bernoulli"])[1]
    assert question.attempts == "bernoulli"
    _, question = door.questions(composed["empirical"])[1]
    assert question.difficulty == Empirical(str(counts.SHIPPED))
    assert np.array_equal(question.law.difficulty.success(), question.table.successes / question.table.attempts)


@pytest.mark.parametrize(
    ("exponent", "size", "largest", "name"),
    [(2.0, INF, 1e4, "direct"), (2.0, INF, 1e6, "block_chain"), (2.0, 1000, 1e6, "feature_arrivals")],
)
def test_memory_left_open_is_what_suits_the_examples_and_features_of_each_experiment(
    good, exponent, size, largest, name
):
    for key, value in (("features.exponent", exponent), ("features.size", size), ("examples.max", largest)):
        put(good, key, value)
    put(good, "memory.depth", 3)
    chosen = {experiment: question for experiment, question in door.questions(good)}
    assert chosen["learning_curve"].memory_name == name
    assert chosen["coverage"].memory_name == chosen["joint"].memory_name == "arrival"
    assert {question.memory.depth for question in chosen.values()} == {3}


@pytest.mark.parametrize("name", LEARNERS)
def test_joint_draws_single_problems_and_refuses_what_draws_learners(composed, name):
    config = copy.deepcopy(composed[name])
    for experiments in (["learning_curve"], ["coverage"], ["learning_curve", "coverage"]):
        put(config, "experiments", experiments)
        assert door.questions(config)[0][1].memory_name == name
    put(config, "experiments", ["learning_curve", "joint"])
    assert refusal(config) == (
        "memory.name: joint draws single problems and needs automatic, arrival, training_set, capacity, guessing or "
        f"multi_trace, got {name}"
    )


REACHES = [
    ("direct", "features.exponent", 1.05, "memory.name=direct: need at most 2^28 features that matter, got "),
    ("direct", "examples.max", 2**31, "examples.max: need a number from 1 to 2e+09, got "),
    (
        "feature_arrivals",
        "features.size",
        INF,
        "memory.name=feature_arrivals: need features.size x depth <= 2147483648",
    ),
    ("feature_arrivals", "examples.max", 2e18, "examples.max: need a number from 1 to 1e+18, got 2e+18"),
    ("block_chain", "examples.max", 2e18, "examples.max: need a number from 1 to 1e+18, got 2e+18"),
    ("jump_chain", "features.size", 2**24 + 1, "memory.name=jump_chain: need features.size x depth <= 16777216, got "),
]


@pytest.mark.parametrize(("name", "key", "bad", "rule"), REACHES)
def test_what_a_kernel_cannot_reach_is_refused_where_it_would_be_used(composed, name, key, bad, rule):
    config = copy.deepcopy(composed[name])
    put(config, "experiments", ["learning_curve"])
    assert door.questions(config)
    if name == "direct":
        put(config, "examples.max", 1e9)
    put(config, key, bad)
    assert refusal(config).startswith(rule)
    if not key.startswith("examples"):
        put(config, "experiments", ["coverage"])  # draws no memory
        assert door.questions(config)


@pytest.mark.parametrize("learners", [64, 10**8 // 25, "64"])
def test_learners_are_taken_up_to_the_edge(good, learners):
    put(good, "budget.learners", learners)
    assert door.questions(good)[0][1].learners == int(learners)


def test_a_lattice_draws_problems_by_arrival_and_first_success_but_no_replay(composed):
    asked = dict(door.questions(composed["lattice"]))
    assert {name: question.sampling for name, question in asked.items()} == {
        **dict.fromkeys(("learning_curve", "coverage", "joint"), "lattice"),
        "replay": "random",
    }
    assert asked["learning_curve"].memory_name == asked["joint"].memory_name == "arrival"


ONE_UNIFORM = (
    *("beta", "scaled_beta", "scaled_kumaraswamy", "continuous_bernoulli", "uniform", "reciprocal"),
    *("zipf", "small_ball"),
    "certain",
    "empirical",
)
NO_LATTICE = [
    ("attempts", {"name": "bernoulli", "max": 100, "points": 9}, "need attempts=first_success, got bernoulli"),
    ("memory.name", "training_set", "need memory=arrival or automatic, got training_set"),
    *(("memory.name", name, f"need memory=arrival or automatic, got {name}") for name in LEARNERS[:3:2]),
    ("difficulty.name", "gamma_ratio", f"need difficulty={' or '.join(ONE_UNIFORM)}, got gamma_ratio"),
    ("budget.problems", 15 * BATCH, "need at least 16 independent shifts (budget.problems=262144), got 15"),
]


@pytest.mark.parametrize(("key", "bad", "rule"), NO_LATTICE)
def test_what_a_lattice_cannot_draw_is_refused(composed, key, bad, rule):
    config = copy.deepcopy(composed["lattice"])
    put(config, "examples.max", 1e4)
    put(config, key, bad)
    assert refusal(config) == f"sampling=lattice: {rule}"
    put(config, "experiments", ["replay"])
    assert door.questions(config)


def test_a_lattice_does_not_ask_for_what_an_experiment_does_not_draw(composed):
    config = copy.deepcopy(composed["lattice"])
    put(config, "budget.problems", 16 * BATCH)
    put(config, "memory.name", "block_chain")
    put(config, "experiments", ["coverage"])
    assert door.questions(config)
    put(config, "memory.name", "arrival")
    put(config, "attempts", {"name": "bernoulli", "max": 100, "points": 9})
    put(config, "experiments", ["learning_curve"])
    assert door.questions(config)


def test_only_a_replay_reads_a_table_where_the_difficulty_is_a_beta(composed):
    *others, (_, replay) = door.questions(composed["run"])
    assert [question.table for _, question in others] == [None, None, None]
    assert replay.table.source == counts.SHIPPED.name
    assert replay.law.settings is None  # to be fitted


def test_a_replay_is_held_against_a_law_with_both_of_alpha_and_beta_or_none(composed):
    config = copy.deepcopy(composed["run"])
    put(config, "law.beta", 0.246)
    assert door.questions(config)[-1][1].law.settings is None  # beside other experiments it is the model's
    config["experiments"] = ["replay"]
    assert (
        refusal(config) == "law.alpha, law.beta: need both or neither where the model has no Beta, got None and 0.246"
    )
    put(config, "law.alpha", 11.7)
    law = door.questions(config)[-1][1].law
    assert law.settings == Beta(11.7, 0.246, 1.0)


def test_a_replay_reads_the_table_of_an_empirical_difficulty(composed, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("problem_id,attempts,successes\na,10,3\nb,20,0\n")
    config = copy.deepcopy(composed["empirical"])
    put(config, "difficulty.path", str(path))
    for name, question in door.questions(config):
        assert question.table.source == "mine.csv", name


LAWS = [
    ("exponent", 3.0, 3.0),
    ("exponent", "2.5", 2.5),
    ("depth", 4, 4),
    ("depth", 4.0, 4),
    ("alpha", 7, 7.0),
    ("beta", 0.36, 0.36),
    ("ceiling", 0.9, 0.9),
    ("normalisation", "continuous", "continuous"),
]


@pytest.mark.parametrize(("key", "value", "becomes"), LAWS)
def test_a_number_of_the_law_replaces_that_of_the_model_alone(good, key, value, becomes):
    before = door.questions(good)[1][1]
    put(good, f"law.{key}", value)
    after = door.questions(good)[1][1]
    told = [
        {"normalisation": law.normalisation} | vars(law.features) | vars(law.memory) | vars(law.difficulty)
        for law in (before.law, after.law)
    ]
    assert told[1] == told[0] | {key: becomes}
    assert (after.features, after.memory, after.difficulty) == (before.features, before.memory, before.difficulty)


def test_a_beta_law_can_be_held_against_a_table(composed):
    config = copy.deepcopy(composed["empirical"])
    put(config, "law.alpha", 11.7)
    assert refusal(config) == "law.alpha, law.beta: need both or neither where the model has no Beta, got 11.7 and None"
    put(config, "law.beta", 0.246)
    law = door.questions(config)[1][1].law
    assert law.difficulty == Beta(11.7, 0.246, 1.0)


def test_seed_zero_is_a_seed_and_any_whole_number_is(good):
    for seed, becomes in ((0, 0), (-5, -5), (2**80, 2**80), ("7", 7), (1e3, 1000)):
        put(good, "seed", seed)
        question = door.questions(good)[0][1]
        assert (question.seed, type(question.seed)) == (becomes, int)


def test_limits_are_those_of_the_member(composed):
    for name, key, limit in (
        ("run", "attempts", 1e15),
        ("bernoulli", "attempts", 1e6),
        ("run", "examples", 1e18),
        ("training_set", "examples", 2**30),
    ):
        config = copy.deepcopy(composed[name])
        put(config, f"{key}.max", limit)
        question = door.questions(config)[0][1]
        assert {"attempts": question.tries, "examples": question.examples}[key][-1] == limit
        put(config, f"{key}.max", 1.01 * limit)
        assert refusal(config) == f"{key}.max: need a number from 1 to {limit:g}, got {1.01 * limit:g}"


# What is bad ----------------------------------------------------------------------------------------------------------

NUMBERS = [
    *((key, whole) for key, whole in (("features.exponent", False), ("features.size", False), ("memory.depth", True))),
    *((f"difficulty.{key}", False) for key in ("alpha", "beta", "ceiling")),
    *((f"{key}.max", False) for key in ("attempts", "examples")),
    *((f"{key}.points", True) for key in ("attempts", "examples")),
    *((f"budget.{key}", True) for key in ("problems", "replays", "learners", "chunk", "devices")),
    ("budget.memory", False),
    *((f"law.{key}", key == "depth") for key in ("exponent", "depth", "alpha", "beta", "ceiling")),
    ("seed", True),
]
NO_NUMBERS = [True, False, "text", "", "true", None, [], [1.0], {}, {"a": 1}, "1,2", "0x10"]


@pytest.mark.parametrize("key", [key for key, _ in NUMBERS])
def test_what_is_no_number_is_refused_in_the_place_of_one(good, key):
    for bad in NO_NUMBERS:
        if bad is None and key.startswith("law."):
            continue  # null: the model's own
        put(good, key, bad)
        assert refusal(good) == f"{key}: need a number, got {bad!r}"
    for bad in (NAN, "nan", "NaN"):
        put(good, key, bad)
        assert refusal(good) == f"{key}: need a number, got nan"


@pytest.mark.parametrize("key", [key for key, whole in NUMBERS if whole])
def test_what_is_not_whole_is_refused_in_the_place_of_a_whole_number(good, key):
    for bad in (1.5, "2.5", INF, -INF, "inf", 1e-9):
        put(good, key, bad)
        assert refusal(good) == f"{key}: need a whole number, got {bad}"


@pytest.mark.parametrize("key", [key for key, _ in NUMBERS if key != "features.size"])
def test_infinity_is_refused_everywhere_but_in_the_number_of_features(good, key):
    for bad in (INF, -INF, "inf"):
        put(good, key, bad)
        assert key in refusal(good)


def test_a_whole_number_too_large_for_a_float_is_refused_or_taken_as_it_is(good):
    put(good, "seed", 10**400)
    assert door.questions(good)[0][1].seed == 10**400
    for key in ("features.exponent", "budget.problems"):
        spoilt = copy.deepcopy(good)
        put(spoilt, key, 10**400)
        assert refusal(spoilt).startswith(f"{key}: need ")


@pytest.mark.parametrize(
    ("value", "whole", "becomes"),
    [
        (3, False, 3.0),
        ("3", False, 3.0),
        ("1e3", True, 1000),
        (" 5 ", True, 5),
        (INF, False, INF),
        (2.0, True, 2),
        (-0.0, True, 0),
    ],
)
def test_a_number_may_be_written_as_text(value, whole, becomes):
    made = values.number("key", value, whole)
    assert made == becomes
    assert type(made) is (int if whole else float)


TWO_BATCHES = "budget.problems: need a number from 32768 (two batches, for a standard error) to 1e11, got"
RULES = [
    ("features.name", "pareto", "features.name: need one of zipf, uniform, exponential, empirical, got 'pareto'"),
    ("features.name", None, "features.name: need one of zipf, uniform, exponential, empirical, got None"),
    ("features.name", ["zipf"], "features.name: need one of zipf, uniform, exponential, empirical, got ['zipf']"),
    ("memory.name", "elephant", "memory.name: need one of automatic, arrival, training_set, capacity, "),
    ("difficulty.name", "gamma", f"difficulty.name: need one of {', '.join(MEMBERS['difficulty'])}, got 'gamma'"),
    ("attempts.name", 3, "attempts.name: need one of first_success, bernoulli, got 3"),
    ("features.exponent", 0, "features.exponent: need 0 < exponent <= 20, got 0.0"),
    ("features.exponent", 1, "features.exponent: need an exponent > 1 when features.size is infinite"),
    ("features.size", 0.5, "features.size: need a whole number from 1 to 1e9, or inf, got 0.5"),
    ("memory.depth", 0, "memory.depth: need a whole number from 1 to 100, got 0"),
    ("difficulty.alpha", -1, "difficulty.alpha: need 0.001 <= alpha <= 10000, got -1.0"),
    ("difficulty.beta", 0, "difficulty.beta: need 0.001 <= beta <= 10000, got 0.0"),
    ("difficulty.ceiling", 2, "difficulty.ceiling: need 0 < ceiling <= 1, got 2.0"),
    ("attempts.max", 0.9, "attempts.max: need a number from 1 to 1e+15, got 0.9"),
    ("attempts.max", -5, "attempts.max: need a number from 1 to 1e+15, got -5"),
    ("attempts.max", 1, "attempts.max: need at least 2 to have a curve, got 1"),
    ("attempts.points", 1, "attempts.points: need a whole number from 2 to 200, got 1"),
    ("attempts.points", 201, "attempts.points: need a whole number from 2 to 200, got 201"),
    ("examples.max", 2e18, "examples.max: need a number from 1 to 1e+18, got 2e+18"),
    ("examples.max", 1.2, "examples.max: need at least 2 to have a curve, got 1.2"),
    ("examples.points", -3, "examples.points: need a whole number from 2 to 200, got -3"),
    ("budget.problems", 100, TWO_BATCHES),
    ("budget.problems", 10**12, TWO_BATCHES),
    ("budget.learners", 63, "budget.learners: need a number from 64 (for a standard error) to 1e+08, got 63"),
    ("budget.learners", 10**8 + 1, "budget.learners: need a number from 64 (for a standard error) to 1e+08, got 1000"),
    ("budget.learners", 10**7, "budget.learners: need curves that fit in 1 GiB (learners x examples.points <= 1342177"),
    ("budget.memory", 0, "budget.memory: need a share of a device's memory, 0 < share <= 1, got 0.0"),
    ("budget.memory", 1.5, "budget.memory: need a share of a device's memory, 0 < share <= 1, got 1.5"),
    ("sampling.name", "sobol", "sampling.name: need one of random, lattice, got 'sobol'"),
    ("figure", "yes", "figure: need true or false, got 'yes'"),
    ("figure", 1, "figure: need true or false, got 1"),
    ("dry", None, "dry: need true or false, got None"),
    ("together", "yes", "together: need true or false, or null, got 'yes'"),
    ("judges", -1, "judges: need a whole number >= 0, or null, got -1"),
    ("judges", True, "judges: need a whole number >= 0, or null, got True"),
    ("judges", 1.5, "judges: need a whole number >= 0, or null, got 1.5"),
    ("budget.chunk", -1, "budget.chunk: need 0 (automatic) to 4096 batches, got -1"),
    ("budget.devices", 5000, "budget.devices: need 0 (all) to 1024 devices, got 5000"),
    ("law.exponent", 0, "law.exponent: need 0 < exponent <= 20, got 0.0"),
    ("law.exponent", 1, "law.exponent: need an exponent > 1 when law.size is infinite (rank^-s has no finite sum "),
    ("law.depth", 0, "law.depth: need a whole number from 1 to 100, got 0"),
    ("law.normalisation", "none", "law.normalisation: need discrete or continuous, got 'none'"),
    ("law.normalisation", None, "law.normalisation: need discrete or continuous, got None"),
    ("law.alpha", 0, "law.alpha: need alpha > 0, got 0"),
    ("law.beta", -0.35, "law.beta: need beta > 0, got -0.35"),
    ("law.ceiling", 0, "law.ceiling: need 0 < ceiling <= 1, got 0"),
    ("law.ceiling", 1.5, "law.ceiling: need 0 < ceiling <= 1, got 1.5"),
    ("experiments", ["joint", "magic"], "experiments: need some of learning_curve, coverage, joint, replay"),
    ("experiments", [None], "experiments: need some of learning_curve, coverage, joint, replay"),
    ("experiments", [["joint"]], "experiments: need some of learning_curve, coverage, joint, replay"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "bad", "rule"), RULES)
def test_one_bad_value_is_named_with_its_rule(good, key, bad, rule):
    put(good, key, bad)
    assert refusal(good).startswith(rule)


@pytest.mark.parametrize("bad", [None, "coverage", 3, {}, []], ids=str)
def test_experiments_that_are_no_list_or_none_at_all_are_refused(good, bad):
    put(good, "experiments", bad)
    assert refusal(good).startswith("experiments: need ")


def test_a_continuous_normalisation_needs_infinitely_many_features(good):
    put(good, "law.normalisation", "continuous")
    put(good, "features.size", 1000)
    assert refusal(good) == "law.normalisation: need infinitely many Zipf features for continuous, got 1000 features"


def test_a_huge_budget_is_refused_before_anything_is_made(good):
    put(good, "budget.problems", 10**11)
    batches = -(-(10**11) // BATCH)
    assert refusal(good) == (
        "budget.problems: need counts that fit in 1 GiB (batches x points of the grid <= 134217728), "
        f"got {batches} x {good['attempts']['points']}"
    )


GROUPS = (
    "features",
    "memory",
    "difficulty",
    "dependence",
    "verifier",
    "attempts",
    "sampling",
    "examples",
    "budget",
    "law",
)


@pytest.mark.parametrize("group", GROUPS)
def test_an_unknown_key_is_refused_at_its_level(good, group):
    put(good, f"{group}.colour", 3)
    assert refusal(good).startswith(f"{group}.colour: no such key; {group} has ")


def test_an_unknown_key_is_refused_at_the_top(good):
    good["colour"] = 3
    assert refusal(good) == (
        "colour: no such key; the top level has features, memory, difficulty, dependence, verifier, attempts, "
        "sampling, examples, budget, experiments, verification, selection, cost, suite, importance, noise, capacity, "
        "allocation, generative, seed, output, figure, dry, resume, distributed, together, counts, judges, cluster, "
        "law, plugins"
    )


KEYS = ["features.name", "examples.max", "law.normalisation", "law.alpha", *(key for key, _ in NUMBERS if "." in key)]


@pytest.mark.parametrize("key", dict.fromkeys(KEYS))
def test_a_missing_key_is_refused(good, key):
    group, name = key.split(".")
    del good[group][name]
    assert refusal(good).startswith(f"{key}: need ")


@pytest.mark.parametrize("key", [*GROUPS, "experiments", "seed", "figure", "dry", "judges"])
def test_a_missing_part_is_refused(good, key):
    del good[key]
    assert key in refusal(good)


@pytest.mark.parametrize("group", GROUPS)
def test_a_part_that_is_no_part_is_refused(good, group):
    for bad in (None, 3, "zipf", [1]):
        good[group] = bad
        assert group in refusal(good)


@pytest.mark.parametrize("bad", ["none.csv", 5, True, ["a.csv"]], ids=str)
def test_a_table_that_is_not_there_is_refused(composed, bad):
    config = copy.deepcopy(composed["empirical"])
    put(config, "difficulty.path", bad)
    assert refusal(config) == f"{bad}: no such file; need CSV, TSV, JSON lines, JSON, parquet or a log of Inspect"


def test_keys_of_another_member_are_refused(composed):
    config = copy.deepcopy(composed["empirical"])
    put(config, "difficulty.alpha", 5.0)
    assert refusal(config) == "difficulty.alpha: no such key; difficulty has name, path"


def test_what_an_experiment_alone_is_set_by_may_differ_in_its_law_too(good):
    put(good, "experiments", ["verification"])
    put(good, "law.true_positive", 0.8)
    [(_, question)] = door.questions(good)
    assert (question.settings.true_positive, question.law.settings.true_positive) == (0.9, 0.8)
    assert question.law.settings.false_positive == question.settings.false_positive
    put(good, "law.true_positive", 0.01)
    assert refusal(good).startswith(
        "law.false_positive: need 1e-12 <= false_positive <= true_positive, and below 1, got 0.02"
    )

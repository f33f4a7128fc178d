"""The door: what each key of the configuration becomes, in the question and in the law that it is tested against."""

import copy
from dataclasses import fields

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sim.app import door
from sim.app.configuring.configuration import CONF, VERSION_BASE
from sim.app.door import members, values
from sim.draw.budget import BATCH, Budget
from sim.model import MEMBERS, member_fields
from sim.model.difficulty import Beta

CHOICES = (
    *("memory=capacity", "memory=guessing", "memory=multi_trace", "features=exponential", "verifier=noisy"),
    *(f"difficulty={name}" for name in MEMBERS["difficulty"] if name not in ("beta", "certain", "empirical")),
    *(f"dependence={name}" for name in MEMBERS["dependence"] if name != "independent"),
    *("sampling=lattice", "difficulty=empirical", "experiments=[coverage]", "experiments=[joint]"),
)


@pytest.fixture(scope="module")
def composed():
    """The configuration of `python -m sim run`, by the members that are chosen."""
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        return {
            name: OmegaConf.to_container(compose("run", [name] if name else []), resolve=True)
            for name in ("", *CHOICES)
        }


def put(config, **changed):
    """A configuration with values at dotted keys, whose dots are written __."""
    made = copy.deepcopy(config)
    for key, value in changed.items():
        *path, last = key.split("__")
        node = made
        for part in path:
            node = node[part]
        node[last] = value
    return made


def question(config, *names):
    """The question of the last of these experiments."""
    return door.questions(config | {"experiments": list(names)})[-1][1]


def differing(one, other):
    """The fields in which two records differ."""
    names = one._fields if hasattr(one, "_fields") else [field.name for field in fields(one)]
    return {name for name in names if not np.array_equal(getattr(one, name), getattr(other, name))}


# Keys -----------------------------------------------------------------------------------------------------------------

KEYS = [
    ("seed", 1, {"seed"}, 1),
    ("features__exponent", 1.9, {"features", "law"}, None),
    ("features__size", 1000, {"features", "law"}, None),
    ("memory__depth", 2, {"memory", "law"}, None),
    ("difficulty__alpha", 4.0, {"difficulty", "law"}, None),
    ("difficulty__beta", 0.4, {"difficulty", "law"}, None),
    ("difficulty__ceiling", 0.9, {"difficulty", "law"}, None),
    ("examples__max", 2e6, {"examples"}, None),
    ("examples__points", 20, {"examples"}, None),
    ("attempts__max", 2e6, {"tries"}, None),
    ("attempts__points", 20, {"tries"}, None),
    ("budget__problems", 2**20, {"budget"}, Budget(2**20, 0, 0, 0.25)),
    ("budget__learners", 4096, {"learners"}, 4096),
    ("budget__chunk", 3, {"budget"}, Budget(67108864, 3, 0, 0.25)),
    ("budget__devices", 2, {"budget"}, Budget(67108864, 0, 2, 0.25)),
    ("budget__memory", 0.5, {"budget"}, Budget(67108864, 0, 0, 0.5)),
    ("budget__replays", 2**20, set(), None),
    ("law__exponent", 1.9, {"law"}, None),
    ("law__beta", 0.4, {"law"}, None),
    ("figure", False, set(), None),
    ("resume", True, set(), None),
    ("cost__price", 0.5, set(), None),  # another experiment's
]


@pytest.mark.parametrize(("key", "value", "changed", "becomes"), KEYS, ids=[key for key, *_ in KEYS])
def test_a_key_changes_its_own_part_of_a_question_and_no_other(composed, key, value, changed, becomes):
    before = question(composed[""], "joint")
    after = question(put(composed[""], **{key: value}), "joint")
    assert differing(before, after) == changed
    for name in changed - {"law"}:
        assert becomes is None or getattr(after, name) == becomes


def test_members_are_named_as_they_are_drawn(composed):
    assert question(composed[""], "joint").memory_name == "arrival"
    assert question(composed["memory=guessing"], "joint").memory_name == "guessing"
    bernoulli = put(composed[""], attempts={"name": "bernoulli", "max": 1000, "points": 9})
    assert differing(question(composed[""], "joint"), question(bernoulli, "joint")) == {"attempts", "tries"}
    lattice = question(composed["sampling=lattice"], "joint")
    assert differing(question(composed[""], "joint"), lattice) == {"sampling"}


def test_a_replay_draws_so_many_replays_and_the_others_problems(composed):
    config = put(composed[""], budget__problems=2**20, budget__replays=2**17, budget__chunk=3, budget__devices=2)
    assert {name: asked.budget for name, asked in door.questions(config)} == {
        **dict.fromkeys(("learning_curve", "coverage", "joint"), Budget(2**20, 3, 2, 0.25)),
        "replay": Budget(2**17, 3, 2, 0.25),
    }


def test_what_suits_memory_depends_on_the_most_examples(composed):
    few, many = (put(composed[""], examples__max=largest) for largest in (1e3, 1e12))
    assert [question(own, "learning_curve").memory_name for own in (few, many)] == ["direct", "block_chain"]


SETTINGS = {
    **{"verification": {"true_positive": 0.8, "false_positive": 0.03, "penalty": 2.0}},
    **{"selection": {"wrong": 3, "shift": 1.5}, "suite": {"problems": 99}, "capacity": {"product": 2e8}},
    "cost": {
        **{"value": 2.0, "price": 0.002, "parameters": 7e9, "layers": 31, "width": 4095, "prompt": 501},
        **{"decode": 299, "seconds": 5.0, "slots": 15},
    },
    "importance": {"problems": 0.3, "features": 0.3, "lift": 0.1, "target": 0.8},
    "noise": {"lead": 0.3, "examples": 900},
    "allocation": {"budget": 2e9, "example": 2.0, "attempt": 2.0, "problems": 99},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_what_an_experiment_alone_is_set_by_reaches_its_question_number_by_number(composed, name):
    before = question(composed[""], name)
    assert set(SETTINGS[name]) >= {key for key in composed[""][name] if key != "difficulty"}
    for key, value in SETTINGS[name].items():
        after = question(put(composed[""], **{f"{name}__{key}": value}), name)
        assert differing(before, after) == {"settings", "law"}
        assert differing(before.settings, after.settings) == {key} and getattr(after.settings, key) == value
        assert after.law.settings == after.settings


# The law --------------------------------------------------------------------------------------------------------------


def numbers(composed):
    """Every number of every member of an axis: (what is chosen, axis, key)."""
    for name in ("", *CHOICES):
        for group in ("features", "memory", "difficulty", "dependence", "verifier"):
            chosen = name.partition("=")[0]
            if chosen in ("sampling", "experiments") or "empirical" in name or chosen not in ("", group):
                continue
            kind = MEMBERS[group][composed[name][group]["name"]]
            yield from ((name, group, key) for key, type_ in member_fields(kind).items() if type_ in (int, float))


def test_every_number_of_every_member_can_be_another_in_the_law_alone(composed):
    seen = set()
    for name, group, key in numbers(composed):
        config = composed[name]
        experiment = "learning_curve" if group == "features" else "joint"
        value = config[group][key]
        other = 1000 if value == "inf" else value + 1 if isinstance(value, int) else value * 1.01 or 0.01
        if key in ("ceiling", "discount", "high", "true_positive"):
            other = value * 0.99
        before = question(config, experiment)
        after = question(put(config, **{f"law__{key}": other}), experiment)
        assert differing(before, after) == {"law"}, (name, key)
        assert differing(before.law, after.law) == {group}, (name, key)
        member = getattr(after.law, group)
        assert differing(getattr(before.law, group), member) == {key} and getattr(member, key) == other
        seen.add(key)
    assert seen >= {"exponent", "size", "decay", "depth", "capacity", "guess", "recall", "alpha", "bias", "repeat"}
    assert seen >= {"low", "high", "tolerance", "share", "correlation", "true_positive", "false_positive", "discount"}


def test_a_number_of_the_law_may_be_zero(composed):
    config = put(composed["difficulty=uniform"], difficulty__low=0.01, law__low=0)
    asked = question(config, "coverage")
    assert (asked.difficulty.low, asked.law.difficulty.low) == (0.01, 0.0)
    config = put(composed["difficulty=latent_precision"], difficulty__bias=1.0, law__bias=0)
    asked = question(config, "coverage")
    assert (asked.difficulty.bias, asked.law.difficulty.bias) == (1.0, 0.0)


def test_a_beta_beside_a_table_has_the_ceiling_that_is_given_or_none(composed):
    config = put(composed["difficulty=empirical"], law__alpha=11.7, law__beta=0.246)
    assert question(config, "coverage").law.difficulty == Beta(11.7, 0.246, 1.0)
    config = put(config, law__ceiling=0.9)
    for name in ("coverage", "joint"):
        assert question(config, name).law.difficulty == Beta(11.7, 0.246, 0.9)
    beta = put(composed[""], law__alpha=3.0, law__beta=0.3)
    assert question(beta, "replay").law.settings == Beta(3.0, 0.3, 1.0)
    with pytest.raises(ValueError, match=r"^law\.ceiling: no law of the experiments replay has it$"):
        question(put(beta, law__ceiling=0.7), "replay")
    assert question(composed["difficulty=empirical"], "coverage").law.difficulty.table is not None


USED = [  # a key, and the experiments tested against it
    ("exponent", 1.9, {"learning_curve", "joint", "importance", "noise", "capacity", "allocation"}),
    ("depth", 2, {"learning_curve", "joint", "importance", "noise", "capacity", "allocation"}),
    ("beta", 0.36, {"coverage", "joint", "verification", "selection", "cost", "suite", "importance", "allocation"}),
    ("true_positive", 0.8, {"verification"}),
]


@pytest.mark.parametrize(("key", "value", "used"), USED)
@pytest.mark.parametrize("name", ["learning_curve", "coverage", "joint", *SETTINGS])
def test_a_number_that_no_law_of_an_experiment_has_is_refused(composed, key, value, used, name):
    config = put(composed[""], **{f"law__{key}": value})
    if name in used:
        assert question(config, name)
        return
    with pytest.raises(ValueError, match=rf"^law\.{key}: no law of the experiments {name} has it$"):
        question(config, name)


def test_the_continuous_law_is_for_those_with_a_learning_curve_over_endless_zipf_features(composed):
    for name, kept in (("learning_curve", True), ("joint", True), ("coverage", False), ("suite", False)):
        config = put(composed[""], law__normalisation="continuous")
        if kept:
            assert question(config, name).law.normalisation == "continuous"
        else:
            with pytest.raises(ValueError, match=r"^law\.normalisation: no law of the experiments"):
                question(config, name)
    for changed, rule in (
        ({"features__size": 1000}, "need infinitely many Zipf features for continuous, got"),
        ({"features__size": 1000, "features__exponent": 0.9}, "need infinitely many Zipf features for continuous, got"),
        ({"memory": {"name": "capacity", "depth": 1, "capacity": 10}}, "only number is depth for continuous, got cap"),
    ):
        with pytest.raises(ValueError, match=rf"^law\.normalisation: [^\n]*{rule}"):
            question(put(composed[""], law__normalisation="continuous", **changed), "learning_curve")
    law = put(composed[""], features__size=1000, law__size="inf", law__normalisation="continuous")
    assert question(law, "learning_curve").law.features.size == np.inf  # the law's features count


# What goes together ---------------------------------------------------------------------------------------------------


def test_sixteen_shifts_are_a_lattice_and_fifteen_are_none(composed):
    config = composed["sampling=lattice"]
    assert question(put(config, budget__problems=15 * BATCH + 1), "coverage").sampling == "lattice"
    with pytest.raises(ValueError, match="need at least 16 independent shifts"):
        question(put(config, budget__problems=15 * BATCH), "coverage")


@pytest.mark.parametrize(
    ("name", "memory", "points"),
    [("coverage", "arrival", 7), ("learning_curve", "arrival", 5), ("joint", "arrival", 35), ("suite", "x", 7)],
)
def test_counts_may_fill_their_room_and_not_more(name, memory, points):
    examples, tries, most = np.ones(5), np.ones(7), values.MOST_COUNTS // points
    members.check_room(name, memory, most, examples, tries)
    with pytest.raises(ValueError, match=rf"<= 134217728\), got {most + 1} x {points}$"):
        members.check_room(name, memory, most + 1, examples, tries)


def test_curves_of_learners_have_a_room_of_their_own():
    members.check_room("learning_curve", "direct", 10**9, np.ones(5), np.ones(7))
    most = values.MOST_COUNTS // 5
    assert values.learners({"learners": most}, 5) == most
    with pytest.raises(ValueError, match=rf"got {most + 1} x 5$"):
        values.learners({"learners": most + 1}, 5)


@pytest.mark.parametrize(
    ("choice", "changed", "sentence"),
    [
        ("dependence=markov", {"attempts__name": "bernoulli"}, "dependence=markov: need attempts=first_success, got"),
        ("dependence=sticky", {"attempts__name": "bernoulli"}, None),
        ("verifier=noisy", {"attempts__name": "bernoulli"}, "verifier=noisy: need attempts=first_success, got bern"),
        ("verifier=noisy", {"dependence": {"name": "sticky", "share": 0.5}}, None),
        ("verifier=noisy", {"dependence": {"name": "markov", "repeat": 0.5}}, "verifier=noisy: need dependence=ind"),
        ("verifier=noisy", {"dependence": {"name": "zipf", "discount": 0.5}}, "verifier=noisy: need dependence=ind"),
    ],
)
def test_attempts_that_can_be_made_and_verified_one_by_one_are(composed, choice, changed, sentence):
    config = put(composed[choice], attempts__max=1000, **changed)
    if sentence is None:
        assert question(config, "coverage")
        return
    with pytest.raises(ValueError) as caught:
        question(config, "coverage")
    assert str(caught.value).startswith(sentence)


def test_whole_numbers_beyond_any_float_are_infinite_with_their_sign():
    assert values.number("x", 10**400) == np.inf and values.number("x", -(10**400)) == -np.inf
    assert values.number("x", 10**400, whole=True) == 10**400
    assert values.number("x", "1e3", whole=True) == 1000


@pytest.mark.parametrize("key", ["attempts", "examples"])
def test_grids_have_from_2_to_200_points_of_which_those_that_round_alike_are_one(composed, key):
    for points, different in ((2, 2), (200, 175)):
        asked = question(put(composed[""], **{f"{key}__points": points}), "joint")
        own = {"attempts": asked.tries, "examples": asked.examples}[key]
        assert len(own) == len(np.unique(np.geomspace(1, 1e6, points).round())) == different
    for points in (1, 201):
        with pytest.raises(ValueError, match=rf"^{key}\.points: need a whole number from 2 to 200, got {points}$"):
            question(put(composed[""], **{f"{key}__points": points}), "joint")
    assert len(question(put(composed[""], **{f"{key}__max": 2}), "joint").tries) >= 2


@pytest.mark.parametrize(
    ("choice", "able"),
    [("dependence=sticky", "dependence=independent"), ("dependence=copula", "dependence=independent"),
     ("verifier=noisy", None), ("dependence=zipf", None), ("dependence=markov", None),
     ("difficulty=gamma_ratio", "difficulty=beta or ")],
)  # fmt: skip
@pytest.mark.parametrize("name", ["coverage", "joint"])
def test_a_lattice_draws_members_that_take_few_numbers_and_no_others(composed, choice, able, name):
    config = put(composed[choice], sampling__name="lattice")
    group = choice.partition("=")[0]
    assert MEMBERS[group][config[group]["name"]].lattice is (able is None)
    if able is None:
        assert question(config, name).sampling == "lattice"
        return
    with pytest.raises(ValueError, match=rf"^sampling=lattice: need {able}"):
        question(config, name)
    assert question(config | {"examples": {"max": 100, "points": 5}}, "learning_curve").sampling == "lattice"


def test_memory_that_no_lattice_draws_is_asked_of_those_that_learn_alone(composed):
    config = put(composed["sampling=lattice"], memory__name="training_set")
    assert question(config, "coverage").sampling == "lattice"
    for name in ("joint", "learning_curve"):
        with pytest.raises(ValueError, match=r"^sampling=lattice: need memory=arrival or automatic, got training_set$"):
            question(config, name)

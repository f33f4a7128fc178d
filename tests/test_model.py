"""What can be simulated is accepted, what cannot is refused with key, rule and value; grids are whole and even."""

import math

import numpy as np
import pytest

from sim.draw.budget import Budget, grid
from sim.model import LEARNERS, MEMBERS, member_fields
from sim.model.difficulty import Beta, Empirical
from sim.model.features import Zipf
from sim.model.memory import Arrival, Direct, FeatureArrivals, JumpChain, TrainingSet, choice
from sim.model.sampling import Bernoulli, FirstSuccess

NAN, INF = math.nan, math.inf
GOOD = {Zipf: (2.0, INF), Arrival: (1,), TrainingSet: (1,), Beta: (5.0, 0.35, 1.0), Budget: (2**19, 0, 0)}
EXPONENT = "features.exponent: need 0 < exponent <= 20, got {}"
SUMMABLE = (
    "features.exponent: need an exponent > 1 when features.size is infinite "
    "(rank^-s has no finite sum otherwise), got {}"
)
SIZE = "features.size: need a whole number from 1 to 1e9, or inf, got {}"
DEPTH = "memory.depth: need a whole number from 1 to 100, got {}"
ALPHA = "difficulty.alpha: need 0.001 <= alpha <= 10000, got {}"
BETA = "difficulty.beta: need 0.001 <= beta <= 10000, got {}"
CEILING = "difficulty.ceiling: need 0 < ceiling <= 1, got {}"
PROBLEMS = "budget.problems: need a number from 32768 (two batches, for a standard error) to 1e11, got {}"
CHUNK = "budget.chunk: need 0 (automatic) to 4096 batches, got {}"
SHARE = "budget.memory: need a share of a device's memory, 0 < share <= 1, got {}"
DEVICES = "budget.devices: need 0 (all) to 1024 devices, got {}"

REFUSED = [
    *((Zipf, (bad, 100.0), EXPONENT, bad) for bad in (0.0, -1.0, 20.000001, NAN, INF, -INF)),
    *((Zipf, (bad, INF), SUMMABLE, bad) for bad in (0.5, 1.0)),
    *((Zipf, (2.0, bad), SIZE, bad) for bad in (0.0, 0.5, 1.5, -3.0, 1e9 + 1, 1e300, -INF)),
    *((kind, (bad,), DEPTH, bad) for kind in (Arrival, TrainingSet) for bad in (0, -1, 101, 10**9)),
    *((Beta, (bad, 0.35, 1.0), ALPHA, bad) for bad in (0.0, 9e-4, -5.0, 10_001.0, NAN, INF, -INF)),
    *((Beta, (5.0, bad, 1.0), BETA, bad) for bad in (0.0, 9e-4, -0.35, 10_001.0, NAN, INF, -INF)),
    *((Beta, (5.0, 0.35, bad), CEILING, bad) for bad in (0.0, -0.1, 1.0000001, NAN, INF)),
    *((Budget, (bad, 0, 0), PROBLEMS, bad) for bad in (0, -1, 1, 2**15 - 1, 10**11 + 1, 10**18)),
    *((Budget, (2**19, bad, 0), CHUNK, bad) for bad in (-1, 4097)),
    *((Budget, (2**19, 0, bad), DEVICES, bad) for bad in (-1, 1025)),
    *((Budget, (2**19, 0, 0, bad), SHARE, bad) for bad in (0.0, -0.1, 1.0000001, INF, NAN)),
]


@pytest.mark.parametrize(("kind", "values", "rule", "bad"), REFUSED, ids=lambda x: getattr(x, "__name__", None))
def test_what_cannot_be_simulated_is_refused_with_key_rule_and_value(kind, values, rule, bad):
    with pytest.raises(ValueError) as caught:
        kind(*values).check()
    assert str(caught.value) == rule.format(bad)


EDGES = [
    *((Zipf, values) for values in ((1.0001, INF), (20.0, INF), (1e-9, 1e9), (1.0, 10.0), (0.5, 1.0))),
    *((kind, (depth,)) for kind in (Arrival, TrainingSet) for depth in (1, 100)),
    *((Beta, values) for values in ((1e-3, 1e4, 1.0), (1e4, 1e-3, 1e-9))),
    *((Budget, values) for values in ((2**15, 0, 0), (10**11, 4096, 1024), (2**19, 0, 0, 1e-9), (2**19, 0, 0, 1.0))),
    (Empirical, ("any path",)),
]


@pytest.mark.parametrize(("kind", "values"), [*GOOD.items(), *EDGES], ids=str)
def test_what_can_is_accepted_up_to_the_edge(kind, values):
    kind(*values).check()


def test_problems_are_rounded_up_to_whole_batches():
    batches = [Budget(problems, 0, 0).batches for problems in (2**15, 2**15 + 1, 3 * 2**14, 10**11)]
    assert batches == [2, 3, 3, -(-(10**11) // 2**14)]


def test_members_tell_what_they_are_set_by():
    told = {group: {name: member_fields(kind) for name, kind in of.items()} for group, of in MEMBERS.items()}
    assert told == {
        "features": {
            "zipf": {"exponent": float, "size": float},
            "uniform": {"size": float},
            "exponential": {"decay": float},
            "empirical": {"path": str},
        },
        "memory": {
            **{name: {"depth": int} for name in ("automatic", "arrival", "training_set", *LEARNERS)},
            "capacity": {"depth": int, "capacity": int},
            "guessing": {"depth": int, "guess": float},
            "multi_trace": {"recall": float},
        },
        "difficulty": {
            **{name: {"alpha": float, "beta": float, "ceiling": float} for name in ("beta", "gamma_ratio")},
            **{name: {"alpha": float, "beta": float, "scale": float} for name in ("scaled_beta", "scaled_kumaraswamy")},
            "continuous_bernoulli": {"rate": float},
            **{name: {"low": float, "high": float} for name in ("uniform", "reciprocal")},
            "zipf": {"decline": float, "scale": float, "ranks": int},
            "latent_precision": {"beta": float, "tolerance": float, "bias": float},
            "small_ball": {"dimension": float, "temperature": float, "ceiling": float},
            "certain": {},
            "empirical": {"path": str},
        },
        "dependence": {
            "independent": {},
            "zipf": {"discount": float},
            "markov": {"repeat": float},
            "sticky": {"share": float},
            **{name: {"correlation": float} for name in ("polya", "copula")},
        },
        "verifier": {"perfect": {}, "noisy": {"true_positive": float, "false_positive": float}},
        "attempts": {"first_success": {}, "bernoulli": {}},
        "sampling": {"random": {}, "lattice": {}},
    }
    assert LEARNERS == ("direct", "feature_arrivals", "block_chain", "jump_chain")
    assert [kind.limit for kind in (Arrival, TrainingSet, FirstSuccess, Bernoulli)] == [1e18, 2**30, 1e15, 1e6]


CHOICES = [  # exponent, size, n -> member
    ((2.0, INF, 1e4), "direct"),
    ((2.0, INF, 1e4 + 1), "block_chain"),
    ((1.1, INF, 1e4), "block_chain"),  # two million features may be seen
    ((1.2, 1e6, 1e4), "direct"),
    ((0.5, 1e6, 1e4), "direct"),
    ((0.5, 1e6 + 1, 1e4), "block_chain"),
    ((2.0, 1e4, 1e18), "feature_arrivals"),
    ((2.0, 1e4 + 1, 1e18), "block_chain"),
    ((1.0, 1e9, 1e18), "block_chain"),
    ((2.0, 1.0, 2.0), "direct"),
]


@pytest.mark.parametrize(("numbers", "name"), CHOICES)
def test_how_learners_are_drawn_is_chosen_by_the_number_of_examples_and_of_features(numbers, name):
    exponent, size, largest = numbers
    features = Zipf(exponent, size)
    assert choice(features, largest) == name
    MEMBERS["memory"][name](1).check_reach(name, features, largest)


REACHES = [
    (Direct, Zipf(2.0, INF), 2.0**31 - 1, True),
    (Direct, Zipf(1.05, 2.0**28), 1e9, True),
    (Direct, Zipf(1.05, 2.0**28 + 1), 1e9, False),
    (Direct, Zipf(1.2, INF), 1e9, False),
    (FeatureArrivals, Zipf(2.0, 1e9), 1e18, True),
    (FeatureArrivals, Zipf(2.0, INF), 10.0, False),
    (JumpChain, Zipf(2.0, 2.0**23), 1e6, True),
    (JumpChain, Zipf(2.0, 2.0**23 + 1), 1e6, False),
]


@pytest.mark.parametrize(("kind", "features", "largest", "within"), REACHES)
def test_features_beyond_the_reach_of_a_kernel_are_refused(kind, features, largest, within):
    if within:
        return kind(2).check_reach("it", features, largest)
    with pytest.raises(ValueError, match=r"memory\.name=it: need "):
        kind(2).check_reach("it", features, largest)


GRIDS = [(largest, points) for largest in (2, 3, 10, 100, 9999, 10**6, 10**15, 10**18) for points in (2, 3, 25, 200)]


@pytest.mark.parametrize(("largest", "points"), GRIDS)
def test_a_grid_is_whole_ascending_and_ends_at_both_ends(largest, points):
    made = grid(largest, points)
    assert made.dtype == np.float64
    assert (made == np.rint(made)).all()
    assert (np.diff(made) > 0).all()
    assert made[0] == 1
    assert made[-1] == largest
    assert 2 <= len(made) <= points


@pytest.mark.parametrize(("largest", "points"), GRIDS)
def test_a_grid_is_even_in_the_logarithm_up_to_whole_numbers(largest, points):
    even = np.exp(np.linspace(0, np.log(largest), points))
    made = grid(largest, points)
    nearest = np.abs(made[:, None] - even).min(axis=1)
    assert (nearest <= 0.5 + 1e-9 * made).all()
    assert (np.abs(even[:, None] - made).min(axis=1) <= 0.5 + 1e-9 * even).all()


def test_few_whole_numbers_make_a_short_grid():
    assert grid(3, 200).tolist() == [1, 2, 3]
    assert grid(1, 5).tolist() == [1]


@pytest.mark.parametrize("largest", [1.2, 1.5, 2.5, 2.7, 3.5, 999.6])
def test_a_grid_never_goes_beyond_its_largest_number(largest):
    assert grid(largest, 7).max() <= largest


def test_a_member_is_checked_when_it_is_made_and_its_numbers_are_of_their_kind():
    with pytest.raises(ValueError, match=r"difficulty\.alpha: need 0.001 <= alpha <= 10000, got -5.0"):
        Beta(-5, 0.35)
    with pytest.raises(ValueError, match=r"difficulty\.beta: need a number, got '0.35'"):
        Beta(5, "0.35")
    with pytest.raises(ValueError, match=r"memory\.depth: need a whole number, got 1.5"):
        Arrival(1.5)
    assert str(Beta(5, 1)) == str(Beta(np.float64(5), 1.0))  # the same draws
    assert str(Arrival(np.int64(2))) == str(Arrival(2.0))

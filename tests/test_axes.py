"""Members of the axes: their power laws and plateaus are those of their curves, whatever stands on the other axes."""

from copy import copy
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special, stats

from sim.model import MEMBERS, law_keys, member_fields, register
from sim.model.dependence import Copula, Dependence, Independent, Markov, Polya, Sticky, Zipf
from sim.model.difficulty import Beta, Certain, Difficulty, Empirical, GammaRatio
from sim.model.features import Empirical as Counted
from sim.model.features import Exponential
from sim.model.features import Uniform as Equal
from sim.model.features import Zipf as Ranks
from sim.model.memory import Arrival, Capacity, FeatureArrivals, Guessing, JumpChain, Memory, MultiTrace, TrainingSet
from sim.model.spread import (
    ContinuousBernoulli,
    LatentPrecision,
    Reciprocal,
    ScaledBeta,
    ScaledKumaraswamy,
    SmallBall,
    Uniform,
    ZipfRanks,
)
from sim.model.verifier import Noisy, Perfect
from sim.pilot.frequencies import Frequencies

INF = np.inf
LEVI, CAPPED = Beta(2.0, 0.35, 1.0), Beta(2.0, 0.35, 0.8)
TABLE = Empirical("p", SimpleNamespace(attempts=np.array([10.0, 20, 40]), successes=np.array([0.0, 5, 40])))
WORDS = Counted("words", Frequencies("words", np.array([9.0, 60, 30, 1])))

# --- attempts -------------------------------------------------------------------------------------------------------

TAILS = [  # difficulty, dependence, verifier, attempts at which the power law is right, and to what
    (CAPPED, Independent(), Perfect(), 1e6, 1e-5),
    (GammaRatio(2.0, 0.35, 0.8), Independent(), Perfect(), 1e6, 1e-5),
    (ScaledBeta(2.0, 0.35, 0.2), Independent(), Perfect(), 1e7, 1e-5),
    (ScaledKumaraswamy(2.0, 0.35, 0.2), Independent(), Perfect(), 1e15, 1e-4),
    (ContinuousBernoulli(0.2), Independent(), Perfect(), 1e6, 1e-4),
    (Uniform(0.0, 0.3), Independent(), Perfect(), 1e6, 1e-4),
    (LatentPrecision(2.5, 0.3, 0.0), Independent(), Perfect(), 1e6, 1e-4),
    (SmallBall(3.0, 0.2, 0.7), Independent(), Perfect(), 1e9, 1e-3),
    (CAPPED, Zipf(0.4), Perfect(), 1e9, 1e-4),
    (CAPPED, Markov(0.7), Perfect(), 1e7, 1e-4),
    (CAPPED, Sticky(0.3), Perfect(), 1e6, 1e-4),
    (CAPPED, Independent(), Noisy(0.3, 0.0), 1e7, 1e-4),
    (LEVI, Sticky(0.3), Noisy(0.3, 0.0), 1e7, 1e-4),
]


def failing(difficulty, dependence, verifier, attempts):
    return float(verifier.failure(np.array([attempts]), dependence, difficulty)[0])


@pytest.mark.parametrize(("difficulty", "dependence", "verifier", "attempts", "error"), TAILS, ids=str)
def test_many_attempts_leave_the_plateau_and_a_power_law_above_it(difficulty, dependence, verifier, attempts, error):
    exponent, prefactor = verifier.tail(dependence, difficulty)
    plateau = verifier.plateau(dependence, difficulty)
    excess = failing(difficulty, dependence, verifier, attempts) - plateau
    assert excess == pytest.approx(prefactor * attempts**-exponent, rel=error)
    far = failing(difficulty, dependence, verifier, attempts / 100) - plateau
    assert far == pytest.approx(prefactor * (attempts / 100) ** -exponent, rel=100 * error)


@pytest.mark.parametrize(
    ("difficulty", "dependence", "verifier"),
    [
        (LEVI, Zipf(1.0), Perfect()),
        (LEVI, Zipf(1.5), Perfect()),
        (LEVI, Polya(0.1), Perfect()),
        (LEVI, Copula(0.1), Perfect()),
        (LEVI, Independent(), Noisy(0.9, 0.1)),
        (Uniform(0.1, 0.3), Independent(), Perfect()),
        (Reciprocal(1e-3, 0.3), Independent(), Perfect()),
        (ZipfRanks(1.5, 0.5, 1000), Independent(), Perfect()),
        (LatentPrecision(2.5, 0.3, 0.2), Independent(), Perfect()),
        (TABLE, Independent(), Perfect()),
        (TABLE, Sticky(0.3), Perfect()),
        (TABLE, Markov(0.3), Noisy(0.9, 0.0)),
        (Certain(), Independent(), Perfect()),
    ],
    ids=str,
)
def test_what_ends_otherwise_has_no_power_law(difficulty, dependence, verifier):
    assert verifier.tail(dependence, difficulty) is None


PLATEAUS = [  # and what nobody solves, by hand: 0.35 / 2.35 is the mean success
    (CAPPED, Independent(), Perfect(), 0.2),
    (CAPPED, Markov(0.7), Perfect(), 0.2),
    (CAPPED, Polya(0.1), Perfect(), 0.2),
    (CAPPED, Zipf(0.9), Perfect(), 0.2),
    (CAPPED, Zipf(1.0), Perfect(), 0.2),
    (CAPPED, Sticky(0.3), Perfect(), 0.2 + 0.8 * 0.3 * 2 / 2.35),
    (SmallBall(3.0, 0.2, 0.7), Independent(), Perfect(), 0.3),
    (CAPPED, Independent(), Noisy(0.3, 0.0), 0.2),
    (CAPPED, Independent(), Noisy(0.5, 0.5), 1 - 0.8 * 0.35 / 2.35),
    (CAPPED, Sticky(0.3), Noisy(0.5, 0.0), 0.2 + 0.8 * 0.3 * 2 / 2.35),
]


@pytest.mark.parametrize(("difficulty", "dependence", "verifier", "plateau"), PLATEAUS, ids=str)
def test_endless_attempts_leave_what_cannot_be_solved(difficulty, dependence, verifier, plateau):
    assert verifier.plateau(dependence, difficulty) == pytest.approx(plateau, rel=1e-9)


def test_discounts_beyond_one_leave_what_so_many_attempts_leave():
    """All attempts together count as zeta(1.5) = 2.612375."""
    assert Zipf(1.5).plateau(CAPPED) == pytest.approx(float(CAPPED.failure(2.6123753486854883)), rel=1e-9)
    attempts = np.array([1e3, 1e12])
    assert (Zipf(1.5).failure(attempts, CAPPED) > Zipf(1.5).plateau(CAPPED)).all()
    assert Zipf(1.5).failure(attempts, CAPPED)[1] == pytest.approx(Zipf(1.5).plateau(CAPPED), rel=1e-4)


ONE = [  # what a single attempt fails with: dependence changes nothing, a verifier accepts a share
    (difficulty, dependence, mean)
    for difficulty, mean in [
        (CAPPED, 0.8 * 0.35 / 2.35),
        (ScaledBeta(2.0, 0.35, 0.2), 0.2 * 0.35 / 2.35),
        (Uniform(0.1, 0.3), 0.2),
        (Reciprocal(1e-3, 0.3), 0.299 / np.log(300)),
        (ZipfRanks(1.0, 0.6, 3), 1.1 / 3),
        (TABLE, 1.25 / 3),
        (Certain(), 1.0),
    ]
    for dependence in (Independent(), Zipf(0.4), Markov(0.7), Sticky(0.3), Polya(0.2), Copula(0.2))
]


@pytest.mark.parametrize(("difficulty", "dependence", "mean"), ONE, ids=str)
def test_one_attempt_is_as_good_as_the_mean_success(difficulty, dependence, mean):
    one = np.ones(1)
    assert dependence.failure(one, difficulty) == pytest.approx(1 - mean, rel=1e-8, abs=1e-12)
    assert Perfect().failure(one, dependence, difficulty) == pytest.approx(1 - mean, rel=1e-8, abs=1e-12)
    known = Noisy(0.7, 0.1).outcomes(one, dependence, difficulty)
    if known is not None:
        waiting, wrong = known
        assert waiting == pytest.approx(1 - 0.7 * mean - 0.1 * (1 - mean), rel=1e-8)
        assert wrong == pytest.approx(1 - 0.7 * mean, rel=1e-8)


def biased_student(beta, tolerance, bias):
    """Chance that an answer of random precision, about a prediction that is off, is near enough."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    answer = stats.t(beta, scale=(2 / beta) ** 0.5)
    within = answer.cdf(tolerance - bias * nodes) - answer.cdf(-tolerance - bias * nodes)
    return weights @ within / weights.sum()


def ball(dimension, temperature):
    """Mean chance of a ball whose room is uniform."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    return weights @ special.gammainc(dimension / 2, (1 + nodes) / 4 / temperature) / 2


@pytest.mark.parametrize(
    ("difficulty", "mean"),
    [
        (GammaRatio(2.0, 0.35, 0.8), 0.8 * 0.35 / 2.35),
        (ScaledKumaraswamy(2.0, 0.35, 0.2), 0.2 * 2 * special.beta(1 + 1 / 0.35, 2)),
        (ContinuousBernoulli(0.2), 0.2 / -0.6 + 1 / (2 * np.arctanh(0.6))),
        (LatentPrecision(2.5, 0.3, 0.0), biased_student(2.5, 0.3, 0.0)),
        (LatentPrecision(2.5, 0.3, 0.5), biased_student(2.5, 0.3, 0.5)),
        (SmallBall(3.0, 0.2, 0.7), 0.7 * ball(3.0, 0.2)),
    ],
    ids=str,
)
def test_one_attempt_at_problems_of_a_law_is_as_good_as_their_mean(difficulty, mean):
    assert difficulty.failure(np.ones(1)) == pytest.approx(1 - mean, rel=1e-6)
    assert difficulty.problems().weight @ np.exp(difficulty.problems().log_success) == pytest.approx(mean, rel=1e-6)


def test_only_of_attempts_independent_at_other_problems_outcomes_are_known():
    known = [d for d in MEMBERS["dependence"].values() if d in (Independent, Sticky)]
    for kind in MEMBERS["dependence"].values():
        member = kind(*[0.3] * len(member_fields(kind)))
        assert (Noisy(0.7, 0.1).outcomes(np.ones(1), member, CAPPED) is not None) == (kind in known)
        assert (Noisy(0.7, 0.1).plateau(member, CAPPED) is not None) == (kind in known)


# --- memory ---------------------------------------------------------------------------------------------------------

LEARNT = [  # memory, features, examples at which the power law is right, and to what
    (Arrival(1), Ranks(2.0, INF), 1e6, 1e-5),
    (Arrival(3), Ranks(1.5, INF), 1e7, 1e-5),
    (TrainingSet(3), Ranks(1.5, INF), 1e7, 1e-5),
    (Arrival(2), Ranks(2.0, 1e6), 1e6, 3e-3),
    (Guessing(2, 0.3), Ranks(2.0, INF), 1e6, 1e-5),
    (MultiTrace(0.1), Ranks(2.0, INF), 1e7, 1e-5),
    (Arrival(3), Exponential(0.1), 1e6, 1e-4),
    (MultiTrace(0.2), Exponential(0.1), 1e6, 1e-4),
]


@pytest.mark.parametrize(("memory", "features", "examples", "error"), LEARNT, ids=str)
def test_many_examples_leave_a_power_law(memory, features, examples, error):
    exponent, prefactor = memory.tail(features)
    n = np.array([examples, examples / 10])
    assert memory.error(n, features)[0] == pytest.approx(prefactor * n[0] ** -exponent, rel=error)
    assert memory.error(n, features)[1] == pytest.approx(prefactor * n[1] ** -exponent, rel=20 * error)
    assert not memory.levels_off(features)


def test_a_finite_set_has_the_power_law_of_its_own_masses():
    """g Z^-g Gamma(1 - g), with Z of 300 features in place of zeta(1.2); at depth 2, 1 + b as much."""
    total, g = (np.arange(1, 301.0) ** -1.2).sum(), 1 / 1.2
    prefactor = g * total**-g * special.gamma(1 - g)
    assert Ranks(1.2, 300.0).tail(1) == pytest.approx((1 - g, prefactor), rel=1e-12)
    assert Ranks(1.2, 300.0).tail(2) == pytest.approx((1 - g, prefactor * (2 - g)), rel=1e-12)


def test_features_that_are_no_power_law_have_none():
    """Equal, tabled, or falling so fast that the ripple is seen; of a Zipf law whose sum is finite."""
    for features in (Equal(1000.0), WORDS, Exponential(2.0), Ranks(1.0, 1e6), Ranks(0.5, 1e6)):
        assert Arrival(2).tail(features) is None
        assert MultiTrace(0.1).tail(features) is None
        assert Guessing(1, 0.2).tail(features) is None


def test_the_power_law_of_exponential_features_is_told_where_its_ripple_is_below_a_millionth():
    assert Exponential(0.57).tail(1) == (1.0, 1 / 0.57)
    assert Exponential(0.6).tail(1) is None
    assert Exponential(0.57).tail(3) is None


@pytest.mark.parametrize(
    ("features", "count"), [(Ranks(2.0, INF), INF), (Ranks(2.0, 50.0), 50), (Equal(50.0), 50), (WORDS, 4)], ids=str
)
def test_a_learner_without_room_for_every_feature_levels_off(features, count):
    assert features.count == count
    for room in (3, 4, 49, 50, 51):
        assert Capacity(1, room).levels_off(features) == (room < count)
    stays = 1 - sum(np.sort(mass(features))[::-1][:3])
    assert Capacity(2, 3).error(np.array([1e17]), features) == pytest.approx(stays, rel=1e-9)


def mass(features):
    """Masses of so many features as to know the first three."""
    if isinstance(features, Ranks):
        rank = np.arange(1.0, min(features.size, 10**6) + 1)
        total = np.pi**2 / 6 if np.isinf(features.size) else (rank**-features.exponent).sum()
        return rank**-features.exponent / total
    return np.full(50, 0.02) if isinstance(features, Equal) else np.array([0.6, 0.3, 0.09, 0.01])


def test_the_error_of_every_memory_after_three_examples_of_a_table_by_hand():
    """Masses 0.6, 0.3, 0.09, 0.01: missed by three examples, seen once, twice."""
    theta, n = np.array([0.6, 0.3, 0.09, 0.01]), np.array([3.0])
    never, once = (1 - theta) ** 3, 3 * theta * (1 - theta) ** 2
    laws = {
        Arrival(1): theta @ never,
        TrainingSet(2): theta @ (never + once),
        Capacity(2, 2): theta[:2] @ (never + once)[:2] + 0.1,
        Guessing(2, 0.3): 0.7 * theta @ (never + once),
        MultiTrace(0.2): theta @ (1 - 0.2 * theta) ** 3,
    }
    for memory, law in laws.items():
        assert memory.error(n, WORDS) == pytest.approx(law, rel=1e-9), memory


def test_attempts_after_examples_fail_as_each_memory_has_it():
    """E(n, k) of all members at once, with attempts that fail half of the time."""
    theta, n, k = np.array([0.6, 0.3, 0.09, 0.01]), np.array([1.0, 3.0]), np.array([1.0, 2.0, 5.0])
    loss, law = (
        0.5**k,
        SimpleNamespace(features=WORDS, difficulty=Certain(), dependence=Independent(), verifier=Perfect()),
    )
    unseen = ((1 - theta) ** n[:, None]) @ theta
    product = unseen[:, None] + (1 - unseen[:, None]) * loss
    guessed = unseen[:, None] * 0.7**k + (1 - unseen[:, None]) * loss
    traced = np.array([[theta @ (1 - theta * (1 - 0.8**tries)) ** more for tries in k] for more in n])
    for memory, table in {Arrival(1): product, Guessing(1, 0.3): guessed, MultiTrace(0.2): traced}.items():
        found = memory.failure(n, k, memory.error(n, WORDS), loss, law)
        np.testing.assert_allclose(found, table, rtol=1e-9)
    for other in ({"dependence": Markov(0.3)}, {"verifier": Noisy(0.9, 0.0)}):
        unlike = SimpleNamespace(**{**vars(law), **other})
        assert Guessing(1, 0.3).failure(n, k, unseen, loss, unlike) is None
        assert MultiTrace(0.2).failure(n, k, unseen, loss, unlike) is None
    unlike = SimpleNamespace(**{**vars(law), "difficulty": CAPPED})
    assert MultiTrace(0.2).failure(n, k, unseen, loss, unlike) is None
    assert Guessing(1, 0.3).failure(n, k, unseen, loss, unlike) is not None


# --- what is accepted, and what makes two draws different -----------------------------------------------------------

EDGES = [  # a member, and values of one field: accepted at the edge, refused beyond it
    (ScaledBeta, (2.0, 0.35, 0.5), "scale", (1e-300, 1.0), (0.0, 1.0001)),
    (ContinuousBernoulli, (0.3,), "rate", (1e-6, 0.4998, 0.5002, 1 - 1e-6), (9e-7, 0.49995, 0.5, 0.50005, 1.0)),
    (Uniform, (0.1, 0.5), "low", (0.0, 0.49999), (-1e-9, 0.5, 0.4999999)),
    (Uniform, (0.1, 0.5), "high", (1.0, 0.10001), (1.0001, 0.1)),
    (Reciprocal, (0.1, 0.5), "low", (1e-30,), (0.0, 9e-31)),
    (ZipfRanks, (1.5, 0.5, 9), "decline", (1e-9, 20.0), (0.0, 20.1)),
    (ZipfRanks, (1.5, 0.5, 9), "scale", (1e-300, 1.0), (0.0, 1.0001)),
    (ZipfRanks, (1.5, 0.5, 9), "ranks", (1, 10**9), (0, 10**9 + 1)),
    (LatentPrecision, (2.5, 0.3, 0.2), "beta", (0.01, 100.0), (0.0099, 100.1)),
    (LatentPrecision, (2.5, 0.3, 0.2), "tolerance", (1e-6, 100.0), (9e-7, 100.1)),
    (LatentPrecision, (2.5, 0.3, 0.2), "bias", (0.0, 100.0), (-0.1, 100.1)),
    (SmallBall, (3.0, 0.2, 0.7), "dimension", (0.1, 100.0), (0.099, 100.1)),
    (SmallBall, (3.0, 0.2, 0.7), "temperature", (1e-3, 1e3), (9e-4, 1001.0)),
    (SmallBall, (3.0, 0.2, 0.7), "ceiling", (1e-9, 1.0), (0.0, 1.0001)),
    (Zipf, (0.4,), "discount", (1e-9, 1.0, 10.0), (0.0, 10.1)),
    (Markov, (0.4,), "repeat", (1e-9, 0.999), (0.0, 1.0)),
    (Sticky, (0.4,), "share", (1e-9, 0.999), (0.0, 1.0)),
    (Polya, (0.4,), "correlation", (1e-3, 0.99), (9e-4, 0.991)),
    (Copula, (0.4,), "correlation", (1e-3, 0.99), (9e-4, 0.991)),
    (Noisy, (0.9, 0.1), "true_positive", (0.1, 1.0), (1.0001,)),
    (Noisy, (0.9, 0.1), "false_positive", (0.0, 1e-12, 0.9), (-0.1, 9e-13, 0.91)),
    (Noisy, (1e-6, 0.0), "true_positive", (1e-6,), (9e-7,)),
    (Equal, (9.0,), "size", (1.0, 1e9), (0.0, 1.5, 1e9 + 1, INF)),
    (Exponential, (0.3,), "decay", (1e-4, 10.0), (9e-5, 10.1)),
    (Capacity, (1, 9), "capacity", (1, 2**31 - 1), (0, 2**31)),
    (Capacity, (1, 9), "depth", (1, 100), (0, 101)),
    (Guessing, (1, 0.3), "guess", (1e-9, 0.999), (0.0, 1.0)),
    (Guessing, (1, 0.3), "depth", (1, 100), (0, 101)),
    (MultiTrace, (0.3,), "recall", (1e-6, 1.0), (9e-7, 1.0001)),
]


@pytest.mark.parametrize(("kind", "values", "name", "accepted", "refused"), EDGES, ids=str)
def test_a_number_is_accepted_up_to_its_edge_and_refused_beyond(kind, values, name, accepted, refused):
    names = list(member_fields(kind))
    for value in accepted:
        kind(**{**dict(zip(names, values, strict=True)), name: value}).check()
    for value in refused:
        with pytest.raises(ValueError, match=rf"\.{name}.*: need .*, got .*"):
            kind(**{**dict(zip(names, values, strict=True)), name: value}).check()


@pytest.mark.parametrize(
    "member",
    [
        *(CAPPED, GammaRatio(2.0, 0.35, 0.8), ScaledBeta(2.0, 0.35, 0.2), ScaledKumaraswamy(2.0, 0.35, 0.2)),
        *(ContinuousBernoulli(0.2), Uniform(0.0, 0.3), Reciprocal(0.1, 0.3), LatentPrecision(2.5, 0.3, 0.1)),
        *(ZipfRanks(1.5, 0.5, 9), SmallBall(3.0, 0.2, 0.7), Ranks(2.0, 1e6), Equal(9.0), Exponential(0.3)),
    ],
    ids=str,
)
def test_every_number_of_a_member_is_in_the_text_that_keys_are_made_from(member):
    names = member_fields(type(member))
    texts = {member.physics()}
    for name in names:
        other = copy(member)
        object.__setattr__(other, name, 0.77)  # whether or not it is in range
        texts.add(other.physics())
    assert len(texts) == 1 + len(names)
    assert type(member).__name__ in member.physics()


def test_tables_are_told_apart_by_what_is_in_them():
    other = Counted("words", Frequencies("words", np.array([9.0, 60, 29, 2])))
    same = Counted("elsewhere", Frequencies("elsewhere", np.array([9.0, 60, 30, 1])))
    assert WORDS.physics() != other.physics() and WORDS.physics() == same.physics()
    more = SimpleNamespace(attempts=TABLE.table.attempts, successes=TABLE.table.successes + 1)
    assert TABLE.physics() != Empirical("p", more).physics()


def test_which_members_a_lattice_may_draw_and_which_attempts_may_be_made_one_by_one():
    on_lattice = {name for of in MEMBERS.values() for name, kind in of.items() if getattr(kind, "lattice", False)}
    assert on_lattice == {
        *("arrival", "independent", "zipf", "markov", "perfect", "noisy"),
        *("beta", "scaled_beta", "scaled_kumaraswamy", "continuous_bernoulli", "uniform", "reciprocal", "small_ball"),
        *("certain", "empirical"),
    }
    assert MEMBERS["difficulty"]["zipf"].lattice  # "zipf" above is the dependence, and also this
    in_order = {name for name, kind in MEMBERS["dependence"].items() if not kind.exchangeable}
    assert in_order == {"zipf", "markov"}
    graded = {name for name, kind in MEMBERS["memory"].items() if kind.graded}
    assert graded == {"guessing", "multi_trace"}
    assert [FeatureArrivals.most, JumpChain.most] == [2**31, 2**24]


def test_members_of_one_s_own_are_registered_by_what_they_can_do(monkeypatch):
    for group in ("difficulty", "memory", "features", "dependence", "verifier"):
        monkeypatch.setitem(MEMBERS, group, dict(MEMBERS[group]))

    class Half(Difficulty):
        def check(self):
            """Nothing to refuse."""

        def sampler(self):
            """None."""

    register("difficulty", "half", Half)
    register("difficulty", "half", Half)  # twice the same is no matter
    assert MEMBERS["difficulty"]["half"] is Half
    with pytest.raises(ValueError, match="difficulty=beta: this member already exists"):
        register("difficulty", "beta", Half)
    with pytest.raises(ValueError, match="half: need a subclass of Features, Memory, Difficulty, Dependence or Verif"):
        register("memory", "half", Half)
    with pytest.raises(ValueError, match="dependence=bare: need a method samplers, Bare has none"):
        register("dependence", "bare", type("Bare", (Dependence,), {"samplers": None}))
    with pytest.raises(ValueError, match="memory=bare: need a method sampler, Bare has none"):
        register("memory", "bare", type("Bare", (Memory,), {}))


def test_a_law_may_differ_in_every_number_and_in_no_text():
    keys = law_keys()
    assert set(keys) == {
        *("exponent", "size", "decay", "depth", "capacity", "guess", "recall", "alpha", "beta", "ceiling", "scale"),
        *("rate", "low", "high", "tolerance", "bias", "dimension", "temperature", "discount", "repeat", "share"),
        *("decline", "ranks", "correlation", "true_positive", "false_positive"),
    }
    assert len(keys) == len(set(keys))
    assert law_keys(("verifier",)) == ["true_positive", "false_positive"]

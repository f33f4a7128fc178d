"""What one training run says: runs drawn example by example, the experiment, what is refused, the figure."""

import jax
import numpy as np
import pytest
from checks import FALSE_ALARM, rejects
from scipy import stats

from sim.draw import simulate
from sim.draw.budget import BATCH, Budget, grid
from sim.experiments import EXPERIMENTS, asking, noise
from sim.experiments.question import Law, Question
from sim.experiments.settings import Noise
from sim.figures import files
from sim.model import build
from sim.model.features import Zipf
from sim.model.memory import Arrival
from sim.records.folder import Run
from sim.samplers import training_runs

BUDGET = Budget(problems=2 * BATCH, chunk=0, devices=2)
STOPS = np.array([2, 7, 30, 80])
ASKED, BRIEF = Noise(lead=0.5, examples=200), Noise(lead=0.5, examples=30)


def ask(law=None, depth=1, normalisation="discrete", exponent=2.0, size=np.inf, asked=ASKED, learners=2**14, seed=0):
    none = dict.fromkeys(Question._fields)
    law = Law(Zipf(law or exponent, size), Arrival(depth), normalisation=normalisation)
    given = {"seed": seed, "features": Zipf(exponent, size), "memory": Arrival(depth), "examples": grid(1e6, 13)}
    given |= {"budget": BUDGET, "learners": learners, "settings": asked, "law": law}
    return asking.answer("noise", Question(**{**none, **given}))


def column(answer, quantity, name):
    return answer.columns[name][answer.columns["quantity"] == quantity]


def words(answer):
    return {verdict.quantity: verdict.verdict for verdict in answer.verdicts}


# What is drawn --------------------------------------------------------------------------------------------------------


def literal(exponent, size, depth, runs, rng):
    """Instantaneous and conditional error, and the number of errors so far, [3, runs, n]: with a table of counts."""
    mass = np.arange(1, size + 1.0) ** -exponent
    mass /= mass.sum()
    counts, errors, shown = np.zeros((runs, size), int), np.zeros(runs), []
    for n in range(STOPS[-1] + 1):
        feature = rng.choice(size, runs, p=mass)
        error = counts[np.arange(runs), feature] < depth
        if n in STOPS:
            shown.append([error, (counts < depth) @ mass, errors.copy()])
        errors += error
        counts[np.arange(runs), feature] += 1
    return np.moveaxis(np.array(shown, float), 0, -1)


def assert_like(means, literally, wrong_better):
    """z test of batch means against runs of plain NumPy: means, variances and wrong choices of all three errors."""
    first, second = literally, wrong_better
    squares = (first - first.mean(axis=1, keepdims=True)) ** 2 * first.shape[1] / (first.shape[1] - 1)
    chosen = 0.5 + 0.5 * np.sign(np.round(second - first, 9))
    oracle = np.concatenate([first, squares, chosen])
    shape = (len(means), len(oracle), -1)
    variance = means.reshape(shape).var(axis=0, ddof=1) / len(means) + oracle.var(axis=1, ddof=1) / oracle.shape[1]
    difference = means.mean(axis=0).reshape(shape[1:]) - oracle.mean(axis=1)
    z = np.where(np.abs(difference) < 1e-6, 0, difference / np.sqrt(np.maximum(variance, 1e-30)))
    worst = np.abs(z).max()
    assert 2 * stats.norm.sf(worst) * z.size > FALSE_ALARM, f"z = {worst:.1f}"


@pytest.mark.seldom(1)
@pytest.mark.parametrize("depth", [1, 2])
def test_the_kernel_does_what_a_table_of_counts_does(depth):
    size, batches, runs = 30, 512, 8000
    samplers = [build.feature_sampler(s, size) for s in (1.2, 1.7)]
    means = simulate.curves(1, "as literally", training_runs.build(*samplers, STOPS, depth), batches, BUDGET)
    rng = np.random.default_rng(5)
    worse, better = (literal(s, size, depth, runs, rng) for s in (1.2, 1.7))
    assert_like(means, worse, better)
    rejects(assert_like, means, literal(1.26, size, depth, runs, rng), better)
    rejects(assert_like, means, worse, literal(2.0, size, depth, runs, rng))
    rejects(assert_like, means, literal(1.2, size, 3 - depth, runs, rng), better)


def taught(names, depth):
    kernel = training_runs.build(None, None, [names.shape[1] - 1], depth)._replace(
        runs=np.arange(len(names), dtype=np.int32)
    )
    error, teaches = jax.jit(kernel._taught)(names.astype(np.uint32))
    return np.asarray(error), np.asarray(teaches)


def test_errors_are_the_first_d_of_a_feature_and_the_last_of_them_teaches():
    names = np.array([[5, 3, 5, 3, 3, 7], [3, 3, 3, 3, 3, 3]])  # runs know nothing of each other
    for depth, errors, teaching in (
        (1, ["110001", "100000"], ["110001", "100000"]),
        (2, ["111101", "110000"], ["001100", "010000"]),
        (3, ["111111", "111000"], ["000010", "001000"]),
    ):
        error, teaches = taught(names, depth)
        assert ["".join(map(str, row)) for row in error.astype(int)] == errors
        assert ["".join(map(str, row)) for row in teaches.astype(int)] == teaching


def test_however_many_features_crowd_a_table_each_finds_a_place():
    rng = np.random.default_rng(0)
    names = rng.integers(0, 2**32, (4, 3000))
    names[1] //= 2**21  # 2048 of them, neighbours
    names[2] = (names[2] % 1500) << 20  # alike in their last digits
    error, _ = taught(names, 1)
    for row, found in zip(names, error, strict=True):
        assert np.array_equal(np.sort(np.unique(row, return_index=True)[1]), np.flatnonzero(found))


@pytest.mark.seldom(0)
def test_what_is_drawn_does_not_depend_on_how_the_work_is_cut():
    kernel = training_runs.build(*(build.feature_sampler(s, np.inf) for s in (2.0, 2.5)), STOPS, 1)
    one = simulate.curves(3, "cut", kernel, 12, Budget(2 * BATCH, 1, 1))
    other = simulate.curves(3, "cut", kernel, 24, Budget(2 * BATCH, 3, 4))
    np.testing.assert_allclose(one, other[:12], rtol=1e-6, atol=1e-9)
    assert np.array_equal(one[:, : len(STOPS)], other[:12, : len(STOPS)])  # of whole errors
    assert kernel.numbers == 2 * 16 * 81 and kernel.bytes > 4 * kernel.numbers


# The experiment -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def right():
    return ask()


@pytest.mark.seldom(0)
def test_every_quantity_has_rows_and_none_is_refuted(right):
    assert list(dict.fromkeys(right.columns["quantity"])) == list(EXPERIMENTS["noise"].quantities) == list(noise.LAWS)
    assert list(words(right)) == list(noise.LAWS) and "refuted" not in words(right).values()
    assert right.draws == 2**14 and right.unit == "learners"
    assert np.all(column(right, "conditional", "examples") == column(right, "selection_time_average", "examples"))
    examples = column(right, "conditional", "examples")
    assert examples[0] == 2 and examples[-1] == 200


@pytest.mark.seldom(0)
def test_a_law_with_an_exponent_5_percent_off_is_refuted_by_every_quantity_of_whole_runs():
    found = words(ask(law=2.1))
    assert all(found[name] == "refuted" for name in noise.LAWS if name != "selection_instantaneous"), found


@pytest.mark.seldom(0)
def test_one_error_says_ever_less_and_whole_runs_ever_more(right):
    def scatter(name):
        return np.sqrt(column(right, name, "estimate")) / column(right, f"mean_{name}", "estimate")

    assert scatter("instantaneous")[-1] > 3 * scatter("instantaneous")[0]
    assert scatter("conditional")[-1] < 0.5 * scatter("conditional")[0]
    wrong = {name: column(right, f"selection_{name}", "estimate")[-1] for name in ("instantaneous", "time_average")}
    assert wrong["instantaneous"] > 0.48 and wrong["time_average"] < 0.05


@pytest.mark.seldom(0)
def test_deeper_learners_are_simulation_only_but_for_their_mean():
    answer = ask(depth=2, learners=2**12, asked=BRIEF)
    assert set(words(answer)) == {"mean_instantaneous", "mean_conditional"} and "refuted" not in words(answer).values()
    assert np.isnan(column(answer, "conditional", "law")).all()
    assert np.isfinite(column(answer, "conditional", "estimate")).all()
    assert column(answer, "mean_time_average", "estimate")[0] == 1  # two examples, seen less than twice before


@pytest.mark.seldom(0)
def test_another_normalisation_has_a_mean_and_it_is_refuted():
    assert words(ask(normalisation="continuous", learners=2**12, asked=BRIEF)) == dict.fromkeys(
        ("mean_instantaneous", "mean_conditional"), "refuted"
    )


@pytest.mark.seldom(0)
@pytest.mark.parametrize(("exponent", "size"), [(20.0, np.inf), (2.0, 1), (2.0, 5), (0.5, 300)])
def test_what_hardly_ever_happens_refutes_nothing(exponent, size):
    answer = ask(exponent=exponent, size=size, learners=2**10, asked=BRIEF)
    assert "refuted" not in words(answer).values()
    assert np.all(np.abs(answer.columns["sigmas"][np.isfinite(answer.columns["law"])]) < 6)


@pytest.mark.seldom(0)
def test_few_learners_decide_nothing():
    assert set(words(ask(learners=64, asked=BRIEF)).values()) == {"undecided"}


# What is refused, and what is drawn -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lead", "examples", "refusal"),
    [
        (0.0, 1000, "noise.lead: need 0.01 <= lead <= 10, got 0.0"),
        (11.0, 1000, "noise.lead: need 0.01 <= lead <= 10, got 11.0"),
        (0.2, 9, "noise.examples: need a whole number from 10 to 10000, got 9"),
        (0.2, 10**5, "noise.examples: need a whole number from 10 to 10000, got 100000"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(lead, examples, refusal):
    with pytest.raises(ValueError) as caught:
        Noise(lead, examples).check()
    assert str(caught.value) == refusal


def drawn(answer, depth=1):
    config = {"features": {"exponent": 2.0, "size": "inf"}, "memory": {"depth": depth}, "noise": {"lead": 0.5}}
    verdicts = [{"quantity": verdict.quantity, "verdict": verdict.verdict} for verdict in answer.verdicts]
    return files.draw(
        Run(answer.columns, verdicts, {"experiment": "noise", "config": config, "learners": 2**14, "seed": 0})
    )


def test_the_figure_shows_noise_wrong_choices_and_residuals(right):
    figure = drawn(right)
    foot, axis, below = figure.axes
    text = " ".join([axis.get_title(loc="left"), *(label.get_text() for label in axis.get_legend().get_texts())])
    assert "error to come" in text and "errors so far / n" in text and "undecided" in text
    assert "lead 0.5" in figure.get_suptitle() and "higher by 0.5" in below.get_title(loc="left")
    assert "sigma" in foot.get_ylabel() and foot.get_xlabel() == "examples seen n"


@pytest.mark.seldom(0)
def test_the_figure_without_laws_says_so():
    assert "simulation only" in drawn(ask(depth=2, learners=2**10, asked=BRIEF), 2).axes[1].get_title(loc="left")


def test_events_and_their_absence_are_both_seen_often_where_a_share_is_judged():
    shares = np.array([0.0, 0.039, 0.041, 0.5, 0.959, 0.961, 1.0, np.nan])
    assert noise._often(shares, 10**4).tolist() == [2, 3, 4]


def test_a_spread_that_cannot_be_trusted_is_at_least_that_of_one_run_more():
    means = np.tile(np.array([0.0, 0.25, 0.25]), (4, 1)) + np.array([0, 1e-4, 1e-4]) * np.arange(4)[:, None]
    runs = 4 * training_runs.RUNS
    curve = noise._curve(means, np.array([2]))
    own = stats.sem(means, axis=0)
    share = (means.mean(axis=0) * runs + 1) / (runs + 2)
    least = np.sqrt(share * (1 - share) / runs)
    np.testing.assert_allclose(curve.stderr, [least[0], max(own[1], least[1]), own[2]], rtol=1e-9)

"""THE table: every model against its law at FALSE_ALARM, and beside it a neighbouring law that must be rejected.

A new mechanism is a new row: what is simulated, the law of its failure curve, and a law that is wrong.
"""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import FALSE_ALARM, assert_counts, assert_mean, assert_proportion, rejects
from scipy import special, stats

from sim import build, estimators, fits, keys, measurement, simulate, verdict
from sim.axes import LEARNERS, MEMBERS, features
from sim.axes.dependence import Copula, Independent, Markov, Polya, Sticky, Zipf
from sim.axes.difficulty import Beta, Certain, Empirical, GammaRatio
from sim.axes.memory import Arrival, Capacity, Guessing, MultiTrace
from sim.axes.spread import (
    ContinuousBernoulli,
    LatentPrecision,
    Reciprocal,
    ScaledBeta,
    ScaledKumaraswamy,
    SmallBall,
    Uniform,
)
from sim.axes.verifier import Noisy, Perfect
from sim.batches import Parts
from sim.experiments.question import Law
from sim.laws import (
    cost,
    coverage,
    dependence,
    difficulty,
    importance,
    joint,
    learning_curve,
    noise,
    plug_in,
    suite,
    verification,
    voting,
)
from sim.measurement import Prediction
from sim.model import BATCH, Budget, grid
from sim.pilot import counts as pilot
from sim.pilot.frequencies import Frequencies
from sim.samplers import bits, training_runs
from sim.samplers import suite as suites
from sim.samplers.cost import Spending, token_flops
from sim.samplers.importance import Weighted
from sim.samplers.selection import selection
from sim.samplers.verification import ENDLESS, outcomes

N, K = grid(1e6, 25), grid(1e6, 25)
FEW = grid(60, 12)
BUDGET = Budget(problems=2**22, chunk=0, devices=2)
TABLE = pilot.read(pilot.SHIPPED)
FIRST = build.attempts_sampler("first_success")


class Row(NamedTuple):
    """Parts and grids of a simulation, its law and a wrong one (failure curves on the grid)."""

    parts: Parts
    examples: np.ndarray | None
    attempts: np.ndarray | None
    law: np.ndarray
    wrong: np.ndarray


def learning(exponent, size, depth, wrong_exponent, wrong_depth=None):
    parts = Parts(build.feature_sampler(exponent, size), build.memory_sampler("arrival", depth))
    law = learning_curve.unmemorised_mass(N, exponent, size, depth)
    return Row(parts, N, None, law, learning_curve.unmemorised_mass(N, wrong_exponent, size, wrong_depth or depth))


def beta(alpha, beta_, ceiling, wrong, attempts=FIRST, tries=K):
    parts = Parts(difficulty=build.beta_sampler(alpha, beta_, ceiling), attempts=attempts)
    return Row(parts, None, tries, coverage.failure(tries, alpha, beta_, ceiling), coverage.failure(tries, *wrong))


LEVI = Beta(5.0, 0.35, 1.0)
CAPPED = Beta(5.0, 0.35, 0.9)
ZIPF = features.Zipf(2.0, np.inf)
WORDS = features.Empirical("words", Frequencies("words", np.array([900, 300, 100, 90, 9, 9, 9, 1.0])))
MORE = features.Empirical("words", Frequencies("words", np.array([900, 300, 100, 90, 9, 9, 9, 3.0])))
MATH = Empirical(str(pilot.SHIPPED), TABLE)


def member(model, wrong, attempts="first_success", tries=K):
    """Coverage under members of all axes, (difficulty, dependence, verifier); wrong: the same of a neighbouring law."""
    (difficulty, dependence, verifier), sampler = model, build.attempts_sampler(attempts)
    problems, own = dependence.samplers(difficulty.sampler(), sampler, tries)
    laws = (of[2].failure(tries, of[1], of[0]) for of in (model, wrong))
    return Row(Parts(difficulty=problems, attempts=verifier.sampler(own)), None, tries, *laws)


def spread(difficulty, wrong):
    """Independent attempts under a difficulty."""
    return member((difficulty, Independent(), Perfect()), (wrong, Independent(), Perfect()))


def dependent(dependence, wrong, difficulty=LEVI, **more):
    """Dependent attempts."""
    return member((difficulty, dependence, Perfect()), (difficulty, wrong, Perfect()), **more)


def verified(verifier, wrong, difficulty=LEVI, dependence=Independent()):  # noqa: B008 (it cannot change)
    """What a verifier returns."""
    return member((difficulty, dependence, verifier), (difficulty, dependence, wrong))


def remembered(memory, wrong, features=ZIPF, wrong_features=None):
    """Error of one attempt under a member of features and of memory; wrong: the same of a neighbouring law."""
    attempt = (Certain().sampler(), FIRST) if memory.graded else (None, None)
    parts = Parts(features.sampler(), memory.sampler(), *attempt)
    law, off = memory.error(N, features), wrong.error(N, wrong_features or features)
    if not memory.graded:
        return Row(parts, N, None, law, off)
    return Row(parts, N, np.ones(1), law[:, None], off[:, None])


def both(exponent, depth, alpha, beta_, wrong_exponent, wrong_beta):
    features, memory = build.feature_sampler(exponent, np.inf), build.memory_sampler("arrival", depth)
    parts = Parts(features, memory, build.beta_sampler(alpha, beta_, 1.0), FIRST)
    failure = lambda s, b: joint.failure(  # noqa: E731
        learning_curve.unmemorised_mass(N, s, np.inf, depth)[:, None], coverage.failure(K, alpha, b)[None, :]
    )
    return Row(parts, N, K, failure(exponent, beta_), failure(wrong_exponent, wrong_beta))


def mixture():
    success = TABLE.successes / TABLE.attempts
    parts = Parts(difficulty=build.table_sampler(TABLE.attempts, TABLE.successes), attempts=FIRST)
    return Row(
        parts, None, K, coverage.mixture_failure(K, success), coverage.mixture_failure(K, np.minimum(1.02 * success, 1))
    )


def replay():
    tries = grid(1e4, 25)
    parts = Parts(
        difficulty=build.row_sampler(len(TABLE.attempts)),
        attempts=build.replay_sampler(TABLE.attempts, TABLE.successes),
    )
    unbiased = 1 - estimators.pass_at_k(tries, TABLE.attempts, TABLE.successes).mean(axis=1)
    plug_in = coverage.mixture_failure(tries, TABLE.successes / TABLE.attempts)  # replaced after every draw: biased
    return Row(parts, None, tries, unbiased, plug_in)


ROWS = {  # a law's exponent is moved by 2 % (b = 1 - 1/s), a neighbour is a law for something else
    "learning curve, s = 1.2, against b 2 % off": lambda: learning(1.2, np.inf, 1, 1.2048),
    "learning curve, s = 1.7, depth 3, against b 2 % off": lambda: learning(1.7, np.inf, 3, 1.7242),
    "learning curve, s = 2, against b 2 % off": lambda: learning(2.0, np.inf, 1, 2.0408),
    "learning curve, s = 3, depth 5, against b 2 % off": lambda: learning(3.0, np.inf, 5, 3.125),
    "learning curve, s = 2, depth 2, against depth 3": lambda: learning(2.0, np.inf, 2, 2.0, 3),
    "learning curve, 100 features (cut-off), against s 2 % off": lambda: learning(2.0, 100.0, 1, 2.04),
    "learning curve, 10^6 features, s = 1, against s 2 % off": lambda: learning(1.0, 1e6, 1, 1.02),
    "learning curve, 10^4 features, s = 0.5, against s 5 % off": lambda: learning(0.5, 1e4, 1, 0.525),
    "coverage, alpha 5, beta 0.35, against beta 2 % off": lambda: beta(5, 0.35, 1.0, (5, 0.357)),
    "coverage, alpha 3.7, beta 0.15, against beta 2 % off": lambda: beta(3.7, 0.15, 1.0, (3.7, 0.153)),
    "coverage, alpha 3.7, beta 1.5, against beta 2 % off": lambda: beta(3.7, 1.5, 1.0, (3.7, 1.53)),
    "coverage, alpha 0.8, beta 1.5, against alpha 2 % off": lambda: beta(0.8, 1.5, 1.0, (0.816, 1.5)),
    "coverage, alpha and beta not swapped": lambda: beta(5, 0.35, 1.0, (0.35, 5)),
    "coverage with ceiling 0.9, against ceiling 0.905": lambda: beta(5, 0.35, 0.9, (5, 0.35, 0.905)),
    "coverage, attempts one by one, against beta 2 % off": lambda: beta(
        5, 0.35, 1.0, (5, 0.357), build.attempts_sampler("bernoulli"), FEW
    ),
    "coverage by a ratio of Gamma variates, against beta 2 % off": lambda: spread(
        GammaRatio(5.0, 0.35, 0.9), Beta(5.0, 0.357, 0.9)
    ),
    "scaled Beta, against the exponent 5 % off": lambda: spread(
        ScaledBeta(3.5, 0.25, 0.1), ScaledBeta(3.5, 0.2625, 0.1)
    ),
    "scaled Beta, against the scale 5 % off": lambda: spread(ScaledBeta(5, 0.15, 0.8), ScaledBeta(5, 0.15, 0.76)),
    "scaled Kumaraswamy, against the exponent 5 % off": lambda: spread(
        ScaledKumaraswamy(3.5, 0.25, 0.1), ScaledKumaraswamy(3.5, 0.2625, 0.1)
    ),
    "scaled Kumaraswamy, against the scaled Beta": lambda: spread(
        ScaledKumaraswamy(3.5, 0.25, 0.1), ScaledBeta(3.5, 0.25, 0.1)
    ),
    "continuous Bernoulli, against the rate 5 % off": lambda: spread(
        ContinuousBernoulli(0.1), ContinuousBernoulli(0.105)
    ),
    "continuous Bernoulli, rate above 1/2, against its mirror": lambda: spread(
        ContinuousBernoulli(0.8), ContinuousBernoulli(0.2)
    ),
    "uniform from 0, against the bound 5 % off": lambda: spread(Uniform(0.0, 0.1), Uniform(0.0, 0.105)),
    "uniform away from 0 (exponential), against its bound 5 % off": lambda: spread(
        Uniform(0.01, 0.2), Uniform(0.0105, 0.2)
    ),
    "reciprocal (exponential), against its bound 5 % off": lambda: spread(
        Reciprocal(1e-3, 0.5), Reciprocal(1.05e-3, 0.5)
    ),
    "latent precision, against beta 5 % off": lambda: spread(
        LatentPrecision(2.5, 0.1, 0.0), LatentPrecision(2.625, 0.1, 0.0)
    ),
    "latent precision with a bias, against the bias 5 % off": lambda: spread(
        LatentPrecision(2.5, 0.1, 1.0), LatentPrecision(2.5, 0.1, 1.05)
    ),
    "latent precision with a bias, against none": lambda: spread(
        LatentPrecision(1.5, 0.5, 0.3), LatentPrecision(1.5, 0.5, 0.0)
    ),
    **{
        f"noise in {m} directions, exponent 2 / {m}, against it 2 % off": lambda m=m: spread(
            SmallBall(m, 0.05, 1.0), SmallBall(m / 1.02, 0.05, 1.0)
        )
        for m in (2.0, 4.0, 8.0)
    },
    "noise in 4 directions, threshold met by 0.8, against a temperature 2 % off": lambda: spread(
        SmallBall(4.0, 0.05, 0.8), SmallBall(4.0, 0.051, 0.8)
    ),
    "Zipf-discounted attempts, against the discount 5 % off": lambda: dependent(Zipf(0.5), Zipf(0.525)),
    "Zipf-discounted attempts at discount 1 (a power of the logarithm), against 1.05": lambda: dependent(
        Zipf(1.0), Zipf(1.05)
    ),
    "Zipf-discounted attempts beyond 1 (a plateau), against 5 % off": lambda: dependent(Zipf(1.5), Zipf(1.575)),
    "Markov repeats, against r 5 % off": lambda: dependent(Markov(0.8), Markov(0.84)),
    "Markov repeats on a capped Beta, against independent attempts": lambda: dependent(
        Markov(0.2), Independent(), CAPPED
    ),
    "sticky attempts, against the share 5 % off": lambda: dependent(Sticky(0.1), Sticky(0.105)),
    "sticky attempts one by one, against the share 5 % off": lambda: dependent(
        Sticky(0.3), Sticky(0.315), attempts="bernoulli", tries=FEW
    ),
    "Polya urn, against the correlation 5 % off": lambda: dependent(Polya(0.1), Polya(0.105)),
    "Polya urn, attempts one by one, against independent attempts": lambda: dependent(
        Polya(0.3), Independent(), attempts="bernoulli", tries=FEW
    ),
    "Polya urn on a table of problems, against the correlation 5 % off": lambda: dependent(
        Polya(0.3), Polya(0.315), MATH
    ),
    "Gaussian copula, against the correlation 5 % off": lambda: dependent(Copula(0.3), Copula(0.315)),
    "Gaussian copula on scaled Beta problems, against the Polya urn": lambda: dependent(
        Copula(0.3), Polya(0.3), ScaledBeta(3.5, 0.25, 0.1)
    ),
    "noisy verifier, against a true positive rate 5 % off": lambda: verified(Noisy(0.9, 0.02), Noisy(0.855, 0.02)),
    "noisy verifier, against a false positive rate 5 % off": lambda: verified(Noisy(0.9, 0.02), Noisy(0.9, 0.021)),
    "noisy verifier at false positives of 1e-4 (a ceiling), against 5 % off": lambda: verified(
        Noisy(1.0, 1e-4), Noisy(1.0, 1.05e-4)
    ),
    "verifier without false positives (thinning), against 5 % off": lambda: verified(
        Noisy(0.3, 0.0), Noisy(0.315, 0.0)
    ),
    "verifier that accepts everything, against one that is perfect": lambda: verified(Noisy(1.0, 1.0), Perfect()),
    "noisy verifier of sticky attempts at scaled Beta problems, against 5 % off": lambda: verified(
        Noisy(0.9, 0.02), Noisy(0.9, 0.021), ScaledBeta(3.5, 0.25, 0.1), Sticky(0.1)
    ),
    "noisy verifier on a table of problems, against 5 % off": lambda: verified(
        Noisy(0.9, 0.02), Noisy(0.9, 0.021), MATH
    ),
    "coverage of a table of problems, against success 2 % off": mixture,
    "replay without replacement is unbiased, against the plug-in": replay,
    "uniform features (exponential, no power law), against their number 5 % off": lambda: remembered(
        Arrival(1), Arrival(1), features.Uniform(1000), features.Uniform(1050)
    ),
    "exponential features, depth 2, against the decay 5 % off": lambda: remembered(
        Arrival(2), Arrival(2), features.Exponential(0.1), features.Exponential(0.105)
    ),
    "features of a table, against one frequency that is off": lambda: remembered(Arrival(1), Arrival(1), WORDS, MORE),
    "capacity M, against room 5 % off": lambda: remembered(Capacity(1, 100), Capacity(1, 105)),
    "capacity M of uniform features, depth 2, against room 5 % off": lambda: remembered(
        Capacity(2, 500), Capacity(2, 525), features.Uniform(1000)
    ),
    "guesses at what is not memorised, against the chance 5 % off": lambda: remembered(
        Guessing(1, 0.2), Guessing(1, 0.21)
    ),
    "multi-trace recall of one attempt, against recall 5 % off": lambda: remembered(
        MultiTrace(0.05), MultiTrace(0.0525)
    ),
    "joint law, depth 1, against b 2 % off": lambda: both(2.0, 1, 5, 0.35, 2.0408, 0.35),
    "joint law, depth 3, against beta 2 % off": lambda: both(1.5, 3, 5, 0.35, 1.5, 0.357),
}


def cells(failure):
    """Probabilities (or counts, if failures are given as counts of one) of the first right answer on a grid."""
    right = 1 - np.asarray(failure, float)
    for axis in range(right.ndim):
        right = np.diff(right, axis=axis, prepend=0)
    return np.append(right.ravel(), 1 - right.sum())


def meets(means, law):
    """Whether means of independent batches [batches, x] are as a law [x] has them."""
    return verdict.judge_means("", "", means, Prediction(np.asarray(law), None, None, False)).p_value > FALSE_ALARM


@pytest.mark.parametrize("name", ROWS)
def test_the_simulation_meets_its_law_and_no_other(name):
    row = ROWS[name]()
    drawn = simulate.failures(1, name, row.parts, BUDGET, row.examples, row.attempts)
    total = drawn.failures.shape[0] * drawn.problems
    observed = np.rint(cells(drawn.failures.sum(axis=0) / total) * total)
    assert_counts(observed, np.maximum(cells(row.law), 0))
    rejects(assert_counts, observed, np.maximum(cells(row.wrong), 1e-300))


@pytest.mark.parametrize(
    ("memory", "wrong", "difficulty"),
    [(MultiTrace(0.05), MultiTrace(0.0525), Certain()), (Guessing(1, 0.02), Guessing(1, 0.021), LEVI)],
    ids=["multi-trace recall over n and k, against recall 5 % off", "guesses over n and k, against the chance 5 % off"],
)
def test_attempts_that_memory_grades_meet_their_law_over_n_and_k(memory, wrong, difficulty):
    examples, tries = grid(1e4, 9), grid(1e3, 9)
    parts = Parts(ZIPF.sampler(), memory.sampler(), difficulty.sampler(), FIRST)
    drawn = simulate.failures(1, f"{memory}", parts, replace(BUDGET, problems=2**21), examples, tries)
    shares = drawn.failures.reshape(len(drawn.failures), -1) / drawn.problems

    def p_value(memory):
        others = Law(ZIPF, memory, "discrete", difficulty, Independent(), Perfect())
        law = memory.failure(examples, tries, memory.error(examples, ZIPF), difficulty.failure(tries), others)
        prediction = measurement.Prediction(law.ravel(), None, None, True)
        return verdict.judge_means("law", "failure", shares, prediction).p_value

    assert p_value(memory) > FALSE_ALARM
    assert p_value(wrong) < FALSE_ALARM


@pytest.mark.parametrize("name", LEARNERS)
def test_learners_meet_the_learning_curve_and_not_one_5_percent_off(name):
    examples, exponent, size, learners = grid(3000, 9), 1.5, 100.0, 2**12
    made = build.learner(name, exponent, size, 1, examples)
    masses = simulate.masses(1, name, made, learners, BUDGET)
    points = measurement.told(learning_curve.memorising_moments(examples, exponent, size), len(masses.values))
    law, wrong = (learning_curve.unmemorised_mass(examples, s, size) for s in (exponent, 1.05 * exponent))
    assert verdict.mass_test(masses, law, points)[2] > FALSE_ALARM
    assert verdict.mass_test(masses, wrong, points)[2] < FALSE_ALARM


def test_every_member_of_an_axis_has_a_row():
    used = set()
    for row in ROWS.values():
        names = row.__code__.co_names + tuple(str(x) for x in row.__code__.co_consts)
        used |= set(names)
    named = {("difficulty", "empirical"): "MATH", ("features", "zipf"): "learning", ("features", "empirical"): "WORDS"}
    elsewhere = [("difficulty", "certain")]  # in the row of multi-trace recall over n and k
    elsewhere += [("memory", name) for name in ("automatic", "training_set", *LEARNERS)]  # tests of their own
    for group in ("features", "memory", "difficulty", "dependence", "verifier"):
        for name, kind in MEMBERS[group].items():
            found = named.get((group, name), kind.__name__) in used or (group, name) in elsewhere
            assert found, f"{group}={name} has no row"


LINES = {  # of the table of laws, and the rows here that prove each: of ROWS, of POWER_LAWS, or tests
    "Beta pass@k": (
        "coverage, alpha 5, beta 0.35, against beta 2 % off",
        "coverage with ceiling 0.9, against ceiling 0.905",
    ),
    "Inference-loss power law": ("Levi", "test_the_exponent_and_prefactor_of_inference_are_measured"),
    "Hazard": ("test_the_hazard_is_the_success_rate_of_the_next_attempt",),
    "Local slopes differ": ("test_the_slopes_of_failure_and_of_log_coverage_differ_as_their_laws_do",),
    "pass^k": ("test_k_successes_of_k_meet_the_reliability_law",),
    "Finite-P noise": ("test_a_finite_suite_scatters_by_its_problems_alone",),
    "Total variance (Chen)": ("test_the_unbiased_estimator_has_the_total_variance_of_chen",),
    "Fisher bound on beta": ("test_no_number_of_attempts_tells_beta_better_than_the_problems_allow",),
    "Hutter mean": (
        "learning curve, s = 2, against b 2 % off",
        "test_infinitely_many_features_leave_the_mass_of_hutter_and_show_the_number_of_karlin",
    ),
    "Hutter exponent/prefactor": ("test_the_exponent_and_prefactor_of_learning_are_measured",),
    "Missing-mass variance": (
        "test_one_shared_training_set_meets_the_learning_curve_and_its_variance",
        "test_the_three_errors_of_a_run_scatter_as_their_laws_say",
    ),
    "Distinct features (time average)": (
        "test_distinct_features_of_training_sets_meet_karlins_law",
        "test_the_three_errors_of_a_run_scatter_as_their_laws_say",
        "test_a_run_of_each_prefers_the_worse_learner_as_often_as_the_laws_say",
    ),
    "Finite m cut-off": (
        "learning curve, 100 features (cut-off), against s 2 % off",
        "test_a_finite_set_is_learnt_after_all_and_the_rest_falls_exponentially",
    ),
    "Depth d": ("test_features_seen_ever_more_often_before_they_are_memorised_cost_a_constant_ratio",),
    "Capacity M": ("capacity M, against room 5 % off",),
    "A = memorised mass": ("joint law, depth 1, against b 2 % off",),
    "Multi-trace": ("test_attempts_that_memory_grades_meet_their_law_over_n_and_k",),
    "Verifier ceiling": ("test_no_number_of_attempts_passes_the_ceiling_of_a_noisy_verifier",),
    "FPR^beta law": ("test_what_false_positives_cost_falls_as_a_power_beta_of_their_rate",),
    "Optimal k under false positives": ("test_attempts_pay_up_to_the_optimum_of_the_law_and_it_may_be_none",),
    "Majority limit": ("test_votes_end_where_the_right_answer_is_the_most_likely_and_on_hard_problems_they_do_harm",),
    "BoN exponential scores": ("test_the_best_of_exponential_scores_levels_off_and_that_of_gaussian_ones_does_not",),
    "Zipf k_eff": (
        "Zipf-discounted attempts, against the discount 5 % off",
        "Zipf-discounted, exponent beta (1 - zeta)",
    ),
    "Markov repeats": ("Markov repeats, against r 5 % off", "Markov repeats, (1 - r) k attempts"),
    "Polya": (
        "Polya urn, against the correlation 5 % off",
        "test_attempts_from_an_urn_leave_a_power_of_the_logarithm",
    ),
    "Scaled Beta = thinning": ("scaled Beta, c k attempts", "test_a_bound_on_ease_thins_the_attempts"),
    "Density near 0 (Schaeffer)": (
        "any density near 0, continuous Bernoulli",
        "any density near 0, uniform",
        "any density near 0, Kumaraswamy",
    ),
    "Parallel k*": ("test_attempts_paid_at_once_are_worth_most_at_the_optimum_of_the_law",),
    "Sequential k*": ("test_attempts_paid_one_by_one_are_worth_most_at_the_optimum_of_the_law",),
    "Expected attempts": ("test_the_mean_number_of_attempts_up_to_the_first_success_has_its_law",),
    "Kazdan allocation": ("test_estimates_scatter_least_where_attempts_are_shared_out_by_the_law",),
    "LID intrinsic tail": ("test_a_random_precision_leaves_a_power_law_in_beta",),
    "LID bias tail": ("test_a_random_bias_bends_the_power_law_for_ever",),
    "Solve-to-completion coverage": ("test_problems_finished_in_turn_meet_the_renewal_law_and_its_power_law",),
    "ReD finite pool": ("test_rounds_over_the_unsolved_meet_their_law_at_cost_and_its_power_law",),
    "Toy VAE": ("test_a_toy_autoencoder_has_its_ceiling_from_the_threshold_and_its_exponent_from_the_dimension",),
}


def test_every_line_of_the_table_of_laws_has_its_rows():
    here = {*ROWS, *POWER_LAWS, *(name for name in globals() if name.startswith("test_"))}
    gone = {line: row for line, rows in LINES.items() for row in rows if row not in here}
    assert not gone
    assert len(LINES) == 36


def test_one_shared_training_set_meets_the_learning_curve_and_its_variance():
    examples, exponent, size = grid(2000, 12), 2.0, 100.0
    features = build.feature_sampler(exponent, size)
    parts = Parts(features, build.memory_sampler("training_set", 1))
    drawn = simulate.failures(1, "shared", parts, BUDGET, examples)
    law = learning_curve.unmemorised_mass(examples, exponent, size)
    spread = learning_curve.unmemorised_mass_variance(examples, exponent, size)
    deviation = np.sqrt(spread + (law * (1 - law) - spread) / drawn.problems)  # of one batch: its set and its test
    mean = drawn.failures.mean(axis=0) / drawn.problems
    batches = len(drawn.failures)
    assert_mean(mean, batches, law, deviation)
    rejects(assert_mean, mean, batches, learning_curve.unmemorised_mass(examples, 1.05 * exponent, size), deviation)
    rejects(assert_mean, mean, batches, law, np.sqrt(law * (1 - law) / drawn.problems))  # as if not shared


@pytest.mark.parametrize(("depth", "wrong"), [pytest.param(1, 2, marks=pytest.mark.slow), (3, 2)])
def test_shared_and_own_training_sets_have_one_law_at_every_depth(depth, wrong):
    examples = grid(3000, 12)
    parts = Parts(build.feature_sampler(1.5, np.inf), build.memory_sampler("training_set", depth))
    drawn = simulate.failures(2, "shared depth", parts, BUDGET, examples)
    law = learning_curve.unmemorised_mass(examples, 1.5, np.inf, depth)
    assert verdict.chi_square(drawn, law)[2] > FALSE_ALARM
    assert verdict.chi_square(drawn, learning_curve.unmemorised_mass(examples, 1.5, np.inf, wrong))[2] < FALSE_ALARM


@pytest.mark.parametrize("exponent", [1.5, 2.0])
def test_distinct_features_of_training_sets_meet_karlins_law(exponent):
    sets, n, size = 2000, 1000, 2000.0
    features = build.feature_sampler(exponent, size)
    lanes = jnp.arange(sets * n, dtype=jnp.uint32)
    ranks = np.asarray(jax.jit(lambda key, f: f.at(bits.stream(key), lanes).low)(keys.run_key(1, "distinct"), features))
    distinct = np.array([len(np.unique(one)) for one in ranks.reshape(sets, n)])
    law = learning_curve.distinct_features(n, exponent, size)
    deviation = np.sqrt(learning_curve.distinct_features_variance(n, exponent, size))
    assert_mean(distinct.mean(), sets, law, deviation)
    rejects(assert_mean, distinct.mean(), sets, learning_curve.distinct_features(n, 1.02 * exponent, size), deviation)


def test_the_hazard_is_the_success_rate_of_the_next_attempt():
    tries = np.sort(np.concatenate([[1, 3, 10, 100, 1000], np.array([1, 3, 10, 100, 1000]) + 1.0]))
    parts = Parts(difficulty=build.beta_sampler(5, 0.35, 1.0), attempts=FIRST)
    failed = simulate.failures(1, "hazard", parts, BUDGET, None, tries).failures.sum(axis=0)
    solved_next, unsolved = failed[::2] - failed[1::2], failed[::2]
    assert_proportion(solved_next, unsolved, coverage.hazard(tries[::2], 5, 0.35))
    rejects(assert_proportion, solved_next, unsolved, coverage.hazard(tries[::2], 5, 0.37))


def test_k_successes_of_k_meet_the_reliability_law():
    lanes, tries = jnp.arange(2**20, dtype=jnp.uint32), np.array([1, 2, 5, 20.0])
    key_difficulty, key_attempts = jax.random.split(keys.run_key(1, "reliability"))
    sampler = build.gamma_ratio_sampler(5, 1.5, 1.0)
    log_success = sampler.at(tuple(bits.stream(k) for k in jax.random.split(key_difficulty, sampler.STREAMS)), lanes)
    patience = bits.exponential(bits.stream(key_attempts), 0, lanes)
    successes = [int((patience > k * -log_success).sum()) for k in tries]
    assert_proportion(successes, len(lanes), coverage.reliability(tries, 5, 1.5))
    rejects(assert_proportion, successes, len(lanes), coverage.reliability(tries, 5, 1.53))


def test_the_unbiased_estimator_has_the_total_variance_of_chen():
    problems, recorded, tries = 200_000, 100, np.array([1, 10, 50, 100.0])
    rng = keys.host_generator(keys.run_key(1, "total variance"))
    successes = rng.binomial(recorded, rng.beta(0.35, 5, problems))
    failed = 1 - estimators.pass_at_k(tries, np.full(problems, recorded), successes)
    loss = coverage.inference_loss(tries, 5, 0.35)
    second = np.array([coverage.total_variance(k, recorded, 1, 5, 0.35) for k in tries]) + loss**2
    largest = np.sqrt(second * (1 - second))  # deviation of the square of something in [0, 1]: at most this
    assert_mean((failed**2).mean(axis=1), problems, second, largest)
    without_attempts = coverage.suite_variance(tries, 1, 5, 0.35) + loss**2  # as if every p were known
    rejects(assert_mean, (failed**2).mean(axis=1), problems, without_attempts, largest)


# Power laws and local exponents ---------------------------------------------------------------------------------------

POWER_LAWS = {  # difficulty, dependence, the law of many attempts, and numbers of attempts where it has nothing to add
    "Levi": (LEVI, Independent(), difficulty.beta_tail(5.0, 0.35), (1e4, 1e5, 1e6)),
    "Zipf-discounted, exponent beta (1 - zeta)": (
        *(LEVI, Zipf(0.5)),
        *(dependence.zipf_tail(5.0, 0.35, 0.5), (1e8, 1e9, 1e10)),
    ),
    "Markov repeats, (1 - r) k attempts": (
        *(LEVI, Markov(0.8)),
        *(dependence.markov_tail(5.0, 0.35, 0.8), (1e5, 1e6, 1e7)),
    ),
    "scaled Beta, c k attempts": (
        *(ScaledBeta(3.5, 0.25, 0.1), Independent()),
        *(difficulty.scaled_beta_tail(3.5, 0.25, 0.1), (1e5, 1e6, 1e7)),
    ),
    "noise in 2 directions, exponent 1": (
        *(SmallBall(2.0, 0.05, 1.0), Independent()),
        *(difficulty.small_ball_tail(2.0, 0.05), (3, 10, 100)),
    ),
    "any density near 0, continuous Bernoulli": (
        *(ContinuousBernoulli(0.1), Independent()),
        *(difficulty.continuous_bernoulli_tail(0.1), (2e3,)),
    ),
    "any density near 0, uniform": (Uniform(0.0, 0.01), Independent(), difficulty.uniform_tail(0.01), (3e4, 1e5)),
    "any density near 0, Kumaraswamy": (
        *(ScaledKumaraswamy(1.5, 0.5, 1.0), Independent()),
        *(difficulty.kumaraswamy_tail(1.5, 0.5, 1.0), (1e6, 1e7)),
    ),
}


@pytest.mark.parametrize("name", POWER_LAWS)
def test_after_many_attempts_a_power_law_is_left(name):
    problem, attempts, tail, tries = POWER_LAWS[name]
    tries = np.array(tries)
    parts = Parts(None, None, *attempts.samplers(problem.sampler(), FIRST, tries))
    drawn = simulate.failures(1, f"power law, {name}", parts, Budget(2**24, 0, 2), None, tries)
    failed, total = drawn.failures.sum(axis=0), len(drawn.failures) * drawn.problems
    assert_proportion(failed, total, tail.prefactor * tries**-tail.exponent)
    rejects(assert_proportion, failed, total, 1.05 * tail.prefactor * tries**-tail.exponent)
    rejects(assert_proportion, failed, total, tail.prefactor * tries ** (-1.02 * tail.exponent))


def test_attempts_from_an_urn_leave_a_power_of_the_logarithm():
    tries = np.array([1e5, 1e6, 1e8])
    parts = Parts(None, None, *Polya(0.1).samplers(LEVI.sampler(), FIRST, tries))
    drawn = simulate.failures(1, "power of the logarithm", parts, Budget(2**20, 0, 2), None, tries)
    failed, total = drawn.failures.sum(axis=0), len(drawn.failures) * drawn.problems
    law = dependence.polya_tail(tries, 5.0, 0.35, 0.1)
    assert_proportion(failed, total, law)
    rejects(assert_proportion, failed, total, dependence.polya_tail(tries, 5.0, 0.35, 0.105))
    slope = np.log(law[0] / law[1]) / np.log(tries[1] / tries[0])  # of the power of k between the first two
    rejects(assert_proportion, failed, total, law[0] * (tries / tries[0]) ** -slope)


def assert_measured(measured, exponent, prefactor):
    """Exponent and prefactor (sim.measurement) as the law has them; Student's, as 64 groups know their spread."""
    errors = np.hypot(measured.exponent_stderr, measured.bias), measured.prefactor_stderr
    off = (measured.exponent - exponent) / errors[0], (measured.prefactor - prefactor) / errors[1]
    p_value = 4 * stats.t.sf(np.abs(off), estimators.GROUPS - 1).min()
    assert p_value > FALSE_ALARM, f"{measured} against {exponent}, {prefactor}"


@pytest.mark.parametrize("ceiling", [1.0, 0.9])
def test_the_exponent_and_prefactor_of_inference_are_measured(ceiling):
    parts = Parts(difficulty=build.beta_sampler(5, 0.35, ceiling), attempts=FIRST)
    drawn = simulate.failures(1, f"exponent of inference {ceiling}", parts, BUDGET, None, K)
    c = ceiling * coverage.prefactor(5, 0.35)
    law = Prediction(coverage.failure(K, 5, 0.35, ceiling), 0.35, c, ceiling < 1)
    measured = measurement.measure(drawn, K, law)
    assert_measured(measured, 0.35, c)
    rejects(assert_measured, measured, 1.02 * 0.35, c)
    rejects(assert_measured, measured, 0.35, 1.05 * c)


@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0])
def test_the_exponent_and_prefactor_of_learning_are_measured(exponent):
    learner = build.learner("block_chain", exponent, np.inf, 1, N)
    masses = simulate.masses(1, f"exponent of learning {exponent}", learner, 2**13, BUDGET)
    b, c = learning_curve.decay_exponent(exponent), learning_curve.prefactor(exponent)
    told = measurement.told(learning_curve.memorising_moments(N, exponent, np.inf), len(masses.values))
    law = Prediction(learning_curve.unmemorised_mass(N, exponent, np.inf), b, c, False)
    measured = measurement.measure_masses(masses, N, law, told)
    assert_measured(measured, b, c)
    rejects(assert_measured, measured, 1.05 * b, c)
    rejects(assert_measured, measured, b, learning_curve.prefactor_continuous(exponent))


def test_the_slopes_of_failure_and_of_log_coverage_differ_as_their_laws_do():
    around = np.array([10, 100, 1000])
    tries = (around[:, None] * [0.9, 1, 1.1]).ravel()
    parts = Parts(difficulty=build.beta_sampler(5, 0.35, 1.0), attempts=FIRST)
    drawn = simulate.failures(1, "local slopes", parts, BUDGET, None, tries)

    def slopes(failures):
        loss = (failures / drawn.problems).reshape(*failures.shape[:-1], 3, 3)
        curves = np.log(loss), np.log(-np.log1p(-loss))
        each = [[-np.gradient(y[..., i, :], np.log([0.9, 1, 1.1]), axis=-1)[..., 1] for i in range(3)] for y in curves]
        return np.moveaxis(np.array(each).reshape(6, *failures.shape[:-1]), 0, -1)

    whole, groups = slopes(drawn.failures.mean(axis=0)), slopes(estimators.jackknife_groups(drawn.failures))

    def p_value(alpha, beta):
        both = coverage.local_exponent(around, alpha, beta), coverage.local_exponent_log_coverage(around, alpha, beta)
        return verdict.judge_fit("", "", whole, groups, np.concatenate(both), len(drawn.failures)).p_value

    assert p_value(5, 0.35) > FALSE_ALARM
    assert p_value(5, 1.02 * 0.35) < FALSE_ALARM
    swapped = np.roll(whole, 3), np.roll(groups, 3, axis=1)
    both = coverage.local_exponent(around, 5, 0.35), coverage.local_exponent_log_coverage(around, 5, 0.35)
    assert verdict.judge_fit("", "", *swapped, np.concatenate(both), len(groups)).p_value < FALSE_ALARM


@pytest.mark.parametrize(("depth", "examples"), [(2, 100.0), (3, 100.0), (5, 300.0)])
def test_features_seen_ever_more_often_before_they_are_memorised_cost_a_constant_ratio(depth, examples):
    law = learning_curve.depth_ratio(2.0, depth)

    def unmemorised(d):
        parts = Parts(build.feature_sampler(2.0, np.inf), build.memory_sampler("arrival", d))
        drawn = simulate.failures(1, f"depth {d} of {depth}", parts, BUDGET, np.array([examples]))
        error = learning_curve.unmemorised_mass(examples, 2.0, np.inf, d)
        return drawn.failures.sum() / BUDGET.problems, (1 - error) / error / BUDGET.problems

    (once, spread_once), (often, spread_often) = unmemorised(1), unmemorised(depth)
    deviation = law * np.sqrt(spread_once + spread_often)
    assert_mean(often / once, 1, law, deviation)
    rejects(assert_mean, often / once, 1, learning_curve.depth_ratio(2.1, depth), deviation)  # exponent 5 % off
    rejects(assert_mean, often / once, 1, depth**0.5, deviation)  # d^b, which it only tends to times 1 / Gamma(1 + b)


# Suites and estimates -------------------------------------------------------------------------------------------------


def test_a_finite_suite_scatters_by_its_problems_alone():
    suites, problems, tries = 2**18, 16, np.array([1, 10, 100, 10_000.0])
    sampler, lanes = build.beta_sampler(5, 0.35, 1.0), jnp.arange(suites * problems, dtype=jnp.uint32)

    @jax.jit
    def failure(key, sampler):
        rate = bits.rate(sampler.at(bits.stream(key), lanes))
        powers = [jnp.exp(-np.float32(k) * rate) for k in tries]  # attempts without end: p^k itself
        return jnp.stack([x.reshape(-1, problems).mean(axis=1) for x in powers], axis=1)

    means = np.asarray(failure(keys.run_key(1, "finite suite"), sampler), float)
    variance = (means[::2] - means[1::2]) ** 2 / 2  # of two suites: needs no mean
    batches = variance.reshape(256, -1, len(tries)).mean(axis=1)
    assert meets(batches, coverage.suite_variance(tries, problems, 5, 0.35))
    assert not meets(batches, coverage.suite_variance(tries, problems, 5, 1.05 * 0.35))
    loss = coverage.inference_loss(tries, 5, 0.35)
    assert not meets(batches, loss * (1 - loss) / problems)  # as if each problem were attempted once


def test_no_number_of_attempts_tells_beta_better_than_the_problems_allow():
    suites, problems = 1000, 500
    rng = keys.host_generator(keys.run_key(1, "Fisher"))

    def scatter(recorded, suites):
        successes = rng.binomial(recorded, rng.beta(0.35, 5, (suites, problems)))
        fit = fits.beta_binomial(np.full((suites, problems), recorded), successes)
        return problems * np.var([fit.alpha, fit.beta], axis=1, ddof=1)

    bounds = np.array([coverage.alpha_variance_bound(5, 0.35), coverage.beta_variance_bound(5, 0.35)])
    deviation = np.sqrt(2 / (suites - 1)) * bounds
    endless = scatter(10**9, suites)
    assert_mean(endless, 1, bounds, deviation)
    known = 1 / (special.polygamma(1, 0.35) - special.polygamma(1, 5.35))  # as if alpha were known
    rejects(assert_mean, endless[1], 1, known, deviation[1])
    few = scatter(20, suites // 4)
    assert np.all(few > bounds)
    rejects(assert_mean, few, 1, bounds, 2 * deviation)


def test_estimates_scatter_least_where_attempts_are_shared_out_by_the_law():
    tries, budget, runs, success = 100, 10**6, 2**18, np.array([1e-3, 3e-3, 1e-2, 2e-2])
    rng = keys.host_generator(keys.run_key(1, "allocation"))

    def scatter(shares):
        recorded = np.rint(budget * shares).astype(int)
        failed = (rng.binomial(recorded, 1 - success, (runs, len(success))) / recorded) ** tries
        return failed.var(axis=0, ddof=1)

    equal, best = np.full(4, 0.25), plug_in.allocation(tries, success)
    own = np.sqrt(equal * scatter(equal))  # a problem's deviation, of one attempt: attempts pay in proportion to it
    deviation = np.sqrt(1 / (2 * runs)) * best
    assert_mean(own / own.sum(), 1, best, deviation)
    rejects(assert_mean, own / own.sum(), 1, plug_in.allocation(1.05 * tries, success), deviation)
    rejects(assert_mean, own / own.sum(), 1, success / success.sum(), deviation)
    for shares in (equal, best):
        law = plug_in.variance_asymptote(tries, budget * shares, success)
        assert_mean(scatter(shares).sum(), 1, law.sum(), np.sqrt(2 / runs * (law**2).sum()))
    moved = [scatter(best * change / (best @ change)).sum() for change in (np.array([2, 1, 1, 1]), [1, 1, 0.5, 1])]
    assert scatter(best).sum() < min(moved)


# Mechanisms behind a difficulty ---------------------------------------------------------------------------------------


def test_a_bound_on_ease_thins_the_attempts():
    problems, scale = 2**20, 0.1
    rng = keys.host_generator(keys.run_key(1, "thinning"))
    wait = np.ceil(rng.exponential(size=problems) / -np.log1p(-np.maximum(rng.beta(0.25, 3.5, problems), 1e-30)))
    tries, counted, failed = grid(1e4, 12).astype(int), np.zeros(problems), []
    for more in np.diff(tries, prepend=0):
        counted += rng.binomial(more, scale, problems)  # of the attempts, those that count
        failed.append((wait > counted).sum())
    observed = cells(np.array(failed) / problems) * problems
    law = difficulty.failure(tries, difficulty.scaled_beta(3.5, 0.25, scale))
    assert_counts(np.rint(observed), cells(law))
    wrong = difficulty.failure(tries, difficulty.scaled_beta(3.5, 0.25, 1.05 * scale))
    rejects(assert_counts, np.rint(observed), cells(wrong))
    smooth = coverage.inference_loss(scale * tries, 3.5, 0.25)  # as if c k attempts were made, and no random number
    rejects(assert_counts, np.rint(observed), cells(smooth))


def test_a_random_precision_leaves_a_power_law_in_beta():
    """Precisions so low that 10^4 attempts fail are rare: x = k s is drawn as Gamma(2.5, 2) and weighted back."""
    beta, tolerance, draws = 2.5, 0.1, 2**19
    rng, tries = keys.host_generator(keys.run_key(1, "random precision")), np.array([1e4, 1e5, 1e6])
    unit = (tries * tolerance * np.sqrt(2 / np.pi)) ** -2.0
    x = 2 * rng.gamma(beta, size=(draws, len(tries)))
    tau = unit * x**2  # its density times dtau/dx over the density of x:
    weight = stats.gamma.pdf(tau, beta / 2) * 2 * unit * x / stats.gamma.pdf(x, beta, scale=2)
    failed = rng.exponential(size=x.shape) > -tries * np.log1p(-special.erf(tolerance * np.sqrt(tau / 2)))
    batches = (weight * failed).reshape(64, -1, len(tries)).mean(axis=1)
    tail = difficulty.latent_precision_tail(beta, tolerance)
    assert meets(batches, tail.prefactor * tries**-tail.exponent)
    assert not meets(batches, 1.05 * tail.prefactor * tries**-tail.exponent)
    assert not meets(batches, tail.prefactor * tries ** (-1.01 * tail.exponent))


@pytest.mark.parametrize("variance", [0.3, 1.0, 3.0])
def test_a_random_bias_bends_the_power_law_for_ever(variance):
    """Bias and precision are drawn about where 10^9 attempts fail most probably, and weighted back."""
    tolerance, draws, tries = 0.1, 2**20, np.array([1e8, 1e10])
    rng = keys.host_generator(keys.run_key(1, f"random bias {variance}"))
    far = (4 * np.log(1e9) / variance) ** 0.25  # bias in its deviations; the precision there is far^2 / 2
    wide, long = far, far**2 / 2.5
    bias, tau = wide * rng.normal(size=draws), long * rng.gamma(1.25, size=draws)
    weight = wide * np.exp(-(bias**2) / 2 * (1 - 1 / wide**2)) * long**1.25 * np.exp(-tau * (1 - 1 / long))
    half, offset = tolerance * np.sqrt(tau), np.sqrt(variance * tau) * np.abs(bias)
    near, beyond = special.log_ndtr(half - offset), special.log_ndtr(-half - offset)
    rate = -np.log1p(-np.exp(near) * -np.expm1(beyond - near))
    failed = rng.exponential(size=draws)[:, None] > tries * rate[:, None]
    means = (weight[:, None] * failed).reshape(256, -1, 2).mean(axis=1)

    def slope(means):
        return -np.diff(np.log(means), axis=-1) / np.log(tries[1] / tries[0])

    def p_value(v):
        law = slope(difficulty.failure(tries, difficulty.latent_precision_biased(2.5, tolerance, v)))
        groups = slope(estimators.jackknife_groups(means))
        return verdict.judge_fit("", "", slope(means.mean(axis=0)), groups, law, len(means)).p_value

    assert p_value(variance) > FALSE_ALARM
    assert p_value(1.05**2 * variance) < FALSE_ALARM
    asymptote = difficulty.latent_precision_biased_slope(1e9, variance)
    np.testing.assert_allclose(slope(means.mean(axis=0)), asymptote, rtol=0.08)


def test_a_toy_autoencoder_has_its_ceiling_from_the_threshold_and_its_exponent_from_the_dimension():
    """Errors of its own are uniform up to 1/A thresholds; an attempt adds noise of 4 components of variance 0.05."""
    problems, tau, tries = 2**21, 0.05, np.array([1, 2, 5, 10, 20, 50, 100])
    rng = keys.host_generator(keys.run_key(1, "toy autoencoder"))
    room = 1 - rng.uniform(0, 1 / 0.8, problems)
    tried, failed = room[room > 0], []
    for attempt in range(1, 1 + tries[-1]):
        tried = tried[tau * rng.chisquare(4, len(tried)) > tried]
        if attempt in tries:
            failed.append(len(tried))
    observed = np.rint(cells((np.array(failed) + problems - (room > 0).sum()) / problems) * problems)

    def law(dimension, temperature, ceiling):
        return cells(difficulty.failure(tries, difficulty.small_ball(dimension, temperature, ceiling)))

    assert_counts(observed, law(4, tau, 0.8))
    rejects(assert_counts, observed, law(4.1, tau, 0.8))
    rejects(assert_counts, observed, law(4, 1.02 * tau, 0.8))
    rejects(assert_counts, observed, law(4, tau, 0.81))


def judged_answers(true_positive, false_positive, attempts):
    """Of each batch, problems answered rightly and wrongly within k attempts at Beta(5, 0.35): [batches, k] each."""
    verifier = Noisy(true_positive, false_positive)
    own = outcomes(LEVI.sampler(), verifier.sampler(None), attempts, BATCH)
    return np.split(simulate.curves(1, f"judged {verifier}", own, BUDGET.batches, BUDGET), 2, axis=1)


def test_a_noisy_verifier_is_right_wrong_and_silent_as_its_laws_say():
    tries = grid(1000, 20)
    right, wrong = (x.sum(axis=0) for x in judged_answers(0.9, 0.02, tries))
    steps = np.concatenate([np.diff(x, prepend=0) for x in (right, wrong)])
    observed = np.append(steps, BUDGET.problems - steps.sum())

    def law(*rates):
        right, wrong = (of(tries, 5, 0.35, *rates) for of in (verification.correct_mean, verification.wrong_mean))
        steps = np.concatenate([np.diff(x, prepend=0) for x in (right, wrong)])
        return np.append(np.maximum(steps, 0), verification.unanswered_mean(1000, 5, 0.35, *rates))

    assert_counts(observed, law(0.9, 0.02))
    rejects(assert_counts, observed, law(0.882, 0.02))
    rejects(assert_counts, observed, law(0.9, 0.0204))


@pytest.mark.parametrize("ratio", [0.3, 0.1, 0.01, 1e-3])
def test_no_number_of_attempts_passes_the_ceiling_of_a_noisy_verifier(ratio):
    right, wrong = (x.sum(axis=0) for x in judged_answers(0.8, 0.8 * ratio, [1e5, 1e6, ENDLESS]))
    assert_proportion(right, BUDGET.problems, verification.ceiling(5, 0.35, ratio))
    assert_proportion(wrong, BUDGET.problems, verification.ceiling_loss(5, 0.35, ratio))
    rejects(assert_proportion, right, BUDGET.problems, verification.ceiling(5, 0.35, 1.05 * ratio))


def test_what_false_positives_cost_falls_as_a_power_beta_of_their_rate():
    """The exponent by a straight line in the logarithms: the next term of the law bends it by 3e-4 at most."""
    ratios = np.array([1e-8, 1e-7, 1e-6, 1e-5])
    lost = np.concatenate([judged_answers(0.8, 0.8 * r, [ENDLESS])[1] for r in ratios], axis=1) / BATCH
    slope = lambda means: np.polyfit(np.log(ratios), np.log(means).T, 1)[:1].T  # noqa: E731
    groups = slope(estimators.jackknife_groups(lost))
    found = slope(lost.mean(axis=0)[None])[0]

    def p_value(exponent):
        return verdict.judge_fit("", "", found, groups, np.array([exponent]), len(lost)).p_value

    assert p_value(0.35) > FALSE_ALARM
    assert p_value(1.05 * 0.35) < FALSE_ALARM
    assert p_value(0.95 * 0.35) < FALSE_ALARM
    assert p_value(1.0) < FALSE_ALARM  # as if the loss were in proportion to the rate
    rare, asymptote = ratios <= 1e-7, verification.ceiling_loss_asymptote(5, 0.35, ratios)
    problems = len(lost) * BATCH
    observed = np.rint(lost.sum(axis=0) * BATCH)
    assert_proportion(observed[rare], problems, asymptote[rare])  # relative error of the law O(r^0.65)
    rejects(assert_proportion, observed[rare], problems, 1.05 * asymptote[rare])


@pytest.mark.parametrize(("penalty", "best", "wrong"), [(1.0, 13, 2.0), (2.0, 4, 1.0), (4.0, 0, 2.0), (8.0, 0, 2.0)])
def test_attempts_pay_up_to_the_optimum_of_the_law_and_it_may_be_none(penalty, best, wrong):
    tries, problems = np.arange(1.0, 41), BUDGET.problems
    counts = [np.append(0.0, x.sum(axis=0)) for x in judged_answers(0.9, 0.02, tries)]
    assert verification.optimal_attempts(5, 0.35, 0.9, 0.02, penalty) == best

    def falls_short(k):
        """By how many standard errors the reward of the best simulated number of attempts is above that of k."""
        reward = counts[0] - penalty * counts[1]
        other = int(np.argmax(reward))
        right, wrong = (abs(x[other] - x[k]) / problems for x in counts)
        stderr = np.sqrt(problems * (right + penalty**2 * wrong - (right - penalty * wrong) ** 2))
        return 0.0 if other == k else (reward[other] - reward[k]) / stderr

    assert falls_short(best) < stats.norm.isf(FALSE_ALARM)
    assert falls_short(int(verification.optimal_attempts(5, 0.35, 0.9, 0.02, wrong))) > stats.norm.isf(FALSE_ALARM)
    # The last attempt that pays, and the first that does not: what each of them earns.
    last = np.arange(max(best, 1), best + 2)
    earned = np.diff(counts[0] - penalty * counts[1])[last - 1] / problems

    def law(cost):
        made = np.append(last[0] - 1, last)
        given = made, 5, 0.35, 0.9, 0.02
        right, wrong = (np.diff(of(*given)) for of in (verification.correct_mean, verification.wrong_mean))
        return right - cost * wrong, right + cost**2 * wrong

    mean, second = law(penalty)
    assert mean[-1] < 0 and (best == 0 or mean[0] > 0)
    assert_mean(earned, problems, mean, np.sqrt(second - mean**2))
    rejects(assert_mean, earned, problems, law(1.05 * penalty)[0], np.sqrt(second - mean**2))


def weigh(difficulty, rarity, lift, drop, exponent, size, tries=K, examples=N):
    """Shares of the weight that every batch leaves unsolved over k, and unmemorised over n, [batches, x] each."""
    numbers = (np.asarray(x, np.float32) for x in (rarity, lift, drop, examples, tries))
    parts = build.feature_sampler(exponent, size), build.memory_sampler("arrival", 1), difficulty.sampler(), FIRST
    kernel = Weighted(*parts, *numbers, np.arange(BATCH, dtype=np.uint32).reshape(-1, 128))
    curves = simulate.curves(1, f"weighted {difficulty.physics()} {exponent}", kernel, BUDGET.batches, BUDGET)
    k, n = len(tries), len(examples)
    _, _, failed, weight, _, _, missed, mass = np.split(curves, np.cumsum([1, k, k, 1, 1, n, n]), axis=1)
    return estimators.weighted_means(failed, weight), estimators.weighted_means(missed, mass)


def test_weighted_coverage_has_its_law_when_problems_count_by_their_failure():
    failed, _ = weigh(LEVI, 0.0, 2.0, 0.0, 2.0, np.inf)
    assert meets(failed, importance.weighted_loss(K, 5, 0.35, 2.0))
    for law in ((5, 0.35, 1.9), (5.25, 0.35, 2.0), (5, 0.35, 0.0)):
        assert not meets(failed, importance.weighted_loss(K, *law))


def test_weighted_coverage_of_listed_problems_has_its_law():
    success = TABLE.successes / TABLE.attempts
    solvable = success[success > 0]
    failed, _ = weigh(MATH, 0.0, 1.0, 0.1, 2.0, np.inf, grid(3e4, 25))
    law = lambda lift, drop: importance.weighted_failure(  # noqa: E731
        grid(3e4, 25), solvable, (1 - solvable) ** lift * solvable**-drop
    )
    assert meets(failed, law(1.0, 0.1))
    assert not meets(failed, law(1.0, 0.105)) and not meets(failed, law(0.8, 0.1))


def test_when_hard_problems_count_more_the_exponent_of_coverage_falls_by_the_exponent_of_the_weights():
    failed, _ = weigh(LEVI, 0.0, 0.0, 0.1, 2.0, np.inf)
    assert meets(failed, importance.tail_weighted_loss(K, 5, 0.35, 0.1))
    for law in ((5, 0.35, 0.105), (5.25, 0.35, 0.1), (5, 0.35, 0.0)):
        assert not meets(failed, importance.tail_weighted_loss(K, *law))
    prediction = Prediction(importance.tail_weighted_loss(K, 5, 0.35, 0.1), 0.25, coverage.prefactor(5, 0.25), False)
    measured = measurement.measure_means(failed, K, prediction)
    z = abs(measured.exponent - np.array([0.25, 0.2625, 0.35])) / np.hypot(measured.exponent_stderr, measured.bias)
    assert z[0] < stats.norm.isf(FALSE_ALARM / 2) < z[1] < z[2]


def test_when_rare_features_count_more_the_learning_curve_is_weighted_and_its_exponent_falls():
    _, missed = weigh(LEVI, 0.125, 0.0, 0.0, 2.0, np.inf)
    law = lambda rarity: importance.weighted_unmemorised_infinite(N, 2.0, 2.0 * (1 - rarity))  # noqa: E731
    assert meets(missed, law(0.125))
    assert not meets(missed, law(0.13125)) and not meets(missed, law(0.0))
    late = N >= 10  # where the sum over features has become an integral
    known = importance.importance_exponent(2.0, 1.75), importance.weighted_prefactor(2.0, 1.75)
    measured = measurement.measure_means(missed[:, late], N[late], Prediction(law(0.125)[late], *known, False))
    z = abs(measured.exponent - np.array([known[0], 1.05 * known[0], 0.5])) / measured.exponent_stderr
    assert z[0] < stats.norm.isf(FALSE_ALARM / 2) < z[1] < z[2]


@pytest.mark.parametrize(("exponent", "rarity"), [(0.8, 0.3), (1.5, 0.1)])
def test_the_weighted_learning_curve_of_a_finite_set_has_its_law(exponent, rarity):
    _, missed = weigh(LEVI, rarity, 0.0, 0.0, exponent, 1000.0, examples=grid(1000, 25))
    law = lambda off: importance.weighted_unmemorised(  # noqa: E731
        grid(1000, 25), exponent, 1000, -exponent * (1 - off * rarity)
    )
    assert meets(missed, law(1.0)) and not meets(missed, law(0.95))


@pytest.mark.parametrize("drop", [0.0, 0.1])
def test_so_many_attempts_are_needed_as_the_law_says_for_a_share_of_the_weight(drop):
    needed = importance.attempts_needed(0.1, 5, 0.35 - drop)
    tries = np.round(needed * np.geomspace(0.8, 1.25, 25))  # dense: between points the failure is a power law
    failed, _ = weigh(LEVI, 0.0, 0.0, drop, 2.0, np.inf, tries)
    crossed = lambda curve: np.interp(-np.log(0.1), -np.log(curve), np.log(tries))  # noqa: E731
    parts = np.array([[crossed(part)] for part in estimators.jackknife_groups(failed)])
    whole = np.array([crossed(failed.mean(axis=0))])
    judged = lambda law: verdict.judge_fit("", "", whole, parts, np.log([law]), len(failed)).p_value  # noqa: E731
    assert judged(needed) > FALSE_ALARM
    assert judged(importance.attempts_needed(0.1, 5, 0.95 * (0.35 - drop))) < FALSE_ALARM
    assert judged(importance.attempts_needed(0.095, 5, 0.35 - drop)) < FALSE_ALARM


def choose(wrong, shift=2.0, attempts=np.array([1, 2, 3, 5, 12, 50, 300, 1e4, 1e6])):  # noqa: B008
    """Means of 1024 problems each, right by votes and by exponential and Gaussian scores [means, k]; endless votes."""
    kernel = selection(LEVI.sampler(), attempts, wrong, shift)
    drawn = simulate.curves(1, f"choose {wrong}", kernel, 32, BUDGET)
    _, votes, exponential, gaussian, endless = np.split(drawn, len(attempts) * np.arange(1, 5), axis=1)
    return attempts, votes, exponential, gaussian, endless[:, 0]


def of_shares(means, law):
    """A mean of means of 1024 problems each, right or wrong, as assert_mean wants it."""
    return means.mean(), 1024 * len(means), law, np.sqrt(law * (1 - law))


@pytest.mark.parametrize("wrong", [1, 4])
def test_votes_end_where_the_right_answer_is_the_most_likely_and_on_hard_problems_they_do_harm(wrong):
    attempts, votes, *_, endless = choose(wrong)
    law = lambda alpha, m: voting.plurality_mean(attempts, alpha, 0.35, m)  # noqa: E731
    assert meets(votes, law(5, wrong))
    assert not meets(votes, law(5.25, wrong)) and not meets(votes, law(5, wrong + 1))
    for last in (votes[:, -1], endless):  # a million votes are as good as endless ones
        assert_mean(*of_shares(last, voting.plurality_limit(5, 0.35, wrong)))
        rejects(assert_mean, *of_shares(last, voting.plurality_limit(5.25, 0.35, wrong)))
    single, dozen = (votes[:, attempts == k][:, 0] for k in (1, 12))
    rejects(assert_mean, *of_shares(dozen, single.mean()))
    assert dozen.mean() < single.mean()


def test_the_best_of_exponential_scores_levels_off_and_that_of_gaussian_ones_does_not():
    attempts, _, exponential, gaussian, _ = choose(4)
    problems = LEVI.problems()
    success = np.exp(problems.log_success)
    of_exponential = lambda mu: voting.best_exponential(attempts, success, mu) @ problems.weight  # noqa: E731
    of_gaussian = lambda mu: voting.best_gaussian_mean(attempts, success, problems.weight, mu)  # noqa: E731
    assert meets(exponential, of_exponential(2.0)) and meets(gaussian, of_gaussian(2.0))
    assert not meets(exponential, of_exponential(2.1)) and not meets(gaussian, of_gaussian(2.1))
    assert not meets(exponential, of_gaussian(2.0))
    assert_mean(*of_shares(exponential[:, -1], voting.best_exponential_ceiling(5, 0.35, 2.0)))
    rejects(assert_mean, *of_shares(exponential[:, -1], voting.best_exponential_ceiling(5, 0.35, 2.1)))
    assert np.all(np.diff(gaussian.mean(axis=0)) > 0) and gaussian[:, -1].mean() > 3 * exponential[:, -1].mean()


def training_runs_of(better, worse, size, examples, runs, name):
    """Means of batches of runs by quantity, [batches, n] each, the error so far as a number of features."""
    samplers = [build.feature_sampler(s, size) for s in (worse, better)]
    kernel = training_runs.build(*samplers, examples, 1)
    drawn = simulate.curves(1, name, kernel, runs // training_runs.RUNS, BUDGET).reshape(-1, 9, len(examples))
    of = "mean_e mean_u mean_k var_e var_u var_k wrong_e wrong_u wrong_k".split()
    return dict(zip(of, np.moveaxis(drawn, 1, 0), strict=True))


def test_the_three_errors_of_a_run_scatter_as_their_laws_say():
    n, exponent, size = np.array([10, 100, 1000]), 2.0, 100.0
    drawn = training_runs_of(2.2, exponent, size, n, 2**15, "scatter")
    golden = {"var_u": [0.0046668924591, 0.000208072817606, 6.94946919423e-6]}
    golden |= {"var_k": [1.32443348191, 4.74179217934, 11.9979160973]}

    def laws(s):
        mean = learning_curve.unmemorised_mass(n, s, size)
        scatter = learning_curve.unmemorised_mass_variance(n, s, size), noise.time_average_variance(n, s, size) * n**2
        counted = noise.time_average(n, s, size) * n
        every = mean, mean, counted, noise.instantaneous_variance(n, s, size), *scatter
        return dict(zip(drawn, every, strict=False))

    for name, law in laws(exponent).items():
        np.testing.assert_allclose(golden.get(name, law), law, rtol=1e-11)
        assert meets(drawn[name], law), name
        assert not meets(drawn[name], laws(1.05 * exponent)[name]), name
    assert not meets(drawn["var_u"], [0.00527881370791, 0.000218727070463, 7.06313199106e-6])  # a Poisson number
    assert not meets(drawn["var_e"], laws(exponent)["var_u"] + laws(exponent)["var_k"] / n**2)


def test_infinitely_many_features_leave_the_mass_of_hutter_and_show_the_number_of_karlin():
    n = np.array([1000])
    drawn = training_runs_of(2.2, 2.0, np.inf, n, 2**14, "infinite")
    for name, law, golden in (
        ("mean_u", learning_curve.unmemorised_mass, 0.0218427787641),
        ("mean_k", learning_curve.distinct_features, 43.2074003070),
    ):
        np.testing.assert_allclose(law(1000, 2.0, np.inf), golden, rtol=1e-11)
        assert meets(drawn[name], [golden])
        assert not meets(drawn[name], law(n, 2.02, np.inf))


def test_a_run_of_each_prefers_the_worse_learner_as_often_as_the_laws_say():
    n, pair = np.array([30, 100, 300]), (2.2, 2.0)
    drawn = training_runs_of(*pair, np.inf, n, 2**15, "selection")
    for name, law in (
        ("wrong_u", noise.exact_conditional_selection_error),
        ("wrong_k", noise.exact_time_average_selection_error),
    ):
        assert meets(drawn[name], law(n, *pair, np.inf)), name
        assert not meets(drawn[name], law(n, 2.24, 2.0, np.inf)), name
    assert not meets(drawn["wrong_u"], noise.conditional_selection_error(n, *pair, np.inf))  # as if it were normal
    few = n[:1]
    assert meets(drawn["wrong_e"], noise.instantaneous_selection_error(n, *pair, np.inf))
    assert not meets(drawn["wrong_e"][:, :1], noise.instantaneous_selection_error(few, 2.6, 2.0, np.inf))
    # What Hutter advises: at 300 examples one error each is a coin, and what was seen so far is not.
    assert drawn["wrong_e"][:, -1].mean() > 0.48 and drawn["wrong_k"][:, -1].mean() < 0.08


def test_a_finite_set_is_learnt_after_all_and_the_rest_falls_exponentially():
    n, size, learners = np.array([10, 1000, 1e5]), 100.0, 2**16
    kernel = build.learner("jump_chain", 2.0, size, 1, n)
    found = simulate.masses(1, "cut-off", kernel, learners, BUDGET).values
    law = learning_curve.unmemorised_mass(n, 2.0, size)
    np.testing.assert_allclose(law, [0.205564327676, 0.0159439948044, 1.09767211907e-6], rtol=1e-11)
    assert meets(found, law)
    for at, wrong in (
        ([0, 1], learning_curve.unmemorised_mass(n, 2.04, size)),
        ([2], learning_curve.unmemorised_mass(n, 2.1, size)),
        ([1, 2], learning_curve.asymptote(n, 2.0)),
    ):
        assert not meets(found[:, at], wrong[at])


def spend(difficulty, attempts, slots=1):
    """Shares unsolved, mean attempts and mean waves after at most k attempts, first successes drawn, [batches, k]."""
    kernel = Spending(difficulty.sampler(), np.float32(attempts), np.float32(slots))
    drawn = simulate.curves(1, f"spend {difficulty}", kernel, BUDGET.batches, BUDGET)[:, 1:]
    unsolved, made, waves = np.split(drawn, 3, axis=1)
    return unsolved / BATCH, made, waves


def holds(means, law):
    """Whether means of batches [batches, k] meet a law at FALSE_ALARM."""
    prediction = Prediction(law, None, None, True)
    return verdict.judge_means("law", "value", means, prediction).p_value > FALSE_ALARM


def lost(value, attempts, one, other):
    """Sigmas by which the one number of attempts is worth less than the other, on average over batches."""
    differences = (value[:, attempts == other] - value[:, attempts == one])[:, 0]
    return differences.mean() / differences.std(ddof=1) * np.sqrt(len(differences))


def test_attempts_paid_at_once_are_worth_most_at_the_optimum_of_the_law():
    price, numbers = 1e-3, np.arange(80.0, 145)
    unsolved, *_ = spend(LEVI, numbers)
    value, best = 1 - unsolved - price * numbers, cost.optimal_parallel(1, price, 5, 0.35)
    found = numbers[value.mean(axis=0).argmax()]
    assert best == 110
    if found != best:
        assert lost(value, numbers, best, found) < stats.norm.isf(FALSE_ALARM)
    for wrong in (cost.optimal_parallel(1, 1.2 * price, 5, 0.35), cost.optimal_parallel(1, price / 1.2, 5, 0.35)):
        assert lost(value, numbers, wrong, best) > stats.norm.isf(FALSE_ALARM)
    few = np.array([28.0, 55, 110, 220, 440, 1000])
    value = 1 - spend(LEVI, few)[0] - price * few
    assert holds(value, cost.net_value_parallel(few, 1, price, 5, 0.35))
    for wrong in ((price, 5.25, 0.35), (price, 5, 0.3675), (1.05 * price, 5, 0.35), (price, 5, 0.35, 0.95)):
        assert not holds(value, cost.net_value_parallel(few, 1, *wrong))


@pytest.mark.parametrize(("ceiling", "best"), [(1.0, 345), (0.95, 282)])
def test_attempts_paid_one_by_one_are_worth_most_at_the_optimum_of_the_law(ceiling, best):
    price, numbers, difficulty_ = 1e-3, np.arange(220.0, 420), Beta(5.0, 0.35, ceiling)
    unsolved, made, _ = spend(difficulty_, numbers)
    value = 1 - unsolved - price * made
    found = numbers[value.mean(axis=0).argmax()]
    assert best == cost.optimal_sequential(1, price, 5, 0.35, ceiling)
    if found != best:
        assert lost(value, numbers, best, found) < stats.norm.isf(FALSE_ALARM)
    dearer, other = (cost.optimal_sequential(1, c, 5, 0.35, a) for c, a in ((1.2 * price, ceiling), (price, 1.0)))
    for wrong in {dearer, other} - {best}:  # the price off, and no share beyond reach
        assert lost(value, numbers, wrong, best) > stats.norm.isf(FALSE_ALARM)
    few = np.array([28.0, 110, 345, 1000, 4000, 20000])
    unsolved, made, _ = spend(difficulty_, few)
    value, law = 1 - unsolved - price * made, (5, 0.35, ceiling)
    assert holds(value, cost.net_value_sequential(few, 1, price, *law))
    for wrong in ((price, 5.25, 0.35, ceiling), (price, 5, 0.3675, ceiling), (1.05 * price, *law)):
        assert not holds(value, cost.net_value_sequential(few, 1, *wrong))


def taken(tries, failure, slots=1):
    """Mean and deviation of the waves of attempts made, from the law of failure: sums over those that find it so."""
    moments = []
    for k in tries:
        left = failure(np.arange(0, k, slots))
        mean = left.sum()
        moments.append((mean, np.sqrt(((2 * np.arange(len(left)) + 1) * left).sum() - mean**2)))
    return np.transpose(moments)


def test_the_mean_number_of_attempts_up_to_the_first_success_has_its_law():
    tries, problems = np.array([10.0, 1000, 1e5]), BUDGET.batches * BATCH
    easier = difficulty.listed(np.minimum(1.05 * MATH.success(), 1))
    for model, known, wrong in (
        (LEVI, cost.expected_attempts(tries, 5, 0.35), cost.expected_attempts(tries, 5, 0.3675)),
        (CAPPED, cost.expected_attempts(tries, 5, 0.35, 0.9), cost.expected_attempts(tries, 5, 0.35)),
        (MATH, cost.mean_waves(tries, MATH.problems()), cost.mean_waves(tries, easier)),
    ):
        summed, deviation = taken(tries, model.failure)
        np.testing.assert_allclose(known, summed, rtol=1e-9)
        mean = spend(model, tries)[1].mean(axis=0)
        assert_mean(mean, problems, known, deviation)
        rejects(assert_mean, mean, problems, wrong, deviation)
    assert cost.expected_attempts(1000, 5, 0.35) == pytest.approx(229.322216790, rel=1e-11)


def test_waves_of_attempts_take_the_seconds_of_their_law():
    tries, slots, problems = np.array([40.0, 1000, 1e5]), 16, BUDGET.batches * BATCH
    mean = 6 * spend(LEVI, tries, slots)[2].mean(axis=0)
    deviation = 6 * taken(tries, LEVI.failure, slots)[1]
    assert_mean(mean, problems, cost.latency_slots(tries, 6, slots, LEVI.problems()), deviation)
    for wrong in (Beta(5.25, 0.35, 1.0).problems(), slots), (LEVI.problems(), 17):
        rejects(assert_mean, mean, problems, cost.latency_slots(tries, 6, wrong[1], wrong[0]), deviation)


def test_what_is_unsolved_falls_more_steeply_in_flops_the_longer_the_prompt():
    model = {"parameters": 8.03e9, "layers": 32, "width": 4096, "prompt": 20000, "decode": 300}
    prompt, each = token_flops(**model)
    middle = np.array([30.0, 300, 3000])
    pairs = np.rint(np.stack([middle / 1.15, middle * 1.15], axis=1).ravel())
    unsolved, *_ = spend(LEVI, pairs)
    flops = prompt + pairs * each

    def slope(curve):
        steps = np.log(curve[..., 1::2] / curve[..., ::2])
        return -steps / np.log(flops[1::2] / flops[::2])

    stderr = estimators.jackknife_stderr(slope(estimators.jackknife_groups(unsolved)))
    found, at = slope(unsolved.mean(axis=0)), np.sqrt(flops[1::2] * flops[::2])
    sunk, price = cost.prompt_flops(*list(model.values())[:4]), cost.attempt_flops(*model.values())
    z = lambda law: np.abs((found - law) / stderr).max()  # noqa: E731
    bound = stats.norm.isf(FALSE_ALARM / 2 / len(found))
    assert z(cost.local_exponent_of_flops(at, sunk, price, 5, 0.35)) < bound
    assert z(cost.local_exponent_of_flops(at, sunk, price, 5, 0.3675)) > bound
    assert z(cost.local_exponent_of_flops(at, 1.05 * sunk, price, 5, 0.35)) > bound
    assert z(coverage.local_exponent(middle, 5, 0.35)) > bound  # as if the prompt were free
    assert found[0] > 2 * 0.35


def share(batches, spent=(1,), attempts=(1,), budgets=(1,), size=2):
    """Means of batches [batches, x]: problems finished in turn; unsolved, made in rounds; unsolved of finite suites."""
    kernel = suites.build(LEVI.sampler(), spent, attempts, budgets, size, BATCH)
    curves = simulate.curves(1, f"share {size}", kernel, batches, BUDGET)
    return np.split(curves, np.cumsum([len(spent), len(attempts), len(attempts)]), axis=1)


def test_problems_finished_in_turn_meet_the_renewal_law_and_its_power_law():
    near, far = grid(1e5, 11), np.array([1e6, 4e6])
    solved, *_ = share(256, spent=[*near, *far])
    law = lambda beta: suite.solve_to_completion(near, 5, beta)  # noqa: E731
    assert meets(solved[:, : len(near)], law(0.35)) and not meets(solved[:, : len(near)], law(0.357))
    power_law = lambda beta: suite.solve_to_completion_asymptote(far, 5, beta) - 1  # noqa: E731 (and 1e-4 more)
    assert power_law(0.35) == pytest.approx(0.472048910695 * far**0.35 - 1)
    assert meets(solved[:, len(near) :], power_law(0.35)) and not meets(solved[:, len(near) :], power_law(0.357))


def test_rounds_over_the_unsolved_meet_their_law_at_cost_and_its_power_law():
    rounds = grid(1e7, 15)
    spent, law = suite.round_robin(rounds, 5, 0.35)
    _, unsolved, made, finite = share(128, attempts=rounds, budgets=spent, size=BATCH)
    assert meets(made, spent) and meets(unsolved, law)
    for wrong in ((5.25, 0.35), (5, 0.357)):
        wrong_spent, wrong_law = suite.round_robin(rounds, *wrong)
        assert not meets(made, wrong_spent) and not meets(unsolved, wrong_law)
    far = spent > 5000  # where the power law is 1e-3 too large
    power_law = lambda beta: suite.round_robin_asymptote(spent[far], 5, beta)  # noqa: E731
    assert power_law(0.35) == pytest.approx(2.89586899699 * spent[far] ** -(0.35 / 0.65))
    assert meets(unsolved[:, far], power_law(0.35)) and not meets(unsolved[:, far], power_law(0.357))
    assert not meets(unsolved[:, far], coverage.asymptote(spent[far], 5, 0.35))  # as if no attempt were saved
    assert meets(finite, law)  # 16,384 problems are as good as endlessly many, 20 are not
    *_, few = share(128, budgets=spent, size=20)
    assert not meets(few, law)


def test_problems_left_sooner_are_solved_at_higher_rates():
    attempts, rates = np.array([1, 10, 100]), np.array([0.0654205607477, 0.0406459020637, 0.0139793028688])
    np.testing.assert_allclose(suite.reset_rate(attempts, 5, 0.35), rates, rtol=1e-11)
    _, unsolved, made, _ = share(128, attempts=attempts)
    balanced = lambda rate: meets(1 - unsolved - rate * made + 1, np.ones(3))  # noqa: E731 (1: any number but 0)
    assert balanced(rates) and not balanced(suite.reset_rate(attempts, 5.25, 0.35))
    assert not balanced(suite.reset_rate(attempts, 5, 0.357)) and not balanced(np.full(3, rates[0]))

"""THE table: every model against its law at FALSE_ALARM, and beside it a neighbouring law that must be rejected.

A new mechanism is a new row of agreements.tables: what is simulated, the law of its failure curve, and a wrong one.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from agreements.tables import BUDGET, FIRST, LEVI, POWER_LAWS, ROWS, ZIPF, cells
from checks import FALSE_ALARM, assert_counts, rejects

from sim.draw import simulate
from sim.draw.batches import Parts
from sim.draw.budget import grid
from sim.experiments.question import Law
from sim.judging import measurement, verdict
from sim.laws import learning_curve
from sim.model import LEARNERS, MEMBERS, build
from sim.model.difficulty import Certain
from sim.model.memory import Guessing, MultiTrace


@pytest.mark.seldom(6)
@pytest.mark.parametrize("name", ROWS)
def test_the_simulation_meets_its_law_and_no_other(name):
    row = ROWS[name]()
    drawn = simulate.failures(1, name, row.parts, BUDGET, row.examples, row.attempts)
    total = drawn.failures.shape[0] * drawn.problems
    observed = np.rint(cells(drawn.failures.sum(axis=0) / total) * total)
    assert_counts(observed, np.maximum(cells(row.law), 0))
    rejects(assert_counts, observed, np.maximum(cells(row.wrong), 1e-300))


@pytest.mark.seldom(0)
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
        others = Law(ZIPF, memory, difficulty)
        law = memory.failure(examples, tries, memory.error(examples, ZIPF), difficulty.failure(tries), others)
        prediction = measurement.Prediction(law.ravel(), None, None, True)
        return verdict.judge_means("law", "failure", shares, prediction).p_value

    assert p_value(memory) > FALSE_ALARM
    assert p_value(wrong) < FALSE_ALARM


@pytest.mark.seldom(0)
@pytest.mark.parametrize("name", LEARNERS)
def test_learners_meet_the_learning_curve_and_not_one_5_percent_off(name):
    examples, exponent, size, learners = grid(3000, 9), 1.5, 100.0, 2**12
    made = build.learner(name, exponent, size, 1, examples)
    masses = simulate.masses(1, name, made, learners, BUDGET)
    points = measurement.testable(learning_curve.memorising_moments(examples, exponent, size), len(masses.values))
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
    files = Path(__file__).parent.glob("test_*.py")
    tests = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}
    here = {*ROWS, *POWER_LAWS, *tests}
    gone = {line: row for line, rows in LINES.items() for row in rows if row not in here}
    assert not gone
    assert len(LINES) == 36

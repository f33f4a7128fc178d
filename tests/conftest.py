"""Hygiene for every test. JAX reads these when its backend starts, which no import of `sim` does."""

import os
import sys

import jax
import pytest
from absl import logging as absl_logging

from sim import __main__ as command_line

# The devices a batch must not notice. Set here and not in XLA_FLAGS: commands that tests start in a process of their
# own see the machine as a user does.
jax.config.update("jax_num_cpu_devices", 8)
jax.config.update("jax_debug_key_reuse", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

# Hydra closes the handlers of all logs, and that of optax's would close the file that pytest has put for stderr.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__

os.environ["SIM_COMPILATION_CACHE"] = os.environ["SIM_MODEL_CACHE"] = "off"  # tests leave nothing in user's folders


@pytest.fixture
def sim(monkeypatch, capsys, tmp_path):
    """Run `python -m sim ...` in this process and in tmp_path: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    jax.local_devices()  # so that the backend has the devices of conftest.py, not those of the first command

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sim", *arguments])
        code = command_line.main()
        return code, *capsys.readouterr()

    return call


# Tests whose parameters repeat each other: so many of them, evenly spaced, run by default, the others behind -m slow.
# 0: what a test proves is proven elsewhere too, or once a day is enough.
SELDOM = {
    "test_a_law_with_an_exponent_5_percent_off_is_refuted_by_every_quantity_of_whole_runs": 0,
    "test_the_three_errors_of_a_run_scatter_as_their_laws_say": 0,
    "test_two_currencies_of_the_same_prices_give_the_same_numbers": 0,
    "test_a_column_of_weights_makes_some_problems_count_more": 0,
    "test_tokens_of_the_second_model_have_prices_of_their_own": 0,
    "test_what_was_drawn_is_kept_and_not_drawn_again": 2,
    "test_far_beyond_a_pilot_its_own_curve_leaves_no_trace": 0,
    "test_more_attempts_never_cover_less": 1,
    "test_as_far_as_a_pilot_goes_what_it_shows_is_said": 1,
    "test_a_verifier_that_accepts_much_leaves_no_attempt_that_nothing_reaches": 1,
    "test_errors_too_rare_to_be_seen_refute_no_law": 1,
    "test_a_folder_that_cannot_be_used_costs_one_line_and_not_the_run": 1,
    "test_how_the_work_is_cut_does_not_change_the_plan": 0,
    "test_so_are_features_and_memory_of_one_s_own": 0,
    "test_standard_errors_of_errors_hold": 0,
    "test_lines_of_equal_totals_are_within_the_budget": 0,
    "test_pilots_of_other_sizes_and_seeds_are_other_pilots": 0,
    "test_replays_of_a_tiny_table_are_all_its_orders": 0,
    "test_p_values_of_a_true_law_are_uniform": 1,
    "test_pulls_of_the_exponent_are_students_with_the_jackknife_error": 0,
    "test_a_pilot_that_cannot_tell_says_why": 1,
    "test_the_same_pilot_gives_the_same_bytes": 0,
    "test_attempts_paid_one_by_one_are_worth_most_at_the_optimum_of_the_law": 0,
    "test_attempts_that_memory_grades_meet_their_law_over_n_and_k": 0,
    "test_the_weighted_learning_curve_of_a_finite_set_has_its_law": 0,
    "test_problems_finished_in_turn_meet_the_renewal_law_and_its_power_law": 0,
    "test_the_mean_number_of_attempts_up_to_the_first_success_has_its_law": 0,
    "test_rounds_over_the_unsolved_meet_their_law_at_cost_and_its_power_law": 0,
    "test_learners_meet_the_learning_curve_and_not_one_5_percent_off": 1,
    "test_a_random_bias_bends_the_power_law_for_ever": 0,
    "test_after_many_attempts_a_power_law_is_left": 1,
    "test_a_sweep_has_the_tables_of_its_points_drawn_one_by_one": 1,
    "test_the_simulation_meets_its_law_and_no_other": 16,
    "test_log_gamma_variates_follow_their_law": 1,
    "test_ranks_follow_zipf_s_law": 4,
    "test_every_rank_of_a_small_set_comes_with_its_probability": 4,
    "test_the_far_tail_of_infinitely_many_features_has_its_mass": 1,
    "test_ranks_of_a_thousand_are_right_one_by_one": 1,
    "test_the_mean_log_rank_is_that_of_the_law": 0,
    "test_success_probabilities_follow_the_beta_law": 2,
    "test_training_sets_and_arrivals_agree_in_distribution_and_with_the_law": 0,
    "test_the_mean_over_training_sets_is_the_learning_curve": 0,
    "test_depth_d_means_d_copies": 2,
    "test_arrivals_have_the_negative_binomial_law": 4,
    "test_replays_have_the_hypergeometric_law": 1,
    "test_a_row_does_not_depend_on_the_other_points_of_the_grid": 1,
    "test_waiting_times_are_those_of_attempts_made_one_after_the_other": 1,
    "test_exchangeable_attempts_are_made_one_by_one_too": 0,
    "test_every_course_of_learning_an_urn_comes_as_often_as_enumerated": 0,
    "test_a_curve_does_not_depend_on_how_the_work_is_cut": 1,
    "test_curves_fall": 1,
    "test_the_learning_curve_is_unbiased": 0,
    "test_the_compiler_needs_no_more_than_the_estimate_for_problems": 1,
    "test_the_compiler_needs_no_more_than_the_estimate_for_learners": 1,
    "test_counts_are_the_same_under_any_share": 0,
    "test_a_figure_is_written_as_png_and_pdf_and_twice_alike": 1,
    "test_a_script_redraws_the_figure_from_the_tables": 1,
    "test_where_there_is_none_the_simulation_stands_alone": 0,
    "test_where_memory_grades_attempts_that_are_not_plain_there_is_no_law": 1,
    "test_where_memory_grades_attempts_the_whole_table_meets_one_law": 0,
    "test_where_there_is_a_law_memory_and_all_that_follows_meet_it": 1,
    "test_extremes_that_are_accepted_have_a_law_and_refute_it_not": 3,
    "test_a_dry_run_is_short_however_long_the_run": 0,
    "test_odd_tables_are_replayed_without_a_word_of_numpys": 1,
    "test_a_mistake_with_it_is_one_sentence": 4,
    "test_programs_are_kept_in_the_users_cache_folder": 1,
    "test_the_cache_can_be_switched_off": 2,
    "test_a_small_matrix_times_rows_then_a_reduction_is_summed_rightly": 1,
    "test_infinitely_many_features_agree_with_the_zeta_series": 4,
    "test_the_weighted_loss_is_the_weighted_average_over_problems": 4,
    "test_the_best_normal_score_agrees_with_its_integral": 1,
    "test_a_chain_of_wrong_mean_or_spread_is_seen": 0,
    "test_a_kernel_passes_its_check_on_a_core_and_swept_as_on_a_gpu": 1,
    "test_attempts_at_other_problems_cannot_look_fast": 2,
    "test_every_difficulty_is_weighed_and_meets_its_law": 0,
    "test_what_hardly_ever_happens_refutes_nothing": 0,
    "test_a_law_five_percent_off_is_refuted": 0,
    "test_laws_are_not_refuted_by_what_they_describe": 1,
    "test_few_learners_decide_nothing": 0,
    "test_the_smaller_the_suite_the_more_it_leaves_at_equal_cost": 0,
    "test_simulated_learners_confirm_their_law_and_refute_one_two_percent_off": 1,
    "test_few_learners_and_rare_events_refute_no_true_law": 0,
    "test_the_bias_of_the_window_is_below_a_fifth_of_its_error": 10,
    "test_the_table_and_gamma_variates_draw_from_one_law": 0,
    "test_more_examples_and_more_attempts_never_hurt_a_problem": 1,
    "test_what_stays_unanswered_agrees_with_a_positive_series": 20,
    "test_votes_end_where_the_right_answer_is_the_most_likely_and_on_hard_problems_they_do_harm": 0,
    "test_shared_and_own_training_sets_have_one_law_at_every_depth": 0,
    "test_the_exponent_and_prefactor_of_learning_are_measured": 0,
    "test_only_numbers_changed_compile_nothing_new": 0,
    "test_what_is_certain_or_impossible_stays_so_but_for_the_sticky": 1,
    "test_traces_are_counted_from_one_number_of_examples_to_the_next": 1,
    "test_learning_twice_with_one_key_raises": 1,
    "test_a_test_feature_drawn_twice_gets_one_answer": 0,
    "test_a_joint_run_says_nothing_of_ceilings_it_cannot_see": 1,
    "test_a_law_two_percent_off_is_refuted_and_the_models_own_is_not": 1,
    "test_every_quantity_has_rows_and_none_is_refuted": 0,
    "test_the_kernel_does_what_a_table_of_counts_does": 1,
    "test_the_figure_without_laws_says_so": 0,
    "test_the_figure_bears_suites_with_nothing_left_and_grids_of_two_points": 0,
    "test_every_quantity_is_shown_and_judged_but_for_the_finite_suite": 0,
    "test_depths_without_a_law_are_simulated_all_the_same": 0,
    "test_without_a_closed_form_there_is_no_law_and_the_grid_ends_at_a_million": 0,
    "test_a_table_of_problems_is_not_refuted_where_all_that_can_be_solved_is": 0,
    "test_a_measured_exponent_is_within_its_error_of_the_law": 0,
    "test_a_shared_training_set_varies_more_than_independent_problems": 0,
    "test_learning_curves_coverages_and_their_union_follow_the_laws": 0,
    "test_direct_and_jump_chains_agree_in_distribution": 0,
    "test_a_chain_passes_its_check_one_by_one_and_together": 1,
    "test_every_quantile_is_that_of_a_uniform_within_1e_7": 8,
    "test_the_exponential_curve_agrees_with_a_30_digit_sum": 10,
    "test_the_infinite_curve_agrees_with_a_30_digit_sum": 10,
    "test_pass_at_k_is_unbiased": 1,
    "test_a_sweep_without_laws_says_so": 0,
    "test_finitely_many_features_have_a_window_before_their_cut_off_or_none": 5,
    "test_success_probabilities_follow_their_distribution_function": 3,
    "test_the_first_success_comes_after_k_attempts_with_probability_one_minus_s_to_the_k": 5,
    "test_both_members_agree_with_each_other_and_with_the_law": 2,
    "test_each_lane_replays_its_own_row": 0,
    "test_the_mean_success_and_the_mean_log_success_are_those_of_the_law": 3,
    "test_the_two_gamma_variates_of_a_problem_are_independent": 0,
    "test_attempts_one_by_one_and_a_shared_training_set_run_too": 0,
    "test_a_users_own_table_is_the_difficulty_of_all_experiments_that_have_one": 0,
    "test_success_probabilities_below_1e_30_are_carried_on_to_the_attempts": 0,
    "test_means_and_spreads_are_those_of_the_law_up_to_1e15_examples": 0,
    "test_arrivals_and_block_chains_agree_in_distribution": 0,
    "test_a_biased_answer_is_right_as_often_as_normal_answers_are": 2,
    "test_a_sweep_has_the_tables_of_the_basic_launcher_bit_for_bit": 1,
    "test_learners_are_drawn_until_too": 0,
    "test_learners_are_the_same_for_any_chunk_and_number_of_devices": 0,
    "test_a_dead_process_ends_the_run_with_what_was_drawn_kept": 0,
    "test_a_process_that_is_killed_takes_its_point_along_and_no_other": 0,
    "test_counts_of_uniform_pilots_are_beta_binomial": 1,
    "test_adaptive_pilots_are_those_of_the_algorithm_attempt_by_attempt": 0,
    "test_a_pilot_does_not_know_how_many_others_there_are": 0,
    "test_no_parameters_nearby_are_likelier_than_the_refit_s": 0,
    "test_refits_are_those_of_sim_fits": 1,
    "test_with_a_ceiling_to_be_found_errors_are_those_of_three_parameters": 0,
    "test_large_pilots_err_as_much_as_their_information_allows_for": 1,
    "test_what_cannot_be_reached_is_said_with_the_best_there_is": 1,
    "test_the_report_is_japanese_where_asked_for": 0,
    "test_a_first_pilot_takes_the_place_of_the_difficulty": 0,
    "test_the_same_seed_gives_the_same_table_and_another_one_another": 0,
    "test_no_words_cover_others_or_leave_the_figure": 3,
    "test_letters_are_5_points_high_at_half_size": 2,
    "test_svg_is_the_same_twice_without_a_date_and_with_letters_as_outlines": 2,
    "test_drawing_leaves_the_settings_of_matplotlib_alone": 1,
    "test_a_figure_says_what_it_shows": 4,
    "test_evidence_and_moments_agree_with_a_fine_grid": 1,
    "test_every_experiment_runs_and_writes_what_it_promises": 3,
    "test_one_shared_training_set_meets_the_learning_curve_and_its_variance": 0,
    "test_a_run_of_each_prefers_the_worse_learner_as_often_as_the_laws_say": 0,
    "test_the_best_of_exponential_scores_levels_off_and_that_of_gaussian_ones_does_not": 0,
    "test_the_laws_are_not_refuted_and_those_of_an_alpha_five_percent_off_are": 0,
    "test_a_script_refuses_in_one_sentence_with_exit_code_2": 3,
    "test_pilots_at_the_edge_are_answered": 3,
    "test_every_model_of_a_file_has_its_own_answer": 0,
    "test_what_is_drawn_does_not_depend_on_how_the_work_is_cut": 0,
    "test_a_real_sweep_of_members_and_grids_is_a_dataset": 0,
    "test_an_urn_s_limit_is_beta_distributed": 0,
    "test_a_training_set_of_an_urn_has_the_joint_law_of_all_its_sequences": 0,
    "test_what_sifting_leaves_comes_as_often_as_enumerated": 0,
    "test_weighted_failures_are_those_of_a_plain_simulation_and_of_no_other_weights": 0,
    "test_problems_finished_in_turn_are_those_of_attempts_made_one_by_one": 1,
    "test_the_variance_of_pass_at_k_is_20_times_below_that_of_independent_draws": 0,
    "test_outcomes_in_order_are_tested_for_dependence": 1,
    "test_every_sweep_compiles_little_and_is_joined_in_one_summary_and_figure": 1,
    "test_other_difficulties_have_their_laws_too": 0,
    "test_k_successes_of_k_meet_the_reliability_law": 0,
    "test_a_wrong_number_of_workers_is_one_sentence": 3,
    "test_what_does_not_go_together_is_refused_in_one_sentence": 14,
    "test_the_rarest_examples_are_those_whose_share_of_the_tail_is_small": 2,
    "test_attempts_paid_at_once_are_worth_most_at_the_optimum_of_the_law": 0,
    "test_infinitely_many_features_leave_the_mass_of_hutter_and_show_the_number_of_karlin": 0,
    "test_biased_attempts_agree_with_a_double_integral": 1,
    "test_problems_left_sooner_are_solved_at_higher_rates": 0,
    "test_attempts_pay_up_to_the_optimum_of_the_law_and_it_may_be_none": 2,
    "test_the_best_exponential_score_agrees_with_its_integral": 4,
    "test_arrivals_of_an_urn_are_independent_with_the_law_of_all_its_sequences": 2,
    "test_one_biased_attempt_is_a_student_variate_around_the_bias": 2,
    "test_features_seen_ever_more_often_before_they_are_memorised_cost_a_constant_ratio": 1,
    "test_no_number_of_attempts_passes_the_ceiling_of_a_noisy_verifier": 2,
    "test_sifting_counts_the_examples_whose_first_digits_are_0": 4,
    "test_attempts_from_an_urn_leave_a_power_of_the_logarithm": 0,
    "test_what_false_positives_cost_falls_as_a_power_beta_of_their_rate": 0,
    "test_weighted_coverage_of_listed_problems_has_its_law": 0,
    "test_a_finite_set_is_learnt_after_all_and_the_rest_falls_exponentially": 0,
    "test_waves_of_attempts_take_the_seconds_of_their_law": 0,
    "test_outcomes_are_those_of_attempts_judged_one_after_the_other": 2,
    "test_the_log_probability_is_that_of_the_rank": 2,
    "test_log_success_follows_the_beta_law_from_tail_to_tail": 4,
    "test_zipf_features_keep_their_law": 2,
    "test_what_the_user_told_jax_stands": 0,
    "test_every_split_meets_its_law_and_the_best_one_is_found": 1,
    "test_direct_draws_have_the_mean_and_the_variance_of_the_law": 0,
    "test_neighbouring_exponents_share_a_program": 1,
    "test_p_values_of_two_samples_are_uniform": 1,
    "test_no_number_of_attempts_tells_beta_better_than_the_problems_allow": 0,
    "test_a_row_measured_for_once": 1,
    "test_deeper_learners_are_simulation_only_but_for_their_mean": 0,
    "test_the_mean_majority_is_stable_at_ten_thousand_votes": 2,
    "test_distinct_features_of_training_sets_meet_karlins_law": 1,
    "test_features_of_other_spectra_come_with_their_probabilities": 2,
    "test_a_finite_suite_scatters_by_its_problems_alone": 0,
    "test_so_many_attempts_are_needed_as_the_law_says_for_a_share_of_the_weight": 1,
    "test_the_outcomes_agree_with_the_sum_over_the_attempt_that_is_returned": 3,
    "test_no_other_number_of_attempts_is_more_useful_than_the_optimum": 3,
    "test_a_wrong_prefactor_of_learning_is_refuted_in_the_joint_law_too": 0,
    "test_when_rare_features_count_more_the_learning_curve_is_weighted_and_its_exponent_falls": 0,
    "test_the_variance_of_a_larger_set_joins_that_of_a_smaller_one": 0,
    "test_bad_input_gets_one_sentence_and_exit_code_2": 20,
    "test_four_attempts_at_a_half_are_the_sixteen_sequences": 1,
    "test_low_ranks_that_are_rare_are_told_apart_too": 1,
    "test_problems_from_a_table_are_unbiased": 1,
    "test_reported_errors_are_honest": 1,
    "test_every_rank_is_found_in_a_sorted_list_of_any_length": 1,
}


@pytest.hookimpl(tryfirst=True)  # before those that are marked slow are left out
def pytest_collection_modifyitems(items):
    """Mark the tests that run seldom as slow."""
    by_name = {}
    for item in items:
        by_name.setdefault((item.path, item.originalname), []).append(item)
    for (_, name), group in by_name.items():
        kept = SELDOM.get(name, len(group))
        step = -(-len(group) // kept) if kept else len(group) + 1
        for number, item in enumerate(group, start=0 if kept else 1):
            if number % step:
                item.add_marker(pytest.mark.slow)

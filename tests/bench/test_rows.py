"""The table is complete: every row that was promised is in it, with its bar, and everything it names can be built."""

import pytest

from sim.bench import contestants
from sim.bench.processes import Processes
from sim.bench.rows import NAMES, ROWS

BARS = {
    "words_numpy": 4.5,
    "words_jax": 15,
    "zipf2_numpy": 45,
    "zipf17_numpy": 28,
    "zipf2_jax": 15,
    "zipf2_words": 0.40,
    "zipf17_words": 0.25,
    "direct_numpy": 28,
    "direct_numba": 5,
    "chain_1e6": 60,
    "chain_1e9": 5e4,
    "chain_1e12": 5e7,
    "chain_growth": -1.6,
    "bernoulli_words": 0.8,
    "first_bernoulli": 6e4,
    "grid_bernoulli": 3e4,
    "first_growth": -1.1,
    "first_numpy": 2.8,
    "beta_jax": 10,
    "beta_numpy": 1.5,
    "lattice_variance": 20,
    "devices": 1.7,
    "run_cold": -2.0,
    "run_cached": -1.5,
}  # negative: at most


def test_every_bar_stands_in_the_table():
    assert {row.name: -row.bar if row.at_most else row.bar for row in ROWS if row.bar is not None} == BARS


def test_a_name_means_one_row():
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_what_a_row_names_can_be_built(row):
    with Processes(cores=None) as processes:
        assert all(callable(contestants.builder(name, processes)) for name in (row.ours, row.peer))


def test_a_contestant_that_nobody_builds_is_a_mistake():
    with Processes(cores=None) as processes, pytest.raises(AttributeError, match="no_such"):
        contestants.builder("no_such", processes)


def test_a_bar_is_met_on_its_own_side():
    least = ROWS[NAMES.index("words_numpy")]
    most = ROWS[NAMES.index("first_growth")]
    none = ROWS[NAMES.index("zipf2_scipy")]
    assert [least.holds(4.4), least.holds(4.5), most.holds(1.1), most.holds(1.2)] == [False, True, True, False]
    assert none.holds(1.0) is None


PAIRS = {  # a row, its two contestants, and how many items of the second are compared with one of the first
    "words_numpy": ("words", "numpy_uniform", 1),
    "words_jax": ("words", "jax_bits", 1),
    "words_jax_small": ("words", "jax_bits_small", 1),
    "words_torch": ("words", "torch_uniform", 1),
    "zipf2_numpy": ("zipf2", "numpy_zipf2", 1),
    "zipf17_numpy": ("zipf17", "numpy_zipf17", 1),
    "zipf2_jax": ("zipf2_million", "jax_choice", 1),
    "zipf2_torch": ("zipf2_million", "torch_multinomial", 1),
    "zipf2_scipy": ("zipf2_million", "scipy_zipfian", 1),
    "zipf2_words": ("zipf2", "words", 2),
    "zipf17_words": ("zipf17", "words", 2),
    "direct_numpy": ("direct", "numpy_curve", 1),
    "direct_numba": ("direct", "numba_curve", 1),
    "direct_numba_plain": ("direct", "numba_plain_curve", 1),
    "chain_1e6": ("chain_million", "direct", 1e6),
    "chain_1e9": ("chain_billion", "direct", 1e9),
    "chain_1e12": ("chain_trillion", "direct", 1e12),
    "chain_growth": ("chain_run_million", "chain_run_quadrillion", 1),
    "bernoulli_words": ("bernoulli", "words", 1),
    "first_bernoulli": ("first_million", "bernoulli", 1e6),
    "grid_bernoulli": ("first_grid", "bernoulli", 1e6),
    "first_growth": ("first_thousand", "first_trillion", 1),
    "first_numpy": ("first_million", "numpy_geometric", 1),
    "beta_jax": ("beta", "jax_beta", 1),
    "beta_numpy": ("beta", "numpy_beta", 1),
    "gamma_numpy": ("gamma_ratio", "numpy_beta", 1),
    "lattice_variance": ("lattice_curves", "independent_curves", 1),
    "devices": ("two_devices", "one_device", 1),
    "run_cold": ("imports", "run_cold", 1),
    "run_cached": ("imports", "run_cached", 1),
}


def test_every_row_holds_its_two_contestants_against_each_other_item_by_item():
    assert {row.name: (row.ours, row.peer, row.times) for row in ROWS} == PAIRS

"""Single training runs: their errors, and how often they prefer the worse learner."""

import numpy as np
import pytest
from agreements.tables import BUDGET, meets

from sim.draw import simulate
from sim.laws import learning_curve, noise
from sim.model import build
from sim.samplers import training_runs


def training_runs_of(better, worse, size, examples, runs, name):
    """Means of batches of runs by quantity, [batches, n] each, the error so far as a number of features."""
    samplers = [build.feature_sampler(s, size) for s in (worse, better)]
    kernel = training_runs.build(*samplers, examples, 1)
    drawn = simulate.curves(1, name, kernel, runs // training_runs.RUNS, BUDGET).reshape(-1, 9, len(examples))
    of = "mean_e mean_u mean_k var_e var_u var_k wrong_e wrong_u wrong_k".split()
    return dict(zip(of, np.moveaxis(drawn, 1, 0), strict=True))


@pytest.mark.seldom(0)
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


@pytest.mark.seldom(0)
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


@pytest.mark.seldom(0)
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


@pytest.mark.seldom(0)
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

"""What is timed is the shipped sampler, whole, and its check sees when it is broken."""

import jax
import numpy as np
import pytest

from sim.bench import kernels, programs
from sim.bench.timing import Wrong

NAMES = ("words", "zipf2", "zipf17", "zipf2_million", "first_million", "first_grid", "bernoulli", "beta")


@pytest.fixture(scope="module", params=NAMES)
def kernel(request):
    built = getattr(kernels, request.param)()
    return built._replace(items=1) if request.param == "bernoulli" else built


@pytest.mark.seldom(1)
def test_a_kernel_passes_its_check_on_a_core_and_swept_as_on_a_gpu(kernel):
    """Both draw the same lanes, so that integer sums agree to the last digit."""
    totals, lanes = [], 2**16 // kernel.items
    for contestant in (
        programs.on_one_core(kernel, draws=2**16),
        programs.on_gpu(kernel, jax.devices("cpu")[0], lanes=lanes),
    ):
        sums = contestant.call()
        contestant.check(sums)
        assert contestant.items == 2**16
        floats = sums.dtype == np.float32
        totals.append(np.asarray(sums).sum(axis=-1, dtype=np.float64 if floats else sums.dtype))
    np.testing.assert_allclose(*totals, rtol=1e-5 if floats else 0)


@pytest.mark.seldom(2)
@pytest.mark.parametrize("name", ["words", "zipf2", "zipf17", "zipf2_million", "beta"])
def test_a_kernel_that_repeats_itself_cannot_look_fast(name):
    """Negative control: every lane draws what the first one draws."""
    kernel = getattr(kernels, name)()
    refused(kernel._replace(draw=lambda numbers, piece, lanes: kernel.draw(numbers, piece, 0 * lanes)))


@pytest.mark.seldom(2)
@pytest.mark.parametrize("name", ["first_thousand", "first_million", "first_grid", "bernoulli"])
def test_attempts_at_other_problems_cannot_look_fast(name):
    """Negative control: problems a fifth easier than they are said to be."""
    kernel = getattr(kernels, name)()._replace(items=1)
    streams, log_success, grid = kernel.numbers
    refused(kernel._replace(numbers=(streams, log_success + np.float32(0.2), grid)), draws=2**18)


def refused(kernel, draws=2**16):
    contestant = programs.on_one_core(kernel, draws)
    with pytest.raises(Wrong):
        contestant.check(contestant.call())


def test_problems_come_in_no_order_and_none_twice():
    problems = kernels.success()
    assert len(np.unique(problems)) == len(problems)
    assert abs(np.corrcoef(np.arange(len(problems)), np.log(problems))[0, 1]) < 0.5

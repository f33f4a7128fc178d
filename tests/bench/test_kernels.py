"""What is timed is the shipped sampler, whole, and its check sees when it is broken."""

import jax
import numpy as np
import pytest
from scipy import integrate, special, stats

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


# What a lane is worth, and what it is checked against -----------------------------------------------------------------

ITEMS_AND_WORDS = {
    "words": (4, 1),
    **dict.fromkeys(("zipf2", "zipf17", "zipf2_million"), (1, 2)),
    **dict.fromkeys(("first_thousand", "first_million", "first_trillion", "first_grid"), (1, 2)),
    "bernoulli": (4096, 1),
    **dict.fromkeys(("beta", "gamma_ratio"), (1, 2)),
}


@pytest.mark.parametrize("name", ITEMS_AND_WORDS)
def test_a_lane_stands_for_so_many_items_of_so_many_words(name):
    kernel = getattr(kernels, name)()
    assert (kernel.items, kernel.words) == ITEMS_AND_WORDS[name]


@pytest.fixture
def checked(monkeypatch):
    """What a kernel's check holds against what: [(mean, the law's, its deviation, draws)]."""
    seen = []
    monkeypatch.setattr(kernels, "need_mean", lambda what, *numbers: seen.append(numbers))
    monkeypatch.setattr(kernels, "need_share", lambda what, *numbers: seen.append(numbers))

    def of(name, sums, lanes):
        seen.clear()
        getattr(kernels, name)().check(np.asarray(sums), lanes)
        return seen

    return of


@pytest.mark.parametrize(("name", "exponent", "size"), [("zipf17", 1.7, None), ("zipf2_million", 2.0, 10**6)])
def test_ranks_are_held_against_the_mean_and_deviation_of_ranks_cut_at_a_thousand(checked, name, exponent, size):
    rank = np.arange(1, 1000, dtype=float)
    whole = special.zeta(exponent) if size is None else (np.arange(1.0, size + 1) ** -exponent).sum()
    share = rank**-exponent / whole
    rest = 1 - share.sum()
    mean = (rank * share).sum() + 1000 * rest
    deviation = np.sqrt((rank**2 * share).sum() + 1e6 * rest - mean**2)
    [(found, law, own, draws)] = checked(name, [10.0, 30.0], 8)
    np.testing.assert_allclose((found, law, own, draws), (5.0, mean, deviation, 8), rtol=1e-9)


@pytest.mark.parametrize("name", ["beta", "gamma_ratio"])
def test_log_success_is_held_against_the_mean_and_deviation_of_a_log_beta_variate(checked, name):
    p = stats.beta(0.35, 5)  # of success; its logarithm reaches far below
    moment = lambda power: integrate.quad(  # noqa: E731
        lambda u: u**power * np.exp(u) * p.pdf(np.exp(u)), -200, 0, epsabs=0, limit=500, points=[-20, -2]
    )[0]
    mean = moment(1)
    [(found, law, deviation, draws)] = checked(name, [-3.0, -5.0], 4)
    np.testing.assert_allclose((found, draws), (-2.0, 4))
    np.testing.assert_allclose((law, deviation), (mean, np.sqrt(moment(2) - mean**2)), rtol=1e-6)


def test_problems_left_are_held_against_their_share_at_every_number_of_attempts(checked):
    q = 10 ** np.linspace(-12, np.log10(0.5), 2**14)
    for name, grid in (("first_thousand", [1e3]), ("first_grid", 4.0 ** np.arange(21))):
        found = checked(name, np.arange(2 * len(grid)), 100)
        assert [own for own, *_ in found] == [(4 * i + 1) / 100 for i in range(len(grid))]
        expected = [stats.geom.sf(k, q).mean() for k in grid]
        np.testing.assert_allclose([law for _, law, _ in found], expected, rtol=1e-5)  # k in float32
        assert {draws for *_, draws in found} == {100}
    [(_, law, _)] = checked("bernoulli", [7], 100)
    np.testing.assert_allclose(law, (1 - 1e-4) ** 4096)


def test_words_are_held_against_even_bits_each_and_beside_the_next(checked):
    ones, alike = checked("words", np.array([0xFFFFFFFF, 0xFFFF0000], np.uint32), 2)
    assert (ones[0], alike[0]) == (48 / 64, 0.5)
    assert ones[1:] == alike[1:] == (0.5, 64)

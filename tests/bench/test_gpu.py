"""The figures of a GPU, on a device that is none."""

from types import SimpleNamespace

import jax
import pytest

from sim.bench import gpu, kernels, programs, timing

HOPPER = SimpleNamespace(compute_capability="9.0", core_count=132, local_hardware_id=0)


def test_without_a_gpu_there_are_no_figures(monkeypatch):
    def devices(platform):
        raise RuntimeError("no such backend")

    monkeypatch.setattr(jax, "devices", devices)
    with pytest.raises(ValueError, match=r"^device=gpu: JAX finds no GPU on this machine$"):
        gpu.first()


def test_the_roofline_is_integer_lanes_times_clock_over_the_operations_of_a_hash(monkeypatch):
    monkeypatch.setattr(gpu, "_clock", lambda number: 1.98e9)
    assert gpu.hash_rate(HOPPER) == pytest.approx(132 * 64 * 1.98e9 / 72)


@pytest.mark.parametrize("unknown", [{"compute_capability": "99.0"}, {"core_count": None}])
def test_no_roofline_is_made_up(monkeypatch, unknown):
    monkeypatch.setattr(gpu, "_clock", lambda number: 1.98e9)
    assert gpu.hash_rate(SimpleNamespace(**vars(HOPPER) | unknown)) is None


def test_without_the_driver_no_clock_is_known(monkeypatch):
    def run(*command, **rest):
        raise FileNotFoundError("nvidia-smi")

    monkeypatch.setattr(gpu.subprocess, "run", run)
    assert gpu.hash_rate(HOPPER) is None


def test_a_figure_is_a_rate_and_what_it_is_worth(monkeypatch):
    monkeypatch.setattr(gpu, "hash_rate", lambda device: 1e9)
    narrow = lambda kernel, device: programs.on_gpu(kernel, device, lanes=2**16)  # noqa: E731
    cpu = jax.devices("cpu")[0]
    [figure] = gpu.figures(cpu, 1, {"words": "random words"}, narrow)
    assert figure.reason is None
    assert figure.roofline == pytest.approx(figure.rate / 2e9)
    assert figure.cores > 0


def test_a_wrong_figure_says_so(monkeypatch):
    broken = kernels.words()._replace(draw=lambda numbers, piece, lanes: 0 * lanes)
    monkeypatch.setattr(kernels, "words", lambda: broken)
    narrow = lambda kernel, device: programs.on_gpu(kernel, device, lanes=2**16)  # noqa: E731
    [figure] = gpu.figures(jax.devices("cpu")[0], 1, {"words": "random words"}, narrow)
    assert figure.rate is None
    assert "share of ones" in figure.reason


def test_every_figure_has_a_kernel():
    assert all(hasattr(kernels, name) for name in gpu.SWEPT)


def test_what_the_block_chain_saves_is_counted_in_direct_draws(monkeypatch):
    costs = {"direct": 2.0, "chain_million": 4000.0}  # nanoseconds an item
    monkeypatch.setattr(gpu.learners, "direct", lambda *where: "direct")
    monkeypatch.setattr(gpu.learners, "chain_million", lambda *where: "chain_million")
    monkeypatch.setattr(gpu.timing, "in_turn", lambda ours, *rest: timing.Ratio(costs[ours], 60.0, 7.0, (6.0, 8.0)))
    draws, chain = gpu.learner_figures(None, 1, {"chain_million": 1e6})
    assert (draws.rate, draws.cores, draws.speed_up) == (5e8, 7.0, None)
    assert (chain.rate, chain.speed_up) == (2.5e5, 500.0)


@pytest.mark.parametrize(("said", "hertz"), [("1980\n", 1.98e9), ("[N/A]\n", None), ("", None)])
def test_the_clock_is_asked_of_the_driver_in_megahertz(monkeypatch, said, hertz):
    asked = []
    run = lambda command, **rest: asked.append(command) or SimpleNamespace(stdout=said)  # noqa: E731
    monkeypatch.setattr(gpu.subprocess, "run", run)
    assert gpu._clock(3) == hertz
    assert "--id=3" in asked[0] and "--query-gpu=clocks.max.sm" in asked[0]


@pytest.mark.parametrize(("capability", "lanes"), [("7.5", 64), ("8.0", 64), ("9.0", 64), ("10.0", 128), ("12.0", 128)])
def test_lanes_are_those_of_the_capability(monkeypatch, capability, lanes):
    monkeypatch.setattr(gpu, "_clock", lambda number: 1e9)
    device = SimpleNamespace(compute_capability=capability, core_count=10, local_hardware_id=0)
    assert gpu.hash_rate(device) == pytest.approx(10 * lanes * 1e9 / 72)


def test_a_share_of_the_roofline_counts_the_words_of_an_item(monkeypatch):
    """At 4 ns an item, of which each needs 2 words, that is one hash."""
    monkeypatch.setattr(gpu, "hash_rate", lambda device: 1e9)
    monkeypatch.setattr(gpu.programs, "on_one_core", lambda kernel: "core")
    monkeypatch.setattr(gpu.timing, "in_turn", lambda *own: timing.Ratio(4.0, 60.0, 15.0, (14.0, 16.0)))
    [figure] = gpu.figures(None, 3, {"beta": "problems"}, lambda kernel, device: "gpu")
    assert figure == gpu.Figure("beta", "problems", 2.5e8, 0.25, 15.0, None, (14.0, 16.0), None)

"""A plan keeps within its memory, tells how much it needs, and the compiler needs no more."""

import jax
import numpy as np
import pytest

from sim.draw import cutting, simulate
from sim.draw.batches import Parts
from sim.draw.budget import BATCH, Budget, TooLarge
from sim.model import LEARNERS, build

MEBI = 2**20


def cut(
    batches=1000, devices=2, chunk=8, batch_bytes=MEBI, cells=25, share=0.25, device=1024 * MEBI, host=2**34, **few
):
    memory = cutting.Memory(share, device, host)
    return cutting.cut(batches, devices, chunk, batch_bytes, cells, memory, cutting.Size(**few))


# How a run is cut -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batches", [1, 2, 63, 64, 65, 1000, 4096, 10**6])
@pytest.mark.parametrize(("devices", "chunk"), [(1, 1), (2, 1), (8, 3), (1, 1024)])
def test_steps_cover_all_batches_in_at_most_16_rounds_of_whole_chunks_or_1024_of_many_batches(batches, devices, chunk):
    for fewest in (16, 4):
        made = cut(batches, devices, chunk, batch_bytes=1, fewest=fewest)
        assert made.per_step % made.at_once == 0
        assert (made.steps - 1) * made.per_step < batches <= made.steps * made.per_step
        assert made.steps <= min(max(fewest, batches / 256), 1024)
        assert made.chunk == min(chunk, -(-batches // devices))


@pytest.mark.parametrize(
    ("batch_bytes", "chunk"), [(1, 1024), (MEBI, 256), (100 * MEBI, 2), (255 * MEBI, 1), (256 * MEBI, 1)]
)
def test_as_many_batches_are_computed_together_as_fit_in_the_share(batch_bytes, chunk):
    made = cut(10**6, 1, 1024, batch_bytes)
    assert (made.chunk, made.allowed_bytes) == (chunk, 256 * MEBI)
    assert chunk * batch_bytes <= made.device_bytes <= chunk * batch_bytes + 4 * 25 * made.per_step


def test_a_cut_by_hand():
    """1000 batches on 2 devices, 4 at once on each, at least 16 steps; 5000 of them in 19 steps."""
    assert cut(1000, 2, 4, batch_bytes=100, cells=10, share=0.5, device=1000, host=10**6) == cutting.Cut(
        *(1000, 2, 4, 64, 4 * 100 + 4 * 10 * 64 // 2, 500, 24 * 10 * 1000)
    )
    many = cut(5000, 2, 4, batch_bytes=100, cells=10, share=0.5, device=1000, host=10**7)
    assert (many.per_step, many.steps, many.at_once) == (8 * 33, 19, 8)  # 5000 // 256 = 19
    few = cut(5, 2, 4, batch_bytes=100, cells=10, share=0.5, device=1000)
    assert (few.chunk, few.per_step, few.steps) == (3, 6, 1)
    quick = cut(5000, 2, 4, batch_bytes=100, cells=10, share=0.5, device=1000, fewest=4, full=2000)
    assert (quick.steps, quick.per_step) == (4, 8 * 157)


def test_the_bytes_of_a_batch_by_hand():
    """Sums, what is added and masks of every counter; 64 words of each lane."""
    assert cutting.problem_bytes(256, 25, 0) == 4 * 256 * (3 * 25 + 64)
    assert cutting.problem_bytes(256, 0, 20) == 4 * 256 * (3 * 20 + 64)
    assert cutting.problem_bytes(256, 10, 20) == int(4 * 256 * (3 * (30 + 200 / 32) + 64))
    assert cutting.problem_bytes(128, 10, 20, 1) == 4 * 128 * (3 * (30 + 200) + 64)


def test_a_batch_that_does_not_fit_is_refused_with_what_it_needs_and_what_it_had():
    with pytest.raises(TooLarge) as caught:
        cut(batch_bytes=256 * MEBI + 1)
    assert str(caught.value) == (
        "budget.memory: need 256 MiB for one batch, got 256 MiB, 0.25 of a device's 1 GiB; "
        "another memory.name may need less"
    )
    assert cut(batch_bytes=256 * MEBI + 1, share=0.26).chunk == 1


def test_counts_that_do_not_fit_in_the_machine_are_refused():
    assert cut(10**6).host_bytes == 24 * 25 * 10**6
    with pytest.raises(TooLarge) as caught:
        cut(10**8)
    assert str(caught.value) == (
        "budget.memory: need 55.9 GiB for all counts, got 4 GiB, 0.25 of the machine's 16 GiB; "
        "fewer draws or points need less"
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 B"), (999, "999 B"), (1024, "1 KiB"), (1.5 * 2**30, "1.5 GiB"), (2**50, "1.02e+03 TiB")],
)
def test_bytes_are_told_in_units(number, words):
    assert cutting.units(number) == words


# The memory there is --------------------------------------------------------------------------------------------------


def test_a_container_may_have_less_memory_than_its_machine(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(cutting, "_LIMITS", (str(limit), str(tmp_path / "absent")))
    whole = cutting.machine_memory()
    assert whole > 2**28
    for text, bytes_ in (("max\n", whole), (f"{2**28}\n", 2**28), (f"{2**62}\n", whole)):
        limit.write_text(text)
        assert cutting.machine_memory() == bytes_


def test_a_machine_that_does_not_say_is_taken_for_one_of_8_gib(monkeypatch):
    monkeypatch.setattr(cutting, "_LIMITS", ())
    monkeypatch.setattr(cutting.os, "sysconf_names", {})
    assert cutting.machine_memory() == 2**33


class Device:
    """A device that says how much memory it has, one of eight that do not, and one whose backend cannot be asked."""

    def __init__(self, stats):
        self.memory_stats = lambda: stats
        self.client = self
        self.local_device_count = lambda: 8


def test_a_device_has_what_it_says_or_its_part_of_the_machine():
    assert simulate.device_memory(Device({"bytes_limit": 2**36})) == 2**36
    for stats in (None, {}, {"bytes_in_use": 5}):
        assert simulate.device_memory(Device(stats)) == cutting.machine_memory() // 8


# What a run takes -----------------------------------------------------------------------------------------------------

GRID = np.unique(np.rint(np.geomspace(1, 1e4, 25)))


def problems(kind, points=25):
    """Parts, examples and tries of a kind of question."""
    grid = np.unique(np.rint(np.geomspace(1, 1e4, points)))
    features = build.feature_sampler(1.5, np.inf)
    memory = build.memory_sampler("training_set" if "training" in kind else "arrival", 2)
    attempts = build.attempts_sampler("bernoulli" if "bernoulli" in kind else "first_success")
    recorded, successes = np.full(50, 400.0), np.arange(50.0)
    if "replay" in kind:
        rows = build.row_sampler(50)
        return Parts(difficulty=rows, attempts=build.replay_sampler(recorded, successes)), None, grid
    inference = {"difficulty": build.beta_sampler(5.0, 0.35, 1.0), "attempts": attempts}
    if "coverage" in kind:
        return Parts(**inference), None, grid
    if "learning" in kind:
        return Parts(features, memory), grid, None
    return Parts(features, memory, **inference), grid, grid


def compiled_bytes(steps):
    """Bytes of temporaries that the compiler plans on each device."""
    words = steps.words(np.arange(steps.cut.at_once, dtype=np.uint32))
    program = steps.program.lower(words, *steps.arguments, mesh=steps.mesh, chunk=steps.cut.chunk)
    return program.compile().memory_analysis().temp_size_in_bytes


KINDS = ["learning", "learning training", "coverage", "coverage bernoulli", "replay", "joint", "joint training"]


@pytest.mark.seldom(1)
@pytest.mark.parametrize("chunk", [1, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_compiler_needs_no_more_than_the_estimate_for_problems(kind, chunk):
    parts, examples, tries = problems(kind)
    steps = simulate.plan_failures(0, "test", parts, Budget(8 * BATCH, chunk, 1), examples, tries).steps
    assert steps.cut.chunk == chunk
    assert compiled_bytes(steps) <= steps.cut.device_bytes


@pytest.mark.seldom(1)
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("name", LEARNERS)
def test_the_compiler_needs_no_more_than_the_estimate_for_learners(name, depth):
    learner = build.learner(name, 1.5, 3000.0, depth, GRID)
    learners = 8 * learner.kernel.LEARNERS
    steps = simulate.plan_masses(0, "test", learner, learners, Budget(8 * BATCH, 4, 1)).steps
    assert steps.cut.chunk == 1  # whatever the budget says: masses may be rounded otherwise in larger pieces
    assert compiled_bytes(steps) <= steps.cut.device_bytes


@pytest.mark.seldom(0)
@pytest.mark.parametrize("kind", ["joint", "learning training"])
def test_counts_are_the_same_under_any_share(kind):
    parts, examples, tries = problems(kind)
    draw = lambda share: simulate.failures(0, "t", parts, Budget(5 * BATCH, 4, 1, share), examples, tries)  # noqa: E731
    least = 1.01 * simulate.batch_bytes((parts, examples, tries, None)) / simulate.device_memory(jax.devices()[0])
    assert (draw(least).failures == draw(1.0).failures).all()


def test_nothing_is_drawn_where_nothing_fits():
    parts, examples, tries = problems("joint")
    for share, what in ((1e-9, "for all counts, got "), (1e-5, "for one batch, got ")):
        with pytest.raises(TooLarge, match=rf"^budget\.memory: need .* {what}"):
            simulate.plan_failures(0, "t", parts, Budget(5 * BATCH, 4, 1, share), examples, tries)

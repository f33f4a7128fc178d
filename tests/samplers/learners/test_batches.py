"""Batches of learners: one curve a key, however the work is cut; bounded memory; what cannot be drawn is refused."""

import jax
import numpy as np
import pytest
from jax.sharding import Mesh, PartitionSpec

from sim.draw import keys
from sim.laws import zipf
from sim.model import build
from sim.samplers.learners import block_chain, direct, feature_arrivals, jump_chain

EXAMPLES = np.array([1, 30, 4000, 5000, 20_000.0])
KERNELS = ["direct", "feature_arrivals", "block_chain", "jump_chain"]


def kernel_of(name, size=2000, depth=2, examples=EXAMPLES):
    numbers = (1.5, size, depth, examples, zipf.normaliser(1.5, size))
    if name == "direct":
        return direct.build(build.feature_sampler(1.5, size), *numbers)
    return {"feature_arrivals": feature_arrivals, "block_chain": block_chain, "jump_chain": jump_chain}[name].build(
        *numbers
    )


run = jax.jit(lambda member, key: member.curves(key))


@pytest.mark.seldom(1)
@pytest.mark.parametrize(
    "name, depth",
    [
        ("direct", 1),
        ("block_chain", 2),
        *(pytest.param(name, 2, marks=pytest.mark.slow) for name in ("direct", "feature_arrivals", "jump_chain")),
    ],
)
def test_a_curve_does_not_depend_on_how_the_work_is_cut(name, depth):
    """Bit by bit: batches one by one, or spread over four devices. All at once, newer compilers round otherwise."""
    # Long enough for no two learners to be alike: after 30 examples few features have been seen twice.
    examples = EXAMPLES[: 1 + depth] if name == "direct" else EXAMPLES
    member, _, _ = kernel_of(name, depth=depth, examples=examples)
    of_batches = lambda: jax.random.split(keys.run_key(0, "cut"), 4)  # noqa: E731 (a key is used once)
    one = jax.jit(lambda of: jax.lax.map(member.curves, of))(of_batches())
    four = jax.jit(lambda of: jax.lax.map(member.curves, of, batch_size=4))(of_batches())
    mesh = Mesh(np.array(jax.local_devices()[:4]), ("batches",))
    split = PartitionSpec("batches")
    on_one = lambda of: jax.lax.map(member.curves, of)  # noqa: E731
    spread = jax.jit(jax.shard_map(on_one, mesh=mesh, in_specs=split, out_specs=split, check_vma=False))(of_batches())
    assert one.shape == (4, member.LEARNERS, len(examples)) and one.dtype == np.float32
    np.testing.assert_allclose(np.asarray(one), np.asarray(four), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(one), np.asarray(spread))
    learners = np.asarray(one).reshape(-1, len(examples))
    assert len(np.unique(learners[:, -1])) == len(learners)  # no two learners alike


@pytest.mark.seldom(0)
@pytest.mark.parametrize("name", KERNELS)
def test_curves_fall(name):
    member, offset, scale = kernel_of(name)
    found = offset + scale * np.asarray(run(member, keys.run_key(0, "fall")), float)
    assert (found <= 1 + 1e-5).all() and (found >= 0).all()
    assert (np.diff(found, axis=1) <= 1e-6).all()


@pytest.mark.seldom(1)
@pytest.mark.parametrize("name", KERNELS)
def test_a_batch_needs_the_memory_it_says(name):
    """The compiler's own account of temporaries, arguments and results."""
    member, _, _ = kernel_of(name)
    compiled = run.lower(member, keys.run_key(0, "memory")).compile()
    account = compiled.memory_analysis()
    used = account.temp_size_in_bytes + account.argument_size_in_bytes + account.output_size_in_bytes
    assert used / 3 < member.bytes < 6 * used


@pytest.mark.seldom(1)
@pytest.mark.parametrize("name", KERNELS)
def test_one_key_gives_one_batch(name):
    member, _, _ = kernel_of(name)
    key = keys.run_key(0, "reuse")
    run(member, key)
    with pytest.raises(jax.errors.KeyReuseError):
        run(member, key)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match=r"memory.name: direct needs at most 2e\+09 examples, got 1e\+10"):
        kernel_of("direct", examples=np.array([1e10]))
    with pytest.raises(ValueError, match=r"table of at most 2\^30 ranks"):
        direct.build(None, 1.05, np.inf, 1, np.array([1e9]), zipf.normaliser(1.05, np.inf))
    with pytest.raises(ValueError, match=r"jump_chain needs at most 2\^24"):
        kernel_of("jump_chain", size=10**8)
    with pytest.raises(ValueError, match=r"feature_arrivals needs fewer than 2\^32"):
        kernel_of("feature_arrivals", size=np.inf)

"""A kernel made into a program: in pieces on one core, in one wide sweep on a GPU."""

import time

import jax
import jax.numpy as jnp
import numpy as np

from sim.bench.timing import Contestant
from sim.draw import simulate

LANES = 1024  # lanes of a piece on a core: its intermediate results stay in the nearest cache
_WHOLE = 2**14  # lanes of a whole rotation of problems
_ROW = 4096  # lanes summed into one number on a GPU
_TOGETHER = 2**14  # rows in flight there: 256 MiB for each intermediate result that is not fused away
_BUSY = 2**28  # lanes of a sweep
_LONG = 64  # items of a lane from which on fewer of them will do


def on_one_core(kernel, draws=2**22):
    """Contestant that runs a kernel for at least `draws` items, a piece after the other.

    Sums are kept a lane each: XLA does not vectorise sums across lanes on a CPU.
    """
    pieces = max(_WHOLE, 2 ** int(np.log2(draws / kernel.items))) // LANES
    lanes = jnp.arange(LANES, dtype=jnp.uint32)

    def program(numbers):
        def step(sums, piece):
            return sums + kernel.draw(numbers, piece, piece * jnp.uint32(LANES) + lanes), None

        drawn = jax.eval_shape(kernel.draw, numbers, jnp.uint32(0), lanes)
        empty = jnp.zeros(drawn.shape, drawn.dtype)
        return jax.lax.scan(step, empty, jnp.arange(pieces, dtype=jnp.uint32))[0]

    return _contestant(kernel, program, pieces * LANES, jax.devices("cpu")[0], time.process_time)


def on_gpu(kernel, device, lanes=None):
    """Contestant that runs a kernel over so many lanes of a device; wall time.  lanes: None for what keeps one busy."""
    rows = (lanes or (_BUSY if kernel.items < _LONG else _BUSY // _LONG)) // _ROW

    def program(numbers):
        def row(piece):
            drawn = kernel.draw(numbers, piece, piece * jnp.uint32(_ROW) + jnp.arange(_ROW, dtype=jnp.uint32))
            return drawn.sum(axis=-1, dtype=drawn.dtype)

        sums = jax.lax.map(row, jnp.arange(rows, dtype=jnp.uint32), batch_size=min(rows, _TOGETHER))
        return jnp.moveaxis(sums, 0, -1)

    return _contestant(kernel, program, rows * _ROW, device, time.perf_counter)


def _contestant(kernel, program, lanes, device, clock):
    compiled = simulate.compiled(program, device.platform, ())
    numbers = jax.device_put(kernel.numbers, device)

    return Contestant(
        call=lambda: jax.block_until_ready(compiled(numbers)),
        items=lanes * kernel.items,
        check=lambda sums: kernel.check(np.asarray(sums), lanes),
        clock=clock,
    )

"""The steps of several runs as one program: what a device does for many small runs, it does in one call."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from sim.draw.simulate import compiled


def likeness(steps):
    """What runs must share to be drawn by one program: all but the numbers that they are drawn from."""
    leaves, structure = jax.tree.flatten(steps.arguments)
    shapes = tuple((leaf.shape, leaf.dtype) for leaf in leaves)
    return steps.program, steps.mesh, steps.cut, structure, shapes


def size(steps):
    """Bytes of the numbers and counts of a run."""
    return steps.cut.host_bytes + sum(leaf.nbytes for leaf in jax.tree.leaves(steps.arguments))


def draw(runs):
    """Counts of runs (Steps) of one likeness, [runs, steps, per_step, ...], on devices that may still be at it.

    Step by step they are computed as each run alone computes them.
    """
    program, mesh, cut, *_ = likeness(runs[0])
    own = [(_words(steps), steps.arguments) for steps in runs]
    return _program(program, mesh.devices.flat[0].platform)(own, mesh=mesh, chunk=cut.chunk)


def _words(steps):
    """What the batches of a run draw from, uint32 [steps, per_step, ...]."""
    cut = steps.cut
    numbers = np.arange(cut.steps * cut.per_step, dtype=np.uint32) + np.uint32(steps.first)
    return jax.tree.map(lambda own: own.reshape(cut.steps, cut.per_step, *own.shape[1:]), steps.words(numbers))


@cache
def _program(program, platform):
    """`program` for all steps of all runs, one after the other."""
    bare = program.__wrapped__  # options of the compiler are for the outermost

    def of_runs(runs, *, mesh, chunk):
        def of_run(own):
            words, arguments = own
            return jax.lax.map(lambda step: bare(step, *arguments, mesh=mesh, chunk=chunk), words)

        return jax.lax.map(of_run, jax.tree.map(lambda *leaves: jnp.stack(leaves), *runs))

    return compiled(of_runs, platform, ("mesh", "chunk"))

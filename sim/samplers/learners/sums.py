"""Long sums in float32 that do not stall and do not depend on how the work is cut."""

import jax
import jax.numpy as jnp

_RUN = 256  # summands that meet one accumulator: the rounding errors of a sum grow with its length


def in_runs(summand, start, count):
    """start + sum of summand(i) over i < count, lane by lane, in runs of 256 that are summed first.

    summand: function of an int32 to an array like `start`.  count: int32, traced.  Relative error of positive sums
    about 1e-6 up to count = 65,536; it grows in proportion beyond.
    """

    def run(number, total):
        first = number * _RUN
        last = jnp.minimum(first + _RUN, count)
        part = jax.lax.fori_loop(first, last, lambda i, part: part + summand(i), jnp.zeros_like(start))
        return total + part

    return jax.lax.fori_loop(0, (count + _RUN - 1) // _RUN, run, start)


def of_rows(rows):
    """Sum over the leading axis, always in the same order."""
    total = rows[0]
    for row in rows[1:]:
        total = total + row
    return total


def of_lanes(lanes):
    """Sum over the last axis, a power of 2 long, by halves: in the same order everywhere."""
    while lanes.shape[-1] > 1:
        half = lanes.shape[-1] // 2
        lanes = lanes[..., :half] + lanes[..., half:]
    return lanes[..., 0]

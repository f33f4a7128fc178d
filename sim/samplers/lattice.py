"""A randomly shifted lattice in place of random bits: the lanes of a batch spread evenly, so that counts scatter less.

Rank-1 lattice of N = 2^14 points, shifted as a whole (Cranley and Patterson, SIAM J. Numer. Anal. 1976):
    point of lane i = (i z_d / N + shift_d) mod 1,    d = 0 ... 127,    a shift of its own for each batch and each d.
Each point is uniform, in all dimensions together, whatever z: an average over a batch is unbiased. Batches are
independent, so errors from their spread are honest; errors that take lanes for independent are far too large.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from sim.samplers import bits

POINTS = 1 << 14  # lanes of a batch
_FINE = 18  # digits of the first word below those of the lattice
_SPREAD = 0x9E3779B9  # odd: the lowest digits of the lanes differ as well, for who takes a remainder
# z_0 ... z_127. The first four are 1, t, r t, r. Dimensions 1 and 2 draw difficulty and waiting time, 0 and 3 feature
# and first waiting time: both pairs have the ratio r. Taken were the 60 r with the least e(1, r) among those whose dual
# lattice has no vector shorter than 100 (of 137 at best), and their negatives; of these the one whose least gain over
# independent draws was the largest, for eight Beta laws at 16 k from 1 to 1e5. t has the least sum of e over all sets
# of the four. All further z component by component: odd, below N / 2, the least mean of e over the pairs formed with
# earlier ones plus mean over the triples; sums would let the many triples allow a bad pair. Here
#     e(a, b, ...) = 1/N sum_i w(i a / N) w(i b / N) ...,    w(x) = x^2 - x + 1/6,    0 <= x < 1,
# the squared worst-case error, averaged over shifts, of functions of these coordinates whose mixed first derivative is
# square-integrable (Sloan and Reztsov, Math. Comp. 2002).
GENERATORS = (
    *(1, 6093, 2365, 10033, 3971, 5633, 7713, 2937, 695, 2207, 5407, 5935, 7809, 5775, 545, 7395),
    *(873, 5899, 4657, 5125, 3151, 2719, 3619, 2323, 7347, 8027, 4477, 733, 2567, 7453, 4753, 5555),
    *(1555, 3351, 6079, 1453, 2925, 1423, 3631, 6795, 1931, 807, 715, 3767, 7059, 265, 6373, 4173),
    *(6875, 5751, 3993, 2245, 1733, 2841, 3879, 6905, 5051, 5865, 3041, 5163, 7055, 4925, 1269, 1633),
    *(6669, 6073, 897, 7749, 1015, 1871, 6239, 7287, 6803, 7277, 7421, 5721, 2357, 1723, 7425, 8061),
    *(3569, 6987, 5695, 6189, 1039, 249, 7909, 2617, 5871, 73, 3705, 1319, 589, 1299, 5861, 4591),
    *(2467, 5227, 6301, 7101, 3135, 6431, 5359, 1385, 7487, 2375, 4583, 3995, 2057, 1567, 1243, 3857),
    *(2557, 3185, 135, 323, 6441, 5093, 6639, 1797, 3467, 8169, 5929, 5371, 5787, 1075, 5757, 5037),
)


class Lattice(NamedTuple):
    """A stream of lattice points: stands where a stream of bits stands, for whoever takes one uniform a turn and lane.

    `turn` t of the stream is dimension d = dimension + t of the lattice. Dimensions from 128 on have the generators of
    the first once more, and lanes from 2^14 on the points of the first: unbiased still, but much of the gain is lost.
    Not for who makes two uniforms of one pair of words (bits.normals, attempts.Bernoulli): within a batch the second
    word is the same for all lanes.
    word0, word1: uint32, as of a stream of bits; of each batch and each stream its own.  dimension: uint32.
    """

    word0: jax.Array
    word1: jax.Array
    dimension: jax.Array

    def words(self, turn, lane):
        """Two uint32 words at (turn, lane): a uniform of 64 bits; turn and lane uint32, broadcast.

        The first 14 digits are the lattice's: over a batch they take every value once. The next 18 run through the same
        points in another order, the last 32 are the shift's. Digits are added without a carry between the three.
        """
        dimension = jnp.asarray(self.dimension, jnp.uint32)
        high, low = bits.threefry2x32(self.word0, self.word1, turn, dimension)
        generator = jnp.asarray(GENERATORS, jnp.uint32)[(dimension + turn) & jnp.uint32(len(GENERATORS) - 1)]
        place = lane * generator
        fine = jnp.uint32((1 << _FINE) - 1)
        first = ((place << jnp.uint32(_FINE)) + high) & ~fine | (place * jnp.uint32(_SPREAD) + high) & fine
        return first, jnp.broadcast_to(low, first.shape)

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
# of the four. All further z component by component: odd, below N / 2, the least sum of e over the pairs and triples
# formed with earlier ones. Here
#     e(a, b, ...) = 1/N sum_i w(i a / N) w(i b / N) ...,    w(x) = x^2 - x + 1/6,    0 <= x < 1,
# the mean squared error over shifts in the worst case over functions with square-integrable mixed first derivatives
# (Sloan and Reztsov, Math. Comp. 2002, and the many who followed).
GENERATORS = (
    *(1, 6093, 2365, 10033, 3971, 5633, 7713, 2937, 695, 2293, 6561, 873, 3727, 3565, 3405, 4441),
    *(7657, 1791, 7687, 2237, 5905, 307, 1249, 6473, 7729, 5059, 5355, 8093, 2593, 8127, 3761, 6529),
    *(7937, 4067, 659, 1633, 3107, 7955, 6931, 8081, 7189, 4963, 3391, 5719, 7407, 2787, 5787, 3473),
    *(4321, 1939, 7975, 5939, 5801, 1457, 7149, 1769, 1611, 2993, 2059, 3585, 1403, 2129, 863, 4309),
    *(83, 5383, 4591, 7137, 1221, 1107, 245, 4127, 7695, 5615, 5825, 3591, 7211, 2261, 25, 1897),
    *(5005, 2745, 6599, 6999, 4823, 39, 5097, 481, 7401, 7785, 397, 3803, 3655, 661, 5895, 1953),
    *(3167, 6001, 1333, 5375, 7097, 5935, 6761, 5487, 6979, 1503, 3069, 163, 2103, 1543, 933, 2905),
    *(5545, 5753, 381, 5731, 353, 2721, 821, 3491, 3625, 7217, 6903, 2477, 1761, 2921, 7159, 337),
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

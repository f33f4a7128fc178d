"""Jump chain: only the examples that teach something are drawn, and how many lie between them; finite sets, exact."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits

_LARGEST = 2**24  # sightings that teach: float32 counts no more
_ENOUGH = 2**16  # of them in a batch, where the set is small


class Member(NamedTuple):
    """The joint law of the unmemorised mass at all n, exactly, whatever the depth: for checks of other kernels.

    Were examples to come at the times of a Poisson process, feature i would be seen for the d-th time at the sum of d
    exponentials over theta_i. The order of these first d sightings of every feature does not depend on how many other
    examples, of features already memorised, lie between them: the number of examples to the next is Geometric(U), with
    U the mass unmemorised until then. So: sort the sightings, sum U from the last one on, and sum the gaps.
    Costs a sort of N d numbers a learner. Resolution: masses to 4e-6 relative; n exact to 2^24, to 1e-6 beyond.
    """

    mass: jax.Array  # float32 [N, d], theta_i with the d-th sighting of feature i, 0 with earlier ones
    rate: jax.Array  # float32 [N, 1], theta_i
    examples: jax.Array  # float32 grid of n, ascending
    learners: jax.Array  # uint32, numbers of the learners of a batch

    resolution = 4e-6  # relative: that of float32 sums, one after the other

    @property
    def LEARNERS(self):
        """Learners of a batch: as many as have 65,536 sightings together, between 1 and 1024."""
        return len(self.learners)

    @property
    def bytes(self):
        """Device bytes that one batch needs: a dozen numbers for each sighting of each learner, and one for each n."""
        return (48 + 5 * len(self.examples)) * self.mass.size * self.LEARNERS

    def curves(self, key):
        """float32 [LEARNERS, n]: unmemorised mass."""
        key_order, key_gaps = jax.random.split(key)
        orders, gaps = bits.stream(key_order), bits.stream(key_gaps)
        return jax.vmap(lambda learner: self._curve(orders, gaps, learner))(self.learners)

    def _curve(self, orders, gaps, learner):
        sighting = jnp.arange(self.mass.size, dtype=jnp.uint32)
        wait = bits.exponential(orders, learner, sighting).reshape(self.mass.shape) / self.rate
        _, lost = jax.lax.sort((jnp.cumsum(wait, axis=1).ravel(), self.mass.ravel()), num_keys=1)
        left = jnp.append(jnp.cumsum(lost[::-1])[::-1], 0.0)  # before each sighting that teaches, and after the last
        rate = bits.rate(jnp.log(jnp.minimum(left[:-1], 1.0)))
        gap = bits.geometric(gaps, learner, sighting, rate)
        taught = (jnp.cumsum(gap)[None, :] <= self.examples[:, None]).sum(axis=1, dtype=jnp.int32)
        return left[taught]


def build(exponent, size, depth, examples, total):
    """Member, and float64 [n] offset and scale of its curves: zeros and ones.

    exponent: s.  size: N, with N d <= 2^24.  depth: d.  examples: grid of n, ascending.  total: H.
    """
    if not size * depth <= _LARGEST:
        raise ValueError(f"memory.name: jump_chain needs at most 2^24 features times depth, got {size * depth:.3g}")
    mass = np.arange(1, size + 1.0)[:, None] ** -exponent / total
    lost = np.concatenate([np.zeros((len(mass), depth - 1)), mass], axis=1)
    learners = np.arange(1 << int(np.clip(np.log2(_ENOUGH / lost.size), 0, 10)), dtype=np.uint32)
    examples = np.asarray(examples, np.float32)
    member = Member(lost.astype(np.float32), mass.astype(np.float32), examples, learners)
    return member, np.zeros(len(examples)), np.ones(len(examples))

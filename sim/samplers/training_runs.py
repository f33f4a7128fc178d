"""Training runs of two learners, followed example by example: what each of three learning curves says of one run."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits

RUNS = 16  # of each learner in a batch, whose scatter is the variance: it loses a sixteenth of what they know of it
_GOLDEN = 0x9E3779B9  # odd: neighbouring ranks, times it, lie far apart
_NEXT = 0x85EBCA6B  # odd: what lay together then lies apart


class Pairs(NamedTuple):
    """So many runs of two learners, independent of each other: their three curves, how they scatter, which looks worse.

    An example is an error until its feature has been seen d times. After n examples a run shows
        the instantaneous error   whether example n + 1 is an error
        the conditional error     mass of the features seen fewer than d times: the error to come
        the time average          errors among the first n examples, over n
    Every training set is drawn in full. Resolution: masses to 1e-6 of the mass of all features but the commonest; ranks
    from 2^32 on are told apart by 32 bits, two of n examples confused with a probability of n^2 2^-33 at most.
    """

    worse: Any  # sampler of features with at(stream, lanes), of the learner whose curves are asked for
    better: Any  # the same of the learner that it is compared with
    stops: jax.Array  # int32 grid of n
    depth: jax.Array  # int32, d
    examples: jax.Array  # int32, numbers of the examples drawn: one more than the last n
    runs: jax.Array  # int32, numbers of the runs of a batch

    LEARNERS = 1  # one row of means over its runs

    @property
    def bytes(self):
        """Device bytes that one batch needs: three dozen numbers an example, and one for each example and n."""
        return 4 * len(self.examples) * (36 * len(self.runs) + len(self.stops))

    @property
    def numbers(self):
        """Random numbers that a batch draws: the examples of both learners."""
        return 2.0 * len(self.runs) * len(self.examples)

    def curves(self, key):
        """float32 [1, 9 n]: means, variances and wrong choices, each of the three errors in the order above.

        The time average counts errors: divide its mean by n, its variance by n^2. Variances are unbiased. A choice is
        wrong if the better learner shows the larger error; a tie is half a wrong choice.
        """
        key_worse, key_better = jax.random.split(key)
        worse = self._errors(self.worse, bits.stream(key_worse))
        better = self._errors(self.better, bits.stream(key_better))
        mean = worse.mean(axis=1)
        variance = ((worse - mean[:, None, :]) ** 2).sum(axis=1) / np.float32(len(self.runs) - 1)
        wrong = 0.5 + 0.5 * jnp.sign(better - worse).mean(axis=1)
        return jnp.concatenate([mean, variance, wrong]).reshape(1, -1)

    def _errors(self, features, stream):
        """float32 [3, runs, n]: instantaneous and conditional error, and the number of errors so far."""
        lanes = self.runs[:, None] * np.int32(len(self.examples)) + self.examples[None, :]
        drawn = features.at(stream, lanes.astype(jnp.uint32))
        error, teaches = self._taught(drawn.low ^ drawn.high * np.uint32(_GOLDEN))
        # The commonest feature stands apart: where it is nearly all, float32 would leave nothing of 1 minus its mass.
        common = (drawn.low == 1) & (drawn.high == 0)
        others = jnp.where(teaches & ~common, bits.exp(drawn.log_probability), 0.0)
        gained = jnp.stack([error.astype(jnp.float32), others, (teaches & common).astype(jnp.float32)])
        before = (self.examples[:, None] < self.stops[None, :]).astype(jnp.float32)
        so_far, known, of_common = jnp.matmul(gained, before, precision=jax.lax.Precision.HIGHEST)
        left = features.tails[0] - known + (1.0 - of_common) * jnp.exp(-features.log_total)
        return jnp.stack([error[:, self.stops].astype(jnp.float32), left, so_far])

    def _taught(self, name):
        """bool [runs, examples] each: among the first d that show this feature, and the d-th of them."""

        def once_more(_, state):
            error, _ = state
            first = self._first(name, ~error)
            return error | first, first

        none = jnp.zeros(name.shape, bool)
        return jax.lax.fori_loop(0, self.depth, once_more, (none, none))

    def _first(self, name, among):
        """bool [runs, examples]: the first of its name in its run, of those that are `among`.

        The first example in each place of a table stands for all of its name; the others look for another place.
        """
        digits = len(self.examples).bit_length() + 1  # of a place: there are two to four for each example
        count = name.size
        own, flat = jnp.arange(count, dtype=jnp.int32), name.ravel()
        start = jnp.repeat(self.runs << digits, name.shape[1])

        def settle(state):
            first, open_, factor = state
            place = jnp.where(open_, start + (flat * factor >> np.uint32(32 - digits)).astype(jnp.int32), -1)
            table = jnp.full(len(self.runs) << digits, count, jnp.int32).at[place].min(own, mode="drop")
            found = table[place]
            settled = open_ & (flat[jnp.minimum(found, count - 1)] == flat)
            return first | settled & (found == own), open_ & ~settled, factor * np.uint32(_NEXT)

        state = jnp.zeros(count, bool), among.ravel(), np.uint32(_GOLDEN)
        first, _, _ = jax.lax.while_loop(lambda state: state[1].any(), settle, state)
        return first.reshape(name.shape)


def build(worse, better, stops, depth):
    """Pairs on a grid of n.  worse, better: samplers of features.  stops: whole numbers n >= 1.  depth: d >= 1."""
    stops = np.asarray(stops, np.int32)
    examples, runs = np.arange(stops[-1] + 1, dtype=np.int32), np.arange(RUNS, dtype=np.int32)
    return Pairs(worse, better, stops, np.int32(depth), examples, runs)

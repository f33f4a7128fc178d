"""Block chain: blocks of rare features thinned from one n to the next; infinite sets and any number of examples."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import binomial, bits
from sim.samplers.learners import blocks, feature_arrivals, sums

HEAD = 1024  # ranks drawn one by one: in blocks they would be too few to be alike
NEGLIGIBLE = 1e-6  # share of the variance left out at either end, at each n
_ROWS = 8  # blocks thinned at once
_GROUPS = 4  # the window is a multiple of so many times 8 blocks, so that neighbouring exponents share a program
_ROUNDED = (
    1e-14  # relative spread of a learner's mass that float64 still carries; and of P (1 - P), what is no rounding
)
_OFFSET = 1e-13  # relative error of the mean, which is a sum of thousands of terms
_WHOLE = 2.0**22  # counts expected below are whole numbers; above, float32 could not carry them


class Step(NamedTuple):
    """Thinning of one block from one n to the next, X -> X' ~ Binomial(X, pi); each float32 [groups, n, 8].

    Counts are held as deviations from references, X = R + delta, so that float32 resolves small fluctuations:
        delta' = hold delta + sign Z + shift
    Z is the smaller part, of the thinned or of the removed, whose probability is p = min(pi, 1 - pi): either searched
    for, or as a deviation from X p.
    """

    reference: jax.Array  # R
    probability: jax.Array  # p
    sign: jax.Array  # 1 if p = pi, -1 if p = 1 - pi
    few: jax.Array  # 1 if Z is searched for
    hold: jax.Array  # pi if Z is a deviation; 1 or 0 if Z is a count of removed or remaining features
    shift: jax.Array  # what the change of reference leaves
    whole: jax.Array  # 1 if X' is held to whole numbers
    floor: jax.Array  # -R', below which X' would be negative
    keep: jax.Array  # 0 where a new block takes the place of one that is memorised
    weight: jax.Array  # mean mass of the block's unmemorised features, over the scale


class Member(NamedTuple):
    """Ranks up to 1024 by arrival times; blocks of rarer ranks, a factor e^(1/8) of mass each, by counts.

    In a block of m features that are taken for alike, each with the arrival law averaged over the block, the number
    unmemorised at n_1 < n_2 < ... is a Markov chain for any depth d: it loses features independently of each other,
        X_j ~ Binomial(X_(j-1), S(n_j) / S(n_(j-1))),    S(n) = mean over the block of P(Binomial(n, theta) < d)
    and U(n) = sum X_j sum(theta P) / sum(P). So the mean is exact at every n and d. The variance is that of independent
    features to 1e-3, which exceeds that of a training set by a relative O(E_n). Blocks too rare or too common to vary
    at some n stand there at their mean, 2e-6 of the variance.
    Curves are deviations from the mean, in units of nearly it: n and the set may be as large as float64 carries.
    """

    head: feature_arrivals.Member
    inverse: jax.Array  # float32 [n], 1 over the scale
    steps: Step
    resolution: jax.Array  # float32 [n], relative: that of float32 sums, for the share of the ranks up to 1024

    LEARNERS = feature_arrivals.Member.LEARNERS

    @property
    def bytes(self):
        """Device bytes that one batch needs: counts of 8 blocks and their variates, sums [n, 128], and the steps."""
        working = 4 * self.LEARNERS * (3 * len(self.inverse) + 12 * _ROWS)
        return self.head.bytes + working + 4 * len(Step._fields) * self.steps.reference.size

    def curves(self, key):
        """float32 [128, n]: deviation of each learner's unmemorised mass from `offset`, in units of `scale`."""
        key_head, key_blocks = jax.random.split(key)
        head = self.head.curves(key_head) * self.inverse[None, :]
        return head + self._blocks(bits.stream(key_blocks)).T

    def _blocks(self, stream):
        """float32 [n, 128]: summed deviations of the blocks; a group of 8 goes through all n while it is in cache."""
        lanes = jnp.arange(_ROWS * self.LEARNERS, dtype=jnp.uint32).reshape(_ROWS, self.LEARNERS)
        turns = jnp.arange(len(self.inverse), dtype=jnp.uint32)

        def group(total, numbered):
            number, steps = numbered
            lane = number * jnp.uint32(lanes.size) + lanes
            start = jnp.zeros(lanes.shape, jnp.float32)
            _, masses = jax.lax.scan(lambda delta, at: _thin(delta, stream, at[0], lane, at[1]), start, (turns, steps))
            return total + masses, None

        start = jnp.zeros((len(self.inverse), self.LEARNERS), jnp.float32)
        numbers = jnp.arange(self.steps.reference.shape[0], dtype=jnp.uint32)
        return jax.lax.scan(group, start, (numbers, self.steps))[0]


def _thin(delta, stream, turn, lane, step):
    """Deviations of 8 blocks after a step, and their summed mass; float32 [8, 128] and [128]."""
    step = Step(*(x[:, None] for x in step))
    delta = step.keep * delta
    count = step.reference + delta
    normal = binomial.deviation(bits.normal(stream, turn, lane), count, step.probability, step.whole)

    def search():  # from the same words: one of the two is used
        return binomial.search(bits.uniform(stream, turn, lane), count, step.probability * step.few)

    some = jax.lax.cond(jnp.any(step.few > 0), search, lambda: normal)
    after = step.hold * delta + step.sign * jnp.where(step.few > 0, some, normal) + step.shift
    after = jnp.maximum(jnp.where(step.whole > 0, jnp.round(after), after), step.floor)
    return after, sums.of_rows(step.weight * after)


def build(exponent, size, depth, examples, total):
    """Member, and float64 [n] offset and scale: the unmemorised mass is offset + scale * curves.

    exponent: s.  size: N, may be infinite.  depth: d.  examples: float64 grid of n, ascending.  total: H.
    The scale is a power of two near the learning curve; the mean, in the offset, has a relative error of 1e-13.
    """
    examples = np.asarray(examples, float)
    edges = blocks.edges(min(HEAD, size), examples, exponent, size, total)
    rare = blocks.unmemorised(edges, examples, exponent, total, depth)
    common = blocks.unmemorised(np.arange(min(HEAD, size) + 1.0), examples, exponent, total, depth)
    curve = common.mass.sum(1) + rare.mass.sum(1) + blocks.rest(edges[-1], exponent, size, total)
    # Near the curve, and a power of two: multiplying by it rounds nothing, fused with a sum or not.
    scale = np.exp2(np.round(np.log2(np.maximum(curve, 2.0**-120))))
    variance = np.concatenate([common.variance, rare.variance], axis=1)
    all_masses, counts = (
        np.concatenate(both, axis=1) for both in ((common.mass, rare.mass), (common.count, rare.count))
    )
    square = (all_masses**2 / np.maximum(counts, np.finfo(float).tiny)).sum(1)
    first, end = _window(variance, (_ROUNDED * curve) ** 2 + _ROUNDED * square)
    last = min(end.max(), common.count.shape[1])
    head = slice(min(first.min(), last), last)
    steps, references = _steps(rare, np.diff(edges), first - common.count.shape[1], end - common.count.shape[1], scale)
    offset = curve + references - common.mass[:, head].sum(1)
    arrivals = feature_arrivals.member(exponent, head.start + 1, head.stop, depth, examples, total)
    resolution = np.maximum(feature_arrivals.Member.resolution * common.mass.sum(1) / scale, _OFFSET)
    return Member(arrivals, (1 / scale).astype(np.float32), steps, resolution.astype(np.float32)), offset, scale


def _window(variance, rounding):
    """First feature or block that matters at each n, and the end of those that do; neither ever moves back.

    rounding: what it leaves of a variance of 0, [n], where nothing can be memorised yet, or nothing is left.
    """
    whole = variance.sum(1)
    random = whole > rounding
    upto = np.cumsum(variance, axis=1) / np.maximum(whole, np.finfo(float).tiny)[:, None]
    first = np.where(random, (upto < NEGLIGIBLE).sum(1), variance.shape[1])
    end = np.where(random, (upto < 1 - NEGLIGIBLE).sum(1) + 1, 0)
    return np.minimum.accumulate(first[::-1])[::-1], np.maximum.accumulate(end)


def _steps(rare, sizes, first, end, scale):
    """Step of each block in the window at each n, and what the references add to the mean mass.

    first, end: of the window of blocks at each n, which slides over a ring of places: a block stays where it is.
    """
    first = np.clip(first, 0, len(sizes))
    width = max(0, (end - first).max())
    places = np.arange(-(-width // (_ROWS * _GROUPS)) * _ROWS * _GROUPS)
    sizes, count, mass = (
        np.append(x, np.zeros((*x.shape[:-1], len(places))), axis=-1) for x in (sizes, rare.count, rare.mass)
    )
    mean = np.divide(mass, count, out=np.zeros_like(mass), where=count > 0)
    block, expected, steps, added = -np.ones(len(places)), sizes, [], []
    for j in range(len(scale)):
        now = first[j] + (places - first[j]) % max(len(places), 1)
        new, block = now != block, now
        before, after = np.where(new, sizes[now], expected[now]), count[j, now]
        expected = count[j]
        step = _step(before, after, new)
        steps.append([*step[:-1], mean[j, now] / scale[j]])
        added.append((-step.floor - after) @ mean[j, now])
    grouped = np.array(steps, np.float32).reshape(len(steps), len(Step._fields), -1, _ROWS).transpose(1, 2, 0, 3)
    return Step(*grouped), np.array(added)


def _step(before, after, new):
    """The fields of Step but the weight, from the expected counts before and after a step."""
    start, stop = (np.where(x < _WHOLE, np.rint(x), x) for x in (before, after))
    stays = np.minimum(np.divide(after, before, out=np.zeros_like(after), where=before > 0), 1.0)
    fewer_stay = stays < 0.5
    probability = np.where(fewer_stay, stays, 1 - stays)
    few = before * probability < binomial.SMALL
    hold = np.where(few, ~fewer_stay, stays)
    return Step(
        reference=start,
        probability=probability,
        sign=np.where(fewer_stay, 1, -1),
        few=few,
        hold=hold,
        shift=hold * start - stop,
        whole=after < _WHOLE,
        floor=-stop,
        keep=~new,
        weight=None,
    )

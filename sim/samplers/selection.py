"""Selection: votes and best scores of k attempts at a problem, along a whole grid of k in one pass."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import binomial, bits

PROBLEMS = 1024  # behind each mean: a piece of a batch that the spread is taken over
_PIECE = 256  # problems computed together: their votes stay in a core's cache
_NOBODY = jnp.inf  # least upper tail probability of no scores at all
_TIE = 1e-6  # of ln s: float32 tells no nearer whether the right answer is exactly as likely as each of the wrong ones


class Selection(NamedTuple):
    """Attempts at each problem, made from one point of the grid of k to the next; who is chosen is asked at every one.

    Of the c attempts of a segment Binomial(c, s) are right, and those left spread over m wrong answers one by one, by
    Binomial(rest, 1/m), Binomial(rest, 1/(m-1)) ...; a tie is worth an even share of being chosen. The best of c scores
    is the one with the least upper tail probability V = 1 - U^(1/c); V alone is kept, of the right and of the wrong
    attempts, and read as a score of either kind: -ln V if exponential, the normal quantile if Gaussian.
    Resolution: success probabilities down to 2^-65 / c, counts as samplers.binomial, V to 1e-6 relative.
    difficulty: sampler with at(streams, lanes).  spans: float32 [k], attempts from one point of the grid to the next,
    their sum up to 2^24.  shares: float32 [m - 1], 1/m, 1/(m-1) ... 1/2.  shift: float32, of the scores of right ones.
    """

    difficulty: Any
    spans: jax.Array
    shares: jax.Array
    shift: jax.Array

    LEARNERS = 16  # means of 1024 problems each: a batch of 16,384

    @property
    def bytes(self):
        """Device bytes that one batch needs: votes, tail probabilities and their variates of 256 problems, and sums."""
        return 4 * (_PIECE * (3 * len(self.shares) + 96) + 8 * self.LEARNERS * (4 * len(self.spans) + 1))

    @property
    def numbers(self):
        """Random numbers that a batch draws."""
        return self.LEARNERS * PROBLEMS * (3.0 + len(self.shares)) * len(self.spans)

    def curves(self, key):
        """float32 [16, 4 k + 1]: shares of solved problems, of right majorities, of right best scores, exponential and
        Gaussian, at each k; last, of problems that endless votes answer rightly.
        """
        key_difficulty, key_votes, key_scores = jax.random.split(key, 3)
        problems = _streams(key_difficulty, getattr(self.difficulty, "STREAMS", 1))
        own = bits.stream(key_votes), bits.stream(key_scores)

        def group(first):
            def add(total, start):
                lanes = first + start + jnp.arange(_PIECE, dtype=jnp.uint32)
                return total + self._chosen(own, self.difficulty.at(problems, lanes), lanes), None

            none = jnp.zeros(4 * len(self.spans) + 1, jnp.float32)
            return jax.lax.scan(add, none, jnp.arange(0, PROBLEMS, _PIECE, dtype=jnp.uint32))[0] / PROBLEMS

        return jax.lax.map(group, PROBLEMS * jnp.arange(self.LEARNERS, dtype=jnp.uint32))

    def _chosen(self, streams, log_success, lanes):
        """float32 [4 k + 1]: how many of the lanes' problems are answered rightly."""
        stream_votes, stream_scores = streams
        others = jnp.broadcast_to(self.shares[:, None], (len(self.shares), *lanes.shape))
        shares = jnp.concatenate([bits.exp(log_success)[None], others])
        answers = len(shares) + 1

        def segment(state, span):
            votes, best_right, best_wrong = state
            turn, attempts = span
            new = _votes(stream_votes, turn * len(shares), lanes, attempts, shares)
            votes = votes + new
            best_right = jnp.minimum(best_right, _best(stream_scores, 2 * turn, lanes, new[0]))
            best_wrong = jnp.minimum(best_wrong, _best(stream_scores, 2 * turn + 1, lanes, attempts - new[0]))
            exponential = best_right < best_wrong * jnp.exp(self.shift)  # of scores -ln V, shifted if right
            gaussian = _normal_score(best_right) + self.shift > _normal_score(best_wrong)
            won = jnp.stack([*(x.astype(jnp.float32) for x in (votes[0] > 0, exponential, gaussian)), _lead(votes)])
            return (votes, best_right, best_wrong), won.sum(axis=1)

        nobody = jnp.full(lanes.shape, _NOBODY, jnp.float32)
        start = jnp.zeros((answers, *lanes.shape), jnp.float32), nobody, nobody
        turns = jnp.arange(len(self.spans), dtype=jnp.uint32)
        solved, exponential, gaussian, majority = jax.lax.scan(segment, start, (turns, self.spans))[1].T
        lead = log_success + jnp.log(jnp.float32(answers))
        endless = jnp.where(jnp.abs(lead) < _TIE, 1 / answers, (lead > 0).astype(jnp.float32)).sum()
        return jnp.concatenate([solved, majority, exponential, gaussian, endless[None]])


def selection(difficulty, attempts, wrong, shift):
    """Selection of a grid of k, ascending whole numbers up to 2^24, m >= 1 wrong answers and a shift of the scores."""
    spans = np.diff(np.asarray(attempts, float), prepend=0.0).astype(np.float32)
    return Selection(difficulty, spans, 1 / np.arange(wrong, 1, -1, dtype=np.float32), np.float32(shift))


def _streams(key, count):
    """As a sampler of difficulty wants them: one stream, or a tuple of so many."""
    own = tuple(map(bits.stream, jax.random.split(key, count)))
    return own[0] if count == 1 else own


def _votes(stream, turn, lanes, attempts, shares):
    """float32 [m + 1, lanes]: how many of the attempts give each answer, the right one first.

    shares: float32 [m, lanes], probability of an answer among itself and those after it.
    """

    def answer(rest, numbered):
        number, share = numbered
        # From one pair of words: either its uniform or its normal is used.
        uniform, normal = (variate(stream, turn + number, lanes) for variate in (bits.uniform, bits.normal))
        voted = binomial.draw(uniform, normal, rest, share)
        return rest - voted, voted

    start = jnp.full(lanes.shape, attempts)
    rest, voted = jax.lax.scan(answer, start, (jnp.arange(len(shares), dtype=jnp.uint32), shares))
    return jnp.concatenate([voted, rest[None]])


def _lead(votes):
    """float32 [lanes]: 1 where the first answer has most votes, its even share where others have as many, else 0."""
    tied = (votes == votes.max(axis=0)[None]).astype(jnp.float32)
    return tied[0] / tied.sum(axis=0)


def _best(stream, turn, lanes, count):
    """float32 [lanes]: least upper tail probability of `count` scores, 1 - U^(1/count); infinite of none."""
    least = -jnp.expm1(-bits.exponential(stream, turn, lanes) / jnp.maximum(count, 1.0))
    return jnp.where(count > 0, least, _NOBODY)


def _normal_score(tail):
    """Normal score with that upper tail probability, float32; -inf where there is none."""
    return jnp.where(tail <= 1, -jax.scipy.special.ndtri(jnp.minimum(tail, 1.0)), -jnp.inf)

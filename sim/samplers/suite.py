"""Attempts shared over a suite of problems: finished in turn, left after so many attempts, or gone round."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits

_CLOSE = np.float32(2.0**-18)  # relative step at which the search for a round ends: rounding of its sums is as large
ENDLESS = 64  # suites without end in a batch: as many as keep the vectors of a core busy
_FINITE = 1024  # problems of finite suites in a batch, or one suite if it is larger: a tenth of the work
_PIECE = 128  # problems computed together, as sim.draw.batches has it


class Member(NamedTuple):
    """Problems that are attempted one by one, each solved by its T-th attempt: T is geometric in its own success.

    Three ways to share attempts. Finished in turn: the next problem is begun when the last is solved, so the attempts
    spent on m problems are a sum of m waiting times. Left after k attempts: min(T, k) are made at each. Gone round, a
    finite suite: one attempt at each problem still unsolved, round after round; after nu rounds S(nu) = sum min(T, nu)
    are spent. A budget that ends within a round finds any problem of it as likely tried: the mean over that order.
    Resolution: waiting times and their sums are whole below 2^24, right to 1e-6 relative beyond.
    """

    difficulty: Any  # a sampler of log success
    spent: jax.Array  # float32 grid of attempts spent on problems finished in turn, ascending, below 2^22
    attempts: jax.Array  # float32 grid of attempts k at each problem
    budgets: jax.Array  # float32 grid of attempts spent per problem of a finite suite
    endless: jax.Array  # uint32, numbers of the suites without end
    problems: jax.Array  # uint32 [pieces, problems of a piece]: all of a batch
    suites: jax.Array  # uint32 [suites, problems of each]: finite ones

    LEARNERS = 1

    @property
    def numbers(self):
        """Random numbers that a batch draws; of suites without end, for some tens of problems."""
        drawn = self.problems.size + self.suites.size + 32 * self.endless.size
        return (getattr(self.difficulty, "STREAMS", 1) + 1.0) * drawn

    @property
    def bytes(self):
        """Device bytes that one batch needs: counters, what is compared with the grids, and some temporaries."""
        cells = (4 * len(self.attempts) + 64) * self.problems.shape[1] + self.problems.size
        cells += (3 * len(self.budgets) + 64) * self.suites.size + (3 * len(self.spent) + 64) * self.endless.size
        return 4 * cells

    def curves(self, key):
        """float32 [1, spent + 2 attempts + budgets], means over the suites, or the problems, of a batch.

        Problems solved in turn; share of problems unsolved after k attempts, and attempts made by then; share unsolved
        of a finite suite.
        """
        key_endless, key_problems, key_suites = jax.random.split(key, 3)
        unsolved, made = self._left(key_problems)
        return jnp.concatenate([self._in_turn(key_endless), unsolved, made, self._gone_round(key_suites)])[None, :]

    def _waiting(self, key):
        """Function of the numbers of problems, uint32 [lanes]: T, float32, infinite where none succeeds."""
        key_difficulty, key_attempts = jax.random.split(key)
        problems, attempts = _streams(key_difficulty, self.difficulty), bits.stream(key_attempts)
        return lambda lanes: bits.geometric(attempts, 0, lanes, bits.rate(self.difficulty.at(problems, lanes)))

    def _in_turn(self, key):
        """Problems solved by the attempts spent, float32 [spent]."""
        waiting, suites = self._waiting(key), np.uint32(self.endless.size)
        beyond = self.spent[-1] + 1.0

        def finish(state):
            number, used, solved = state
            used = used + jnp.minimum(waiting(number * suites + self.endless), beyond)
            return number + 1, used, solved + (used[None, :] <= self.spent[:, None]).astype(jnp.float32)

        used = jnp.zeros(self.endless.shape, jnp.float32)
        begun = np.uint32(0), used, jnp.zeros((len(self.spent), *used.shape), jnp.float32)
        return jax.lax.while_loop(lambda state: (state[1] < beyond).any(), finish, begun)[2].mean(axis=1)

    def _left(self, key):
        """Share unsolved after k attempts at each problem, and attempts made, float32 [attempts] each."""
        waiting = self._waiting(key)

        def add(total, lanes):
            wait, limit = waiting(lanes)[None, :], self.attempts[:, None]
            return (total[0] + (wait > limit).astype(jnp.float32), total[1] + jnp.minimum(wait, limit)), None

        zero = jnp.zeros((len(self.attempts), self.problems.shape[1]), jnp.float32)
        totals, _ = jax.lax.scan(add, (zero, zero), self.problems)
        return tuple(total.sum(axis=1) / np.float32(self.problems.size) for total in totals)

    def _gone_round(self, key):
        """Share of a finite suite unsolved when its budget is spent, float32 [budgets], mean over suites.

        Newton's steps from below find the round nu: S is concave, and straight between whole numbers, so that no step
        leads too far.
        """
        wait = self._waiting(key)(self.suites.ravel()).reshape(1, *self.suites.shape)
        mean = lambda x: x.sum(axis=-1) / np.float32(wait.shape[-1])  # noqa: E731

        def nearer(state):
            rounds, _ = state
            unsolved = mean((wait > rounds[..., None]).astype(jnp.float32))
            missing = jnp.maximum(self.budgets[:, None] - mean(jnp.minimum(wait, rounds[..., None])), 0.0)
            step = jnp.where(unsolved > 0, missing / unsolved, 0.0)  # all solved: the budget is not used up
            return rounds + step, step

        start = jnp.broadcast_to(self.budgets[:, None], (len(self.budgets), len(self.suites)))  # as if none were solved
        rounds, _ = jax.lax.while_loop(lambda state: (state[1] > _CLOSE * state[0]).any(), nearer, (start, start))
        return mean(jnp.clip(wait - rounds[..., None], 0.0, 1.0)).mean(axis=1)


def build(difficulty, spent, attempts, budgets, size, batch):
    """Member for finite suites of `size` problems, and for batches of so many.

    difficulty: a sampler of log success.  spent, attempts, budgets: grids, ascending; budgets in attempts per problem.
    """
    grids = (np.asarray(grid, np.float32) for grid in (spent, attempts, budgets))
    numbers = [_numbers(ENDLESS), _numbers(batch // _PIECE, _PIECE), _numbers(finite(size), size)]
    return Member(difficulty, *grids, *numbers)


def finite(size):
    """Finite suites of so many problems in a batch."""
    return max(1, _FINITE // size)


def _numbers(*shape):
    return np.arange(np.prod(shape), dtype=np.uint32).reshape(shape)


def _streams(key, difficulty):
    """As a sampler of difficulty wants them: one stream, or a tuple of so many."""
    count = getattr(difficulty, "STREAMS", 1)
    return bits.stream(key) if count == 1 else tuple(map(bits.stream, jax.random.split(key, count)))

"""Dependence: attempts at one problem that know of each other.

Attempts that are exchangeable are independent given a success probability of their own (de Finetti): Sticky, Polya and
Copula redraw it for each problem, behind any sampler of difficulty. Discounted and Markov have an order; they draw the
waiting time to the first success from its cumulative hazard, in place of a sampler of attempts.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits
from sim.samplers.difficulty import log_gamma_pair

_NEWTON = 4  # steps; two digits become seven in two
_EXPLICIT = 4096  # weights summed one by one; beyond, the midpoint rule is right to 1e-9


class _Redrawn:
    """What a difficulty and a redrawing have in common: the streams of both, the difficulty's first."""

    OWN = 1  # streams for the redrawing

    @property
    def STREAMS(self):
        """Of the difficulty and of the redrawing."""
        return getattr(self.difficulty, "STREAMS", 1) + self.OWN

    def at(self, streams, lanes):
        """float32 log success probability of each lane, after the redrawing."""
        of_difficulty, own = streams[: -self.OWN], streams[-self.OWN :]
        log_success = self.difficulty.at(of_difficulty[0] if len(of_difficulty) == 1 else of_difficulty, lanes)
        return self.redrawn(own, log_success, lanes)


class _StickyFields(NamedTuple):
    difficulty: Any
    share: jax.Array


class Sticky(_Redrawn, _StickyFields):
    """On a share of the problems all attempts are one: right always, or never.  Resolution: shares of 2^-65."""

    OWN = 1

    def redrawn(self, streams, log_success, lanes):
        """float32: 0 or -inf on that share, else as it was."""
        one, outcome = (bits.uniform(streams[0], jnp.uint32(turn), lanes) for turn in (0, 1))
        always = jnp.where(bits.log(outcome) < log_success, 0.0, -jnp.inf)
        return jnp.where(one <= self.share, always, log_success)


class _PolyaFields(NamedTuple):
    difficulty: Any
    theta: jax.Array


class Polya(_Redrawn, _PolyaFields):
    """An urn: every attempt makes its own outcome likelier by theta = rho / (1 - rho), rho the correlation of a pair.

    Given the problem the success probability is Beta(s / theta, (1 - s) / theta), as a ratio of Gamma variates in
    logarithms, so that s / theta may be as small as 1e-37.
    """

    OWN = 3

    def redrawn(self, streams, log_success, lanes):
        """float32 log success probability of the urn's limit."""
        success = jnp.maximum(bits.exp(log_success), 1e-37)
        failure = jnp.maximum(-jnp.expm1(log_success), 1e-37)
        log_right, log_wrong = log_gamma_pair(streams, (success / self.theta, failure / self.theta), lanes)
        drawn = bits.log_sigmoid(jnp.maximum(log_right, -1e38) - jnp.maximum(log_wrong, -1e38))
        return jnp.where((log_success < 0.0) & (log_success > -jnp.inf), drawn, log_success)


class _CopulaFields(NamedTuple):
    difficulty: Any
    root: jax.Array
    rest: jax.Array


class Copula(_Redrawn, _CopulaFields):
    """One normal factor Z in all attempts, of weight root = sqrt(rho); rest = sqrt(1 - rho) is each attempt's own.

        s' = Phi((Phi^-1(s) + sqrt(rho) Z) / sqrt(1 - rho))
    Resolution: Z to 6.7 deviations; log s' to 1e-5 (1 + |log s'|).
    """

    OWN = 1

    def redrawn(self, streams, log_success, lanes):
        """float32 log success probability given the factor."""
        factor = self.root * bits.normal(streams[0], 0, lanes)
        drawn = jax.scipy.special.log_ndtr((_normal_quantile(log_success) + factor) / self.rest)
        return jnp.where((log_success < 0.0) & (log_success > -jnp.inf), drawn, log_success)


def _normal_quantile(log_share):
    """x with log Phi(x) = log_share, float32, by Newton's method on the side where the logarithm is precise."""
    log_rest = jnp.log(jnp.maximum(-jnp.expm1(log_share), 1e-37))
    low = jnp.maximum(jnp.minimum(log_share, log_rest), -1e8)  # the smaller part
    radius = jnp.sqrt(-2.0 * low)
    x = -jnp.maximum(
        radius
        - (2.515517 + radius * (0.802853 + radius * 0.010328))
        / (1.0 + radius * (1.432788 + radius * (0.189269 + radius * 0.001308))),
        0.0,
    )  # Hastings 1955: to 5e-4
    for _ in range(_NEWTON):
        log_phi = jax.scipy.special.log_ndtr(x)
        log_density = -0.5 * x * x - np.float32(0.5 * np.log(2 * np.pi))
        x = jnp.minimum(x - (log_phi - low) * jnp.exp(log_phi - log_density), 0.0)
    return jnp.where(log_share < log_rest, x, -x)


class Discounted(NamedTuple):
    """Attempt j counts as j^-zeta attempts: P(T > k) = (1 - s)^(k_eff),  k_eff = sum_{j <= k} j^-zeta.

    clock: float32 k_eff at each point of the grid of k.  Resolution: as attempts.FirstSuccess.
    """

    clock: jax.Array

    def unsolved(self, stream, log_success, lanes, attempts):
        """bool [len(attempts), lanes]: no success in k attempts."""
        wait = bits.exponential(stream, 0, lanes) / bits.rate(log_success)
        return jnp.maximum(wait, jnp.finfo(jnp.float32).tiny)[None, :] > self.clock[:, None]


class Markov(NamedTuple):
    """Every attempt but the first repeats the one before with probability r, else it is made afresh.

        P(T > k) = (1 - s) (1 - (1 - r) s)^(k - 1)
    T > k if an exponential exceeds the hazard of the first attempt and k - 1 times that of the others.
    Resolution: as attempts.FirstSuccess.
    """

    log_fresh: jax.Array  # log(1 - r)

    def unsolved(self, stream, log_success, lanes, attempts):
        """bool [len(attempts), lanes]: no success in k >= 1 attempts."""
        patience = bits.exponential(stream, 0, lanes)
        first, later = bits.rate(log_success), bits.rate(log_success + self.log_fresh)
        wait = 1.0 + (patience - first) / later  # one array: XLA on a CPU would draw afresh for each k of several
        return wait[None, :] > attempts[:, None]


def effective_attempts(attempts, discount):
    """k_eff = sum_{j <= k} j^-zeta, float64 on the host; to 1e-9.

    Weights one by one up to 4096; beyond, the integral between half-integers.
    """
    attempts = np.asarray(attempts, float)
    near = np.cumsum(np.arange(1.0, _EXPLICIT + 1) ** -discount)
    start, end = _EXPLICIT + 0.5, np.maximum(attempts, _EXPLICIT) + 0.5
    reach = np.log(end / start)
    excess = 1 - discount
    rest = start**excess * (np.expm1(excess * reach) / excess if excess else reach)
    return near[np.minimum(attempts, _EXPLICIT).astype(int) - 1] + rest

"""Pilots refitted by the thousand: maximum likelihood for the Beta law, with or without a ceiling, in JAX's float64."""

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from sim.design import draws
from sim.draw import simulate

WALL = 12.0  # parameters stay within e^-12 ... e^12, as in sim.judging.fits
_ITERATIONS = 100
_AT_WALL = 1e-9
_CLOSE = 1e-10  # the last step, in logarithms
_EXACT = 12  # factors of a rising factorial that are multiplied out; Stirling's series does the others, to 1e-15
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_TOGETHER = 16  # pilots of one loop: it ends with the slowest of them
_LOOPS = 8  # of a device in one call: calls of one size need one program


class Fits(NamedTuple):
    """Maximum-likelihood parameters, float64 [pilots] each; ceiling 1 where none was fitted.

    at_wall: bool, those whose counts show no spread, or all there can be: alpha or beta runs into the wall.
    """

    alpha: np.ndarray
    beta: np.ndarray
    ceiling: np.ndarray
    at_wall: np.ndarray


def beta_law(recorded, successes, with_ceiling):
    """Fits to pilots, each by itself; without a ceiling those of judging.fits.beta_binomial, to 1e-8 in the logarithm.

        P(c) = A B(alpha + m - c, beta + c) / B(alpha, beta) + (1 - A) [c = 0]      Kazdan et al. 2025, Eq. 15, with A

    recorded, successes: [pilots, problems], whole; problems with no attempt say nothing.  with_ceiling: whether A is
    free, kept within 1/(1 + e^12) of 0 and 1.  Newton's method in (log alpha, log beta, log-odds of A), uphill in
    every direction, a step taken only where it is no step down.
    """
    devices = jax.local_devices()
    pilots, slab = len(recorded), len(devices) * _TOGETHER * _LOOPS
    more = -pilots % slab, draws.width(recorded.shape[1]) - recorded.shape[1]
    own = [np.pad(np.asarray(x, float), ((0, more[0]), (0, more[1]))) for x in (recorded, successes)]
    with jax.enable_x64(True):
        program = _program(tuple(devices))
        parts = [program(*(x[i : i + slab] for x in own), with_ceiling) for i in range(0, pilots, slab)]
        theta = np.concatenate([np.asarray(part) for part in parts])[:pilots]
    at_wall = (np.abs(theta[:, :2]) >= WALL - _AT_WALL).any(axis=1)
    ceiling = 1 / (1 + np.exp(-theta[:, 2])) if with_ceiling else np.ones(pilots)
    return Fits(np.exp(theta[:, 0]), np.exp(theta[:, 1]), ceiling, at_wall)


@cache
def _program(devices):
    """The compiled fits, spread over devices."""

    def fitted(recorded, successes, with_ceiling):
        def on_one_device(*own):
            return jax.lax.map(lambda pilot: _fit(*pilot, with_ceiling), own, batch_size=_TOGETHER)

        split = PartitionSpec("pilots")
        mesh = Mesh(np.array(devices), ("pilots",))
        spread = jax.shard_map(on_one_device, mesh=mesh, in_specs=(split, split), out_specs=split, check_vma=False)
        return spread(recorded, successes)

    return simulate.compiled(fitted, devices[0].platform, ("with_ceiling",))


class _State(NamedTuple):
    theta: jax.Array
    value: jax.Array
    gradient: jax.Array
    bend: jax.Array
    damping: jax.Array
    step: jax.Array
    count: jax.Array


def _fit(recorded, successes, with_ceiling):
    """Parameters [2], or [3] with a ceiling, of one pilot."""
    rate = jnp.clip(successes.sum() / jnp.maximum(recorded.sum(), 1.0), 1e-9, 1 - 1e-9)
    start = jnp.log(jnp.stack([4.0 * (1 - rate), 4.0 * rate]))
    start = jnp.clip(jnp.append(start, 2.0) if with_ceiling else start, -WALL, WALL)

    def known(theta):
        return _log_likelihood(theta, recorded, successes, with_ceiling)

    def further(state):
        step = _uphill(state)
        theta = jnp.clip(state.theta + step, -WALL, WALL)
        moved = jnp.max(jnp.abs(theta - state.theta))
        value, gradient, bend = known(theta)
        better = value >= state.value - 1e-10 * (1.0 + jnp.abs(state.value))
        damping = jnp.where(better, 0.1 * state.damping, jnp.maximum(10.0 * state.damping, 0.1))
        damping = jnp.where(damping < 1e-3, 0.0, damping)
        new = theta, value, gradient, bend
        kept = (jnp.where(better, one, other) for one, other in zip(new, state[:4], strict=True))
        # A step that was refused is no sign of an end, unless it is too short to matter.
        return _State(*kept, damping, moved, state.count + 1)

    def unfinished(state):
        return (state.step > _CLOSE) & (state.count < _ITERATIONS)

    zero = jnp.zeros((), jnp.float64)
    first = _State(start, *known(start), zero, zero + 1.0, jnp.zeros((), jnp.int32))
    return jax.lax.while_loop(unfinished, further, first).theta


def _uphill(state):
    """Newton's step where the likelihood is concave; elsewhere as long as if it were, the other way: never down.

    Parameters that lean on the wall stay there.
    """
    free = ((jnp.abs(state.theta) < WALL - _AT_WALL) | (state.gradient * state.theta < 0)).astype(jnp.float64)
    gradient = state.gradient * free
    bend = state.bend * free[:, None] * free[None, :] - jnp.diag(1.0 - free)
    # In units of its own curvatures, so that damping and small eigenvalues mean the same for every parameter.
    scale = jnp.sqrt(jnp.abs(jnp.diag(bend)) + 1e-12)
    values, vectors = jnp.linalg.eigh(bend / scale[:, None] / scale[None, :])
    along = vectors.T @ (gradient / scale)
    step = vectors @ (along / (jnp.abs(values) + 1e-12 + state.damping)) / scale
    step = step / jnp.maximum(1.0, jnp.max(jnp.abs(step)))
    # As far as the wall, in its own direction: along a ridge both parameters have to move.
    room = (WALL - jnp.sign(step) * state.theta) / jnp.maximum(jnp.abs(step), 1e-300)
    return step * jnp.min(jnp.where(free > 0, jnp.minimum(room, 1.0), 1.0))


def _log_likelihood(theta, recorded, successes, with_ceiling):
    """Its value, gradient and matrix of second derivatives by theta."""
    alpha, beta = jnp.exp(theta[0]), jnp.exp(theta[1])
    of_failures = _rising(alpha, recorded - successes)
    of_successes, of_all = _rising(beta, successes), _rising(alpha + beta, recorded)
    if not with_ceiling:
        (a, a1, a2), (b, b1, b2), (c, c1, c2) = (x.sum(axis=1) for x in (of_failures, of_successes, of_all))
        slope, bend = jnp.stack([a1 - c1, b1 - c1]), jnp.stack([a2 - c2, -c2, -c2, b2 - c2]).reshape(2, 2)
        return a + b - c, *_by_logarithms(alpha, beta, slope, bend)
    return _with_ceiling(theta[2], alpha, beta, successes > 0, of_failures, of_successes, of_all)


def _with_ceiling(odds, alpha, beta, solved, of_failures, of_successes, of_all):
    """The same with a ceiling A = 1 / (1 + e^-odds): a problem without success may be one that cannot be solved."""
    (a, a1, a2), (b, b1, b2), (c, c1, c2) = of_failures, of_successes, of_all
    log_chance = a + b - c
    ceiling, rest = jax.nn.sigmoid(odds), jax.nn.sigmoid(-odds)
    none = rest + ceiling * jnp.exp(log_chance)  # chance of no success
    share = jnp.where(solved, 1.0, ceiling * jnp.exp(log_chance) / none)  # that it can be solved, given its counts
    value = jnp.where(solved, jax.nn.log_sigmoid(odds) + log_chance, jnp.log(none)).sum()
    slopes = jnp.stack([alpha * (a1 - c1), beta * (b1 - c1), jnp.broadcast_to(rest, solved.shape)])
    by_odds = jnp.stack([jnp.zeros_like(rest), jnp.zeros_like(rest), -ceiling])
    gradient = (share[None, :] * slopes).sum(axis=1) + by_odds * (1.0 - share).sum()
    # Of a mixture: the mean of second derivatives, and the spread of first ones between "can" and "cannot".
    gap = slopes - by_odds[:, None]
    between = ((share * (1.0 - share))[None, :] * gap) @ gap.T
    own = jnp.stack([a2 - c2, -c2, -c2, b2 - c2]) * share[None, :]
    slope = (share[None, :] * jnp.stack([a1 - c1, b1 - c1])).sum(axis=1)
    _, within = _by_logarithms(alpha, beta, slope, own.sum(axis=1).reshape(2, 2))
    bend = jnp.zeros((3, 3)).at[:2, :2].set(within).at[2, 2].set(-ceiling * rest * solved.shape[0])
    return value, gradient, bend + between


def _by_logarithms(alpha, beta, slope, bend):
    """First and second derivatives by log alpha and log beta, from those by alpha and beta."""
    both = jnp.stack([alpha, beta])
    return both * slope, both[:, None] * both[None, :] * bend + jnp.diag(both * slope)


def _rising(a, count):
    """ln[a (a+1) ... (a+count-1)] and its two derivatives by a, [3, problems]."""
    factor = a + jnp.arange(_EXACT, dtype=a.dtype)
    steps = jnp.stack([jnp.log(factor), 1.0 / factor, -1.0 / factor**2])
    near = jnp.concatenate([jnp.zeros((3, 1)), jnp.cumsum(steps, axis=1)], axis=1)
    first = near[:, jnp.minimum(count, _EXACT).astype(jnp.int32)]
    return first + _log_gamma(a + jnp.maximum(count, _EXACT)) - _log_gamma(a + _EXACT)[:, None]


def _log_gamma(x):
    """ln Gamma(x) but for a constant, psi(x) and psi'(x), by Stirling's series: x >= _EXACT."""
    log_x, inverse = jnp.log(x), 1.0 / x
    square = inverse * inverse
    value, slope, bend = (jnp.zeros_like(x) for _ in range(3))
    for order, coefficient in reversed(list(enumerate(_STIRLING))):
        power = 2 * order + 1
        value = value * square + coefficient
        slope = slope * square - power * coefficient
        bend = bend * square + power * (power + 1) * coefficient
    return jnp.stack(
        [
            (x - 0.5) * log_x - x + value * inverse,
            log_x - 0.5 * inverse + slope * square,
            inverse + 0.5 * square + bend * square * inverse,
        ]
    )

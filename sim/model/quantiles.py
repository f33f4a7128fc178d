"""The quantile function of a problem's log-odds of success: the table that samplers.quantile looks problems up in."""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from sim.samplers.quantile import LEADING, OCTAVES

_LOWEST = -(OCTAVES + 1) * np.log(2)  # logarithm of the least uniform, 2^-65
_SPACING = 0.125  # of nodes in y = log(u / (1 - u)), where x(y) has no sharp bend but one: quintics leave 1e-9
_BEND = np.arange(-20, 20.5, 0.5)  # that one is around x = 0 where alpha and beta are both small: more nodes there
_UNDERFLOW = -650.0  # logarithm of probabilities that the incomplete beta function might not return
_FAR = -600.0  # log-odds below which the leading power of s is all of their probability
_STEPS = 60  # of Newton's method; it takes 4 to 20


@lru_cache(64)  # a sweep asks for the same laws again and again
def beta_log_odds(alpha, beta):
    """Parabolas of x = log(s / (1 - s)) as a function of a uniform u, where s ~ Beta(beta, alpha) and u = P(s).

    float64 [3, 2 SIDE]: coefficients of 1, t, t^2, where 0 <= t < 1 is the place in a cell; cells of u from 2^-65 to
    1/2, then of 1 - u from 2^-65 to 1/2. A parabola meets x(u) at the ends and in the middle of its cell.
    alpha, beta: shape of the failure probability 1 - s, each from 1e-3 to 1e4.
    Error of x, read as an error of u: 1e-7 of min(u, 1 - u); where alpha and beta are both below 0.03 up to 4e-6 of
    it, in the cells around u = alpha / (alpha + beta), where x(u) bends within a thousandth of u.
    """
    from scipy import special

    law = _LogOdds(alpha, beta, special.betaln(alpha, beta))
    return _table(_lower_half(law), -_lower_half(law.mirrored()))


@lru_cache(64)
def small_ball_log_odds(dimension, temperature):
    """As `beta_log_odds`, of s = P(chi2_m <= u / tau): log-odds are a function of the uniform u itself.

    dimension: m from 0.1 to 100.  temperature: tau from 1e-3 to 1e3.
    """
    u = np.exp(-np.logaddexp(0, -_places()))
    halves = (
        _ball_log_odds(dimension / 2, u / (2 * temperature)),
        _ball_log_odds(dimension / 2, (1 - u) / (2 * temperature)),
    )
    return _table(*halves)


def _table(*halves):
    """Parabolas of both halves, which all who ask share."""
    table = np.concatenate([_parabolas(half) for half in halves], axis=1)
    table.flags.writeable = False
    return table


def _ball_log_odds(shape, reach):
    """log P(a, x) - log Q(a, x) of the regularised incomplete Gamma functions.

    P(a, x) = x^a e^-x 1F1(1; a + 1; x) / Gamma(a + 1)              DLMF 8.5.1, where P would underflow
    """
    from scipy import special

    series = shape * np.log(reach) - reach - special.gammaln(shape + 1)
    series += np.log(special.hyp1f1(1, shape + 1, np.minimum(reach, shape)))
    inside, outside = special.gammainc(shape, reach), special.gammaincc(shape, reach)
    log_inside = np.where(reach < shape, series, np.log(np.maximum(inside, 1e-300)))
    return log_inside - np.where(inside < 0.5, np.log1p(-np.minimum(inside, 0.5)), np.log(outside))


class _LogOdds(NamedTuple):
    """Law of x = log(s / (1 - s)) for s ~ Beta(beta, alpha).  log_norm: log B(alpha, beta)."""

    alpha: float
    beta: float
    log_norm: float

    def mirrored(self):
        """Law of -x."""
        return _LogOdds(self.beta, self.alpha, self.log_norm)

    def log_density(self, x):
        """f(x) = s^beta (1 - s)^alpha / B(alpha, beta), in logarithms."""
        return -self.beta * np.logaddexp(0, -x) - self.alpha * np.logaddexp(0, x) - self.log_norm

    def trend(self, x):
        """d log f / dx = beta (1 - s) - alpha s."""
        return self.beta * np.exp(-np.logaddexp(0, x)) - self.alpha * np.exp(-np.logaddexp(0, -x))

    def log_power(self, x):
        """P(x) ~ s^beta / (beta B(alpha, beta)) for x to -infinity, in logarithms; relative error O(alpha s)."""
        return self.beta * x - np.log(self.beta) - self.log_norm

    def log_cumulative(self, x):
        """Probability P(x) of log-odds below x, in logarithms; from the other end where that is the precise one."""
        with np.errstate(divide="ignore"):
            all_but_above = np.log(-np.expm1(self.mirrored()._log_near(-x)))
        return np.where(x > 5 + np.log1p(self.beta), all_but_above, self._log_near(x))

    def _log_near(self, x):
        from scipy import special

        with np.errstate(divide="ignore"):
            near = np.log(special.betainc(self.beta, self.alpha, special.expit(x)))
        return np.where(x < _FAR, self.log_power(x), near)


def _parabolas(x):
    """Coefficients [3, SIDE] from the values at ends and middles of the cells; the last cell is u = 1/2 alone."""
    start, middle, end = x[:-1:2], x[1::2], x[2::2]
    bend = 2 * (start - 2 * middle + end)
    return np.concatenate([[start, end - start - bend, bend], [[x[-1]], [0.0], [0.0]]], axis=1)


@cache
def _places():
    """log(u / (1 - u)) at the ends and middles of the cells, u from 2^-65 to 1/2."""
    octave = 1 + np.arange(2 << LEADING) / (2 << LEADING)
    u = np.append(np.ldexp(octave, np.arange(-OCTAVES - 1, -1)[:, None]).ravel(), 0.5)
    return np.log(u) - np.log1p(-u)


def _lower_half(law):
    """Log-odds x at _places(), between nodes where x and two derivatives by y = log(u / (1 - u)) are known.

    dx/dy = u (1 - u) / f(x),   d log(dx/dy) / dy = 1 - 2u - (d log f / dx) dx/dy
    """
    y = np.arange(np.floor(_LOWEST / _SPACING), 1) * _SPACING
    log_u, log_u_bend = -np.logaddexp(0, -y), law.log_cumulative(_BEND)
    inside = (log_u_bend > _LOWEST) & (log_u_bend < -np.log(2) - 1e-9)  # a node at 1/2 there is already
    x = np.append(_solution(law, log_u), _BEND[inside])
    log_u = np.append(log_u, log_u_bend[inside])
    order = np.argsort(log_u)
    log_u, x = log_u[order], x[order]
    log_rest = np.log(-np.expm1(log_u))
    first = np.exp(log_u + log_rest - law.log_density(x))
    second = first * (1 - 2 * np.exp(log_u) - law.trend(x) * first)
    return _quintics(_places(), log_u - log_rest, x, first, second)


def _solution(law, log_u):
    """Log-odds x with P(x) = u <= 1/2: Newton's method on log P, which is concave.

    Tangents of a concave curve lie above it, so every step ends below the solution and all but the first go up; the
    first come from the tangents at -infinity and at the mode.
    """
    mode = np.log(law.beta / law.alpha)
    at_mode = law.log_cumulative(mode)
    from_mode = mode + (log_u - at_mode) * np.exp(at_mode - law.log_density(mode))
    x = np.maximum((log_u - law.log_power(0.0)) / law.beta, from_mode)
    for _ in range(_STEPS):
        log_density, log_p = law.log_density(x), law.log_cumulative(x)
        lost = log_p < _UNDERFLOW
        log_p[lost] = log_density[lost] - np.log(law.trend(x[lost]))  # Laplace's: good enough to step on
        x = x + (log_u - log_p) * np.exp(log_p - log_density)
        if np.abs(log_u - log_p).max() < 1e-7:  # the error left is its square
            break
    return x


def _quintics(at, y, x, first, second):
    """Values of the piecewise polynomial of degree 5 with these values and derivatives at the nodes y, ascending."""
    width = np.diff(y)
    slope, bend = first[:-1] * width, second[:-1] * width**2 / 2
    gap = np.diff(x) - slope - bend  # at the next node: what this one's parabola misses in value, slope and bend
    turn = first[1:] * width - slope - 2 * bend
    twist = second[1:] * width**2 / 2 - bend
    third, fourth, fifth = 10 * gap - 4 * turn + twist, -15 * gap + 7 * turn - 2 * twist, 6 * gap - 3 * turn + twist
    i = np.clip(np.searchsorted(y, at, side="right") - 1, 0, len(width) - 1)
    t, total = (at - y[i]) / width[i], fifth[i]
    for coefficient in (fourth, third, bend, slope, x):
        total = total * t + coefficient[i]
    return total

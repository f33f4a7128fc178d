"""Difficulties other than the paper's Beta: one class a distribution of success probabilities over problems."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sim.samplers import bits
from sim.samplers.difficulty import log_gamma_pair

_SMALL = 1e-3  # erf(x) / x is constant to 3e-7 below
_NODES, _WEIGHTS = (x.astype(np.float32) for x in np.polynomial.legendre.leggauss(8))
_ONE_SIDED = 4.0  # of m h: from there on the far end of an interval is e^-8 of the near one, or less


class Scaled(NamedTuple):
    """s = c z with the success probability z of another sampler: log s = log c + log z.

    Resolution: that of z.
    """

    of: Any
    log_scale: jax.Array  # log c <= 0

    @property
    def STREAMS(self):
        """As the other sampler."""
        return getattr(self.of, "STREAMS", 1)

    def at(self, streams, lanes):
        """float32 log success probability of each lane."""
        return self.of.at(streams, lanes) + self.log_scale


class Kumaraswamy(NamedTuple):
    """P(z <= x) = 1 - (1 - x^beta)^alpha, from one exponential variate E of 64 bits: z^beta = 1 - e^(-E / alpha).

    Resolution: z^beta down to 2^-65 / alpha, to 1e-6 relative; log z reaches -45 / beta.
    """

    alpha: jax.Array
    beta: jax.Array

    def at(self, stream, lanes):
        """float32 log success probability of each lane."""
        return -bits.rate(-bits.exponential(stream, 0, lanes) / self.alpha) / self.beta


class Uniform(NamedTuple):
    """Success probability uniform on [low, high].  Resolution: 2^-65 of the width near low, 2^-24 of s elsewhere."""

    low: jax.Array
    width: jax.Array

    def at(self, stream, lanes):
        """float32 log success probability of each lane."""
        return bits.log(self.low + self.width * bits.uniform(stream, 0, lanes))


class Reciprocal(NamedTuple):
    """Success probability with density 1 / s between two bounds: log s is uniform, to 2^-24 of its range."""

    log_low: jax.Array
    range: jax.Array

    def at(self, stream, lanes):
        """float32 log success probability of each lane."""
        return self.log_low + self.range * bits.uniform(stream, 0, lanes)


class ZipfRanks(NamedTuple):
    """s = c r^-zeta with the rank r uniform on 1 ... R: log s = log c - zeta log r.

    r - 1 is the whole part of R times a uniform of 64 bits. Resolution: the chance of each rank to 2^-64, a relative
    5e-11 at R = 1e9; log s to 4e-7 (|log c| + zeta log r), exactly log c at rank 1.
    """

    log_scale: jax.Array  # log c <= 0
    decline: jax.Array  # zeta
    count: jax.Array  # R, uint32

    def at(self, stream, lanes):
        """float32 log success probability of each lane."""
        high, low = bits.words(stream, 0, lanes)
        part = high * self.count  # what is left of the first word's product below a whole number, in 2^-32
        carry = (part + bits.scaled(low, self.count) < part).astype(jnp.uint32)
        rank = bits.scaled(high, self.count) + carry + np.uint32(1)
        return self.log_scale - self.decline * bits.log(rank.astype(jnp.float32))


class ContinuousBernoulli(NamedTuple):
    """Density proportional to rate^s (1 - rate)^(1 - s) = (1 - rate) e^(-c s) on (0, 1): an exponential cut off at 1.

    s = -log(1 - u (1 - e^-c)) / c.  Resolution: s down to 2^-65, to 1e-6 relative.
    c: log((1 - rate) / rate), not 0.  mass: 1 - e^-c.
    """

    c: jax.Array
    mass: jax.Array

    def at(self, stream, lanes):
        """float32 log success probability of each lane."""
        x = -self.mass * bits.uniform(stream, 0, lanes)
        return bits.log(jnp.minimum(-bits.log1p_or_log(x, 1.0 + x, (x > -0.29) & (x < 0.41)) / self.c, 1.0))


class LatentPrecision(NamedTuple):
    """s = P(|Y - B| < tolerance) for Y ~ N(0, 1 / tau), tau ~ Gamma(beta / 2, 1), bias B ~ N(0, bias^2).

    A fresh Y is an attempt, and what is aimed at lies B off; lengths in units of sigma. Without a bias s is
    erf(tolerance sqrt(tau / 2)). With h = tolerance sqrt(tau) and m = |B| sqrt(tau) it is Phi(h - m) - Phi(-h - m):
    an integral of the density over a short interval, the difference of two logarithms over a long one.
    Resolution: log s to 1e-5 (1 + |log s|).
    """

    shape: jax.Array  # beta / 2
    log_tolerance: jax.Array
    bias: jax.Array  # standard deviation; 0 for none

    STREAMS = 4

    def at(self, streams, lanes):
        """float32 log success probability of each lane."""
        *gammas, biases = streams
        log_root = 0.5 * log_gamma_pair(gammas, (self.shape, self.shape), lanes)[0]
        log_half = self.log_tolerance + log_root
        offset = jnp.abs(self.bias * bits.normal(biases, 0, lanes)) * bits.exp(log_root)
        return _log_interval(log_half, offset)


def _log_interval(log_half, offset):
    """Logarithm of the standard normal mass between offset - e^log_half and offset + e^log_half; offset >= 0."""
    half = bits.exp(jnp.minimum(log_half, 20.0))
    near, far = jax.scipy.special.log_ndtr(half - offset), jax.scipy.special.log_ndtr(-half - offset)
    long = near + jnp.log1p(-jnp.exp(jnp.minimum(far - near, -1e-6)))
    inner = jnp.minimum(half, 2.0)
    places = inner[None, :] * _NODES[:, None]
    density = jnp.exp(-places * (jnp.minimum(offset, _ONE_SIDED / inner)[None, :] + 0.5 * places))
    mean = (density * (0.5 * _WEIGHTS)[:, None]).sum(axis=0)
    short = np.float32(0.5 * np.log(2 / np.pi)) - 0.5 * offset * offset + log_half + bits.log(mean)
    return jnp.where((half < 2.0) & (half * offset < _ONE_SIDED), short, jnp.minimum(long, 0.0))

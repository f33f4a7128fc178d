"""Difficulties other than the paper's Beta. Members as in sim.model.difficulty."""

import math
from dataclasses import dataclass

import numpy as np

from sim.model.difficulty import Difficulty, check_shapes
from sim.records.checked import need


def _float(*numbers):
    return (np.asarray(x, np.float32) for x in numbers)


def _check_scale(scale):
    need(0 < scale <= 1, "difficulty.scale", "0 < scale <= 1", scale)


@dataclass(frozen=True)
class ScaledBeta(Difficulty):
    """Success probability s = scale z, z ~ Beta(beta, alpha): no problem is easier than `scale`."""

    alpha: float
    beta: float
    scale: float

    law = "pass@k = E[1 - (1 - c z)^k], z ~ Beta(beta, alpha)"

    def check(self):
        """Refuse what is no distribution."""
        check_shapes(self.alpha, self.beta)
        _check_scale(self.scale)

    def sampler(self):
        """From a table of quantiles, shifted."""
        from sim.model import build
        from sim.samplers import spread

        return spread.Scaled(build.beta_sampler(self.alpha, self.beta, 1.0), *_float(math.log(self.scale)))

    def problems(self):
        """Quadrature over problems."""
        from sim.laws import difficulty

        return difficulty.scaled_beta(self.alpha, self.beta, self.scale)

    def tail(self):
        """Power law in scale k."""
        from sim.laws import difficulty

        return difficulty.scaled_beta_tail(self.alpha, self.beta, self.scale)


@dataclass(frozen=True)
class ScaledKumaraswamy(ScaledBeta):
    """Success probability s = scale z, P(z <= x) = 1 - (1 - x^beta)^alpha."""

    law = "pass@k = E[1 - (1 - c z)^k], z ~ Kumaraswamy(beta, alpha)"

    def sampler(self):
        """By its quantile function, in closed form."""
        from sim.samplers import spread

        return spread.Scaled(spread.Kumaraswamy(*_float(self.alpha, self.beta)), *_float(math.log(self.scale)))

    def problems(self):
        """Quadrature over problems."""
        from sim.laws import difficulty

        return difficulty.scaled_kumaraswamy(self.alpha, self.beta, self.scale)

    def tail(self):
        """Power law in scale k, approached as slowly as k^-beta."""
        from sim.laws import difficulty

        return difficulty.kumaraswamy_tail(self.alpha, self.beta, self.scale)


@dataclass(frozen=True)
class ContinuousBernoulli(Difficulty):
    """Success probability with density proportional to rate^s (1 - rate)^(1 - s) on (0, 1)."""

    rate: float

    law = "pass@k = E[1 - (1 - s)^k], s ~ continuous Bernoulli"

    def check(self):
        """Refuse what is no distribution; a rate of 1/2 is the uniform one."""
        rule = "0.000001 <= rate <= 0.999999, and not 0.5 (that is difficulty=uniform)"
        need(1e-6 <= self.rate <= 1 - 1e-6 and abs(self.rate - 0.5) > 1e-4, "difficulty.rate", rule, self.rate)

    def sampler(self):
        """By its quantile function, in closed form."""
        from sim.samplers import spread

        c = math.log1p(-self.rate) - math.log(self.rate)
        return spread.ContinuousBernoulli(*_float(c, -math.expm1(-c)))

    def problems(self):
        """Quadrature over problems."""
        from sim.laws import difficulty

        return difficulty.continuous_bernoulli(self.rate)

    def tail(self):
        """1 / k, as for every density that is positive at 0."""
        from sim.laws import difficulty

        return difficulty.continuous_bernoulli_tail(self.rate)


@dataclass(frozen=True)
class Uniform(Difficulty):
    """Success probability uniform between `low` and `high`: with low > 0 no power law, but exponential decay."""

    low: float
    high: float

    law = "pass@k = E[1 - (1 - s)^k], s uniform"
    _LEAST = 0.0

    def check(self):
        """Refuse what is no interval of probabilities."""
        wide = self._LEAST <= self.low < self.high <= 1 and self.high - self.low > 1e-6
        rule = f"{self._LEAST:g} <= low, low + 1e-6 < high <= 1"
        need(wide, "difficulty.low, difficulty.high", rule, f"{self.low:g} and {self.high:g}")

    def sampler(self):
        """By its quantile function."""
        from sim.samplers import spread

        return spread.Uniform(*_float(self.low, self.high - self.low))

    def problems(self):
        """Quadrature over problems."""
        from sim.laws import difficulty

        return difficulty.uniform(self.low, self.high)

    def tail(self):
        """1 / (high k) where it reaches down to 0."""
        from sim.laws import difficulty

        return difficulty.uniform_tail(self.high) if self.low == 0 else None


class Reciprocal(Uniform):
    """Success probability with density 1 / s between `low` and `high`: exponential decay, after a plateau in log k."""

    law = "pass@k = E[1 - (1 - s)^k], log s uniform"
    _LEAST = 1e-30

    def sampler(self):
        """By its quantile function."""
        from sim.samplers import spread

        return spread.Reciprocal(*_float(math.log(self.low), math.log(self.high / self.low)))

    def problems(self):
        """Quadrature over problems."""
        from sim.laws import difficulty

        return difficulty.reciprocal(self.low, self.high)

    def tail(self):
        """None: no problem is harder than `low`."""
        return None


@dataclass(frozen=True)
class ZipfRanks(Difficulty):
    """A finite set of problems of rank r = 1 ... `ranks`, each equally likely: success s_r = scale r^-decline.

    An inferred reading of Levi 2024 (arXiv 2410.16377). Infinitely many problems cannot be equally likely, so one is
    the hardest: the failure falls exponentially from k = ranks^decline / scale attempts on and has no power law. The
    coverage has one before, from k = 1 / scale on, where decline > 1:
    pass@k ~ Gamma(1 - 1 / decline) (scale k)^(1 / decline) / ranks.
    """

    decline: float
    scale: float
    ranks: int

    law = "pass@k = E[1 - (1 - s)^k], s = c r^-zeta, rank r uniform"

    def check(self):
        """Refuse what is no probability, and ranks that are no 32-bit word."""
        need(0 < self.decline <= 20, "difficulty.decline", "0 < decline <= 20", self.decline)
        _check_scale(self.scale)
        need(1 <= self.ranks <= 10**9, "difficulty.ranks", "a whole number from 1 to 1e9", self.ranks)

    def sampler(self):
        """By rank."""
        from sim.samplers import spread

        return spread.ZipfRanks(*_float(math.log(self.scale), self.decline), np.uint32(self.ranks))

    def problems(self):
        """The first ranks one by one, the others by a quadrature for whole numbers."""
        from sim.laws import difficulty

        return difficulty.zipf_ranks(self.decline, self.scale, self.ranks)

    def tail(self):
        """None: no problem is harder than the last."""
        return None


@dataclass(frozen=True)
class LatentPrecision(Difficulty):
    """Latent instance difficulty (Levi 2026, arXiv 2601.03764): an answer within `tolerance` of a number is right.

    Answers scatter with precision tau ~ Gamma(beta / 2, 1) of each problem's own, about a prediction that is off by
    N(0, bias^2); lengths in units of sigma.
    """

    beta: float
    tolerance: float
    bias: float

    biased = True
    law = "pass@k = E[1 - (1 - s)^k], s = P(|Y - B| < delta)"
    lattice = False

    def check(self):
        """Refuse what is no distribution."""
        need(1e-2 <= self.beta <= 100, "difficulty.beta", "0.01 <= beta <= 100", self.beta)
        need(1e-6 <= self.tolerance <= 100, "difficulty.tolerance", "0.000001 <= tolerance <= 100", self.tolerance)
        need(0 <= self.bias <= 100, "difficulty.bias", "0 <= bias <= 100", self.bias)

    def sampler(self):
        """A precision and a bias for each problem."""
        from sim.samplers import spread

        return spread.LatentPrecision(*_float(self.beta / 2, math.log(self.tolerance), self.bias))

    def problems(self):
        """Quadrature over problems."""
        from sim.laws import difficulty

        if self.bias == 0:
            return difficulty.latent_precision(self.beta, self.tolerance)
        return difficulty.latent_precision_biased(self.beta, self.tolerance, self.bias**2)

    def tail(self):
        """Power law without a bias; with one the local exponent falls for ever."""
        from sim.laws import difficulty

        return difficulty.latent_precision_tail(self.beta, self.tolerance) if self.bias == 0 else None


@dataclass(frozen=True)
class SmallBall(Difficulty):
    """A toy autoencoder: an attempt is right if noise in `dimension` directions leaves the reconstruction close enough.

    Success probability P(chi2_m <= u / tau): u ~ Uniform(0, 1) is the room that the problem's own error leaves below a
    threshold of 1, on a share `ceiling` of the problems; on the others it leaves none.
    """

    dimension: float
    temperature: float
    ceiling: float

    law = "pass@k = A E[1 - (1 - s)^k], s = P(chi2_m <= u / tau)"

    def check(self):
        """Refuse what is no distribution, and noise whose probabilities float64 cannot carry."""
        need(0.1 <= self.dimension <= 100, "difficulty.dimension", "0.1 <= dimension <= 100", self.dimension)
        rule = "0.001 <= temperature <= 1000"
        need(1e-3 <= self.temperature <= 1e3, "difficulty.temperature", rule, self.temperature)
        need(0 < self.ceiling <= 1, "difficulty.ceiling", "0 < ceiling <= 1", self.ceiling)

    def sampler(self):
        """From a table of quantiles."""
        from sim.model import build

        return build.small_ball_sampler(self.dimension, self.temperature, self.ceiling)

    def problems(self):
        """Quadrature over problems."""
        from sim.laws import difficulty

        return difficulty.small_ball(self.dimension, self.temperature, self.ceiling)

    def tail(self):
        """Of the excess over 1 - ceiling: the exponent is 2 / dimension at every temperature."""
        from sim.laws import difficulty

        return difficulty.small_ball_tail(self.dimension, self.temperature, self.ceiling)

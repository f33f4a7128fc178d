"""The samplers of a run, from numbers: tables and sums in float64 on the host, what the devices need in float32."""

from typing import Any, NamedTuple

import numpy as np

from sim.laws import zipf as law
from sim.model import quantiles
from sim.samplers import attempts, difficulty, features, memory, quantile


def feature_sampler(exponent, size):
    """samplers.features.Zipf of `size` (or infinitely many) features, tail sums from float64."""
    total = law.normaliser(exponent, size)
    ranks = np.arange(1, features.HEAD + 1)
    return features.zipf(exponent, size, total * law.tail(ranks, exponent, size), total)


def memory_sampler(name, depth):
    """samplers.memory member called `name`."""
    if name == "arrival" and depth == 1:
        return memory.FirstArrival()
    return {"arrival": memory.Arrival, "training_set": memory.TrainingSet}[name](np.float32(depth))


class Learner(NamedTuple):
    """A kernel of sim.samplers.learners; unmemorised mass = offset + scale * its curves, float64 [n]."""

    kernel: Any
    offset: np.ndarray
    scale: np.ndarray


def learner(name, exponent, size, depth, examples):
    """Learner of the memory member called `name`, for a grid of n."""
    from sim.samplers.learners import block_chain, direct, feature_arrivals, jump_chain

    arguments = exponent, size, depth, examples, law.normaliser(exponent, size)
    if name == "direct":
        return Learner(*direct.build(feature_sampler(exponent, size), *arguments))
    kernels = {"feature_arrivals": feature_arrivals, "block_chain": block_chain, "jump_chain": jump_chain}
    return Learner(*kernels[name].build(*arguments))


def beta_sampler(alpha, beta, ceiling):
    """samplers.quantile.BetaQuantile, its table from float64."""
    return quantile.beta_quantile(quantiles.beta_log_odds(alpha, beta), ceiling)


def small_ball_sampler(dimension, temperature, ceiling):
    """samplers.quantile.BetaQuantile with the table of a small ball, from float64."""
    return quantile.beta_quantile(quantiles.small_ball_log_odds(dimension, temperature), ceiling)


def gamma_ratio_sampler(alpha, beta, ceiling):
    """samplers.difficulty.GammaRatio."""
    return difficulty.GammaRatio(*(np.asarray(x, np.float32) for x in (alpha, beta, ceiling)))


def table_sampler(recorded, successes):
    """samplers.difficulty.Table with the success rate of each problem."""
    with np.errstate(divide="ignore"):
        return difficulty.Table(np.log(successes / recorded).astype(np.float32))


def row_sampler(problems):
    """samplers.difficulty.Rows of a table of so many problems."""
    return difficulty.Rows(np.uint32(problems))


def attempts_sampler(name):
    """samplers.attempts member called `name`."""
    return {"first_success": attempts.FirstSuccess, "bernoulli": attempts.Bernoulli}[name]()


def replay_sampler(recorded, successes):
    """samplers.attempts.Replay of a table of problems."""
    return attempts.Replay(np.asarray(recorded, np.float32), np.asarray(successes, np.float32))

"""The two sides of a question: the samplers that simulate it, and what its laws predict. They meet in an experiment."""

import numpy as np

from sim import simulate
from sim.laws import coverage, learning_curve, zipf
from sim.measurement import Prediction, told
from sim.model import Empirical, GammaRatio


def feature_parts(question):
    """Samplers of features and memory."""
    features = simulate.feature_sampler(question.features.exponent, question.features.size)
    return features, simulate.memory_sampler(question.memory_name, question.memory.depth)


def learner(question):
    """simulate.Learner of the features and the memory."""
    features = question.features
    return simulate.learner(
        question.memory_name, features.exponent, features.size, question.memory.depth, question.examples
    )


def attempt_parts(question):
    """Samplers of difficulty and attempts."""
    if isinstance(question.difficulty, Empirical):
        difficulty = simulate.table_sampler(question.table.attempts, question.table.successes)
    else:
        d = question.difficulty
        sampler = simulate.gamma_ratio_sampler if isinstance(d, GammaRatio) else simulate.beta_sampler
        difficulty = sampler(d.alpha, d.beta, d.ceiling)
    return difficulty, simulate.attempts_sampler(question.attempts)


def physics(question, experiment):
    """Text that names every number a run's draws depend on: part of its keys."""
    told = question.table.successes.sum() if isinstance(question.difficulty, Empirical) else question.difficulty
    sampling = "" if question.sampling == "random" else f" {question.sampling}"
    memory = f"{question.memory_name} {question.memory}"
    return f"{experiment} {question.features} {memory} {told} {question.attempts}{sampling}"


def learning_prediction(law, examples):
    """Prediction of the law for the error after n examples, [n]."""
    curve = learning_curve.unmemorised_mass(examples, law.exponent, law.size, law.depth)
    if law.exponent <= 1:
        return Prediction(curve, None, None, False)
    exponent = float(learning_curve.decay_exponent(law.exponent))
    prefactor = learning_curve.prefactor(law.exponent, law.depth)
    if law.normalisation == "continuous":
        curve = curve * learning_curve.prefactor_continuous(law.exponent, law.depth) / prefactor
        prefactor = learning_curve.prefactor_continuous(law.exponent, law.depth)
    elif np.isfinite(law.size):  # the same power law with the finite normaliser, up to the cut-off
        ratio = zipf.normaliser(law.exponent, np.inf) / zipf.normaliser(law.exponent, law.size)
        prefactor = prefactor * ratio ** (1 / law.exponent)
    return Prediction(curve, exponent, float(prefactor), False)


def told_examples(law, examples, learners):
    """Indices of the numbers of examples at which the mean over so many learners can be judged by the law."""
    return told(learning_curve.memorising_moments(examples, law.exponent, law.size, law.depth), learners)


def coverage_prediction(law, attempts):
    """Prediction of the law for the failure after k attempts, [k]."""
    if law.success is not None:
        return Prediction(coverage.mixture_failure(attempts, law.success), None, None, True)
    curve = coverage.failure(attempts, law.alpha, law.beta, law.ceiling)
    prefactor = law.ceiling * coverage.prefactor(law.alpha, law.beta)
    return Prediction(curve, law.beta, float(prefactor), law.ceiling < 1)

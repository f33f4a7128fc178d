"""The two sides of a question: the samplers that simulate it, and what its laws predict. They meet in an experiment."""

import numpy as np

from sim.judging.measurement import Prediction, testable
from sim.laws import learning_curve
from sim.model import build
from sim.model.dependence import Independent
from sim.model.verifier import Perfect


def feature_parts(question):
    """Samplers of features and memory."""
    return question.features.sampler(), question.memory.sampler()


def learner(question):
    """build.Learner of the features and the memory."""
    features = question.features
    return build.learner(
        question.memory_name, features.exponent, features.size, question.memory.depth, question.examples
    )


def attempt_parts(question):
    """Samplers of difficulty and attempts, with the dependence between them and the verifier behind."""
    difficulty, attempts = question.difficulty.sampler(), build.attempts_sampler(question.attempts)
    difficulty, attempts = question.dependence.samplers(difficulty, attempts, question.tries)
    return difficulty, question.verifier.sampler(attempts)


def physics(question, experiment):
    """Text that names every number a run's draws depend on: part of its keys."""
    usual = Independent(), Perfect()
    others = [f" {member}" for member in (question.dependence, question.verifier) if member not in usual]
    sampling = "" if question.sampling == "random" else f" {question.sampling}"
    drawn = f"{question.difficulty.physics()}{''.join(others)} {question.attempts}{sampling}"
    return f"{experiment} {question.features.physics()} {question.memory_name} {question.memory} {drawn}"


def learning_prediction(law, examples):
    """Prediction of the law for the error of one attempt after n examples, [n]."""
    curve = law.error(examples)
    exponent, prefactor = law.learning_tail() or (None, None)
    if law.normalisation == "continuous":
        s, depth = law.features.exponent, law.memory.depth
        ratio = learning_curve.prefactor_continuous(s, depth) / learning_curve.prefactor(s, depth)
        curve, prefactor = curve * ratio, prefactor * ratio
    return Prediction(curve, exponent, prefactor, law.memory.levels_off(law.features))


def learning_law(law):
    """The law of learning in words; where it has no exponent, it says so."""
    bent = law.features.remark if law.learning_tail() else "no power law"
    return ", ".join(filter(None, (law.memory.law, bent)))


def testable_examples(law, examples, learners):
    """Indices of the numbers of examples at which the mean over so many learners can be judged by the law."""
    features = law.features
    return testable(
        learning_curve.memorising_moments(examples, features.exponent, features.size, law.memory.depth), learners
    )


def rare_masses(law, examples, learners):
    """(how many rare events of one size scatter as much as the mean over so many learners, their size), [n] each."""
    features = law.features
    moments = learning_curve.unmemorised_moments(examples, features.exponent, features.size, law.memory.depth)
    second, fourth = (np.maximum(moment, np.finfo(float).tiny) for moment in moments)
    return learners * second**2 / fourth, np.sqrt(fourth / second)


def coverage_prediction(law, attempts):
    """Prediction of the law for the failure after k attempts, [k]; None where there is no closed form."""
    curve = law.failure(attempts)
    if curve is None:
        return None
    exponent, prefactor = law.tail() or (None, None)
    plateau = law.verifier.plateau(law.dependence, law.difficulty)
    levels_off = law.difficulty.listed or plateau is None or plateau > 0
    return Prediction(curve, exponent, prefactor, levels_off)


def coverage_law(law):
    """The law in words; where it has no exponent, it says so."""
    bent = None if law.difficulty.listed or law.tail() else "no power law"
    return ", ".join(filter(None, (law.difficulty.law, law.dependence.law, law.verifier.law, bent)))

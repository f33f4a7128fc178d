"""An experiment by its name: what is trained before it draws, what it plans to draw, what it answers."""

import importlib

from sim.draw.plan import take as taken
from sim.experiments.windows import within
from sim.generative import training
from sim.judging.verdict import REFUTED_BELOW, at_level


def prepared(name, question, learn=training.learn):
    """The question with all that has to be trained before its attempts can be planned.

    learn: gives the state of a sim.generative.training.Training after all its chunks, or what stands for it.
    """
    module = _module(name)
    return module.prepare(question, learn) if hasattr(module, "prepare") else question


def plan(name, question):
    """sim.draw.plan.Plan of a question that is prepared."""
    return _module(name).plan(question)


def answer(name, question, take=taken, level=REFUTED_BELOW, windows=None):
    """Answer to a question that is prepared.  take: gives the counts of all batches of Steps.  Others: as `judged`."""
    planned = plan(name, question)
    return judged(name, question, planned.counted(take(planned.steps)), level, windows)


def judged(name, question, counts, level=REFUTED_BELOW, windows=None):
    """Answer to a question from what its plan comes to.

    level: p-value below which a law is refuted.  windows: as windows.within has them.
    """
    found = _module(name).answer(*within(name, question, counts, windows or {}))
    if level == REFUTED_BELOW:
        return found
    return found._replace(verdicts=[at_level(verdict, level) for verdict in found.verdicts])


def _module(name):
    return importlib.import_module(f"sim.experiments.{name}")

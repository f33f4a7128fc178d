"""What an experiment is about to draw, before it draws."""

import importlib


class _Planned(Exception):
    """Carries the steps of a run out of it before the first is taken."""


def steps_of(name, question, learn):
    """Steps of an experiment: it begins as ever and is left where it would draw the first of them.

    learn: in place of training what its attempts are made by (Question.learn).
    """

    def take(steps):
        raise _Planned(steps)

    try:
        run_of(name)(question._replace(take=take, learn=learn))
    except _Planned as planned:
        [steps] = planned.args
    return steps


def run_of(name):
    """The function that answers an experiment's question."""
    return importlib.import_module(f"sim.experiments.{name}").run

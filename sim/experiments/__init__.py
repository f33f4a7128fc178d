"""Questions put to simulator and law: the list of them. Each has a module here with run(question) -> Answer.

Reading the list loads no JAX: it is for the door, for what is said on the terminal, and for figures.
"""

from typing import NamedTuple

from sim.experiments import settings


class Heading(NamedTuple):
    """How the rows of a quantity are headed on the terminal."""

    column: str  # of the table, that the quantity is shown against: examples or attempts
    axis: str
    words: str
    law: str = "law"


class Experiment(NamedTuple):
    """What is known of an experiment before it is run.

    question: for a reader who has not read the paper.  quantities: in the order of the table.  grids: which of
    examples and attempts it goes along.  laws: sides of the law that it is held against, learning, inference,
    difficulty (of inference, the problems alone), beta (a Beta distribution in place of recorded problems).
    settings: what it alone is set by, a section of the configuration with its name.  usual: axes on which it takes
    the usual member only.  learners: whether budget.learners says how much is drawn.
    """

    question: str
    quantities: dict[str, Heading]
    grids: tuple[str, ...]
    laws: tuple[str, ...]
    settings: type | None = None
    usual: tuple[str, ...] = ()
    learners: bool = False


_EXAMPLES, _ATTEMPTS = ("examples", "examples n"), ("attempts", "attempts k")
_FAILURE = Heading(*_ATTEMPTS, "unsolved")

EXPERIMENTS = {
    "learning_curve": Experiment(
        "How often does a learner that has seen n examples meet one it has not memorised?",
        {"error": Heading(*_EXAMPLES, "not memorised")},
        ("examples",),
        ("learning",),
    ),
    "coverage": Experiment(
        "What share of the problems is still unsolved after k attempts each?",
        {"failure": _FAILURE},
        ("attempts",),
        ("inference",),
    ),
    "joint": Experiment(
        "And after n examples, then k attempts on what was memorised?",
        {"failure": _FAILURE, "ceiling": Heading(*_EXAMPLES, "ceiling A")},
        ("examples", "attempts"),
        ("learning", "inference"),
    ),
    "replay": Experiment(
        "What do the recorded attempts of a real model say? {source}",
        {
            "coverage": Heading(*_ATTEMPTS, "pass@k", "unbiased"),
            "coverage_beta": Heading(*_ATTEMPTS, "pass@k", "Beta law"),
        },
        ("attempts",),
        ("beta",),
    ),
    "verification": Experiment(
        "A noisy verifier picks the answer: how often is it right, wrong, or missing, and how many attempts pay?",
        {
            "right": Heading(*_ATTEMPTS, "right"),
            "wrong": Heading(*_ATTEMPTS, "wrong"),
            "unanswered": Heading(*_ATTEMPTS, "unanswered"),
            "utility": Heading(*_ATTEMPTS, "utility"),
        },
        ("attempts",),
        ("difficulty",),
        settings.Verification,
        ("dependence", "verifier"),
    ),
    "selection": Experiment(
        "Without a verifier: how far does the majority, or the best score, fall behind pass@k?",
        {
            "pass_at_k": Heading(*_ATTEMPTS, "pass@k"),
            "majority": Heading(*_ATTEMPTS, "majority"),
            "best_exponential": Heading(*_ATTEMPTS, "best of k, exp."),
            "best_gaussian": Heading(*_ATTEMPTS, "best of k, Gauss"),
        },
        ("attempts",),
        ("difficulty",),
        settings.Selection,
        ("dependence", "verifier"),
    ),
    "cost": Experiment(
        "What do k attempts cost, paid at once or one by one until one succeeds, and how many pay?",
        {
            "attempts_made": Heading(*_ATTEMPTS, "attempts made"),
            "value_parallel": Heading(*_ATTEMPTS, "net value, parallel"),
            "value_sequential": Heading(*_ATTEMPTS, "net value, sequential"),
        },
        ("attempts",),
        ("difficulty",),
        settings.Cost,
        ("dependence", "verifier"),
    ),
    "suite": Experiment(
        "Attempts shared over a suite: finish each problem, or reset and discard? Problems solved at equal cost",
        {
            "solve_to_completion": Heading(*_ATTEMPTS, "solved"),
            "reset": Heading(*_ATTEMPTS, "solved an attempt"),
            "round_robin": Heading(*_ATTEMPTS, "share unsolved"),
        },
        ("attempts",),
        ("difficulty",),
        settings.Suite,
        ("dependence", "verifier"),
    ),
    "importance": Experiment(
        "When rare problems or features count more: how many attempts and examples does what matters need?",
        {
            "failure": Heading(*_ATTEMPTS, "unsolved"),
            "weighted_failure": Heading(*_ATTEMPTS, "weight unsolved"),
            "weighted_error": Heading(*_EXAMPLES, "weight unmemorised"),
        },
        ("examples", "attempts"),
        ("learning", "difficulty"),
        settings.Importance,
        ("features", "memory", "dependence", "verifier"),
    ),
    "noise": Experiment(
        "How much does one learning curve say? Its scatter from run to run, at an instant and on the time average",
        {
            "instantaneous": Heading(*_EXAMPLES, "variance"),
            "conditional": Heading(*_EXAMPLES, "variance"),
            "time_average": Heading(*_EXAMPLES, "variance"),
        },
        ("examples",),
        ("learning",),
        settings.Noise,
        ("features", "memory"),
        learners=True,
    ),
    "capacity": Experiment(
        "Room for M features and n examples share a budget n M: what split leaves least unmemorised?",
        {"error": Heading(*_EXAMPLES, "not memorised")},
        ("examples",),
        ("learning",),
        settings.Capacity,
        ("features", "memory"),
    ),
}
NAMES = tuple(EXPERIMENTS)
USUAL = {  # members of an axis that go without saying
    "features": ("zipf",),
    "memory": ("automatic", "arrival"),
    "dependence": ("independent",),
    "verifier": ("perfect",),
}

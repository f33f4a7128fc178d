"""Questions put to simulator and law: the list of them.

Each has a module here with plan(question) -> Plan and answer(question, counts) -> Answer (sim.experiments.asking).

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
    unit: str = "1"  # of the quantity, as datasets give it


class Experiment(NamedTuple):
    """What is known of an experiment before it is run.

    question: for a reader who has not read the paper.  quantities: in the order of the table.  grids: which of
    examples and attempts it goes along.  laws: sides of the law that it is tested against, learning (or of it the
    features alone), inference, difficulty (of inference, the problems alone), beta (a Beta distribution in place of
    recorded problems).
    settings: what it alone is set by, a section of the configuration with its name.  usual: axes on which it takes
    the usual member only.  learners: whether budget.learners says how much is drawn.
    further: columns that its table has beside those of all tables.
    """

    question: str
    quantities: dict[str, Heading]
    grids: tuple[str, ...]
    laws: tuple[str, ...]
    settings: type | None = None
    usual: tuple[str, ...] = ()
    learners: bool = False
    further: tuple[str, ...] = ()


_EXAMPLES, _ATTEMPTS = ("examples", "examples n"), ("attempts", "attempts k")
_ATTEMPTS_ALONE = "dependence", "verifier", "attempts", "sampling"
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
        "What share is unsolved after n examples and then k attempts on what was memorised?",
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
        "A noisy verifier selects the answer: how often is it right, wrong, or missing, and how many attempts pay?",
        {
            "right": Heading(*_ATTEMPTS, "right"),
            "wrong": Heading(*_ATTEMPTS, "wrong"),
            "unanswered": Heading(*_ATTEMPTS, "unanswered"),
            "ceiling": Heading(*_ATTEMPTS, "right in the end"),
            "utility": Heading(*_ATTEMPTS, "utility"),
            "optimum": Heading("attempts", "at most", "best k", unit="attempts"),
            "regret": Heading("attempts", "at most", "loss at the law's k"),
        },
        ("attempts",),
        ("difficulty",),
        settings.Verification,
        _ATTEMPTS_ALONE,
    ),
    "selection": Experiment(
        "Without a verifier: how far does the majority, or the best score, fall behind pass@k?",
        {
            "pass_at_k": Heading(*_ATTEMPTS, "pass@k"),
            "majority": Heading(*_ATTEMPTS, "majority"),
            "best_exponential": Heading(*_ATTEMPTS, "best of k, exp."),
            "best_gaussian": Heading(*_ATTEMPTS, "best of k, Gauss"),
            "majority_limit": Heading(*_ATTEMPTS, "endless votes"),
        },
        ("attempts",),
        ("difficulty",),
        settings.Selection,
        _ATTEMPTS_ALONE,
    ),
    "cost": Experiment(
        "What do k attempts cost, paid at once or one by one until one succeeds, and how many pay?",
        {
            "attempts_made": Heading(*_ATTEMPTS, "attempts made", unit="attempts"),
            "value_parallel": Heading(*_ATTEMPTS, "net value, at once"),
            "best_parallel": Heading("attempts", "at most", "best k, at once", "best k", "attempts"),
            "regret_parallel": Heading(*_ATTEMPTS, "lost, at once"),
            "value_sequential": Heading(*_ATTEMPTS, "net value, 1 by 1"),
            "best_sequential": Heading("attempts", "at most", "best k, 1 by 1", "best k", "attempts"),
            "regret_sequential": Heading(*_ATTEMPTS, "lost, 1 by 1"),
            "flops": Heading(*_ATTEMPTS, "petaFLOPs, 1 by 1", unit="petaFLOP"),
            "excess": Heading(*_ATTEMPTS, "solvable, unsolved"),
            "flops_exponent": Heading(*_ATTEMPTS, "exponent of FLOPs"),
            "latency_sequential": Heading(*_ATTEMPTS, "seconds, 1 by 1", unit="s"),
            "latency_slots": Heading(*_ATTEMPTS, "seconds, in slots", unit="s"),
        },
        ("attempts",),
        ("difficulty",),
        settings.Cost,
        _ATTEMPTS_ALONE,
    ),
    "suite": Experiment(
        "Attempts shared over a suite: finish each problem, or reset and discard? Problems solved at equal cost",
        {
            "solve_to_completion": Heading("attempts", "attempts t", "solved in turn", unit="problems"),
            "reset": Heading("attempts", "at most tau", "solved per attempt"),
            "round_robin": Heading("attempts", "rounds k", "unsolved"),
            "round_robin_cost": Heading("attempts", "rounds k", "attempts per problem", unit="attempts"),
            "finite_suite": Heading("attempts", "attempts t/N", "unsolved of N"),
        },
        ("attempts",),
        ("difficulty",),
        settings.Suite,
        _ATTEMPTS_ALONE,
    ),
    "importance": Experiment(
        "If rare problems or features count more: how many attempts and examples are needed?",
        {
            "failure": Heading(*_ATTEMPTS, "unsolved"),
            "weighted_failure": Heading(*_ATTEMPTS, "weight unsolved"),
            "weighted_error": Heading(*_EXAMPLES, "weight unmemorised"),
            "attempts_needed": Heading(*_ATTEMPTS, "needed", unit="attempts"),
            "weighted_attempts_needed": Heading(*_ATTEMPTS, "needed, weighted", unit="attempts"),
        },
        ("examples", "attempts"),
        ("learning", "difficulty"),
        settings.Importance,
        (*_ATTEMPTS_ALONE, "features", "memory"),
    ),
    "noise": Experiment(
        "How informative is one learning curve? Its scatter from run to run, at one time and on the time average",
        {
            "mean_instantaneous": Heading(*_EXAMPLES, "mean, one error"),
            "mean_conditional": Heading(*_EXAMPLES, "mean, error to come"),
            "mean_time_average": Heading(*_EXAMPLES, "mean, time average"),
            "instantaneous": Heading(*_EXAMPLES, "variance, one error"),
            "conditional": Heading(*_EXAMPLES, "var., error to come"),
            "time_average": Heading(*_EXAMPLES, "var., time average"),
            "selection_instantaneous": Heading(*_EXAMPLES, "wrong by one error"),
            "selection_conditional": Heading(*_EXAMPLES, "wrong by e. to come"),
            "selection_time_average": Heading(*_EXAMPLES, "wrong by time aver."),
        },
        ("examples",),
        ("learning",),
        settings.Noise,
        ("features", "memory", "sampling"),
        learners=True,
    ),
    "capacity": Experiment(
        "Room for M features and n examples share a budget n M: what split leaves least unmemorised?",
        {"error": Heading(*_EXAMPLES, "not memorised")},
        ("examples",),
        ("features",),
        settings.Capacity,
        ("features", "memory", "sampling"),
    ),
    "allocation": Experiment(
        "Examples and attempts share one budget: what split leaves least unsolved?",
        {
            "failure": Heading(*_EXAMPLES, "unsolved"),
            "best_examples": Heading("examples", "all in examples", "best n", unit="examples"),
            "best_failure": Heading("examples", "all in examples", "unsolved at best"),
            "regret": Heading("examples", "all in examples", "loss of best n found"),
        },
        (),
        ("learning", "difficulty"),
        settings.Allocation,
        (*_ATTEMPTS_ALONE, "memory"),
    ),
    "generative": Experiment(
        "Autoencoders that have memorised images make noisy attempts at them: do they follow the laws?",
        {
            "coverage": Heading(*_ATTEMPTS, "pass@k", "Eq. 7 fitted"),
            "ceiling": Heading(*_ATTEMPTS, "ceiling A", "P(r^2<eps)"),
            "alpha": Heading(*_ATTEMPTS, "alpha"),
            "exponent": Heading(*_ATTEMPTS, "exponent beta", "2 / m"),
            "shared_noise": Heading(*_ATTEMPTS, "pass@k, noise shared", "copula"),
            "failure": Heading(*_ATTEMPTS, "unsolved"),
            "learning_exponent": Heading(*_ATTEMPTS, "exponent of n", "joint law"),
        },
        ("attempts",),
        (),
        settings.Generative,
        (*_ATTEMPTS_ALONE, "features", "memory"),
        further=("temperature", "threshold", "latent"),
    ),
}
NAMES = tuple(EXPERIMENTS)
USUAL = {  # members of an axis that go without saying
    "features": ("zipf",),
    "memory": ("automatic", "arrival"),
    "dependence": ("independent",),
    "verifier": ("perfect",),
    "attempts": ("first_success",),
    "sampling": ("random",),
}

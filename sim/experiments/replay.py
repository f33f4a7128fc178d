"""Recorded attempts of real problems, replayed: what do they say of the Beta law?"""

import numpy as np
from scipy import special

from sim.draw import keys, simulate
from sim.draw.batches import Parts
from sim.draw.counts import Counts
from sim.experiments.question import Answer, drawn, join, rows
from sim.judging import estimators, fits
from sim.judging.measurement import Prediction, measure
from sim.judging.verdict import judge, verdict_of
from sim.laws import coverage
from sim.model import build

UNBIASED = "unbiased pass@k = 1 - C(m-c, k) / C(m, k)"
BETA = "Beta law at its maximum likelihood"
GIVEN = "Beta law with alpha and beta given"
_REPLICATES = 400  # tables drawn from the fitted law
_POINTS = 8  # attempts at which the table is compared with the law; more would only repeat each other


def plan(question):
    """Plan of a table of counts that is replayed without replacement."""
    table = question.table
    physics = f"replay {table.attempts.sum():.0f} {table.successes.sum():.0f} {len(table.successes)}"
    parts = Parts(
        difficulty=build.row_sampler(len(table.successes)),
        attempts=build.replay_sampler(table.attempts, table.successes),
    )
    return simulate.plan_failures(question.seed, physics, parts, question.budget, tries=_grid(question))


def _grid(question):
    """Numbers of attempts that every problem has."""
    return question.tries[question.tries <= question.table.attempts.min()]


def answer(question, counts):
    """The replay against the unbiased estimator (Chen et al. 2021), and the table against a Beta law.

    The simulation is judged against the unbiased estimator with its own error. The Beta law is judged as the law these
    problems were drawn from, with the error that comes from having only so many problems, by parametric bootstrap.
    """
    table, grid = question.table, _grid(question)
    passed = estimators.pass_at_k(grid, table.attempts, table.successes)  # [k, problems]
    unbiased = 1 - passed.mean(axis=1)
    simulated = estimators.failure_curve(counts)
    first = judge(UNBIASED, "coverage", counts, Prediction(unbiased, None, None, True), None)
    spread = passed.std(axis=1, ddof=1) / np.sqrt(passed.shape[1])  # from having only so many problems
    beta_law, second = _beta(question, grid, passed, spread)
    solved = estimators.Curve(1 - simulated.estimate, simulated.stderr)
    sampled = estimators.Curve(solved.estimate, np.hypot(simulated.stderr, spread))
    columns = join(
        rows("coverage", solved, 1 - unbiased, attempts=grid),
        rows("coverage_beta", sampled, 1 - beta_law, attempts=grid),
    )
    problems = drawn(question)
    return Answer(columns, [first, second], problems, problems * grid[-1])


def _beta(question, grid, passed, spread):
    """Failure curve of the Beta law, and its verdict as the source of this table.

    The law is the maximum-likelihood one unless the question names alpha and beta.
    """
    table, given = question.table, question.law.settings
    refit = given is None
    fit = fits.beta_binomial(table.attempts, table.successes) if refit else fits.BetaFit(given.alpha, given.beta)
    curve = coverage.failure(grid, *fit)
    law = Prediction(curve, float(fit.beta), float(coverage.prefactor(*fit)), False)
    measured = measure(Counts((1 - passed).T, 1), grid, law)
    varied = spread > 0  # where every problem is solved, or none, there is nothing to compare
    deviations = np.abs(curve - (1 - passed.mean(axis=1)))[varied] / spread[varied]
    rng = keys.host_generator(keys.run_key(question.seed, "replay bootstrap"))
    points = np.unique(np.linspace(0, len(grid) - 1, _POINTS).astype(int))
    test = _bootstrap(rng, table, grid[points], passed[points].mean(axis=1), fit, refit)
    name, largest = BETA if refit else GIVEN, float(deviations.max(initial=0))
    return curve, verdict_of((name, "coverage_beta"), law, measured, largest, test, len(table.attempts), 0.0)


def _bootstrap(rng, table, attempts, observed, fit, refit):
    """Distance of the observed pass@k from the law, its degrees of freedom, and its p-value under that law.

    Distance: Mahalanobis, with the covariance of (unbiased pass@k - law fitted to the same table) over the drawn
    tables; p from the F distribution of a squared distance to an independent sample (pass@k averages many problems).
    """
    shape = (_REPLICATES, len(table.attempts))
    success = rng.beta(fit.beta, fit.alpha, size=shape)
    successes = rng.binomial(table.attempts.astype(int), success).astype(float)
    recorded = np.broadcast_to(table.attempts, shape)
    again = fits.beta_binomial(recorded, successes) if refit else fit
    curves = estimators.pass_at_k(attempts, recorded.ravel(), successes.ravel()).reshape(-1, *shape).mean(axis=2).T
    laws = coverage.coverage(attempts, np.reshape(again.alpha, (-1, 1)), np.reshape(again.beta, (-1, 1)))
    drawn_off = curves - laws
    off = observed - coverage.coverage(attempts, *fit) - drawn_off.mean(axis=0)
    covariance = np.atleast_2d(np.cov(drawn_off, rowvar=False))
    n, p = _REPLICATES, int(np.linalg.matrix_rank(covariance))  # points that never vary, or only together, count once
    if p == 0:
        return 0.0, 0, 1.0
    distance = float(off @ np.linalg.pinv(covariance, hermitian=True) @ off)
    return distance, p, float(special.fdtrc(p, n - p, distance * n * (n - p) / (p * (n**2 - 1))))

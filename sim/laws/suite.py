"""Coverage at cost: problems solved by attempts shared over a suite, its difficulties p ~ Beta(alpha, beta), or any.

The setting is reset and discard (arXiv 2601.21522); a verifier knows success, and attempts cost the same.
"""

import numpy as np

from sim.laws import cost, coverage, difficulty


def solve_to_completion(attempts_spent, alpha, beta):
    """Mean number of problems solved by t attempts, no problem being left before it is solved (endless pool).

        m(t) = sum_{j <= t} f_j (1 + m(t-j)),  f_j = L(j-1) - L(j)           renewal equation; derived here, exact
        1 + m(t): coefficient of z^t in 1 / [(1 - z) (1 - sum_j f_j z^j)]

    attempts_spent: t >= 0, whole, any shape, up to 1e6.  Relative error about 1e-12 where m >= 1e-3.
    Costs O(t log t) to the largest t, all smaller ones included: 0.1 s at 1e5.
    """
    attempts_spent = np.asarray(attempts_spent, dtype=int)
    before = np.arange(attempts_spent.max())
    return _renewals(coverage.inference_loss(before, alpha, beta) * beta / (alpha + beta + before))[attempts_spent]


def solve_to_completion_of(attempts_spent, problems):
    """As solve_to_completion, for any difficulty: f_j = E[s p^(j-1)].

    attempts_spent: t >= 0, whole, any shape, up to 1e6.  problems: difficulty.Problems.
    """
    attempts_spent = np.asarray(attempts_spent, dtype=int)
    block = 1 + int(np.sqrt(attempts_spent.max()))  # powers of p are products of two tables of so many rows
    steps = np.arange(block)[:, None]
    near, far = np.exp(steps * problems.log_failure), np.exp(block * steps * problems.log_failure)
    waiting = (far * problems.weight * np.exp(problems.log_success)) @ near.T
    return _renewals(waiting.ravel()[: attempts_spent.max()])[attempts_spent]


def solve_to_completion_asymptote(attempts_spent, alpha, beta):
    """The power law of problems solved when no problem is left before it is solved (endless pool).

        m(t) ~ sin(pi beta) / (pi beta C) t^beta                                    C = Gamma(alpha+beta) / Gamma(alpha)

    Derived here.  attempts_spent: t > 0, any shape.  beta < 1.  Relative error O(t^-min(beta, 1-beta)): next come
    -1 and t^(2 beta - 1) (alpha+beta-1) / [(1-beta) (C Gamma(1-beta))^2 Gamma(2 beta)], slow both.
    """
    leading = np.sinc(beta) / coverage.prefactor(alpha, beta)
    return leading * np.asarray(attempts_spent, dtype=float) ** beta


def reset_rate(attempts_each, alpha, beta):
    """Problems solved per attempt spent when each problem is left after tau attempts (endless pool).

        pass@tau / sum_{j < tau} L(j)            falls with tau: tau = 1 is best, beta / (alpha + beta); derived here

    attempts_each: tau >= 1, any shape.  Relative error about 1e-14.  A rate for ever, above any power law of t.
    """
    return coverage.coverage(attempts_each, alpha, beta) / cost.expected_attempts(attempts_each, alpha, beta)


def reset_rate_of(attempts_each, problems):
    """As reset_rate, for any difficulty.  attempts_each: tau >= 1, whole, any shape.  problems: difficulty.Problems."""
    spent, unsolved = round_robin_of(attempts_each, problems)
    return (1 - unsolved) / spent


def round_robin(attempts_each, alpha, beta):
    """Attempts spent per problem, and fraction of problems unsolved, after k rounds over those still unsolved.

        (sum_{j < k} L(j), L(k))                                  one point of coverage at cost for each k; derived here

    attempts_each: k >= 0, any shape.  A finite pool; means over its problems, whatever their number.
    """
    spent = cost.expected_attempts(attempts_each, alpha, beta)
    return spent, coverage.inference_loss(attempts_each, alpha, beta)


def round_robin_of(attempts_each, problems):
    """As round_robin, for any difficulty.  attempts_each: k >= 0, whole, any shape.  problems: difficulty.Problems."""
    return cost.mean_waves(attempts_each, problems), difficulty.failure(attempts_each, problems)


def round_robin_asymptote(spent_per_problem, alpha, beta):
    """The power law of the fraction unsolved, against attempts spent per problem in rounds over those still unsolved.

        D x^(-beta/(1-beta)),    D = C^(1/(1-beta)) (1-beta)^(-beta/(1-beta))       C = Gamma(alpha+beta) / Gamma(alpha)

    Derived here.  spent_per_problem: x > 0, any shape.  beta < 1: stopping at success steepens beta to beta/(1-beta).
    Relative error O(1/x): too large by beta (alpha+beta-1) / ((1-beta)^2 x), plus O(x^(-1/(1-beta))).
    """
    steeper = beta / (1 - beta)
    scale = coverage.prefactor(alpha, beta) ** (1 / (1 - beta)) * (1 - beta) ** -steeper
    return scale * np.asarray(spent_per_problem, dtype=float) ** -steeper


def _renewals(waiting):
    """Mean number of problems solved by 0, 1, ..., t attempts, from the chances f_1, ..., f_t that T is 1, ..., t."""
    solved_at = _reciprocal(np.concatenate([[1.0], -waiting]))  # chance that attempt t solves a problem; 1 at t = 0
    return np.concatenate([[0.0], np.cumsum(solved_at[1:])])


def _reciprocal(series):
    """Power series 1 / s, to as many terms as s has, for s with first coefficient 1: Newton, doubling the terms."""
    inverse = np.ones(1)
    while inverse.size < series.size:
        known = inverse.size
        # s g = 1 + z^known (error) + ...: the next terms of g are those of -g error.
        error = _product(series[: 2 * known], inverse)[known : 2 * known]
        inverse = np.concatenate([inverse, -_product(error, inverse)[:known]])
    return inverse[: series.size]


def _product(first, second):
    """Product of two polynomials, by Fourier transforms; absolute error about 1e-16 of the product of their norms."""
    size = first.size + second.size - 1
    length = 1 << (size - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(first, length) * np.fft.rfft(second, length), length)[:size]

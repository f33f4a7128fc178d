"""Counts to parameters: maximum likelihood for the Beta law of difficulty."""

from typing import NamedTuple

import numpy as np
from scipy import special

_ITERATIONS = 200
_WALL = 12.0


class BetaFit(NamedTuple):
    """Failure probability ~ Beta(alpha, beta), fields of any common shape."""

    alpha: np.ndarray
    beta: np.ndarray


def beta_binomial(recorded, successes):
    """Maximum-likelihood Beta(alpha, beta) of the failure probability, from c successes among m attempts a problem.

        P(c) ~ B(alpha + m - c, beta + c) / B(alpha, beta)           Kazdan et al. 2025 (arXiv 2510.05197), Eq. 15

    recorded, successes: [..., problems]; leading axes are separate fits.  Newton's method in (log alpha, log beta),
    parameters kept within e^-12 ... e^12: a sample without any spread runs into that wall, its mean still right.
    """
    failures = recorded - successes
    success_rate = np.clip((successes / recorded).mean(axis=-1), 1e-9, 1 - 1e-9)
    theta = np.log(np.stack([4.0 * (1 - success_rate), 4.0 * success_rate], axis=-1))
    for _ in range(_ITERATIONS):
        step = _newton_step(theta, recorded, failures, successes)
        theta = np.clip(theta + step, -_WALL, _WALL)
        if np.abs(step).max() < 1e-10:
            break
    return BetaFit(np.exp(theta[..., 0]), np.exp(theta[..., 1]))


def _newton_step(theta, recorded, failures, successes):
    """Newton step of the log likelihood in (log alpha, log beta), or a scaled gradient where it is not concave."""
    alpha, beta = np.exp(theta[..., :1]), np.exp(theta[..., 1:])
    difference = lambda f, a, by: (f(a + by) - f(a)).sum(axis=-1)  # noqa: E731
    of_sum = difference(special.digamma, alpha + beta, recorded)
    gradient_a = alpha[..., 0] * (difference(special.digamma, alpha, failures) - of_sum)
    gradient_b = beta[..., 0] * (difference(special.digamma, beta, successes) - of_sum)
    trigamma = lambda x: special.polygamma(1, x)  # noqa: E731
    of_sum = difference(trigamma, alpha + beta, recorded)
    a_a = alpha[..., 0] ** 2 * (difference(trigamma, alpha, failures) - of_sum) + gradient_a
    b_b = beta[..., 0] ** 2 * (difference(trigamma, beta, successes) - of_sum) + gradient_b
    a_b = -alpha[..., 0] * beta[..., 0] * of_sum
    determinant = a_a * b_b - a_b**2
    concave = (a_a < 0) & (determinant > 0)
    safe = np.where(concave, determinant, 1.0)
    newton = np.stack([-(b_b * gradient_a - a_b * gradient_b), -(a_a * gradient_b - a_b * gradient_a)], axis=-1)
    gradient = np.stack([gradient_a, gradient_b], axis=-1)
    uphill = 4.0 * gradient / recorded.shape[-1]
    step = np.where(concave[..., None], newton / safe[..., None], uphill)
    # Beside a parameter that leans on the wall, the other one goes its own way.
    leans = (np.abs(theta) >= _WALL) & (gradient * theta > 0)
    curvature = np.stack([a_a, b_b], axis=-1)
    alone = np.where(
        curvature < 0, gradient / np.where(curvature < 0, -curvature, 1.0), 4.0 * gradient / recorded.shape[-1]
    )
    step = np.where(leans.any(axis=-1, keepdims=True), np.where(leans, 0.0, alone), step)
    return np.clip(step, -1.0, 1.0)


class CeilingFit(NamedTuple):
    """coverage(k) = ceiling (1 - B(alpha + k, beta) / B(alpha, beta)), fields of any common shape."""

    ceiling: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray


def _first_success_cells(theta, attempts):
    """Log probabilities of the first success falling between grid points, given that it falls within the grid.

    theta [..., 2]: log alpha, log beta.  Returns [..., k], derivatives by theta [..., k, 2], L at the last k [...].
    """
    alpha, beta = np.exp(theta[..., :1]), np.exp(theta[..., 1:])
    loss = np.exp(special.betaln(alpha + attempts, beta) - special.betaln(alpha, beta))
    of_sum = special.digamma(alpha + beta) - special.digamma(alpha + beta + attempts)
    by_alpha = alpha * loss * (special.digamma(alpha + attempts) - special.digamma(alpha) + of_sum)
    slope = np.stack([by_alpha, beta * loss * of_sum], axis=-1)
    drop = np.maximum(-np.diff(loss, axis=-1, prepend=1.0), 1e-300)
    d_drop = -np.diff(slope, axis=-2, prepend=0.0)
    solved = 1 - loss[..., -1:]
    return np.log(drop / solved), d_drop / drop[..., None] + slope[..., -1:, :] / solved[..., None], loss[..., -1]


def ceiling_law(failure, attempts):
    """Eq. 7 of Levi 2024 fitted to failure curves [..., k] by maximum likelihood over the cells of first success.

    Ceiling, alpha and beta are free; nothing is taken from a known model. The share solved within the grid says
    nothing of alpha and beta, so these are fitted to when it was solved, and the ceiling is that share over
    1 - L(last k). It is not held below 1, so that its errors are symmetric there too. Fisher scoring, all at once.
    """
    failure = np.asarray(failure, float)
    share = -np.diff(failure, axis=-1, prepend=1.0)
    solved = share.sum(axis=-1)
    share = share / solved[..., None]
    theta = np.broadcast_to([0.5, -1.0], (*failure.shape[:-1], 2)).copy()
    for _ in range(_ITERATIONS):
        log_cells, derivative, _ = _first_success_cells(theta, attempts)
        score = (share[..., None] * derivative).sum(axis=-2)
        information = np.einsum("...c,...ci,...cj->...ij", np.exp(log_cells), derivative, derivative)
        step = np.linalg.solve(information + 1e-13 * np.eye(2), score[..., None])[..., 0]
        theta = np.clip(theta + np.clip(step, -0.7, 0.7), [-12, -12], [12, 5])
        if np.abs(step).max() < 1e-9:
            break
    last_loss = _first_success_cells(theta, attempts)[2]
    return CeilingFit(solved / (1 - last_loss), np.exp(theta[..., 0]), np.exp(theta[..., 1]))

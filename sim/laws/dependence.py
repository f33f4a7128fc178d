"""Dependence: the probability that all of k attempts at one problem fail when they are not independent.

Every law is conditional on the problem and takes (attempts, log_success, log_failure, parameter): attempts k >= 0,
float64 of any shape; ln s and ln(1-s) of one attempt, float64 [m], both precise, -inf allowed.  It returns float64
attempts.shape + [m]; over the nodes of sim.laws.difficulty, `law @ weight` is the average over problems.
"""

import numpy as np
from scipy import special

from sim.laws import coverage
from sim.laws.difficulty import LEAST, Problems, Tail
from sim.laws.zipf import normaliser

TINY = 1e-300  # stands for 0 where a logarithm or a Gamma is taken of it
IMPOSSIBLE = -1e6  # stands for ln 0, so that 0 attempts times it is 0: its exponential is 0 from k = 0.001 on


def independent(attempts, log_success, log_failure):
    """Attempts that know nothing of each other: p^k.  attempts: real, finite."""
    return _powers(attempts, log_failure)


def effective_attempts(attempts, discount):
    """How many independent attempts k discounted ones are worth, attempt j counting j^-zeta.

        k_eff = sum_{j <= k} j^-zeta                 inferred reading of Levi 2024 (arXiv 2410.16377), correlated trials

    attempts: k >= 0, whole, any shape, np.inf allowed for zeta > 1.  discount: zeta >= 0.  Relative error 1e-14.
    k^(1-zeta)/(1-zeta) + zeta(zeta) below 1, ln k + 0.577 at 1, bounded by zeta(zeta) above.
    """
    return np.vectorize(lambda k: normaliser(discount, k), otypes=[float])(np.asarray(attempts, dtype=float))[()]


def zipf(attempts, log_success, log_failure, discount):
    """Attempts that repeat each other ever more: p^k_eff, k_eff = effective_attempts (inferred).

    attempts: whole.  discount: zeta >= 0.  Other arguments and result as in the head of this file.
    """
    return independent(effective_attempts(attempts, discount), log_success, log_failure)


def markov(attempts, log_success, log_failure, repeat):
    """Every attempt repeats the one before with probability r, else it is drawn anew.

        p (r + (1-r) p)^(k-1),  1 at k = 0                                                               derived here

    attempts: whole.  repeat: r in [0, 1].  Other arguments and result as in the head of this file.
    """
    attempts, success = np.asarray(attempts, dtype=float), np.exp(log_success)
    changed = (1 - repeat) * success
    # Where 1 - (1-r) s would round: the sum of what is repeated and what fails anew.
    log_again = np.where(
        changed < 0.5,
        np.log1p(-np.minimum(changed, 0.5)),
        np.log(np.maximum(repeat + (1 - repeat) * np.exp(log_failure), TINY)),
    )
    first = independent(np.minimum(attempts, 1), log_success, log_failure)
    return first * np.exp(np.multiply.outer(np.maximum(attempts - 1, 0), log_again))


def sticky(attempts, log_success, log_failure, share):
    """All attempts at a problem are one and the same with probability rho, else independent.

        rho p + (1-rho) p^k,  1 at k = 0                                                                 derived here

    attempts: whole.  share: rho in [0, 1].  Other arguments and result as in the head of this file.
    """
    once = independent(np.minimum(attempts, 1), log_success, log_failure)
    return share * once + (1 - share) * independent(attempts, log_success, log_failure)


def sticky_problems(problems, share):
    """Problems with independent attempts that are solved as sticky ones are (sim.laws.difficulty.Problems).

    On a share rho all attempts are one: such a problem is solved always, with probability s, or never.  derived here
    """
    solved = problems.weight @ np.exp(problems.log_success)
    weight = np.append((1 - share) * problems.weight, [share * solved, share * (1 - solved)])
    ends = np.append(problems.log_success, [0.0, -np.inf]), np.append(problems.log_failure, [LEAST, 0.0])
    return Problems(*ends, weight)


def polya(attempts, log_success, log_failure, correlation):
    """Every outcome is put back double, as from Polya's urn: attempts exchangeable, any two of them correlated by rho.

        prod_{j<k} (p + j t) / (1 + j t) = B(p/t + k, s/t) / B(p/t, s/t),   t = rho / (1-rho)            derived here

    That is Levi's loss with shapes p/t and s/t: a success probability redrawn for each run of attempts from a Beta
    around s.  attempts: real, np.inf allowed.  correlation: rho in (0, 1); at 0 it is `independent`.
    Other arguments and result as in the head of this file.  Relative error 1e-14 (1 + |ln of the result|).
    """
    urn = (1 - correlation) / correlation
    failure = np.maximum(np.exp(log_failure) * urn, TINY)
    return coverage.inference_loss(np.asarray(attempts, dtype=float)[..., None], failure, np.exp(log_success) * urn)


def copula(attempts, log_success, log_failure, correlation):
    """Attempts that share a normal mood z with correlation rho: a one-factor Gaussian copula.

        integral of phi(z) Phi((c - sqrt(rho) z) / sqrt(1-rho))^k dz,   Phi(c) = p                       derived here

    attempts: real, finite, up to 1e15.  correlation: rho in [0, 1).  Other arguments and result as in the head of this
    file.  Trapezoidal rule, relative error 1e-9; costs 1000 terms per entry, 50 sqrt(rho / (1-rho)) more above 1/3.
    """
    # The k-th power turns within 1/8.3 of its argument at most, sqrt(2 ln 1e15) = 8.3; it falls with z, so that all
    # beyond 9 adds less than 1e-18 of the whole, while what is below -38 underflows.
    step = 1 / max(16.0, 22 * np.sqrt(correlation / (1 - correlation)))
    moods = np.arange(-38.0, 9.0, step)
    weight = step * np.exp(-(moods**2) / 2) / np.sqrt(2 * np.pi)
    easier = np.asarray(log_success) < np.log(0.5)
    quantile = np.where(easier, -special.ndtri_exp(log_success), special.ndtri_exp(log_failure))
    total = 0.0
    for mood, density in zip(moods, weight, strict=True):
        log_fails = special.log_ndtr((quantile - np.sqrt(correlation) * mood) / np.sqrt(1 - correlation))
        total = total + density * _powers(attempts, log_fails)
    return total


def zipf_tail(alpha, beta, discount):
    """Averaged over Levi's problems, discounted attempts fail as C [(1-zeta)/k^(1-zeta)]^beta.

    C = Gamma(alpha+beta)/Gamma(alpha).  discount: 0 <= zeta < 1.  Relative error O(k^-(1-zeta)).  No power law above:
    C (ln k + 0.577)^-beta at zeta = 1, a plateau L(zeta(zeta)) beyond.  Derived here from the inferred k_eff.
    """
    return Tail(beta * (1 - discount), coverage.prefactor(alpha, beta) * (1 - discount) ** beta)


def markov_tail(alpha, beta, repeat):
    """Averaged over Levi's problems, repeating attempts fail as C ((1-r) k)^-beta: only (1-r) k of them count.

    C = Gamma(alpha+beta)/Gamma(alpha).  repeat: r in [0, 1).  Relative error O(1 / ((1-r) k)).  Derived here.
    """
    return Tail(beta, coverage.prefactor(alpha, beta) * (1 - repeat) ** -beta)


def sticky_plateau(alpha, beta, share):
    """Averaged over Levi's problems, the failure that no number of partly identical attempts gets below.

    rho alpha / (alpha + beta), reached as (1-rho) L(k) ~ k^-beta falls.  share: rho in [0, 1].  Derived here.
    """
    return share * alpha / (alpha + beta)


def polya_tail(attempts, alpha, beta, correlation):
    """Averaged over Levi's problems, attempts from an urn fail as a power of ln k only.

        C Lambda^-beta [1 - beta (alpha-1) / Lambda],   Lambda = sum_{j<k} 1/(1 + j t) ~ [ln k - psi(1/t)] / t

    C = Gamma(alpha+beta)/Gamma(alpha), t = rho/(1-rho).  attempts: k > 0, any shape.  correlation: rho in (0, 1).
    Relative error beta (beta+1) [1/t + 1/2 - (alpha-1)(alpha-2)] / (2 Lambda^2).  Derived here.
    """
    urn = (1 - correlation) / correlation
    effective = urn * (special.digamma(np.asarray(attempts, dtype=float) + urn) - special.digamma(urn))
    return coverage.prefactor(alpha, beta) * effective**-beta * (1 - beta * (alpha - 1) / effective)


def _powers(attempts, log_failure):
    """p^k, the empty product 1 included where p = 0."""
    return np.exp(np.multiply.outer(attempts, np.maximum(log_failure, IMPOSSIBLE)))

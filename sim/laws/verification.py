"""Verification: a noisy verifier picks the answer.  Model of Stroebl, Kapoor, Narayanan 2024 (arXiv 2411.17501).

A right attempt is accepted with probability t, a wrong one with probability f; the first accepted of k attempts is
returned, else nothing.  So an attempt is accepted with probability a = s t + (1-s) f, s = 1 - p its success.
Every average over problems, p ~ Beta(alpha, beta), is one sum of positive terms (`_problems`).
"""

import numpy as np
from scipy import special

REACH = 100  # log odds of a problem, either way: beyond, 1e15 attempts and 1 - 1e15 attempts tell no two apart
MOST = 2**53  # whole numbers of attempts that float64 can tell apart


def accepted_correct(attempts, log_success, log_failure, true_positive, false_positive):
    """Probability that a right answer is returned, at problems whose success probability is known.

        (s t / a) [1 - (1-a)^k]                     k = inf: s t / a, the share of right among accepted; derived here

    attempts: k >= 0, any shape, np.inf allowed.  log_success, log_failure: ln s and ln(1-s), shape [m]; s = 0 and s = 1
    are allowed.  true_positive: t, false_positive: f, in [0, 1].  Returns shape [..., m]; with unanswered and
    accepted_wrong it adds to 1.  Relative error about 1e-14, the same at every k and s, even where s underflows.
    """
    log_unanswered = _log_unanswered(attempts, log_success, log_failure, true_positive, false_positive)
    return _share(log_success, true_positive, log_failure, false_positive) * (0.0 - np.expm1(log_unanswered))


def accepted_wrong(attempts, log_success, log_failure, true_positive, false_positive):
    """Probability that a wrong answer is returned, at problems whose success probability is known.

        ((1-s) f / a) [1 - (1-a)^k]                                                                     derived here

    Arguments and error as in accepted_correct.
    """
    log_unanswered = _log_unanswered(attempts, log_success, log_failure, true_positive, false_positive)
    return _share(log_failure, false_positive, log_success, true_positive) * (0.0 - np.expm1(log_unanswered))


def unanswered(attempts, log_success, log_failure, true_positive, false_positive):
    """Probability that none of k attempts is accepted, at problems whose success probability is known.

        (1-a)^k                                                                                         derived here

    Arguments as in accepted_correct.  Relative error about 1e-15 (1 + |ln of the result|).
    """
    return np.exp(_log_unanswered(attempts, log_success, log_failure, true_positive, false_positive))


def correct_mean(attempts, alpha, beta, true_positive, false_positive):
    """Probability that a right answer is returned, averaged over problems.

        E[(s t / a) (1 - (1-a)^k)]                                              derived here; k = inf: the ceiling

    attempts: k = 0 or k >= 1, any shape, up to 1e15 or np.inf.  alpha, beta > 0: shape of the failure probability.
    true_positive: t, false_positive: f, with 0 <= f <= t <= 1.
    Deterministic quadrature, relative error about 1e-14 + 1e-15 (alpha + beta).
    """
    log_success, log_failure, log_weight = _problems(alpha, beta)
    return accepted_correct(attempts, log_success, log_failure, true_positive, false_positive) @ np.exp(log_weight)


def wrong_mean(attempts, alpha, beta, true_positive, false_positive):
    """Probability that a wrong answer is returned, averaged over problems.

        E[((1-s) f / a) (1 - (1-a)^k)]                                                                  derived here

    Arguments and error as in correct_mean.
    """
    log_success, log_failure, log_weight = _problems(alpha, beta)
    return accepted_wrong(attempts, log_success, log_failure, true_positive, false_positive) @ np.exp(log_weight)


def unanswered_mean(attempts, alpha, beta, true_positive, false_positive):
    """Probability that none of k attempts is accepted, averaged over problems.

        E[(1-a)^k] = (1-f)^k 2F1(-k, beta; alpha+beta; u),   u = (t-f)/(1-f)                            derived here

    The power law of inference in t k attempts, ~ C (t k)^-beta, up to k ~ 1/f; exponential beyond.
    Arguments and error as in correct_mean, and 1e-15 k f: the polynomial 2F1 alternates, it is not summed.
    """
    log_success, log_failure, log_weight = _problems(alpha, beta)
    return unanswered(attempts, log_success, log_failure, true_positive, false_positive) @ np.exp(log_weight)


def ceiling(alpha, beta, ratio):
    """Largest probability of a right answer that attempts can reach.

        E[s/(s + r(1-s))] = beta/(alpha+beta) 2F1(1, alpha; alpha+beta+1; 1-r),   r = f/t               derived here

    alpha, beta > 0: shape of the failure probability.  ratio: r = 0 or 1e-25 <= r <= 1, any shape; 0 gives 1 and
    1 gives the mean success beta/(alpha+beta).  Deterministic quadrature, error as in correct_mean.
    """
    log_success, log_failure, log_weight = _problems(alpha, beta)
    return special.expit(log_success - log_failure - _log(ratio)[..., None]) @ np.exp(log_weight)


def ceiling_loss(alpha, beta, ratio):
    """What no number of attempts can gain: the probability that the first answer accepted is wrong.

        1 - ceiling = E[r(1-s)/(s + r(1-s))]                                                            derived here

    Arguments and error as in ceiling; nothing is subtracted from 1.
    """
    log_success, log_failure, log_weight = _problems(alpha, beta)
    return special.expit(log_failure - log_success + _log(ratio)[..., None]) @ np.exp(log_weight)


def ceiling_loss_asymptote(alpha, beta, ratio):
    """The power law of what false positives cost: r^beta, not r.

        1 - ceiling ~ pi r^beta / (B(alpha, beta) sin(pi beta)),   0 < beta < 1                         derived here

    ratio: r = f/t > 0, any shape.  Asymptotic: the next term is -alpha r / (1-beta), a relative error O(r^(1-beta)).
    """
    return np.exp(special.xlogy(beta, ratio) - special.betaln(alpha, beta)) * np.pi / np.sin(np.pi * beta)


def utility(attempts, alpha, beta, true_positive, false_positive, penalty):
    """Mean reward when a right answer earns 1, a wrong one costs c, no answer nothing, and attempts are free.

        P(correct by k) - c P(wrong by k)                                                     arXiv 2411.17501

    penalty: c >= 0.  Other arguments as in correct_mean; absolute error about 1e-14 (1 + c).
    """
    log_success, log_failure, log_weight = _problems(alpha, beta)
    given = attempts, log_success, log_failure, true_positive, false_positive
    return (accepted_correct(*given) - penalty * accepted_wrong(*given)) @ np.exp(log_weight)


def optimal_attempts(alpha, beta, true_positive, false_positive, penalty):
    """Number of attempts after which another one costs more in wrong answers than it earns in right ones.

        first k >= 0 with (t + c f) E[s(1-us)^k] <= c f E[(1-us)^k],   u = (t-f)/(1-f)                  derived here

    penalty: c >= 0.  0 < t <= 1, 0 <= f <= t, f < 1.  Exact, but for numbers equally good to 1e-14.  0 if and only if
    beta t <= c f alpha.  np.inf where it never comes or exceeds 2^53: without false positives, without penalty, or by
    t = f, when the first attempt pays.  The mean success of what is left falls with k: utility peaks once.
    """
    if beta * true_positive <= penalty * false_positive * alpha:
        return 0.0
    return max(1.0, optimum(*_problems(alpha, beta), true_positive, false_positive, penalty))


def optimum(log_success, log_failure, log_weight, true_positive, false_positive, penalty):
    """optimal_attempts at problems that are given with their weights.

    log_success, log_failure, log_weight: ln s, ln(1-s) and logarithm of the weight, shape [m]; the first and the last
    may be -inf.  Others as in optimal_attempts.
    """
    # (1-f)^k is common to both sides: with it, k f would cost digits.
    log_refused = _log_refused(log_success, log_failure, (true_positive - false_positive) / (1 - false_positive), 0.0)
    gain = true_positive * np.exp(log_success) - penalty * false_positive * np.exp(log_failure)

    def pays(attempts):
        return special.softmax(log_weight + attempts * log_refused) @ gain > 0

    if not pays(0):
        return 0.0
    low, high = 0, 1
    while pays(high):
        if high >= MOST:
            return np.inf
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if pays(middle) else (low, middle)
    return float(high)


def optimal_attempts_asymptote(alpha, beta, true_positive, false_positive, penalty):
    """The optimal number of attempts where false positives are rare.

        K ~ (beta t/(c f) - alpha)/u,   u = (t-f)/(1-f)                                                 derived here

    Positive if and only if K is: beta t > c f alpha.  Asymptotic for c f -> 0, relative error O(1/K): K, before it is
    rounded up, is larger by (1+beta)(1-u)/u + O(1/K).  Exact at t = 1, where u = 1.  t > f, c f > 0; all broadcast.
    """
    seen = (true_positive - false_positive) / (1 - false_positive)
    return (beta * true_positive / (penalty * false_positive) - alpha) / seen


def _problems(alpha, beta):
    """Problems and weights that stand for all: E[g(s)] = g(s) @ exp(log_weight), as (ln s, ln(1-s), log_weight).

    The trapezoidal rule in the log odds of success, where the density s^beta (1-s)^alpha is analytic: its error is the
    Fourier transform |Gamma(beta + i w) / Gamma(beta)| at w = 2 pi / step, 1e-16 for this step whatever beta and alpha,
    and no larger under (1-us)^k.  Beyond REACH g is constant and the density exponential: the geometric sum of what is
    left stands at the last point.
    """
    step = 2 * np.pi / (25 + 9 * np.sqrt(beta))
    count = int(np.ceil(REACH / step))
    log_odds = step * np.arange(-count, count + 1)
    log_success, log_failure = special.log_expit(log_odds), special.log_expit(-log_odds)
    log_weight = beta * log_success + alpha * log_failure
    log_weight[0] -= np.log(-np.expm1(-beta * step))
    log_weight[-1] -= np.log(-np.expm1(-alpha * step))
    return log_success, log_failure, special.log_softmax(log_weight)


def _log_unanswered(attempts, log_success, log_failure, true_positive, false_positive):
    """ln (1-a)^k; endless attempts miss only what is never accepted."""
    attempts = np.asarray(attempts, dtype=float)[..., None]
    log_refused = _log_refused(log_success, log_failure, true_positive, false_positive)
    some = (attempts > 0) & (attempts < np.inf)
    logs = np.where(some, np.where(some, attempts, 1.0) * log_refused, 0.0)
    accepts = np.logaddexp(_log(true_positive) + log_success, _log(false_positive) + log_failure) > -np.inf
    return np.where(np.isinf(attempts) & accepts, -np.inf, logs)


def _log_refused(log_success, log_failure, true_positive, false_positive):
    """ln(1-a): through a where an attempt is seldom accepted, through 1-a where it is seldom refused."""
    success, failure = np.exp(log_success), np.exp(log_failure)
    accepted = true_positive * success + false_positive * failure
    refused = (1 - true_positive) * success + (1 - false_positive) * failure
    return np.where(accepted < 0.5, np.log1p(-np.minimum(accepted, 0.5)), _log(refused))


def _share(log_own, own_rate, log_other, other_rate):
    """Probability that what is accepted is of one's own kind; 0 where nothing is ever accepted."""
    own, other = _log(own_rate) + log_own, _log(other_rate) + log_other
    total = np.logaddexp(own, other)
    return np.exp(own - np.where(np.isinf(total), 0.0, total))


def _log(x):
    """ln x with ln 0 = -inf, silently."""
    return special.xlogy(1.0, x)

"""Selection without a verifier: the answer most attempts agree on, or the one with the best score.

Success probability of a problem s = 1 - p, p ~ Beta(alpha, beta).  Voting converges to the right answer only where that
is already the most likely one: on hard problem sets more votes do harm.
"""

import numpy as np
from scipy import special

from sim.laws import verification

STEP = 1 / 32  # of the trapezoidal rule in scores: 1e-16 for the best of 1e12, a peak of width 1/sqrt(2 ln n)
SCORES = STEP * np.arange(-384, 385)  # 12 standard deviations: beyond is less than 1e-20 of 1e12 attempts


def majority(attempts, success):
    """Probability that most of k attempts are right when all wrong ones agree, a tie decided by a fair coin.

        P(Bin(k, s) > k/2) + P(Bin(k, s) = k/2)/2 = I_s(h, h),   h = ceil(k/2)                          derived here

    attempts: k >= 1, whole, any shape.  success: s in [0, 1], shape [m].  Returns [..., m].
    With the coin an even k is worth as much as k - 1.  Relative error below 1e-11 up to k = 10^4.
    """
    half = np.ceil(np.asarray(attempts, dtype=float) / 2)[..., None]
    return special.betainc(half, half, success)


def majority_mean(attempts, alpha, beta):
    """Probability that most of k attempts are right when all wrong ones agree, averaged over problems.

        sum_{j > k/2} C(k, j) B(beta+j, alpha+k-j) / B(beta, alpha)        odd k; an even k, with its coin, as k - 1

    (Derived here.)  attempts: k >= 1, whole, any shape.  alpha, beta > 0: shape of the failure probability.
    A sum of positive terms, relative error below 1e-11 up to k = 10^4.
    """

    def mean(k):
        odd = 2 * int(np.ceil(k / 2)) - 1
        return _right_counts(odd, alpha, beta)[(odd + 1) // 2 :].sum()

    return np.vectorize(mean, otypes=[float])(attempts)[()]


def majority_approach(attempts, alpha, beta):
    """How the majority of k attempts approaches its limit, all wrong attempts agreeing.

        P(s > 1/2) - f_s'(1/2)/(8k),   f_s'(1/2) = (beta - alpha) 2^(3-alpha-beta) / B(alpha, beta)     derived here

    f_s: density of s.  From above where alpha > beta: more votes do harm.  Asymptotic, absolute error O(1/k^2).
    attempts: k > 0, any shape.
    """
    slope = (beta - alpha) * np.exp((3 - alpha - beta) * np.log(2) - special.betaln(alpha, beta))
    return plurality_limit(alpha, beta, 1) - slope / (8 * np.asarray(attempts, dtype=float))


def plurality(attempts, success, wrong):
    """Probability that the right answer has most of k votes against m equally likely wrong ones, ties decided evenly.

        sum_j C(k, j) s^j (1-s)^(k-j) P(win | j right)                             derived here; see _wins for the last

    attempts: k >= 1, whole, any shape.  success: s in [0, 1], shape [...], same for every k.  wrong: m >= 1, whole.
    Returns the shape of attempts, then that of success.  Exact, relative error about 1e-12 for k up to 300.
    Costs k m convolutions of length up to k/2: 0.05 s at k = 200, m = 20.
    """
    attempts, success = np.asarray(attempts), np.asarray(success, dtype=float)

    def given(k):
        right = np.arange(k + 1)
        logs = special.xlogy(right, success[..., None]) + special.xlog1py(k - right, -success[..., None])
        choices = special.gammaln(k + 1) - special.gammaln(right + 1) - special.gammaln(k - right + 1)
        return np.exp(logs + choices) @ _wins(k, wrong)

    return np.array([given(int(k)) for k in attempts.flat]).reshape(attempts.shape + success.shape)[()]


def plurality_mean(attempts, alpha, beta, wrong):
    """Probability that the right answer has most of k votes, ties decided evenly, averaged over problems.

        sum_j C(k, j) B(beta+j, alpha+k-j) / B(beta, alpha) P(win | j right)                            derived here

    attempts, wrong: as in plurality.  alpha, beta > 0: shape of the failure probability.
    """

    def mean(k):
        return _right_counts(int(k), alpha, beta) @ _wins(int(k), wrong)

    return np.vectorize(mean, otypes=[float])(attempts)[()]


def plurality_limit(alpha, beta, wrong):
    """Probability that endless votes are right, averaged over problems, against m equally likely wrong answers.

        P(s > 1/(m+1)) = I_{m/(m+1)}(alpha, beta)                                                       derived here

    wrong: m >= 1, any shape.  alpha, beta > 0: shape of the failure probability.
    The vote of k attempts is within O(1/k) of it at m = 1 (majority_approach), below it by O(1/sqrt k) at m >= 2: near
    s = 1/(m+1) any of the m + 1 answers may lead.
    """
    wrong = np.asarray(wrong, dtype=float)
    return special.betainc(alpha, beta, wrong / (wrong + 1))


def best_exponential(attempts, success, shift):
    """Probability that the best scored of n attempts is right; scores Exp(1) if wrong, mu + Exp(1) if right.

        (s/D) [1 - (1-D)^n],   D = s + (1-s) e^-mu                                                      derived here

    Exactly the first answer accepted by a verifier with t = 1, f = e^-mu: the best score above mu is as likely to be
    any of the scores there, and without one all are wrong.  So its average is verification.correct_mean.
    attempts: n >= 0, any shape, np.inf allowed.  success: s in [0, 1], shape [m].  shift: mu >= 0, np.inf allowed.
    Returns [..., m].  Relative error about 1e-14.
    """
    log_success, log_failure = special.xlogy(1.0, success), special.xlog1py(1.0, np.negative(success))
    return verification.accepted_correct(attempts, log_success, log_failure, 1.0, np.exp(-shift))


def best_exponential_limit(success, shift):
    """Probability that the best scored of endless attempts is right, scores as in best_exponential.

        s / (s + (1-s) e^-mu)                                                                           derived here

    success: s in [0, 1].  shift: mu >= 0, finite.  They broadcast.
    """
    return special.expit(special.logit(success) + shift)


def best_exponential_ceiling(alpha, beta, shift):
    """Probability that the best scored of endless attempts is right, averaged over problems.

        E[s / (s + (1-s) e^-mu)], the ceiling of a verifier with f/t = e^-mu                            derived here

    alpha, beta > 0: shape of the failure probability.  shift: 0 <= mu <= 57 or np.inf, any shape.
    """
    return verification.ceiling(alpha, beta, np.exp(-np.asarray(shift, dtype=float)))


def best_gaussian(attempts, success, shift):
    """Probability that the best scored of n attempts is right; scores N(0, 1) if wrong, N(mu, 1) if right.

        n s int phi(x-mu) [(1-s) Phi(x) + s Phi(x-mu)]^(n-1) dx                                         derived here

    attempts: n >= 1, success: s in [0, 1], shift: mu >= 0; they broadcast.  Deterministic quadrature, relative error
    below 1e-11 to n = 10^12.  For mu > 0 it tends to 1, slower than any power: ln(1 - accuracy) ~ -mu sqrt(2 ln n).
    """

    def best(n, s, mu):
        below = (1 - s) * special.ndtr(SCORES + mu) + s * special.ndtr(SCORES)
        above = (1 - s) * special.ndtr(-SCORES - mu) + s * special.ndtr(-SCORES)
        log_below = np.where(above < 0.5, np.log1p(-np.minimum(above, 0.5)), np.log(below))
        return n * s * STEP * np.sum(np.exp((n - 1) * log_below - SCORES**2 / 2)) / np.sqrt(2 * np.pi)

    return np.vectorize(best, otypes=[float])(attempts, success, shift)[()]


def best_of_n_divergence(attempts):
    """Divergence (Kullback-Leibler, nats) of the best of n attempts from a single one.

        int_0^1 n u^(n-1) ln(n u^(n-1)) du = ln n - (n-1)/n                                             derived here

    u: quantile of the score.  attempts: n >= 1, any shape.  Exact without ties of scores, an upper bound with them.
    """
    attempts = np.asarray(attempts, dtype=float)
    return np.log(attempts) - (attempts - 1) / attempts


def _wins(attempts, wrong):
    """Probability that j right votes among k win against m wrong answers, for j = 0 ... k, ties decided evenly.

    Put the m + 1 answers in random order and let a tie go to whoever comes first: with i wrong answers before the right
    one, those need fewer than j votes and the others at most j.  The votes of a wrong answer are Poisson, given their
    sum.  The sum over i grows by one answer at a time: convolutions of positive terms only.
    """

    def win(right):
        others = attempts - right
        if right > others:
            return 1.0
        votes = np.arange(others + 1)
        poisson = np.exp(special.xlogy(votes, others / wrong) - others / wrong - special.gammaln(votes + 1))
        at_most, fewer = poisson * (votes <= right), poisson * (votes < right)
        either = all_fewer = np.eye(1, others + 1)[0]
        for _ in range(wrong):
            all_fewer = np.convolve(all_fewer, fewer)[: others + 1]
            either = np.convolve(either, at_most)[: others + 1] + all_fewer
        log_sum = special.xlogy(others, others) - others - special.gammaln(others + 1)
        return either[others] / (wrong + 1) * np.exp(-log_sum)

    return np.array([win(right) for right in range(attempts + 1)])


def _right_counts(attempts, alpha, beta):
    """Probability of j right attempts among k, averaged over problems, for j = 0 ... k: beta-binomial."""
    right = np.arange(attempts)
    wrong = attempts - right
    steps = np.log(wrong) - np.log(right + 1) + np.log(beta + right) - np.log(alpha + wrong - 1)
    return special.softmax(np.concatenate([[0.0], np.cumsum(steps)]))

"""Selection without a verifier: the answer most attempts agree on, or the one with the best score.

Success probability of a problem s = 1 - p, p ~ Beta(alpha, beta).  Voting converges to the right answer only where that
is already the most likely one: on hard problem sets more votes do harm.
"""

import numpy as np
from scipy import special

from sim.laws import verification

STEP = 1 / 32  # of the trapezoidal rule in scores: 1e-16 for the best of 1e12, a peak of width 1/sqrt(2 ln n)
SCORES = STEP * np.arange(-384, 385)  # 12 standard deviations: beyond is less than 1e-20 of 1e12 attempts
COUNTED = 300  # attempts up to which votes are summed term by term
DIRECT = 512  # numbers of right votes in doubt that are each given their probability; of more, the rest by polynomial
NODES, DEGREE = 192, 64  # of it: a sigmoid within some ten standard deviations, to 1e-12


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
    Relative error about 1e-12, beyond k = 1000 about 1e-15 k, for k up to 10^6: half a second there at m = 4.
    """

    def mean(k):
        if wrong == 1 and k > COUNTED:
            return majority_mean(k, alpha, beta)
        wins = _wins if k <= COUNTED else _wins_of_many
        return _right_counts(int(k), alpha, beta) @ wins(int(k), wrong)

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


def best_gaussian_mean(attempts, success, weight, shift):
    """Probability that the best scored of n attempts is right, scores as in best_gaussian, averaged over problems.

    attempts: n >= 1, any shape.  success: s in [0, 1], and weight, adding to 1: of the nodes of a quadrature over
    problems, shape [m] each (sim.laws.difficulty).  shift: mu >= 0.  The sum of best_gaussian, for all n at once.
    """
    attempts, success = np.asarray(attempts, dtype=float), np.asarray(success, dtype=float)[:, None]
    below = (1 - success) * special.ndtr(SCORES + shift) + success * special.ndtr(SCORES)
    above = (1 - success) * special.ndtr(-SCORES - shift) + success * special.ndtr(-SCORES)
    log_below = np.where(above < 0.5, np.log1p(-np.minimum(above, 0.5)), np.log(below))
    scored = STEP * np.exp(-(SCORES**2) / 2) / np.sqrt(2 * np.pi)
    given = [n * ((weight * success[:, 0]) @ np.exp((n - 1) * log_below) @ scored) for n in attempts.flat]
    return np.array(given).reshape(attempts.shape)[()]


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


def _wins_of_many(attempts, wrong):
    """The same as _wins for many attempts and m >= 2, by a Fourier transform: absolute error about 1e-15 k.

    Between 0, where the others cannot all have as few, and 1, where one with as many has probability 1e-17.
    """
    right = np.arange(-(-attempts // (wrong + 1)), attempts // 2 + 1)
    doubt = right[wrong * special.pdtrc(right - 1, (attempts - right) / wrong) > 1e-17]
    wins = (np.arange(attempts + 1) > doubt[-1]).astype(float)
    if len(doubt) <= DIRECT:
        wins[doubt] = [_win(attempts, j, wrong) for j in doubt]
        return wins
    place = (1 - np.cos(np.linspace(0, np.pi, NODES))) / 2
    known = np.unique(np.rint(doubt[0] + place * (doubt[-1] - doubt[0])).astype(int))
    wins[doubt] = np.polynomial.Chebyshev.fit(known, [_win(attempts, j, wrong) for j in known], DEGREE)(doubt)
    return np.clip(wins, 0.0, 1.0)


def _win(attempts, right, wrong):
    """Probability that j right votes among k win against m wrong answers, ties decided evenly.

    Everybody draws a label U in (0, 1), the least decides a tie: given that of the right answer, each wrong one has
    fewer votes than j, or j and a larger label, so with Poisson(l) votes, given their sum k - j,
        P(win) = int_0^1 [z^(k-j)] (sum_{v < j} P(v) z^v + u P(j) z^j)^m du / P(Poisson(m l) = k - j)   derived here
    The coefficient from values on the unit circle, where all that is left out of a sum or folded back into it is
    nine standard deviations off; the integral by Gauss and Legendre, exact for m up to 31.
    """
    others = attempts - right
    mean = others / wrong
    fewest = max(0, int(mean - 9 * np.sqrt(mean)) - 9)
    votes = np.arange(fewest, right + 1)
    poisson = np.exp(special.xlogy(votes, mean) - mean - special.gammaln(votes + 1))
    size = 1 << int(max(len(votes), 20 * np.sqrt(others) + 20)).bit_length()
    fewer = np.fft.rfft(poisson[:-1], size)
    tied = poisson[-1] * np.exp(-2j * np.pi / size * np.arange(size // 2 + 1) * (len(votes) - 1))
    labels, weights = np.polynomial.legendre.leggauss(min(wrong // 2 + 1, 16))
    either = sum(w / 2 * (fewer + (1 + u) / 2 * tied) ** wrong for u, w in zip(labels, weights, strict=True))
    log_sum = special.xlogy(others, others) - others - special.gammaln(others + 1)
    return np.fft.irfft(either, size)[(others - wrong * fewest) % size] * np.exp(-log_sum)


def _right_counts(attempts, alpha, beta):
    """Probability of j right attempts among k, averaged over problems, for j = 0 ... k: beta-binomial."""
    right = np.arange(attempts)
    wrong = attempts - right
    steps = np.log(wrong) - np.log(right + 1) + np.log(beta + right) - np.log(alpha + wrong - 1)
    return special.softmax(np.concatenate([[0.0], np.cumsum(steps)]))

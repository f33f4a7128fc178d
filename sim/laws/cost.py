"""Cost: what attempts spend in calls, FLOPs and seconds, and how many of them pay."""

import numpy as np
from scipy import special

from sim.laws import coverage

POINTS, POINT_WEIGHTS = np.polynomial.legendre.leggauss(8)  # 1e-18 for digamma on an interval 3 lengths from its pole


def expected_attempts(attempts, alpha, beta, ceiling=1.0):
    """Mean number of attempts used when each problem stops at its first success, or after k attempts.

        E[min(T, k)] = sum_{j<k} [1 - A + A L(j)] = (1-A) k + A [x (1 - L(k)) - k L(k)] / d                derived here
        d = beta - 1, x = alpha + beta - 1;            ~ C k^(1-beta) / (1-beta) + x/d for A = 1 and beta < 1

    attempts: k >= 0, finite, any shape; real k interpolate smoothly.  alpha, beta > 0.  ceiling: A.
    Relative error about 1e-14 to k = 1e15, also where beta or alpha + beta is near 1.
    """
    attempts = np.asarray(attempts, dtype=float)
    d, x = beta - 1, alpha + (beta - 1)
    if abs(d) < min(alpha, 1) / 4:
        used = _attempts_near_one(attempts, alpha, d)
    else:
        solved, failed = coverage.coverage(attempts, alpha, beta), coverage.inference_loss(attempts, alpha, beta)
        used = (x * solved - attempts * failed) / d
    return ((1 - ceiling) * attempts + ceiling * used)[()]


def net_value_parallel(attempts, value, price, alpha, beta, ceiling=1.0):
    """Worth of a problem's solution less the price of its attempts, all k of them paid.

        V A (1 - L(k)) - c k                                                                            derived here

    attempts: k >= 0, finite, any shape.  value: V of a solved problem.  price: c of an attempt, in the same currency.
    """
    return value * coverage.coverage(attempts, alpha, beta, ceiling) - price * np.asarray(attempts, dtype=float)


def net_value_sequential(attempts, value, price, alpha, beta, ceiling=1.0):
    """Worth of a problem's solution less the price of its attempts, paid up to the first success.

        V A (1 - L(k)) - c E[min(T, k)]                      derived here; a verifier that knows success is supposed

    Arguments as in net_value_parallel.
    """
    spent = price * expected_attempts(attempts, alpha, beta, ceiling)
    return value * coverage.coverage(attempts, alpha, beta, ceiling) - spent


def optimal_parallel(value, price, alpha, beta, ceiling=1.0):
    """Number of attempts with the largest net value when all of them are paid.

        smallest whole k >= 0 with V A (L(k) - L(k+1)) = V A L(k) beta / (alpha+beta+k) <= c              derived here

    value: V >= 0, and price: c > 0, broadcast.  Whole numbers in float64; above 1e14 the last digits are rounded.
    Where the gain equals the price to 1e-15, rounding decides: the net value is the same.
    """

    def solve(v, c):
        def gain(k):
            return v * ceiling * coverage.inference_loss(k, alpha, beta) * beta / (alpha + beta + k)

        return first_attempts(lambda k: gain(k) <= c)

    return np.vectorize(solve, otypes=[float])(value, price)[()]


def optimal_parallel_asymptote(value, price, alpha, beta, ceiling=1.0):
    """Number of attempts, not rounded, at which another one just pays itself when all are paid.

        k* ~ (V A beta C / c)^(1/(1+beta)) - alpha - beta/2                         optimal_parallel is the next whole k

    Derived here.  Error O(1/k): too small by beta (beta+2) / (24 k), 1e-3 of an attempt at k = 30 and beta = 0.35.
    Arguments as in optimal_parallel; below 0 where not even the first attempt pays.
    """
    worth = np.asarray(value, dtype=float) * ceiling * beta * coverage.prefactor(alpha, beta) / price
    return worth ** (1 / (1 + beta)) - alpha - beta / 2


def optimal_sequential(value, price, alpha, beta, ceiling=1.0):
    """Number of attempts after which to give up a problem, when each problem stops at its first success.

        smallest whole k >= 0 with V h(k) <= c,    h(k) = beta / (alpha+beta+k) times A L(k) / (1 - A + A L(k))

    Derived here; h falls with every failure.  Arguments and result as in optimal_parallel.  Grows as V/c for A = 1,
    but only as [A beta C V / ((1-A) c)]^(1/(1+beta)) for A < 1: failures then speak for a problem beyond reach.
    """

    def solve(v, c):
        return first_attempts(lambda k: v * coverage.hazard(k, alpha, beta, ceiling) <= c)

    return np.vectorize(solve, otypes=[float])(value, price)[()]


def optimal_sequential_asymptote(value, price, alpha, beta):
    """Number of attempts, not rounded, after which to give up a problem, when every problem can be solved (A = 1).

        k* = V beta / c - alpha - beta                                            optimal_sequential is the next whole k

    Derived here; exact but for the rounding.  Below 0 where not even the first attempt pays.
    """
    return np.asarray(value, dtype=float) * beta / price - alpha - beta


def first_attempts(enough):
    """Smallest whole k >= 0 at which a condition on k holds that, once true, stays true: doubling, then bisection.

    enough: k -> bool.  A float: above 2^53 to the spacing of floats, np.inf where only infinity is enough.
    """
    low, high = -1.0, 0.0  # not enough at low, enough at high
    while not enough(high):
        low, high = high, 2 * high + 1
    while low < (middle := low + np.floor((high - low) / 2)) < high:
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def mean_waves(attempts, problems, slots=1):
    """Mean number of waves of `slots` attempts each until a problem is solved or k attempts are made.

        E[ceil(min(T, k) / m)] = E[(1 - p^(m w)) / (1 - p^m)],   w = ceil(k / m)                        derived here

    A wave fails with p^m, whatever came before.  With one slot these are the attempts made, whatever the difficulty.
    attempts: k >= 0, whole, any shape.  problems: difficulty.Problems.  slots: m >= 1.
    """
    waves = np.ceil(np.asarray(attempts, dtype=float) / slots)
    fails = slots * problems.log_failure
    hopeless = fails == 0.0
    solves = np.where(hopeless, 1.0, -np.expm1(fails))
    used = [problems.weight @ np.where(hopeless, w, -np.expm1(w * fails) / solves) for w in waves.flat]
    return np.array(used).reshape(waves.shape)[()]


def optimal_parallel_of(value, price, problems):
    """As optimal_parallel, for any difficulty: smallest whole k >= 0 with V E[s p^k] <= c, a gain that falls with k.

    value, price: scalars.  problems: difficulty.Problems.
    """
    log_gain = problems.log_success, problems.log_failure

    def enough(k):
        return not value * (problems.weight @ np.exp(log_gain[0] + k * log_gain[1])) > price

    return first_attempts(enough)


def optimal_sequential_of(value, price, problems):
    """As optimal_sequential, for any difficulty: smallest whole k >= 0 with V E[s p^k] / E[p^k] <= c.

    np.inf where even the hardest problem pays for ever.  Arguments as in optimal_parallel_of.
    """
    seen = problems.weight > 0
    log_success, log_failure, weight = (x[seen] for x in problems)

    def enough(k):
        if np.isinf(k):
            return True
        with np.errstate(over="ignore", invalid="ignore"):  # on the way to infinity
            logs = k * log_failure
            left = weight * np.exp(logs - logs.max())  # who is unsolved after k attempts
        return value * (left @ np.exp(log_success)) <= price * left.sum()

    return first_attempts(enough)


def flops_per_token(parameters, layers, width, context):
    """FLOPs of the forward pass of one token: every parameter once, and attention to all tokens before it.

        2 (parameters + 2 layers width context)                           Brown et al. 2024 (arXiv 2407.21787), Sec. 2.3

    width: of the residual stream.  context: tokens in sight.  All broadcast.
    """
    return 2.0 * (parameters + 2.0 * layers * width * np.asarray(context, dtype=float))


def prompt_flops(parameters, layers, width, prompt):
    """FLOPs of reading the prompt, once however many the attempts: F_p.

        sum_{t=1}^{prompt} flops_per_token(t)                Brown et al. 2024, Sec. 2.3; the sum in closed form here

    prompt: tokens, >= 0.  All broadcast.
    """
    return prompt * flops_per_token(parameters, layers, width, (np.asarray(prompt, dtype=float) + 1) / 2)


def attempt_flops(parameters, layers, width, prompt, decode):
    """FLOPs of writing one attempt: F_d.

        sum_{t=1}^{decode} flops_per_token(prompt + t)       Brown et al. 2024, Sec. 2.3; the sum in closed form here

    prompt, decode: tokens, >= 0.  All broadcast.
    """
    middle = prompt + (np.asarray(decode, dtype=float) + 1) / 2
    return decode * flops_per_token(parameters, layers, width, middle)


def inference_flops(attempts, parameters, layers, width, prompt, decode):
    """FLOPs of k attempts at one problem, the prompt read once.

        C(k) = F_p + k F_d                                                                Brown et al. 2024, Sec. 2.3

    attempts: k >= 0, any shape.
    """
    each = attempt_flops(parameters, layers, width, prompt, decode)
    return prompt_flops(parameters, layers, width, prompt) + np.asarray(attempts, dtype=float) * each


def loss_of_flops(flops, sunk, each, alpha, beta, ceiling=1.0):
    """What further FLOPs can still gain: the excess loss against the compute of inference.

        L_inf(C) = A L((C - F_p) / F_d)             Levi 2024 (arXiv 2410.16377), Eq. 8, inferred; in FLOPs derived here

    flops: C >= F_p, any shape.  sunk: F_p (prompt_flops).  each: F_d (attempt_flops).
    """
    return coverage.excess_loss((np.asarray(flops, dtype=float) - sunk) / each, alpha, beta, ceiling)


def local_exponent_of_flops(flops, sunk, each, alpha, beta):
    """Slope of the excess loss against FLOPs on log-log axes, sign turned.

        -d ln L_inf / d ln C = C / (C - F_p) times the local exponent at k = (C - F_p) / F_d            derived here

    flops: C > F_p, any shape.  Other arguments as in loss_of_flops.
    """
    flops = np.asarray(flops, dtype=float)
    return flops / (flops - sunk) * coverage.local_exponent((flops - sunk) / each, alpha, beta)


def local_exponent_of_flops_asymptote(flops, sunk, beta):
    """Slope of the excess loss against FLOPs on log-log axes, sign turned, once its attempts are many.

        beta C / (C - F_p)                  steeper than beta until k F_d >> F_p: a long prompt mimics a larger beta

    Derived here.  flops: C > F_p, any shape.  Relative error O(1/k): (2 alpha + beta - 1) / (2k), k = (C - F_p) / F_d.
    """
    flops = np.asarray(flops, dtype=float)
    return beta * flops / (flops - sunk)


def latency_parallel(attempts, seconds_per_attempt, slots):
    """Seconds until all k attempts at a problem are back, as many at a time as there are slots.

        ceil(k / slots) seconds_per_attempt        attempts of one length; a success within a wave does not shorten it

    attempts: k >= 0, whole, any shape.  slots: >= 1.
    """
    return np.ceil(np.asarray(attempts, dtype=float) / slots) * seconds_per_attempt


def latency_sequential(attempts, seconds_per_attempt, alpha, beta, ceiling=1.0):
    """Mean seconds until a problem is solved or given up after k attempts, one after the other.

        E[min(T, k)] seconds_per_attempt                                                                derived here

    Arguments as in expected_attempts.
    """
    return seconds_per_attempt * expected_attempts(attempts, alpha, beta, ceiling)


def latency_slots(attempts, seconds_per_attempt, slots, problems):
    """Mean seconds until a problem is solved or k attempts are made, as many at a time as there are slots.

        mean_waves times seconds_per_attempt       between latency_sequential (one slot) and latency_parallel (k slots)

    Derived here.  Attempts of one length; after a wave with a success no other is begun.  Arguments as in mean_waves.
    """
    return seconds_per_attempt * mean_waves(attempts, problems, slots)


def _attempts_near_one(attempts, alpha, d):
    """sum_{j<k} L(j) for beta = 1 + d near 1, where the two terms over d cancel.

        x [1 - exp(-d m)] / d,    m: mean of psi(y + k) - psi(y) over y from alpha to alpha + d = x

    At d = 0 it is alpha [psi(alpha+k) - psi(alpha)].  The difference is the local exponent of a law with alpha 0.
    """
    y = alpha + d * (1 + POINTS) / 2
    mean = (coverage.local_exponent(y, 0.0, attempts[..., None]) / y) @ (POINT_WEIGHTS / 2)
    return (alpha + d) * mean * special.exprel(-d * mean)

"""Learning where feature masses follow no Zipf law: a table of masses, equal masses, exponentially falling masses."""

import numpy as np
from scipy import special

from sim.laws import learning_curve

REACH = 1e-9  # of one expected occurrence: rarer features are unmemorised but for a relative REACH^2 / 2 of the curve


def unmemorised_mass(examples, mass, depth=1, weight=1.0):
    """Probability that the next example shows a feature not yet memorised, for any table of masses.

        E_n = sum_i theta_i P(Bin(n, theta_i) < d)              d = 1: Hutter 2021 (arXiv 2102.04074), any distribution

    examples: n >= 0, any shape, up to 1e18.  mass: theta_i >= 0, [m].  depth: d >= 1 (up to 20), occurrences before a
    feature is memorised.  weight: how many features have each mass; weight @ mass = 1.
    Exact: positive terms, each good to 1e-16 (1 + n theta_i).
    """
    mass = np.asarray(mass, dtype=float)
    return learning_curve.each(lambda n: (weight * mass) @ learning_curve.fewer(depth, n, mass), examples)


def capacity_unmemorised(examples, mass, capacity, depth=1, weight=1.0):
    """The same for a learner that has room for the M most frequent features only.

        E_{n,M} = sum_{i<=M} theta_i P(Bin(n, theta_i) < d) + sum_{i>M} theta_i                             derived here

    mass: [m], falling.  capacity: M >= 0, whole or np.inf.  Other arguments as in unmemorised_mass.
    """
    mass = np.asarray(mass, dtype=float)
    many = np.broadcast_to(np.asarray(weight, dtype=float), mass.shape)
    stored = np.clip(capacity - (np.cumsum(many) - many), 0, many)
    left = (many - stored) @ mass
    return left + learning_curve.each(lambda n: (stored * mass) @ learning_curve.fewer(depth, n, mass), examples)


def multi_trace(examples, attempts, mass, recall, weight=1.0):
    """Failure of k attempts when every example leaves a trace, and an attempt recalls each trace with probability q.

        E(n, k) = sum_i theta_i (1 - theta_i u)^n,   u = 1 - (1-q)^k                                        derived here

    examples: n >= 0, attempts: k >= 0; they broadcast against each other.  recall: q in (0, 1].  mass, weight as in
    unmemorised_mass.
    """
    mass = np.asarray(mass, dtype=float)
    found = 0.0 - np.expm1(special.xlog1py(attempts, -recall))

    def law(n, u):
        return (weight * mass) @ np.exp(special.xlog1py(n, -mass * u))

    return np.vectorize(law, otypes=[float])(examples, found)[()]


def local_exponent(examples, mass):
    """Slope of the learning curve on log-log axes, sign turned (depth 1): constant only where it is a power law.

        -d ln E_n / d ln n = n sum_i w_i [-ln(1 - theta_i)] / sum_i w_i,   w_i = theta_i (1 - theta_i)^n    derived here

    examples, mass as in unmemorised_mass, every theta_i < 1.  No digits are lost where E_n itself is below 1e-308.
    """
    mass = np.asarray(mass, dtype=float)
    mass = mass[mass > 0]  # a feature that never occurs would set the scale below, and weighs nothing
    log_miss = np.log1p(-mass)

    def slope(n):
        weight = mass * np.exp(n * (log_miss - log_miss.max()))
        return n * (weight @ -log_miss) / weight.sum()

    return learning_curve.each(slope, examples)


def frequencies(counts):
    """Masses of an empirical table: how often each feature occurred, as a fraction.

        theta_i = N_i / sum_j N_j

    counts: N_i >= 0, [m], not all 0.  Features that the table missed have no mass: its learning curve ends early, once
    n reaches the number of occurrences in the table.
    """
    counts = np.asarray(counts, dtype=float)
    return counts / counts.sum()


def uniform_masses(size):
    """Masses of m equally frequent features, float64 [m]: 1/m each."""
    return np.full(size, 1 / size)


def uniform_unmemorised(examples, size, depth=1):
    """The learning curve of m equally frequent features: an exponential, no power law.

        E_n = P(Bin(n, 1/m) < d),      d = 1: (1 - 1/m)^n ~ exp(-n/m)                                       derived here

    examples: n >= 0, any shape.  size: m >= 1.  depth: d >= 1.  Its local exponent n/m has no plateau.
    Exact, relative error 1e-16 (1 + n/m).
    """
    mass = np.array([1 / size])
    return learning_curve.each(lambda n: learning_curve.fewer(depth, n, mass)[0], examples)


def exponential_mass(rank, decay):
    """Probability that an example shows the feature of this rank, masses falling exponentially.

        theta_i = (e^lambda - 1) e^(-lambda i),   i = 1, 2, ...

    rank: whole numbers >= 1, any shape.  decay: lambda > 0.  The ranks beyond r hold e^(-lambda r).
    """
    return -np.expm1(-decay) * np.exp(-decay * (np.asarray(rank, dtype=float) - 1))


def exponential_unmemorised(examples, decay, depth=1):
    """The learning curve of infinitely many features of exponentially falling mass.

        E_n = sum_i theta_i P(Bin(n, theta_i) < d),   theta_i as in exponential_mass                        derived here

    examples: n >= 0, any shape, up to 1e18.  decay: lambda, 1e-4 to 10: up to 60/lambda terms per n.  depth: d >= 1.
    Exact, relative error below 1e-11.
    """

    def law(n):
        mass, weight = exponential_masses(n, decay)
        return unmemorised_mass(n, mass, depth, weight)

    return learning_curve.each(law, examples)


def exponential_masses(examples, decay):
    """Masses and weights that stand for all features of exponentially falling mass after up to n examples.

    (mass, weight): the features that may have occurred, and one too rare to in place of all others; for
    unmemorised_mass and its like, relative error below 1e-11.  examples, decay as in exponential_unmemorised.
    """
    last = np.ceil(np.log((1 + np.max(examples)) / REACH) / decay) + 1
    mass = exponential_mass(np.arange(1, last + 2), decay)
    weight = np.ones_like(mass)
    weight[-1] = np.exp(-decay * last) / mass[-1]
    return mass, weight


def exponential_asymptote(examples, decay, depth=1):
    """The learning curve of exponentially falling masses with the sum over features replaced by an integral.

        E_n ~ d / (lambda (n+1)) ~ d / (lambda n)          as int_0^1 P(Bin(n, t) = j) dt = 1/(n+1) for every j; derived

    examples: n >= d - 1, n lambda >> d, any shape.  Slope 1 whatever lambda and d: Zipf's 1 - 1/s at s -> inf.
    What is left is no power of 1/n but a ripple that never dies, periodic in ln n: exponential_ripple.
    """
    return depth / (decay * (np.asarray(examples, dtype=float) + 1))


def exponential_ripple(decay, depth=1):
    """How far the learning curve of exponentially falling masses swings about its asymptote, relative to it.

        2 |Gamma(d+1+iy)| / (|1+iy| d!),   y = 2 pi / lambda,         d = 1: 2 sqrt(pi y / sinh(pi y)); derived here

    The first harmonic (Poisson summation), of period lambda in ln n; the second is smaller by about exp(-pi y / 2).
    Relative error O(1/n).  At d = 1: 2e-16 at lambda = 1/4, 5e-8 at 1/2, 6e-4 at 1, 6 % at 2; at d = 3, 17 % at 2.
    """
    harmonic = 2 * np.pi / np.asarray(decay, dtype=float)
    log_gamma = special.loggamma(depth + 1 + 1j * harmonic).real - special.gammaln(depth + 1)
    return 2 * np.exp(log_gamma) / np.hypot(1, harmonic)

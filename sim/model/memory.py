"""Memory: what a learner that has seen n examples can recall. A member is what a user sets, its sampler and its law.

`error` is the law of a single attempt after n examples, `failure` that of k attempts, each as hard as they are.
"""

from dataclasses import dataclass

import numpy as np

from sim.model.dependence import Independent
from sim.model.member import Member
from sim.model.verifier import Perfect
from sim.records.checked import need

LARGEST_EXAMPLES = 1e18  # arrivals are float32: their grid is right to 6e-8
DEEPEST = 100  # copies: one waiting time is drawn for each, and the law sums as many terms


@dataclass(frozen=True)
class Memory(Member):
    """Memorised at the depth-th copy, never forgotten; what is not memorised is never recalled."""

    depth: int

    axis = "memory"
    limit = LARGEST_EXAMPLES
    learners = False  # whether learners are drawn, each with its whole unmemorised mass, and not single test examples
    graded = False  # whether an attempt may fail, or succeed, for what is memorised or not
    lattice = False
    continuous = True  # whether its law is known of continuous ranks too
    law = "E_n = sum_i p_i P(Binomial(n, p_i) < d)"  # of one attempt
    law_of_attempts = "E(n, k) = 1 - (1 - E_n)(1 - L(k))"

    def check(self):
        """Refuse depths below one sighting."""
        need(1 <= self.depth <= DEEPEST, "memory.depth", f"a whole number from 1 to {DEEPEST}", self.depth)

    def error(self, examples, features):
        """Probability that a test example is not recalled after n examples, [n]."""
        return features.unmemorised(examples, self.depth)

    def failure(self, examples, attempts, error, loss, law):
        """Probability that k attempts fail after n examples, [n, k]; None without a closed form.

        error: of one attempt after n examples, [n].  loss: failure of the attempts at what is memorised, [k].  law:
        members of the other axes (sim.experiments.question.Law).
        """
        from sim.laws import joint

        return joint.failure(error[:, None], loss[None, :])

    def tail(self, features):
        """(exponent, prefactor) of the error above its floor at many examples; None where it is no power law."""
        return features.tail(self.depth)

    def levels_off(self, features):
        """Whether examples without end leave an error."""
        return False


class Arrival(Memory):
    """Memorised at the depth-th copy; each test example has a training set of its own, drawn as an arrival time."""

    lattice = True

    def sampler(self):
        """Of the arrival."""
        from sim.model import build

        return build.memory_sampler("arrival", self.depth)


class TrainingSet(Memory):
    """Memorised at the depth-th copy; the test examples of a batch share one training set, drawn in full."""

    limit = 2**30

    def sampler(self):
        """Of the training set."""
        from sim.model import build

        return build.memory_sampler("training_set", self.depth)


@dataclass(frozen=True)
class Capacity(Memory):
    """Like Arrival, but only the `capacity` most frequent features can be memorised."""

    capacity: int

    continuous = False
    law = "E_n = sum_{i<=M} p_i P(Binomial(n, p_i) < d) + sum_{i>M} p_i"

    def check(self):
        """Refuse what has no room at all."""
        super().check()
        need(1 <= self.capacity < 2**31, "memory.capacity", "a whole number from 1 to 2^31 - 1", self.capacity)

    def sampler(self):
        """An arrival, and a look at the rank."""
        from sim.model import build
        from sim.samplers import memory

        return memory.Stored(build.memory_sampler("arrival", self.depth), np.uint32(self.capacity))

    def error(self, examples, features):
        """What has no room is never recalled."""
        return features.stored(examples, self.depth, self.capacity)

    def levels_off(self, features):
        """Where there are more features than there is room for."""
        return features.count > self.capacity


@dataclass(frozen=True)
class Guessing(Memory):
    """Like Arrival, but an attempt at an unmemorised feature can succeed by chance."""

    guess: float

    graded, continuous = True, False
    law = "E_n (1 - g), guesses of chance g"
    law_of_attempts = "E(n, k) = E_n (1 - g)^k + (1 - E_n) L(k)"

    def check(self):
        """Refuse what is no probability."""
        super().check()
        need(0 < self.guess < 1, "memory.guess", "0 < guess < 1", self.guess)

    def sampler(self):
        """An arrival, and the chance without one."""
        from sim.model import build
        from sim.samplers import memory

        return memory.Guessing(build.memory_sampler("arrival", self.depth), np.float32(np.log(self.guess)))

    def error(self, examples, features):
        """Neither memorised nor guessed."""
        return super().error(examples, features) * (1 - self.guess)

    def failure(self, examples, attempts, error, loss, law):
        """Guesses at what is not memorised, attempts at what is; known where guesses are independent and verified."""
        from sim.laws import memory

        if not _plain(law):
            return None
        unmemorised = super().error(examples, law.features)
        return memory.guessed_failure(unmemorised[:, None], loss[None, :], attempts[None, :], self.guess)

    def tail(self, features):
        """The same power, of the share that is not guessed."""
        tail = super().tail(features)
        return tail and (tail[0], tail[1] * (1 - self.guess))


@dataclass(frozen=True)
class MultiTrace(Member):
    """Every copy leaves a trace, and an attempt recalls each trace with probability `recall`: attempts act as data."""

    recall: float

    axis = "memory"
    limit = 2.0**31  # copies are counted
    learners = lattice = False
    graded, continuous = True, False
    depth = 1  # copies without which nothing is ever recalled
    law = "sum_i p_i (1 - p_i q)^n"
    law_of_attempts = "E(n, k) = sum_i p_i (1 - p_i (1 - (1-q)^k))^n"

    def check(self):
        """Refuse what is no probability."""
        need(1e-6 <= self.recall <= 1, "memory.recall", "0.000001 <= recall <= 1", self.recall)

    def sampler(self):
        """Counts of copies."""
        from sim.samplers import memory

        with np.errstate(divide="ignore"):
            return memory.MultiTrace(np.float32(np.log1p(-self.recall)))

    def error(self, examples, features):
        """None of the traces is recalled."""
        return features.recalled(examples, 1.0, self.recall)

    def failure(self, examples, attempts, error, loss, law):
        """Known where what is recalled is always right."""
        if not (_plain(law) and law.difficulty.certain):
            return None
        return law.features.recalled(examples[:, None], attempts[None, :], self.recall)

    def tail(self, features):
        """As many examples count as there would be traces recalled."""
        tail = features.tail(1)
        return tail and (tail[0], tail[1] * self.recall ** -tail[0])

    def levels_off(self, features):
        """Every feature is recalled in the end."""
        return False


class Learners(Memory):
    """Learners drawn one after the other, each with its whole unmemorised mass; Zipf features only."""

    learners = True

    def check_reach(self, name, features, largest):
        """Refuse features and numbers of examples that the kernel cannot draw."""


class Direct(Learners):
    """Training sets drawn example by example: the exact joint law of the curve."""

    limit = 2e9  # their numbers are int32 on the device

    def check_reach(self, name, features, largest):
        """A finite set has a place for each of its ranks; of an infinite one, those that may be seen twice."""
        places = _places(features, largest)
        need(places <= 2**28, f"memory.name={name}", "at most 2^28 features that matter", f"{places:.2g}")


class FeatureArrivals(Learners):
    """Every feature memorised at a time of its own, independently of the others: exact in the mean."""

    most = 2**31

    def check_reach(self, name, features, largest):
        """The features are gone through one by one."""
        need(features.size * self.depth <= self.most, f"memory.name={name}", f"features.size x depth <= {self.most}",
              f"{features.size:g} x {self.depth}")  # fmt: skip


class BlockChain(Learners):
    """Blocks of like features thinned from one n to the next: exact in the mean, any number of features."""


class JumpChain(FeatureArrivals):
    """The order of first sightings sorted, the gaps between them geometric: the exact joint law, to check others by."""

    most = 2**24


class Automatic(Memory):
    """Whatever suits the number of examples and of features best: see `choice`."""


def _plain(law):
    """Whether attempts are independent and what is right is known to be right."""
    return law.dependence == Independent() and law.verifier == Perfect()


_FEW_EXAMPLES = 10**4  # up to here drawing them all costs no more, and spares the assumption of independent features
_FEW_FEATURES = 10**4  # up to here going through them one by one costs no more than blocks


def _places(features, largest):
    """Ranks to keep count of, at most: one in 2^10 training sets of `largest` examples shows a rarer one."""
    if features.exponent <= 1:
        return features.size
    return min(features.size, (2.0**10 * largest) ** (1 / features.exponent))


def choice(features, largest):
    """Name of the memory member for learners that see up to `largest` examples of these features."""
    if not features.zipf:
        return "arrival"
    places = _places(features, largest) if features.exponent >= 1.05 else features.size
    if largest <= _FEW_EXAMPLES and places <= 10**6:
        return "direct"
    return "feature_arrivals" if features.size <= _FEW_FEATURES else "block_chain"

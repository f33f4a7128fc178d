"""What single experiments are set by, each a section of the configuration with the experiment's name."""

import importlib.util
from dataclasses import dataclass, field, replace
from typing import Any

from sim.draw.budget import BATCH
from sim.records.checked import need


@dataclass(frozen=True)
class Verification:
    """A noisy verifier, and what its mistakes cost.

    true_positive, false_positive: probability that it accepts a right, a wrong attempt.  penalty: of a wrong answer,
    when a right one is worth 1 and none is worth nothing.
    """

    true_positive: float
    false_positive: float
    penalty: float

    def check(self):
        """Refuse what are no probabilities, a verifier that prefers wrong answers, and rewards for those."""
        t, f = self.true_positive, self.false_positive
        need(1e-6 <= t <= 1, "verification.true_positive", "0.000001 <= true_positive <= 1", t)
        need(
            1e-12 <= f <= t and f < 1,
            "verification.false_positive",
            "1e-12 <= false_positive <= true_positive, and below 1",
            f,
        )
        need(0 <= self.penalty <= 1e6, "verification.penalty", "0 <= penalty <= 1e6", self.penalty)


@dataclass(frozen=True)
class Selection:
    """How answers are chosen without a verifier.

    wrong: wrong answers, all equally likely, that votes may fall on; the time a run takes grows with them.  shift: by
    which the scores of right answers are higher, in standard deviations of a score.
    """

    wrong: int
    shift: float

    def check(self):
        """Refuse votes without a choice, and scores that prefer wrong answers."""
        need(1 <= self.wrong <= 100, "selection.wrong", "a whole number from 1 to 100", self.wrong)
        need(0 <= self.shift <= 20, "selection.shift", "0 <= shift <= 20", self.shift)


@dataclass(frozen=True)
class Cost:
    """What attempts cost, and what they are worth.

    value: of a solved problem.  price: of an attempt, in the same unit.  parameters, layers, width: of the model, all
    parameters and the numbers of its residual stream.  prompt, decode: tokens read once, and written in each attempt.
    seconds: that an attempt takes.  slots: attempts made at the same time.
    """

    value: float
    price: float
    parameters: float
    layers: int
    width: int
    prompt: int
    decode: int
    seconds: float
    slots: int

    def check(self):
        """Refuse what is worth or costs nothing, attempts too cheap to be counted, and models that write nothing."""
        need(1e-12 <= self.value <= 1e12, "cost.value", "1e-12 <= value <= 1e12", self.value)
        rule = "1e-15 value <= price <= 1e12 (more than 1e15 attempts would pay)"
        need(1e-15 * self.value <= self.price <= 1e12, "cost.price", rule, self.price)
        need(1 <= self.parameters <= 1e15, "cost.parameters", "1 <= parameters <= 1e15", self.parameters)
        for name, least in (("layers", 1), ("width", 1), ("prompt", 0), ("decode", 1), ("slots", 1)):
            value = getattr(self, name)
            need(least <= value <= 10**6, f"cost.{name}", f"a whole number from {least} to 1e6", value)
        need(1e-6 <= self.seconds <= 1e6, "cost.seconds", "1e-6 <= seconds <= 1e6", self.seconds)


@dataclass(frozen=True)
class Suite:
    """A suite of problems that share attempts.  problems: how many a finite suite has."""

    problems: int

    def check(self):
        """Refuse suites with nothing to share, and those larger than a batch."""
        need(2 <= self.problems <= BATCH, "suite.problems", f"a whole number from 2 to {BATCH}", self.problems)


@dataclass(frozen=True)
class Importance:
    """What counts more. A problem solved with probability s weighs (1 - s)^lift s^-drop; a feature, its mass^-rarity.

    problems: drop as a share of the exponent of coverage, which falls by it.  features: rarity as a share of the
    exponent of learning, which falls by it.  lift: an exponent.  target: weight to be solved, a share of all.
    """

    problems: float
    features: float
    lift: float
    target: float

    def check(self):
        """Refuse weights that scatter too widely for an error bar: third moments are finite up to a third."""
        for name in ("problems", "features"):
            rule, value = f"0 <= {name} <= 1/3 (heavier weights have no error bar)", getattr(self, name)
            need(0 <= value <= 1 / 3, f"importance.{name}", rule, value)
        need(0 <= self.lift <= 10, "importance.lift", "0 <= lift <= 10", self.lift)
        need(0 < self.target < 1, "importance.target", "0 < target < 1", self.target)


@dataclass(frozen=True)
class Noise:
    """Two learners to be told apart by one run each.

    lead: by which the Zipf exponent of the better one's features is larger than features.exponent.  examples: largest
    number of training examples, each of them drawn.
    """

    lead: float
    examples: int

    def check(self):
        """Refuse learners that are alike, and training sets too small for a curve or too large to be drawn."""
        need(0.01 <= self.lead <= 10, "noise.lead", "0.01 <= lead <= 10", self.lead)
        need(10 <= self.examples <= 10**4, "noise.examples", "a whole number from 10 to 10000", self.examples)


@dataclass(frozen=True)
class Capacity:
    """A budget.  product: examples times room for features."""

    product: float

    def check(self):
        """Refuse budgets that leave no choice."""
        need(100 <= self.product <= 1e15, "capacity.product", "a number from 100 to 1e15", self.product)


@dataclass(frozen=True)
class Allocation:
    """A budget for examples and attempts, all in one unit.

    budget: the largest.  example: price of an example.  attempt: price of an attempt.  problems: at which attempts are
    made, each as often.  difficulty: as it is ("fixed"), or with a bias that examples lessen ("learnt").
    """

    budget: float
    example: float
    attempt: float
    problems: float
    difficulty: str

    def check(self):
        """Refuse what costs nothing, and budgets that leave no choice."""
        for name in ("example", "attempt"):
            value = getattr(self, name)
            need(1e-12 <= value <= 1e12, f"allocation.{name}", f"1e-12 <= {name} <= 1e12", value)
        need(1 <= self.problems <= 1e12, "allocation.problems", "1 <= problems <= 1e12", self.problems)
        least, most = 100 * (self.example + self.attempt * self.problems), 1e15 * min(self.example, self.attempt)
        rule = f"from {least:g} (100 examples, and 100 attempts at every problem) to {most:g}"
        need(least <= self.budget <= most, "allocation.budget", rule, self.budget)
        need(self.difficulty in ("fixed", "learnt"), "allocation.difficulty", "fixed or learnt", self.difficulty)

    def check_beside(self, difficulty):
        """Refuse a bias to be learnt away where there is none."""
        rule = "difficulty=latent_precision with difficulty.bias above 0 for learnt"
        biased = difficulty.biased and difficulty.bias > 0
        need(self.difficulty == "fixed" or biased, "allocation.difficulty", rule, difficulty)


@dataclass(frozen=True)
class Generative:
    """Autoencoders that memorise images, and the attempts they make at them.

    path: of images, "" for scikit-learn's digits.  images: how many.  latent, width, steps, noise: of the models and
    their training (sim.generative.vae.Task).  temperatures, thresholds: of attempts; those in the middle are used where
    there is but one.  attempts: at every image.  latents: of further models.  shared: share of the noise's variance
    that attempts have in common, where they do.  zipf: exponent of the images' frequencies where they have one.
    examples: sizes of the training sets drawn with these.  replicates: of each size.
    pictures: sim.generative.images.Images, read at the door.
    """

    path: str
    images: int
    latent: int
    width: int
    steps: int
    noise: float
    temperatures: tuple
    thresholds: tuple
    attempts: int
    latents: tuple
    shared: float
    zipf: float
    examples: tuple
    replicates: int
    pictures: Any = field(default=None, repr=False, compare=False)

    def check(self):
        """Refuse where the libraries are missing, and what can be neither trained nor drawn."""
        missing = [name for name in ("equinox", "optax", "sklearn") if importlib.util.find_spec(name) is None]
        if missing:
            rule = "need equinox, optax and scikit-learn"
            raise ValueError(f"generative: {rule} (pip install 'sim[generative]'), got no {', '.join(missing)}")
        need(20 <= self.images <= 2**14, "generative.images", "a whole number from 20 to 16384", self.images)
        for name, least, most in (("latent", 1, 256), ("width", 1, 4096), ("steps", 1, 10**6)):
            value = getattr(self, name)
            need(least <= value <= most, f"generative.{name}", f"a whole number from {least} to {most}", value)
        need(1e-3 <= self.noise <= 10, "generative.noise", "0.001 <= noise <= 10", self.noise)
        self._check_lists()
        rule = "a whole number from 1024 to 131072, the attempts at every image"
        need(1024 <= self.attempts <= 2**17, "generative.attempts", rule, self.attempts)
        need(0 < self.shared < 1, "generative.shared", "0 < shared < 1", self.shared)
        need(0 <= self.zipf <= 5, "generative.zipf", "0 <= zipf <= 5", self.zipf)
        need(1 <= self.replicates <= 64, "generative.replicates", "a whole number from 1 to 64", self.replicates)

    def _check_lists(self):
        rules = {"temperatures": (1e-3, 100), "thresholds": (1e-9, 1), "latents": (1, 256), "examples": (2, 10**6)}
        for name, (least, most) in rules.items():
            numbers = getattr(self, name)
            whole = name in ("latents", "examples")
            good = all(least <= x <= most and (not whole or x == int(x)) for x in numbers)
            few = 1 if name in ("temperatures", "thresholds") else 3 if name == "examples" else 0
            rule = f"{'whole ' * whole}numbers from {least:g} to {most:g}, ascending, at least {few} of them"
            ascending = list(numbers) == sorted(set(numbers))
            need(good and ascending and few <= len(numbers) <= 16, f"generative.{name}", rule, list(numbers))

    def read(self):
        """The same with the images of the path."""
        from sim.generative import images

        return replace(self, pictures=images.read(self.path, self.images))

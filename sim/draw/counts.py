"""What is drawn, as it is judged: counts of failures, and masses of learners."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Counts:
    """How many problems of each batch failed: integers, the batch axis kept.

    failures: int64 [batches, ...grid].  problems: problems in each batch.  independent: whether the problems of a batch
    are (batches always are); if not, only the spread of the batches says how precise they are.
    """

    failures: np.ndarray
    problems: int
    independent: bool = True


@dataclass(frozen=True)
class Masses:
    """Unmemorised mass of one learner after another, float64 [learners, n].

    resolution: relative error that the kernel's rounding leaves in their mean, a number or [n].
    """

    values: np.ndarray
    resolution: np.ndarray

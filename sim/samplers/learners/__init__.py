"""Learners: the unmemorised mass of one learner after another, on a whole grid of n at once; one kernel a file.

Each kernel is a NamedTuple with LEARNERS, the learners of a batch, `bytes`, the device memory that a batch needs, and
    curves(key)  float32 [LEARNERS, n]
from which the unmemorised mass is offset + scale * curves, in float64; offset and scale come with it from `build`.
`resolution`, a number or [n], is the relative error of the mass that rounding leaves in the mean over many learners.
"""

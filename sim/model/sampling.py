"""How attempts are made and problems drawn: members that have no law of their own."""

from sim.draw.budget import LARGEST_ATTEMPTS


class FirstSuccess:
    """Attempts summed up by the waiting time to the first success."""

    limit = LARGEST_ATTEMPTS


class Bernoulli:
    """Attempts made one by one."""

    limit = 1e6


class Random:
    """Every problem drawn by itself, independently of the others."""

    fewest = 2  # batches, for a standard error


class Lattice:
    """Every batch one randomly shifted lattice of 16,384 points: the spread of the batches is the error."""

    fewest = 16  # batches, whose shifts alone are independent


ATTEMPTS = {"first_success": FirstSuccess, "bernoulli": Bernoulli}
SAMPLING = {"random": Random, "lattice": Lattice}

"""A model: one member for each axis, and what its laws say of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sim.model import MEMBERS, member_fields
from sim.model.member import Member

AXES = "features", "memory", "difficulty", "dependence", "verifier"


@dataclass(frozen=True)
class Model:
    """A learner that memorises features, and makes attempts at problems (Levi 2024, arXiv 2410.16377).

    Parameters
    ----------
    features, memory, difficulty, dependence, verifier
        Members of the axes, such as ``sim.Beta(5, 0.35)``; those left out are the ones that ``python -m sim run`` has
        by default (conf/run.yaml).

    Raises
    ------
    ValueError
        If an argument is not a member of its axis. A member checks its own numbers when it is created.

    Examples
    --------
    >>> import sim
    >>> model = sim.Model(difficulty=sim.Beta(alpha=5, beta=0.35))
    >>> model.failure([1, 100]).round(4)
    array([0.9346, 0.3371])
    """

    features: Any = None
    memory: Any = None
    difficulty: Any = None
    dependence: Any = None
    verifier: Any = None

    def __post_init__(self) -> None:
        for axis in AXES:
            member = getattr(self, axis)
            if member is None:
                object.__setattr__(self, axis, _usual(axis))
            elif not isinstance(member, Member) or member.axis != axis:
                raise ValueError(f"{axis}: need a member of its axis ({', '.join(MEMBERS[axis])}), got {member!r}")
            else:
                object.__setattr__(self, axis, member.read())

    def error(self, examples: ArrayLike) -> np.ndarray | None:
        """Probability that a learner has not memorised what the next example shows (Hutter 2021).

        Parameters
        ----------
        examples : array_like
            Numbers of examples n, shape [n].

        Returns
        -------
        ndarray or None
            float64 [n]; None where the memory has no law of its own features.

        Examples
        --------
        >>> import sim
        >>> sim.Model(features=sim.Zipf(2.0)).error([1, 100]).round(4)
        array([0.6   , 0.0688])
        """
        return self.memory.error(_numbers("examples", examples), self.features)

    def failure(self, attempts: ArrayLike) -> np.ndarray | None:
        """Probability that k attempts at what is memorised leave a problem unsolved, 1 - pass@k (Levi 2024, Eq. 7).

        Parameters
        ----------
        attempts : array_like
            Numbers of attempts k, shape [k].

        Returns
        -------
        ndarray or None
            float64 [k]; None where no closed form is known.

        Examples
        --------
        >>> import sim
        >>> sim.Model(difficulty=sim.Beta(5, 0.35, ceiling=0.9)).failure([10**6]).round(3)
        array([0.112])
        """
        return self.verifier.failure(_numbers("attempts", attempts), self.dependence, self.difficulty)

    def joint(self, examples: ArrayLike, attempts: ArrayLike) -> np.ndarray | None:
        """Probability that k attempts fail after n examples.

        Parameters
        ----------
        examples, attempts : array_like
            Numbers of examples n, shape [n], and of attempts k, shape [k].

        Returns
        -------
        ndarray or None
            float64 [n, k]; None where no closed form is known.

        Examples
        --------
        >>> import sim
        >>> sim.Model().joint([100, 10000], [1, 1000]).shape
        (2, 2)
        """
        n, k = _numbers("examples", examples), _numbers("attempts", attempts)
        loss = self.failure(k)
        return None if loss is None else self.memory.failure(n, k, self.error(n), loss, self)

    def tail(self) -> tuple[float, float] | None:
        """Power law of the failure at many attempts.

        Returns
        -------
        tuple of float or None
            Exponent b and prefactor C of C k^-b above the share that is never solved; None where there is none.

        Examples
        --------
        >>> import sim
        >>> exponent, prefactor = sim.Model(difficulty=sim.Beta(5, 0.35)).tail()
        >>> exponent
        0.35
        """
        return self.verifier.tail(self.dependence, self.difficulty)

    def learning_tail(self) -> tuple[float, float] | None:
        """Power law of the error at many examples: as `tail`, of `error`."""
        return self.memory.tail(self.features)

    def physics(self) -> str:
        """Text that names every number that draws of the model depend on."""
        return " ".join(getattr(self, axis).physics() for axis in AXES)


def _numbers(name: str, values: ArrayLike) -> np.ndarray:
    """Numbers of at least 0, float64 [x]."""
    try:
        found = np.atleast_1d(np.asarray(values, float))
    except (TypeError, ValueError):
        found = np.array([np.nan])
    if found.ndim != 1 or not (found >= 0).all():
        raise ValueError(f"{name}: need numbers of at least 0, shape [n], got {values!r}")
    return found


def name_of(member: Member) -> str:
    """Name by which a member is chosen on its axis."""
    found = [name for name, kind in MEMBERS[member.axis].items() if kind is type(member)]
    return found[0] if found else type(member).__name__


def _usual(axis: str) -> Any:
    """The member that conf/run.yaml has."""
    from sim.records.defaults import defaults

    [name] = [entry[axis] for entry in defaults("run")["defaults"] if isinstance(entry, dict) and axis in entry]
    numbers = defaults(f"{axis}/{name}")
    numbers = numbers.get(axis, numbers)
    kind = MEMBERS[axis][name]
    return kind(**{key: numbers[key] for key in member_fields(kind)})

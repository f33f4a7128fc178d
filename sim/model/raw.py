"""Draws of a model as JAX arrays, for use within a program of one's own."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sim.draw import keys
from sim.model.dependence import Independent
from sim.model.model import Model
from sim.model.verifier import Perfect
from sim.samplers.attempts import FirstSuccess
from sim.samplers.features import Feature


def sample_features(key: jax.Array | int, model: Model, n: int) -> Feature:
    """Draw the features that independent examples show.

    Parameters
    ----------
    key : jax.Array or int
        Key of jax.random, or a seed.
    model : sim.Model
        The model whose features are drawn.
    n : int
        Number of features, static inside a jit.

    Returns
    -------
    sim.samplers.features.Feature
        log_probability: float32 [n], natural logarithm of each feature's probability.  high, low: uint32 [n], words of
        its rank, from 1.

    Examples
    --------
    >>> import jax, sim
    >>> draw = jax.jit(lambda key: sim.sample_features(key, sim.Model(features=sim.Zipf(2.0)), 1000).low)
    >>> bool((draw(jax.random.key(0)) >= 1).all())
    True
    """
    _check(model)
    return _on_device(model.features.sampler()).at(_streams(key, 1)[0], _lanes(n))


def sample_first_success(key: jax.Array | int, model: Model, n: int) -> jax.Array:
    """Draw the number of the first successful attempt at independent problems.

    Parameters
    ----------
    key : jax.Array or int
        Key of jax.random, or a seed.
    model : sim.Model
        The model whose difficulty is drawn. Its attempts must be independent and verified without error.
    n : int
        Number of problems, static inside a jit.

    Returns
    -------
    jax.Array
        float32 [n]: whole numbers from 1, infinity for problems that cannot be solved; P(T > k) = failure(k).

    Raises
    ------
    ValueError
        If the attempts are not independent or the verifier errs.

    Examples
    --------
    >>> import sim
    >>> first = sim.sample_first_success(0, sim.Model(difficulty=sim.Beta(5, 0.35)), 10_000)
    >>> first.shape
    (10000,)
    """
    _check(model)
    for axis, needed in (("dependence", Independent()), ("verifier", Perfect())):
        if getattr(model, axis) != needed:
            raise ValueError(f"{axis}: need {needed} to draw the first success, got {getattr(model, axis)}")
    sampler, lanes = _on_device(model.difficulty.sampler()), _lanes(n)
    count = getattr(sampler, "STREAMS", 1)
    *own, last = _streams(key, count + 1)
    log_success = sampler.at(own[0] if count == 1 else tuple(own), lanes)
    return jnp.ceil(FirstSuccess().waiting(last, log_success, lanes))


def _check(model: Any) -> None:
    if not isinstance(model, Model):
        raise ValueError(f"model: need a sim.Model, got {model!r}")


def _on_device(sampler: Any) -> Any:
    return jax.tree.map(jnp.asarray, sampler)


def _streams(key: jax.Array | int, count: int) -> list[tuple[jax.Array, jax.Array]]:
    """So many streams of bits (sim.samplers.bits) from one key."""
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        key = keys.run_key(int(key), "raw")
    if not isinstance(key, jax.Array) or key.shape != () or not jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        raise ValueError(f"key: need one key of jax.random, or a seed, got {key!r}")
    words = keys.words_of(key, count)
    return [(words[number, 0], words[number, 1]) for number in range(count)]


def _lanes(n: int) -> jax.Array:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n < 2**32:
        raise ValueError(f"n: need a whole number from 1 to 2^32 - 1, got {n!r}")
    return jnp.arange(int(n), dtype=jnp.uint32)

"""The shipped learner kernels, as they are timed: unmemorised masses of many learners on a grid of n."""

import math
import time

import jax
import numpy as np

from sim.bench.curves import EXAMPLES, EXPONENT
from sim.bench.rows import CURVE_DRAWS, CURVE_SIZE
from sim.bench.timing import Contestant, need_mean
from sim.draw import keys, simulate
from sim.laws import learning_curve, zipf
from sim.model import build
from sim.samplers.learners import block_chain
from sim.samplers.learners import direct as direct_draws

_BATCHES = 8  # of 128 learners, in a whole run


def _numbers(size, examples):
    """What every learner is built from: exponent, size, depth, grid of n, sum of all masses."""
    return EXPONENT, size, 1, np.asarray(examples, float), zipf.normaliser(EXPONENT, size)


def _program(platform, together):
    def program(member, own):
        return jax.lax.map(lambda key: member.curves(key), own, batch_size=together)

    return simulate.compiled(program, platform, ())


def _keys(batches):
    numbers = np.arange(batches, dtype=np.uint32)
    return keys.key_of(keys.batch_keys(keys.run_key(0, "bench learners"), numbers))


def _check(size, examples):
    """Wrong unless mean and variance over the learners are the law's at every n."""
    arguments = np.asarray(examples, float), EXPONENT, size
    means, variances = learning_curve.unmemorised_mass(*arguments), learning_curve.unmemorised_mass_variance(*arguments)

    def check(masses):
        count = len(masses)
        for i, n in enumerate(examples):
            need_mean(f"mass unmemorised after {n:g}", masses[:, i].mean(), means[i], math.sqrt(variances[i]), count)
            spread = masses[:, i].var(ddof=1) / variances[i]
            need_mean(f"variance of it after {n:g}", spread, 1.0, math.sqrt(2), count - 1)

    return check


def _masses(curves, offset, scale):
    return offset + scale * np.asarray(curves, float).reshape(-1, len(scale))


def _curves(built, size, examples, items, batches, device):
    """Contestant that draws learners; what is built on the host is built beforehand.

    items: of work, a learner.  device: None for one core, a batch after the other; else all batches at once.
    """
    member, offset, scale = built
    where = device or jax.devices("cpu")[0]
    member, own = jax.device_put((member, _keys(batches)), where)
    program = _program(where.platform, device and batches)
    check = _check(size, examples)
    return Contestant(
        call=lambda: jax.block_until_ready(program(member, own)),
        items=batches * member.LEARNERS * items,
        check=lambda curves: check(_masses(curves, offset, scale)),
        clock=time.perf_counter if device else time.process_time,
    )


def direct(device=None, batches=16):
    """Direct draws, the curve at 7 n to 4M, 2^20 features; an item is a draw."""
    sampler = build.feature_sampler(EXPONENT, CURVE_SIZE)
    built = direct_draws.build(sampler, *_numbers(CURVE_SIZE, EXAMPLES))
    return _curves(built, CURVE_SIZE, EXAMPLES, CURVE_DRAWS, batches, device)


def _chain(examples, device, batches):
    built = block_chain.build(*_numbers(np.inf, [examples]))
    return _curves(built, np.inf, [examples], 1, batches, device)


def chain_million(device=None, batches=8):
    """Block chain at n = 10^6, infinite N; an item is a learner."""
    return _chain(1e6, device, batches)


def chain_billion(device=None, batches=8):
    """Block chain at n = 10^9."""
    return _chain(1e9, device, batches)


def chain_trillion(device=None, batches=8):
    """Block chain at n = 10^12."""
    return _chain(1e12, device, batches)


def _whole_run(largest):
    """Contestant that builds the blocks and draws a thousand learners on 13 n from 1000; an item is a run."""
    examples = np.geomspace(1e3, largest, 13)
    check, own, program = _check(np.inf, examples[1:]), _keys(_BATCHES), _program("cpu", None)

    def call():
        member, offset, scale = block_chain.build(*_numbers(np.inf, examples))
        return _masses(program(member, own), offset, scale)

    return Contestant(call, 1, lambda masses: check(masses[:, 1:]))


def chain_run_million():
    """A whole run to n = 10^6."""
    return _whole_run(1e6)


def chain_run_quadrillion():
    """A whole run to n = 10^15."""
    return _whole_run(1e15)

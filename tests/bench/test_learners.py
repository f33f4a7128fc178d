"""Learners as they are timed: their mean and their spread are the law's, or they are wrong."""

import jax
import numpy as np
import pytest

from sim.bench import learners
from sim.bench.timing import Wrong


@pytest.mark.seldom(0)
@pytest.mark.parametrize("device", [False, True])
def test_a_chain_passes_its_check_one_by_one_and_together(device):
    contestant = learners.chain_million(jax.devices("cpu")[0] if device else None, batches=2)
    contestant.check(contestant.call())
    assert contestant.items == 256


@pytest.mark.seldom(0)
def test_a_whole_run_passes_its_check():
    contestant = learners.chain_run_million()
    contestant.check(contestant.call())


@pytest.mark.seldom(0)
@pytest.mark.parametrize("wrong", [lambda c: 0 * c, lambda c: 2 * c, lambda c: c + 0.01])
def test_a_chain_of_wrong_mean_or_spread_is_seen(wrong):
    contestant = learners.chain_million(batches=8)
    with pytest.raises(Wrong):
        contestant.check(wrong(np.asarray(contestant.call())))

"""A plugin that lets every step of a run last a while: time to interrupt it, without work that takes as long."""

import os
import time

from sim.app.runs import taking

_add = taking._Saving.add


def _slowly(saving, piece):
    _add(saving, piece)
    time.sleep(float(os.environ.get("SECONDS_A_STEP", "0.5")))


taking._Saving.add = _slowly

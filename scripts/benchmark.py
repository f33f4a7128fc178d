"""Time the samplers against their peers: python scripts/benchmark.py [KEY=VALUE ...], as python -m sim bench."""

import sys

from sim.app.commands.bench import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

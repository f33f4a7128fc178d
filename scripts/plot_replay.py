"""Redraw the figure of a replay run from its tables: python scripts/plot_replay.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("replay"))

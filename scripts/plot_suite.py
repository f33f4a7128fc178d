"""Redraw the figure of a suite run from its tables: python scripts/plot_suite.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("suite"))

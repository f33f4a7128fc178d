"""Redraw the figure of a coverage run from its tables: python scripts/plot_coverage.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("coverage"))

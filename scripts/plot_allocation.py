"""Redraw the figure of an allocation run from its tables: python scripts/plot_allocation.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("allocation"))

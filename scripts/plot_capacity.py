"""Redraw the figure of a capacity run from its tables: python scripts/plot_capacity.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("capacity"))

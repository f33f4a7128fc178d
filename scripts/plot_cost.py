"""Redraw the figure of a cost run from its tables: python scripts/plot_cost.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("cost"))

"""Redraw the figure of a sweep folder from its tables: python scripts/plot_sweep.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("sweep"))

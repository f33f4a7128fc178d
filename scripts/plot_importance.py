"""Redraw the figure of a importance run from its tables: python scripts/plot_importance.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("importance"))

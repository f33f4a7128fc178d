"""Redraw the figure of a selection run from its tables: python scripts/plot_selection.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("selection"))

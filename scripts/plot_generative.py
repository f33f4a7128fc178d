"""Redraw the figure of a generative run from its tables: python scripts/plot_generative.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("generative"))

"""Redraw the figure of a noise run from its tables: python scripts/plot_noise.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("noise"))

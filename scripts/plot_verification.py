"""Redraw the figure of a verification run from its tables: python scripts/plot_verification.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("verification"))

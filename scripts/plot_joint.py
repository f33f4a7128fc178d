"""Redraw the figure of a joint run from its tables: python scripts/plot_joint.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("joint"))

"""Redraw a learning_curve figure from its tables: python scripts/plot_learning_curve.py FOLDER -o FILE.pdf"""

from sim.figures.files import main

if __name__ == "__main__":
    raise SystemExit(main("learning_curve"))

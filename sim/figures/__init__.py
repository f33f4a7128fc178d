"""Figures of a run, drawn from its tables alone; the only room that imports matplotlib, and it does no statistics."""

"""Closed forms in float64: one file an observable; no randomness, no JAX, nothing else of sim."""

"""What is read from and written to files, and values that were set in them, checked. No Hydra, no JAX."""

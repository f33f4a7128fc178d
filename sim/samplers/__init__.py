"""Samplers in JAX: one random quantity a file, one class a member of an axis. They know no law."""

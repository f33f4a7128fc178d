"""How a command line becomes a configuration, by Hydra, and where its results go."""

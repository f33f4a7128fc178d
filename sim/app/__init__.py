"""The only floor that knows Hydra: commands, files and figures."""

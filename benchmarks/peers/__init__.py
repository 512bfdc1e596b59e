"""Run other tools for the same task, each in its own environment."""

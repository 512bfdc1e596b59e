"""Decide whether a model is adapted to the place of use."""

"""Decisions on the images that a user has besides the labelled ones."""

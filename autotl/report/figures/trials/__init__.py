"""Figures of the trials of a search."""

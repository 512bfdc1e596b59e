"""Measure what images besides the labelled ones contribute."""

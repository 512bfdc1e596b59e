"""Data sets of a suite, with their targets and additional images."""

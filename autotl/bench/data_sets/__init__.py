"""Data sets of a suite: their targets, and the images besides the labelled ones."""

"""Carry out a run, from its options to its result."""

"""Measure where the seconds of a run go."""

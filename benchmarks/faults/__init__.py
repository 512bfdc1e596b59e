"""Measure which planted faults are found, and the effect of cleaning."""

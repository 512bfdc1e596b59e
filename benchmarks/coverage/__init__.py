"""Measure how often 95 % intervals contain the true value."""

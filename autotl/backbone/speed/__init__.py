"""Measure how fast a network runs."""

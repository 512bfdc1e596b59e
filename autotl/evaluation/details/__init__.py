"""Scores beyond the metric, one module for each kind of target."""

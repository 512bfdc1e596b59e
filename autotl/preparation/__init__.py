"""Decide which images and which networks a run works with."""

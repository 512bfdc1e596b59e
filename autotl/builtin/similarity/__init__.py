"""Distances between the target's features and a source's, one plugin per file."""

"""Prepare a search in stages: each takes one product and returns the next."""

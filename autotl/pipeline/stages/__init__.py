"""Prepare a search in stages, from one product to the next."""

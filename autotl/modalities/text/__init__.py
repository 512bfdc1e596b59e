"""Texts: their tokens, and the networks that take them."""

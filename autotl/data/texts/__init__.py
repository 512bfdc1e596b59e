"""Texts: finding, reading and listing them."""

"""Texts: the folder of their networks."""

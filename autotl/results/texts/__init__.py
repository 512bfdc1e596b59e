"""Texts: predictions for them, and the folder of their networks."""

"""Strategies that train layers of the backbone."""

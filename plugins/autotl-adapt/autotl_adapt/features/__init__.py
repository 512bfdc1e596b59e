"""Strategies that align frozen features, and fit one linear head."""

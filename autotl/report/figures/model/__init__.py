"""Figures of the delivered model."""

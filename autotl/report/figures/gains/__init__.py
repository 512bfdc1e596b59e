"""Figures of the gain of transfer and of more images."""

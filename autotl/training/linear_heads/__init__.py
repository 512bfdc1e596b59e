"""Fit linear classifiers on frozen features."""

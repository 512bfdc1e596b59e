"""Divide the budget: images to read, time per trial, time to refit."""

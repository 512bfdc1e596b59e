"""Divide the time budget: images to read, time per trial, and time for the refit."""

"""Divide the time budget between steps and trials."""

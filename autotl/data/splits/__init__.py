"""Divide a dataset into a test set and folds."""

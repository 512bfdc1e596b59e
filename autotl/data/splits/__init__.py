"""Divide a dataset into a test set and folds, and change such splits."""

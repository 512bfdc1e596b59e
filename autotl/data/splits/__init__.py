"""Divide a dataset into a test part and folds."""

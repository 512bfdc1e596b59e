"""Trials, their history, and the runner that trains them."""

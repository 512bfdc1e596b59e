"""Heads that are not linear: their contract, and the workbench's part for them."""

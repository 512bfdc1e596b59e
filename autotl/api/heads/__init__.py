"""Heads that are not linear: their contract and their workbench."""

"""Interpret the columns and cells of a table."""

"""Rows of benchmark results: read, filtered and pivoted."""

"""Measure the data before the search: similarity, ranking, issues, learning curves."""

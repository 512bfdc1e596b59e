"""Explore images without labels: clusters, a map, outliers, copies, and a table to label from."""

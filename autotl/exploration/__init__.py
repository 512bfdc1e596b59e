"""Explore images without labels: clusters, a map, outliers, copies."""

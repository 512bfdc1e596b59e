"""Divide features into clusters, and judge the division."""

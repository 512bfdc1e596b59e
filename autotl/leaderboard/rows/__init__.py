"""Read, filter and pivot the rows of benchmark results."""

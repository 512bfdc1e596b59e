"""Measure exported files: their answers, sizes and latencies."""

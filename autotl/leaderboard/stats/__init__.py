"""Statistics over benchmark results."""

"""The parts of a result's calls."""

"""The sources of backbones, given or expected, in comparison with the data."""

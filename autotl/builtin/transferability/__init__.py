"""Scores that rank backbones on labelled features before any training, one plugin per file."""

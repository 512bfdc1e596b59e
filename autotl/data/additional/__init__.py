"""Images besides the labelled ones: listed and read."""

"""Built-in distances between the features of a target and of a source, one plugin per file."""

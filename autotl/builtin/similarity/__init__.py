"""Built-in distances between target and source, a plugin per file."""

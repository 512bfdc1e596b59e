"""Built-in kinds of inputs, one file each."""

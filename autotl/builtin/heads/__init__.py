"""Built-in kinds of heads, one file each."""

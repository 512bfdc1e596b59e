"""Built-in readers of labelled images."""

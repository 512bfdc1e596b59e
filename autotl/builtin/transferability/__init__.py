"""Built-in scores that rank backbones without training, a plugin per file."""

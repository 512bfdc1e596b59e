"""Built-in scores that rank backbones on labelled features without training, one plugin per file."""

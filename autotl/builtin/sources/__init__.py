"""Built-in sources of pretrained networks."""

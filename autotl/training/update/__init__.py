"""The update of the weights in a training step."""

"""The torch modules of the built-in heads."""

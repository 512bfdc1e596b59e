"""The data of strategies: cached images, features, linear heads and activations."""

"""What strategies work with: cached images, features and activations."""

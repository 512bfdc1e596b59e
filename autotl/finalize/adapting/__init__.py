"""Train adaptations to the place of use, and compare them."""

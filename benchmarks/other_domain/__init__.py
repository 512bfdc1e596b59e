"""Train on images of one domain, and score on images of another."""

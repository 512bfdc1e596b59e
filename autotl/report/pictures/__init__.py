"""Choose, keep and embed pictures of the user's images."""

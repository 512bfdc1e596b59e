"""Images that a user has besides the labelled ones."""

"""Images that a user has besides the labelled ones: their facts and their rows."""

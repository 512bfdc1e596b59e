"""Images: their views, and their sizes."""

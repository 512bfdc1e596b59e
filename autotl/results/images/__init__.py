"""Images: the folder of their networks."""

"""Find, open and decode image files."""

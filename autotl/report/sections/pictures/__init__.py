"""Sections and grids with pictures of the user's images."""

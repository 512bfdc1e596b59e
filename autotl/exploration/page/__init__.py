"""Render an exploration as one page."""

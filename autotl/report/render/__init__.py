"""Render the sections of a report."""

"""Fuzz the functions that read files, guided by coverage."""

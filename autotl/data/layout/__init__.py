"""Interpret the names of files and folders in a tree."""

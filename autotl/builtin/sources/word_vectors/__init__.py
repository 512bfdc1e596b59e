"""Vectors of words in the files of the user."""

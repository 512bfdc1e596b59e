"""Measure the gain of transfer by the number of images and their likeness to the source."""

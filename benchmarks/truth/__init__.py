"""Check the verdict on drawn data sets for which the gain of transfer is known."""

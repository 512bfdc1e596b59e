"""Is the verdict true? Runs on drawn data sets for which the gain of transfer is known."""

"""Batches, epochs and scores of a trial."""

"""Declare, check and keep the options of a run."""

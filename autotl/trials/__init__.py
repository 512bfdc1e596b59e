"""A trial, the history of all trials, and how one is run."""

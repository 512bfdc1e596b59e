"""The test phase: the final evaluation on the test set."""

"""Define the training loops that the speed benchmark compares."""

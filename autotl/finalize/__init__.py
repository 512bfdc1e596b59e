"""The final phase: choose, export and test the model."""

"""The final phase: from the best trial to an exported and tested model."""

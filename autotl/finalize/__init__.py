"""From the best trial to a tested model."""

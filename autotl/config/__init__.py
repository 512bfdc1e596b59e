"""What the user asked for: the configuration of a run, checked and kept."""

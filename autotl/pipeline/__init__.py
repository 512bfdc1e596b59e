"""The stages of a run, from its configuration to its result."""

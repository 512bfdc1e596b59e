"""Kill runs at random moments, and see what of them is lost."""

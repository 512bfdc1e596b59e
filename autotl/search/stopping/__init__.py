"""Rules that end trials, and keep trials and arms from running further."""

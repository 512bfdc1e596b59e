"""What a longer budget brings, and whether a run keeps to it."""

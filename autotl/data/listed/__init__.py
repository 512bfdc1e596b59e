"""Listed items: their checks and digests."""

"""Decide when a running trial ends, and which trials and arms run no further."""

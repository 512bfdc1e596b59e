"""Compute the statistics of a leaderboard."""

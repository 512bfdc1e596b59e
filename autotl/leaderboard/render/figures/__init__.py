"""Draw the figures of a leaderboard as SVG text."""

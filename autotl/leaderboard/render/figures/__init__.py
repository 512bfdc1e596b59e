"""Draw the figures of a leaderboard as SVG text, in the style of the report."""

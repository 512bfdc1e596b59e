"""Draw the figures of a leaderboard as SVG text.

They have the style of the report's figures.
"""

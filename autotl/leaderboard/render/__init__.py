"""Write a leaderboard as HTML and Markdown."""

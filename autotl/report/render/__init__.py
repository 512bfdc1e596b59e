"""Write a report as HTML, Markdown or by a plugin."""

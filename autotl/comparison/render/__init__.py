"""Show a comparison in a terminal, a notebook and a page."""

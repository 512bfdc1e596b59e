"""Parts of the check of a file of results."""

"""The top of the page: heading and faults of the data."""

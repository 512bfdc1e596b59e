"""Compare an exported file with the model that it was written from."""

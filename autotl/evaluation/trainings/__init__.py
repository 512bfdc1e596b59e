"""Compare ways of training by several networks of each."""

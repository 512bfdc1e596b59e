"""Compare texts with each other, and with what a tokenizer expects."""

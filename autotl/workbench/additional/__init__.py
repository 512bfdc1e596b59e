"""Images besides the labelled ones, as learners get them."""

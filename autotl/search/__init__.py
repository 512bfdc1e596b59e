"""Search: decide what to run next, and run it until the budget is spent."""

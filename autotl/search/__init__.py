"""Run trials until the budget is spent."""

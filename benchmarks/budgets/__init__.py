"""Measure accuracy over the budget, and whether a run ends within its budget."""

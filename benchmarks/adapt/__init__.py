"""Adapt models to another domain, and compare the guard's scores with the truth."""

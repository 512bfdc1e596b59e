"""Entries of a model's configuration that timm ignores."""

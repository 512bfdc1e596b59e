"""Strategies that keep the whole backbone frozen."""

"""Runs side by side: the public call ``autotl.compare``."""

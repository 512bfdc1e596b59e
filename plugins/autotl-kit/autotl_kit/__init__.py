"""Plugins for autotl, one hook to a file."""

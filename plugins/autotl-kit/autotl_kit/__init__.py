"""Provide plugins for autotl, one file per hook."""

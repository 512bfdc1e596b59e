"""The version of the plugin API."""

VERSION = 2
"""It increases if a plugin must change. A name that will go warns for one version before."""

"""Postpone the import of heavy packages until they are used."""

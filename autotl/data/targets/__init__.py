"""Targets as data writes them: classes, several labels, or numbers."""

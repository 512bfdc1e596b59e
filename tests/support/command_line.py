"""The command line, called inside the process of a test."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
"""Runs words of a command line; returns the exit status, the output and the errors."""

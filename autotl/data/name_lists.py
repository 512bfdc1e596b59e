"""Shorten lists of names and counts for messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_MAX_NAME_LENGTH = 200  # characters


def join_names(names: Iterable[str], *, limit: int = 5) -> str:
    """Join the first ``limit`` names with commas and count the rest.

    >>> join_names("abcdefg", limit=3)
    'a, b, c and 4 more'
    """
    shortened = [name if len(name) <= _MAX_NAME_LENGTH else f"{name[:_MAX_NAME_LENGTH]}…" for name in names]
    rest = f" and {len(shortened) - limit} more" if len(shortened) > limit else ""
    return ", ".join(shortened[:limit]) + rest


def join_counts(counts: Mapping[str, int], *, limit: int = 5) -> str:
    """Join names with their counts, largest count first.

    >>> join_counts({"cat": 2, "dog": 1500})
    'dog 1,500, cat 2'
    """
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return join_names((f"{name} {n:,}" for name, n in ordered), limit=limit)

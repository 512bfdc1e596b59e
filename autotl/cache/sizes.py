"""Parse sizes in bytes, and the size limit of the cache."""

from __future__ import annotations

import re

from autotl.errors import CacheError

UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40, "k": 2**10, "m": 2**20, "g": 2**30}
MIN_CACHE_BYTES = 2**20


def parse_size(text: str | int) -> int | None:
    """Return a size in bytes, or None if it is invalid.

    Args:
        text: ``"2GiB"``, ``"500 MB"``, ``"2g"``, or a plain number of bytes.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(text).strip().lower())
    if not match or (match[2] or "b") not in UNITS:
        return None
    return int(float(match[1]) * UNITS[match[2] or "b"])


def parse_cache_size(text: str | int) -> int:
    """Return the size limit of the cache in bytes.

    Raises:
        CacheError: If it is invalid.
    """
    found = parse_size(text)
    if found is None:
        raise CacheError(f"Cannot read {text!r} as a size. Write it like '2GiB' or '500MB', or 'off'.")
    if found < MIN_CACHE_BYTES:
        raise CacheError(f"The cache size must be at least 1 MiB (got {found} bytes). Give more, or 'off'.")
    return found

"""Read sizes as people write them, and how much disk the cache may take."""

from __future__ import annotations

import re

from autotl.errors import CacheError

UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40, "k": 2**10, "m": 2**20, "g": 2**30}
LEAST = 2**20


def in_bytes(text: str | int) -> int | None:
    """Bytes, from ``"2GiB"``, ``"500 MB"``, ``"2g"`` or a plain number; None where it is none of these."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(text).strip().lower())
    if not match or (match[2] or "b") not in UNITS:
        return None
    return int(float(match[1]) * UNITS[match[2] or "b"])


def size(text: str | int) -> int:
    """What the cache may take, in bytes. Raises CacheError."""
    found = in_bytes(text)
    if found is None:
        raise CacheError(f"Cannot read {text!r} as a size. Write it like '2GiB' or '500MB', or 'off'.")
    if found < LEAST:
        raise CacheError(
            f"The cache may take {found} bytes, but it needs at least 1 MiB. Give more, or 'off'."
        )
    return found

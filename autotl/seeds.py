"""Derive a seed for each random choice, so that adding one choice moves no other."""

from __future__ import annotations

import hashlib


def derive(seed: int, *labels: str | int) -> int:
    """A seed in [0, 2**32) that depends on ``seed`` and on the labels alone, on every machine."""
    text = "\x1f".join([str(seed), *map(str, labels)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")

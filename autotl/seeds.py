"""Derive independent seeds for the random choices of a run."""

from __future__ import annotations

import hashlib


def derive(seed: int, *labels: str | int) -> int:
    """Derive a seed for one random choice.

    The result depends only on the arguments and is the same on every machine. A new choice with its own
    labels does not change the seeds of the others.

    Args:
        seed: The seed of the run.
        *labels: Names or numbers that identify the choice.

    Returns:
        A seed in [0, 2**32).
    """
    text = "\x1f".join([str(seed), *map(str, labels)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")

"""Run out of memory, and go on with smaller pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")


def in_pieces(attempt: Callable[[int], T], pieces: int, *, most: int, least: int = 1) -> tuple[T, int]:
    """What ``attempt(pieces)`` gives, with twice as many pieces each time memory runs out, up to ``most``.

    Gives the number to start with next time, too: the one that fitted, where memory ran out. At ``least`` so
    many are made this time for other reasons. Gradients add up over pieces, so a batch in pieces is still one
    step of the same size; only a BatchNorm that learns sees smaller groups.
    """
    trying = max(pieces, least)
    while True:
        try:
            return attempt(trying), pieces
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error) or trying >= most:
                raise
            pieces = trying = min(2 * trying, most)
        # outside the handler: its traceback held on to what did not fit
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def out_of_memory(error: BaseException) -> bool:
    """Whether this is a device's or the host's way to say so."""
    said = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
        words in said for words in ("out of memory", "can't allocate memory", "not enough memory")
    )

"""Run out of memory, and go on with smaller pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")


def in_pieces(attempt: Callable[[int], T], pieces: int, *, most: int) -> tuple[T, int]:
    """What ``attempt(pieces)`` gives, with twice as many pieces each time memory runs out, up to ``most``.

    Gives the number that fitted, too: start with it next time. Gradients add up over pieces, so a batch in
    pieces is still one step of the same size; only a BatchNorm that learns sees smaller groups.
    """
    while True:
        try:
            return attempt(pieces), pieces
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error) or pieces >= most:
                raise
            pieces = min(2 * pieces, most)
        # outside the handler: its traceback held on to what did not fit
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def out_of_memory(error: BaseException) -> bool:
    """Whether this is a device's or the host's way to say so."""
    said = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
        words in said for words in ("out of memory", "can't allocate memory", "not enough memory")
    )

"""Report the progress of a run's steps.

The watch displays it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

ProgressCallback = Callable[[str, int, int], None]
"""Called with the name of a step, the parts done, and all parts (0 if unknown)."""
_CALLBACK: ContextVar[ProgressCallback | None] = ContextVar("progress_callback", default=None)


@contextmanager
def watched_by(watch: Any, *, stay: bool = False) -> Iterator[None]:
    """Send the progress of the steps in this block to a watch.

    Threads and processes that the block starts report nothing.

    Args:
        watch: The display. Its method ``doing(step, done, total)`` is called if it has one. Its method
            ``close()``, if any, is called at the end of the block.
        stay: Whether the watch is closed only if the block raises.
    """
    token, closes = _CALLBACK.set(getattr(watch, "doing", None)), not stay
    try:
        yield
    except BaseException:
        closes = True
        raise
    finally:
        _CALLBACK.reset(token)
        if closes and (close := getattr(watch, "close", None)):
            close()


def report_progress(step: str, done: int = 0, total: int = 0) -> None:
    """Report the start of a step, or its number of finished parts.

    The call is cheap enough for a loop over images.

    >>> report_progress("reading images", 20, 300)

    Args:
        step: Name of the step, shown to the user.
        done: Parts done so far, in [0, total].
        total: Number of parts; 0 if unknown.
    """
    if callback := _CALLBACK.get():
        callback(step, done, total)

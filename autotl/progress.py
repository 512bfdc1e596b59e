"""Tell whoever watches a run which step is being done, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Doing = Callable[[str, int, int], None]
_DOING: ContextVar[Doing | None] = ContextVar("doing", default=None)


@contextmanager
def watched_by(watch: Any, *, stay: bool = False) -> Iterator[None]:
    """Tell ``watch`` the steps inside the block, if it has a method ``doing``; close it at the end.

    Other threads and processes that the block starts tell it nothing. With ``stay`` it is closed only if
    the block raises.
    """
    token, over = _DOING.set(getattr(watch, "doing", None)), not stay
    try:
        yield
    except BaseException:
        over = True
        raise
    finally:
        _DOING.reset(token)
        if over and (close := getattr(watch, "close", None)):
            close()


def doing(step: str, done: int = 0, total: int = 0) -> None:
    """Tell that a step has begun, or that ``done`` of ``total`` parts of it are done.

    Cheap enough for a loop over images; a ``total`` of 0 means that it is not known.

    >>> doing("reading images", 20, 300)
    """
    if tell := _DOING.get():
        tell(step, done, total)

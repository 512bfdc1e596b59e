"""Parse a file again only after it has changed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError

from autotl.errors import AutotlError

T = TypeVar("T")
UNREADABLE = (
    OSError, AutotlError, SafetensorError, csv.Error, ValueError, KeyError, TypeError, AttributeError,
)  # fmt: skip
"""The errors that reading a file of a run raises if it is missing, torn or edited."""


class FileCache:
    """The parsed content of files, until they change."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int, int], Any]] = {}

    def read(self, path: Path, parse: Callable[[Path], T]) -> T | None:
        """Return the parsed content of a file.

        Args:
            path: The file.
            parse: Reads it.

        Returns:
            The content; None if the file is missing or cannot be read.
        """
        try:
            status = path.stat()
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            known = stamp, _parsed(path, parse)
            self._known[path] = known
        found: T | None = known[1]
        return found


def _parsed(path: Path, parse: Callable[[Path], T]) -> T | None:
    try:
        return parse(path)
    except UNREADABLE:
        return None

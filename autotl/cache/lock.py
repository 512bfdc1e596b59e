"""Lock files between processes.

The system releases the lock of a process that dies.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from autotl.errors import RunError
from autotl.files import raising_write_error

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows has no flock: two processes may compute the same entry, which is harmless
    fcntl = None

POLL_SECONDS = 0.02
"""Seconds between two attempts to lock: short enough for Ctrl-C, long enough to cost nothing."""


@contextmanager
def file_lock(path: Path) -> Iterator[int]:
    """Wait for the lock of a file, and hold it.

    It is held in the block. Yields the file descriptor. The file is created if it does not exist.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        while not (_try_lock(descriptor) and _is_at(descriptor, path)):
            os.close(descriptor)
            time.sleep(POLL_SECONDS)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def exclusive_lock(path: Path, what: str) -> Iterator[None]:
    """Hold the lock of a file in the block, without waiting.

    The file then has the time at which it was locked.

    Args:
        path: The lock file, created if it does not exist.
        what: Noun for the protected thing in the error message.

    Raises:
        RunError: If another process holds the lock, or the file cannot be written.
    """
    with raising_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _try_lock(descriptor):
            raise RunError(f"Another process is using {what}. Wait until it ends, or stop it.")
        with suppress(OSError):  # only displays read this time, and the file may just have been removed
            os.utime(path)
        yield
    finally:
        os.close(descriptor)


def is_abandoned(path: Path) -> bool:
    """Whether a lock file exists that no living process holds."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return _try_lock(descriptor) and _is_at(descriptor, path)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is still at ``path``; the previous holder may have renamed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False

"""Let one process at a time work on a file; the lock of a killed process is gone with it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autotl.errors import RunError
from autotl.files import told_if_refused

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows: two processes may do the same work twice, which is harmless
    fcntl = None

WAIT = 0.02  # seconds between two looks: short enough for Ctrl-C, long enough to cost nothing


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold ``path``, made if need be, against other processes; gives its file descriptor."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        while not (_taken(descriptor) and _same(descriptor, path)):
            os.close(descriptor)
            time.sleep(WAIT)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Hold ``path``, made if need be, or raise RunError at once where another process does."""
    with told_if_refused(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _taken(descriptor):
            raise RunError(f"Another process is at work in {what}. Wait for its end, or stop it.")
        yield
    finally:
        os.close(descriptor)


def abandoned(path: Path) -> bool:
    """Whether nobody holds ``path``: whoever was at work on it is dead."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return _taken(descriptor) and _same(descriptor, path)
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same(descriptor: int, path: Path) -> bool:
    """Whether the file is still the one at ``path``: it may have been renamed by the one waited for."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False

"""Put files on the disk whole or not at all, and say what is needed where it is full."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autotl.errors import DiskFull

FULL = (errno.ENOSPC, errno.EDQUOT)
SAID = re.compile(r"no space left|disk (is )?full|StorageFull|quota exceeded", re.IGNORECASE)
"""How SQLite and safetensors put it, whose errors carry no number."""


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` in one step, so that it outlasts a power failure: a reader sees the old file or the
    new one, never half of it. Raises DiskFull.
    """
    with told_if_full(path, len(content)):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).chmod(0o644)
            settle(Path(temporary), path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def settle(temporary: Path, path: Path) -> None:
    """Rename a file that is complete to ``path``, its content on the disk before its name is."""
    _sync(temporary)
    temporary.replace(path)
    if os.name != "nt":  # a folder cannot be opened there, and needs no syncing
        _sync(path.parent)


@contextmanager
def told_if_full(path: Path, size: int) -> Iterator[None]:
    """Turn the error of a full disk, whoever raises it, into DiskFull: ``size`` bytes were to go to
    ``path``.
    """
    try:
        yield
    except DiskFull:
        raise
    except Exception as error:
        if not is_full(error):
            raise
        raise DiskFull(
            f"The disk is full: {_spell(size)} are needed for {path}, and {_spell(_free(path))} are free."
        ) from error


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, says that a disk is full."""
    while error is not None:
        if isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in FULL):
            return True
        if not isinstance(error, OSError) and SAID.search(str(error)):
            return True
        error = error.__cause__
    return False


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _free(path: Path) -> int:
    there = next((each for each in (path, *path.parents) if each.exists()), Path())
    return shutil.disk_usage(there).free


def _spell(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB" if size < 2**30 else f"{size / 2**30:,.1f} GiB"

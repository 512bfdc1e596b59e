"""Write files atomically, and turn write failures into clear errors."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from autotl.errors import DiskFull, RunError

FULL_CODES = (errno.ENOSPC, errno.EDQUOT)
"""Error numbers of the system for a full disk or an exceeded quota."""
FULL_MESSAGE = re.compile(r"no space left|disk (is )?full|StorageFull|quota exceeded", re.IGNORECASE)
"""A full disk in messages of SQLite and safetensors, whose errors have no number."""
REFUSED_MESSAGE = re.compile(r"I/?O ?error|permission denied|read-only file system", re.IGNORECASE)
"""A file that cannot be written, in messages of safetensors."""
_NAME_LENGTH = 50  # characters of the name kept in the temporary name, which must fit into 255 bytes


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file atomically and durably.

    A reader sees the old content or the new one, also after a power failure.

    Raises:
        DiskFull: If there is not enough space.
        RunError: If the file cannot be written for another reason.
    """
    with atomic_file(path, len(content)) as temporary:
        temporary.write_bytes(content)


@contextmanager
def atomic_file(path: Path, size: int) -> Iterator[Path]:
    """Yield a temporary file that replaces ``path`` when the block ends.

    The mode of the file follows the umask, even if a library replaces the temporary file by its own.

    Args:
        path: The file to write.
        size: Its size in bytes, for the error message; 0 if unknown.

    Raises:
        DiskFull: If there is not enough space.
        RunError: If the file cannot be written for another reason.
    """
    with raising_write_error(path), raising_disk_full(path, size):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _new_temporary(path)
        try:
            mode = temporary.stat().st_mode
            yield temporary
            temporary.chmod(stat.S_IMODE(mode))
            _move_into_place(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def open_output(path: Path) -> Iterator[BinaryIO]:
    """Open a file that the user named as output.

    A new or regular file is written atomically and keeps its mode. A link, a file with several names, a pipe
    or a device is written directly. If writing is interrupted, the partial content stays in ``<name>.part``.

    Raises:
        DiskFull: If there is not enough space.
        RunError: If the file cannot be written for another reason.
    """
    with raising_write_error(path), raising_disk_full(path, 0):
        if path.is_dir():
            raise RunError(f"The output must be a file ({path} is a folder). Give a file name.")
        path.parent.mkdir(parents=True, exist_ok=True)
        existing = _status(path)
        if existing is not None and not (stat.S_ISREG(existing.st_mode) and existing.st_nlink == 1):
            with path.open("wb") as file:
                yield file
            return
        temporary = _new_temporary(path)
        try:
            with temporary.open("wb") as file:
                yield file
            if existing is not None:
                temporary.chmod(stat.S_IMODE(existing.st_mode))
            _move_into_place(temporary, path)
        except BaseException:
            if temporary.stat().st_size:
                temporary.replace(path.with_name(f"{path.name}.part"))
            else:
                temporary.unlink(missing_ok=True)
            raise


@contextmanager
def raising_disk_full(path: Path, size: int) -> Iterator[None]:
    """Raise DiskFull if an error in the block means a full disk.

    Args:
        path: The file that is written.
        size: Its size in bytes, for the error message; 0 if unknown.
    """
    try:
        yield
    except DiskFull:
        raise
    except Exception as error:
        if not is_full(error):
            raise
        needed = f"{_format_size(size)} are needed for {path}" if size else f"there is no room for {path}"
        raise DiskFull(
            f"The disk is full: {needed}, and {_format_size(_free_bytes(path))} are free."
        ) from error


@contextmanager
def raising_write_error(path: Path) -> Iterator[None]:
    """Raise RunError if an error in the block means an unwritable path."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if is_full(error):
            raise
        raise RunError(_refusal(path, error.strerror or str(error))) from error
    except Exception as error:
        if type(error).__module__.split(".")[0] != "safetensors" or not REFUSED_MESSAGE.search(str(error)):
            raise
        raise RunError(_refusal(path, str(error))) from error


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or one of its causes, reports a full disk."""
    while error is not None:
        if isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in FULL_CODES):
            return True
        if not isinstance(error, OSError) and FULL_MESSAGE.search(str(error)):
            return True
        error = error.__cause__
    return False


def is_same_file(one: Path, other: Path) -> bool:
    """Return whether two paths lead to the same existing file."""
    with suppress(OSError):  # a path is missing, or its name is too long
        return one.is_file() and one.samefile(other)
    return False


def _refusal(path: Path, reason: str) -> str:
    return f"{path} cannot be written: {reason}. Check its folder and its name, or give another path."


def _status(path: Path) -> os.stat_result | None:
    """Return the status of ``path`` without following links; None if it does not exist."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _new_temporary(path: Path) -> Path:
    """Create an empty hidden file in the folder of ``path``, with the default mode."""
    while True:
        temporary = path.with_name(f".{path.name[:_NAME_LENGTH]}.{secrets.token_hex(4)}")
        try:
            with temporary.open("xb"):
                return temporary
        except FileExistsError:
            continue


def _move_into_place(temporary: Path, path: Path) -> None:
    """Rename a complete file to ``path`` after its content has reached the disk."""
    _sync(temporary)
    temporary.replace(path)
    if os.name != "nt":  # Windows cannot open a folder, and does not need to sync it
        _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _free_bytes(path: Path) -> int:
    existing = next((each for each in (path, *path.parents) if each.exists()), Path())
    return shutil.disk_usage(existing).free


def _format_size(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB" if size < 2**30 else f"{size / 2**30:,.1f} GiB"

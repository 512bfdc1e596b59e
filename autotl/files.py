"""Put files on the disk whole or not at all, and say why one cannot be written."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from autotl.errors import DiskFull, RunError

FULL = (errno.ENOSPC, errno.EDQUOT)
SAID = re.compile(r"no space left|disk (is )?full|StorageFull|quota exceeded", re.IGNORECASE)
"""How SQLite and safetensors put it, whose errors carry no number."""
REFUSED = re.compile(r"I/?O ?error|permission denied|read-only file system", re.IGNORECASE)
"""How safetensors reports that a file cannot be written."""
_KEPT = 50  # letters of a name that its temporary name repeats: with both ends it must fit into 255 bytes


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` in one step, so that it outlasts a power failure: a reader sees the old file or the
    new one, never half of it. Raises DiskFull, and RunError for what else the system refuses.
    """
    with filled(path, len(content)) as temporary:
        temporary.write_bytes(content)


@contextmanager
def filled(path: Path, size: int) -> Iterator[Path]:
    """Give a file to fill, which replaces ``path`` when it is complete.

    Its mode follows the umask, whatever the mode of the file that a library puts in its place.

    Args:
        path: the file that is written.
        size: the bytes it needs, for the error.

    Raises:
        DiskFull: if there is no room.
        RunError: if the system refuses the file.
    """
    with told_if_refused(path), told_if_full(path, size):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _new_beside(path)
        try:
            mode = temporary.stat().st_mode
            yield temporary
            temporary.chmod(stat.S_IMODE(mode))
            _settle(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def output(path: Path) -> Iterator[BinaryIO]:
    """Open a file that the user named for writing; nothing that is there is replaced by another kind of file.

    A new file, and an ordinary one, is written whole or not at all, and keeps its mode. If the writing is
    interrupted, what there is stays beside it, with ``.part`` at the end of the name. A link, a file of
    several names, a pipe or a device is written through. Raises DiskFull and RunError.
    """
    with told_if_refused(path), told_if_full(path, 0):
        if path.is_dir():
            raise RunError(f"{path} is a folder. Give the name of a file to write.")
        path.parent.mkdir(parents=True, exist_ok=True)
        found = _status(path)
        if found is not None and not (stat.S_ISREG(found.st_mode) and found.st_nlink == 1):
            with path.open("wb") as file:
                yield file
            return
        temporary = _new_beside(path)
        try:
            with temporary.open("wb") as file:
                yield file
            if found is not None:
                temporary.chmod(stat.S_IMODE(found.st_mode))
            _settle(temporary, path)
        except BaseException:
            if temporary.stat().st_size:
                temporary.replace(path.with_name(f"{path.name}.part"))
            else:
                temporary.unlink(missing_ok=True)
            raise


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
        needed = f"{_spell(size)} are needed for {path}" if size else f"there is no room for {path}"
        raise DiskFull(f"The disk is full: {needed}, and {_spell(_free(path))} are free.") from error


@contextmanager
def told_if_refused(path: Path) -> Iterator[None]:
    """Turn the error of a system that does not let ``path`` be written into RunError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if is_full(error):
            raise
        raise RunError(_refusal(path, error.strerror or str(error))) from error
    except Exception as error:
        if type(error).__module__.split(".")[0] != "safetensors" or not REFUSED.search(str(error)):
            raise
        raise RunError(_refusal(path, str(error))) from error


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, says that a disk is full."""
    while error is not None:
        if isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in FULL):
            return True
        if not isinstance(error, OSError) and SAID.search(str(error)):
            return True
        error = error.__cause__
    return False


def _refusal(path: Path, why: str) -> str:
    return f"{path} cannot be written: {why}. Check its folder and its name, or give another place."


def _status(path: Path) -> os.stat_result | None:
    """The status of what is at ``path``, a link itself and not where it leads; None if there is nothing."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _new_beside(path: Path) -> Path:
    """An empty file in the same folder, hidden, made with the mode of any new file."""
    while True:
        temporary = path.with_name(f".{path.name[:_KEPT]}.{secrets.token_hex(4)}")
        try:
            with temporary.open("xb"):
                return temporary
        except FileExistsError:
            continue


def _settle(temporary: Path, path: Path) -> None:
    """Rename a file that is complete to ``path``, its content on the disk before its name is."""
    _sync(temporary)
    temporary.replace(path)
    if os.name != "nt":  # a folder cannot be opened there, and needs no syncing
        _sync(path.parent)


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

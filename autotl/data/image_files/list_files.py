"""List the files below a folder, following links."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from autotl.errors import DataError

_SYSTEM_FOLDERS = ("lost+found", "system volume information", "$recycle.bin")
"""Folders of the operating system, in lower case, which users often cannot read."""


def files_below(root: Path) -> Iterator[str]:
    """Yield the names of all regular files below a folder.

    Names are relative, with ``/`` between folders. Links are followed, but no folder is entered twice. Named
    pipes, sockets and devices are skipped, because opening a pipe would block forever.

    Raises:
        DataError: A folder cannot be read. Its images, and perhaps a class, would be missing.
    """
    entered = {os.path.realpath(root)}
    for folder, subfolders, files in os.walk(root, onerror=_refuse_unreadable, followlinks=True):
        # A link to a parent folder would otherwise be followed without end.
        targets = {name: os.path.realpath(Path(folder, name)) for name in subfolders}
        subfolders[:] = [name for name in sorted(subfolders) if targets[name] not in entered]
        entered.update(targets.values())
        relative = Path(folder).relative_to(root)
        for file in files:
            if not is_special_file(Path(folder, file)):
                yield (relative / file).as_posix()


def _refuse_unreadable(error: OSError) -> None:
    """Raise DataError unless the folder is hidden or a system folder."""
    folder = Path(error.filename)
    if folder.name.startswith(".") or folder.name.lower() in _SYSTEM_FOLDERS:
        return
    raise DataError(
        f"The folder {folder} cannot be read: {error.strerror}. Allow reading it, or move it elsewhere."
    ) from error


def is_special_file(path: Path) -> bool:
    """Return whether ``path`` is a pipe, a socket or a device."""
    try:
        mode = path.stat().st_mode
    except OSError:  # for example a broken link
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))

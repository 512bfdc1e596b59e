"""Write the folder of a converted network once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from autotl.cache import file_lock
from autotl.errors import RunError, WeightsError
from autotl.files import is_full, raising_disk_full


def write_once(
    folder: Path,
    write: Callable[[Path], None],
    *,
    what: str,
    size: int,
    is_whole: Callable[[Path], bool] = Path.is_dir,
) -> None:
    """Write a folder atomically, once even if several processes need it.

    Args:
        folder: The folder; nothing is done if it is whole, else it is replaced.
        write: Writes the files into the empty folder that it gets.
        what: The content, for errors.
        size: The bytes that are needed at least.
        is_whole: Returns whether the folder has all that is written into it.

    Raises:
        WeightsError: The folder cannot be written.
    """
    if is_whole(folder):
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(folder.with_name(f"{folder.name}.lock")):
            if is_whole(folder):
                return
            part = folder.with_name(f".{folder.name}.part")
            for stale in (part, folder):
                shutil.rmtree(stale, ignore_errors=True)
            part.mkdir()
            with raising_disk_full(folder, size):
                write(part)
            part.rename(folder)
    except (OSError, RunError) as error:
        if is_full(error):
            raise
        why = getattr(error, "strerror", None) or error
        raise WeightsError(
            f"{what} cannot be written to {folder.parent} ({why}). "
            "Set AUTOTL_CACHE_DIR to a folder that can be written."
        ) from error

"""Copy a run folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from autotl.errors import RunError


def copy_run(folder: Path, target: Path) -> Path:
    """Copy a run folder, and return the copy.

    Raises:
        RunError: The target is not empty.
    """
    if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
        raise RunError(f"{target} exists and is not empty. Give a new folder to save to.")
    shutil.copytree(folder, target, dirs_exist_ok=True)
    return target

"""Check the folder of explanations."""

from __future__ import annotations

from pathlib import Path

from autotl.errors import RunError


def check_new_folder(folder: Path) -> None:
    """Raise RunError if a folder is not empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{folder} exists and is not empty. Give a new folder for the explanations.")

"""Sweep what killed processes left half done in a run folder."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

HALF_WRITTEN = re.compile(r"\.(.+\.(json|csv|md|html|svg|safetensors))\.[a-z0-9_]{8}")
"""How :func:`autotl.files.write_bytes` calls a file until it is complete."""


def sweep(folder: Path) -> None:
    """Delete the half-written files of a run that no process is at work on.

    A model that had been complete, but did not have its name yet, gets it.
    """
    model, fresh, old = (folder / name for name in ("model", ".model.new", ".model.old"))
    if old.is_dir() and not model.exists():
        (fresh if fresh.is_dir() else old).rename(model)
    for place in (fresh, old):
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place, ignore_errors=True)
    cache, trials = folder / ".cache", folder / ".cache" / "trials"
    for place in (folder, folder / "figures", folder / "journal", trials):
        for path in place.glob(".*"):
            if HALF_WRITTEN.fullmatch(path.name) and path.is_file():
                path.unlink(missing_ok=True)
    for path in (*cache.glob("*.part"), *trials.glob("*.part")):  # arrays of autotl.cache.Store
        path.unlink(missing_ok=True)

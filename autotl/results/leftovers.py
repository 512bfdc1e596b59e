"""Remove incomplete files that killed processes left in a run folder."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

INCOMPLETE = re.compile(r"\.(.+\.(json|csv|md|html|svg|safetensors))\.[a-z0-9_]{8}")
"""Names that :func:`autotl.files.write_bytes` gives to files until they are complete."""


def remove_leftovers(folder: Path) -> None:
    """Delete incomplete files of a run that no process works on.

    A complete model that was not yet renamed gets its name.
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
            if INCOMPLETE.fullmatch(path.name) and path.is_file():
                path.unlink(missing_ok=True)
    for path in (*cache.glob("*.part"), *trials.glob("*.part")):  # arrays of autotl.cache.Store
        path.unlink(missing_ok=True)

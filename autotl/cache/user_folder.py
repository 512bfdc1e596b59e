"""Name the folder for files of all runs that can be made again."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

VARIABLE = "AUTOTL_CACHE_DIR"


def user_cache() -> Path:
    """Return ``AUTOTL_CACHE_DIR`` if it is set, else the user's cache folder; it may not exist yet."""
    given = os.environ.get(VARIABLE, "").strip()
    return Path(given).expanduser() if given else platformdirs.user_cache_path("autotl")

"""Locate the user's cache folder, whose files can be computed again."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

VARIABLE = "AUTOTL_CACHE_DIR"
"""The environment variable that names the cache folder."""


def user_cache() -> Path:
    """Return the folder in ``AUTOTL_CACHE_DIR`` or the user's cache folder.

    The folder may not exist.
    """
    given = os.environ.get(VARIABLE, "").strip()
    return Path(given).expanduser() if given else platformdirs.user_cache_path("autotl")

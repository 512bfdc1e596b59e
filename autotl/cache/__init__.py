"""Store computed arrays on disk, under keys that name their inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.cache.lock import exclusive_lock, file_lock
    from autotl.cache.sizes import parse_cache_size, parse_size
    from autotl.cache.store import Store
    from autotl.cache.user_folder import user_cache

__all__ = [
    "Store",
    "exclusive_lock",
    "file_lock",
    "parse_cache_size",
    "parse_size",
    "user_cache",
]

lazy_package(__name__)

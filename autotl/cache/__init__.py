"""Keep what was computed once: arrays on disk, named by what they were computed from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.cache.lock import alone, locked
    from autotl.cache.sizes import in_bytes, size
    from autotl.cache.store import Store
    from autotl.cache.user_folder import user_cache

__all__ = [
    "Store",
    "alone",
    "in_bytes",
    "locked",
    "size",
    "user_cache",
]

lazy_package(__name__)

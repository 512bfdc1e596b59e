"""Keep what was computed once: arrays on disk, named by what they were computed from."""

from autotl.cache.lock import alone
from autotl.cache.sizes import in_bytes, size
from autotl.cache.store import Store

__all__ = ["Store", "alone", "in_bytes", "size"]

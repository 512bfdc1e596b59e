"""Copy cached arrays when the order of the training images changes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.cache import Store
from autotl.data import view_of
from autotl.errors import CacheError
from autotl.workbench.activation_cache import HALF_PRECISION, ActivationCache
from autotl.workbench.run_cache import RunCache

BLOCK_BYTES = 2**25
"""Bytes that are copied at once. ``np.take`` with ``out`` would hold a second copy of the whole array."""


def copy_cached_arrays(previous: RunCache, current: RunCache) -> None:
    """Copy cached images and activations in the order of ``current``.

    Both caches have the same rows. Features need no copy: ``current`` reads those of ``previous``.
    """
    if previous.rows_digest == current.rows_digest:
        return
    order = previous.positions(current.order).numpy()
    old, new = ActivationCache(previous), ActivationCache(current)
    for name, facts in current.backbones.items():
        image_view, view = view_of(facts.config, input_size=facts.input_size), new.plain_view(name)
        rows = len(order)
        keys = [(previous.images.key(image_view, rows), current.images.key(image_view, rows))]
        keys += [
            (old.key(name, stage.module, view, dtype), new.key(name, stage.module, view, dtype))
            for stage in facts.stages[:-1]
            for dtype in HALF_PRECISION
        ]
        for old_key, new_key in keys:
            copy_in_order(current.store, old_key, new_key, order)


def copy_in_order(
    store: Store, old_key: Mapping[str, Any], new_key: Mapping[str, Any], order: NDArray[np.int64]
) -> None:
    """Copy an array in a new order, if it exists and fits.

    Args:
        store: Holds the array.
        old_key: The key of the array.
        new_key: The key of the copy.
        order: For each row of the copy, the row of the array, (n,).
    """
    found = store.find(old_key)
    if found is None:
        return
    step = max(1, BLOCK_BYTES * len(found) // max(1, found.nbytes))

    def fill(out: NDArray[Any]) -> None:
        for start in range(0, len(order), step):
            out[start : start + step] = found[order[start : start + step]]

    with suppress(CacheError):  # the store is full: the array is computed again
        store.array(new_key, found.shape, found.dtype, fill)

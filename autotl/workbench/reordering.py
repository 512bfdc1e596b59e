"""Keep what was computed of the training images when their order changes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.cache import Store
from autotl.data import view_of
from autotl.errors import CacheError
from autotl.workbench.activation_cache import HALF, ActivationCache
from autotl.workbench.run_cache import RunCache

BLOCK = 2**25
"""Bytes that are copied at once. ``np.take`` with ``out`` would hold a second copy of the whole array."""


def carry_over(before: RunCache, after: RunCache) -> None:
    """Copy the images and the maps that the first pass kept, in the order of ``after``.

    Both have the same rows. The features need no copy: :class:`Materials` reads those before.
    """
    if before.named == after.named:
        return
    order = before.positions(after.order).numpy()
    old, new = ActivationCache(before), ActivationCache(after)
    for name, facts in after.backbones.items():
        view, look = view_of(facts.config, side=facts.side), new.plain(name)
        keys = [(before.pixels_key(view, len(order)), after.pixels_key(view, len(order)))]
        keys += [
            (old.key(name, stage.module, look, kind), new.key(name, stage.module, look, kind))
            for stage in facts.stages[:-1]
            for kind in HALF
        ]
        for was, now in keys:
            copy_in_order(after.store, was, now, order)


def copy_in_order(
    store: Store, was: Mapping[str, Any], now: Mapping[str, Any], order: NDArray[np.int64]
) -> None:
    """Copy the rows of an array in a new order; do nothing if it is not in the store or there is no room.

    Args:
        store: Holds the array.
        was: The key of the array.
        now: The key of the copy.
        order: For each row of the copy, the row of the array, (n,).
    """
    found = store.find(was)
    if found is None:
        return
    step = max(1, BLOCK * len(found) // max(1, found.nbytes))

    def fill(out: NDArray[Any]) -> None:
        for start in range(0, len(order), step):
            out[start : start + step] = found[order[start : start + step]]

    with suppress(CacheError):  # there is no room: it is computed again
        store.array(now, found.shape, found.dtype, fill)

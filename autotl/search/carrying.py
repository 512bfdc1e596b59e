"""Keep what was computed of the training images when their order changes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.data import view_of
from autotl.errors import CacheError
from autotl.search.activations import HALF, Activations
from autotl.search.materials import Materials


def carry_over(before: Materials, after: Materials) -> None:
    """Copy the images and the maps that the first pass kept, in the order of ``after``.

    Both have the same rows. The features need no copy: :class:`Materials` reads those before.
    """
    if before.named == after.named:
        return
    order = before.positions(after.order).numpy()
    old, new = Activations(before), Activations(after)
    for name, facts in after.backbones.items():
        view, look = view_of(facts.config, side=facts.side), new.plain(name)
        keys = [(before.pixels_key(view, len(order)), after.pixels_key(view, len(order)))]
        keys += [
            (old.key(name, stage.module, look, kind), new.key(name, stage.module, look, kind))
            for stage in facts.stages[:-1]
            for kind in HALF
        ]
        for was, now in keys:
            _copy(after, was, now, order)


def _copy(
    materials: Materials, was: Mapping[str, Any], now: Mapping[str, Any], order: NDArray[np.int64]
) -> None:
    found = materials.store.find(was)
    if found is None:
        return
    with suppress(CacheError):  # there is no room: it is computed again
        materials.store.array(now, found.shape, found.dtype, lambda out: np.take(found, order, 0, out=out))

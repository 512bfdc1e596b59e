"""Arrays are copied in a new order without a second copy in memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np

from autotl.cache import Store
from autotl.workbench.reordering import BLOCK_BYTES, copy_in_order


def test_rows_are_copied_in_blocks(tmp_path: Path) -> None:
    rows, width = 64, BLOCK_BYTES // 16
    order = np.random.default_rng(0).permutation(rows)
    store = Store(tmp_path)

    def fill(out: np.ndarray) -> None:
        for row in range(rows):
            out[row] = row

    store.array({"what": "old"}, (rows, width), np.uint8, fill)
    tracemalloc.start()
    copy_in_order(store, {"what": "old"}, {"what": "new"}, order)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    copied = store.find({"what": "new"})
    assert copied is not None
    assert copied[:, 0].tolist() == copied[:, -1].tolist() == order.tolist()
    assert peak < 1.5 * BLOCK_BYTES < rows * width


def test_an_array_that_is_not_there_or_has_no_room_is_not_copied(tmp_path: Path) -> None:
    store, order = Store(tmp_path, bound=2000), np.arange(4)
    copy_in_order(store, {"what": "old"}, {"what": "new"}, order)
    assert store.find({"what": "new"}) is None
    store.array({"what": "old"}, (4, 400), np.uint8, lambda out: out.fill(1))
    copy_in_order(Store(tmp_path, bound=100), {"what": "old"}, {"what": "new"}, order)
    assert store.find({"what": "new"}) is None

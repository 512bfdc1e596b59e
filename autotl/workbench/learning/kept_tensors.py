"""Tensors of strategies that all trials of a run share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from autotl.cache import Store
from autotl.workbench.run_cache import RunCache


def keep_tensor(
    run_cache: RunCache, backbone: str, key: tuple[str, str, int | None], compute: Callable[[], Tensor]
) -> Tensor:
    """Return a tensor from the run's store, computed if missing.

    Args:
        run_cache: The store, and the digests of images and networks.
        backbone: The network.
        key: The strategy, its name of the tensor, and the fold.
        compute: Returns the tensor.
    """
    strategy, name, fold = key
    full_key = {
        "strategy": strategy,
        "kept": name,
        "fold": fold,
        "rows": run_cache.rows_digest,
        "labels": run_cache.dataset.digest,
        "split": run_cache.splits.hash,
        "weights": run_cache.backbones[backbone].digest,
        "row weights": run_cache.weights_digest,
    }
    return stored_tensor(run_cache.store, full_key, compute)


def stored_tensor(store: Store, key: Mapping[str, Any], compute: Callable[[], Tensor]) -> Tensor:
    """Return a tensor from a store, computed if missing.

    Args:
        store: The store.
        key: All that the tensor depends on, as plain JSON data.
        compute: Returns the tensor.
    """
    if (found := store.find(key)) is not None:
        return torch.from_numpy(found)
    made = compute().detach().cpu().contiguous()
    values = (made.float() if made.dtype is torch.bfloat16 else made).numpy()
    kept = store.array(key, values.shape, values.dtype, lambda out: out.__setitem__(..., values))
    return torch.from_numpy(kept)

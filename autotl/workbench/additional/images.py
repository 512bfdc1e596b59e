"""Pixels and features of additional images in a run."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autotl.api import AdditionalImages
from autotl.data import rows_digest, view_of
from autotl.workbench.additional.sets import AdditionalSet
from autotl.workbench.feature_extraction import extract_features
from autotl.workbench.image_cache import CancellationCheck, ImageCache, never_cancelled
from autotl.workbench.run_cache import RunCache


def with_additional(run_cache: RunCache, sets: Mapping[str, AdditionalSet]) -> RunCache:
    """Return the same cache with additional images, by their role."""
    copied = copy.copy(run_cache)
    copied.additional, copied.extra_features = dict(sets), run_cache.extra_features
    return copied


def additional_facts(run_cache: RunCache) -> dict[str, AdditionalImages]:
    """Return the facts of all additional images, by their role."""
    return {role: each.facts for role, each in run_cache.additional.items()}


def image_cache(run_cache: RunCache, images: AdditionalSet, rows: NDArray[np.int64]) -> ImageCache:
    """Return the decoded images of some rows of a set.

    Args:
        run_cache: The networks and the store.
        images: The set.
        rows: The rows, ascending.
    """
    dataset = images.dataset
    digest = rows_digest(dataset, rows)
    return ImageCache(dataset, rows, digest, run_cache.backbones, run_cache.store, run_cache.batch_size)


def additional_features(
    run_cache: RunCache,
    images: AdditionalSet,
    backbone: str,
    *,
    input_size: int,
    check_cancelled: CancellationCheck = never_cancelled,
) -> Tensor:
    """Return pooled features of all rows, through the frozen backbone.

    Args:
        run_cache: The networks and the store.
        images: The set.
        backbone: The network.
        input_size: Image size in pixels.
        check_cancelled: Called before each batch; may raise to end the work.

    Returns:
        Features, float32 (rows, features).
    """
    cached = image_cache(run_cache, images, np.arange(len(images.dataset)))
    facts = run_cache.backbones[backbone]

    def fill(out: NDArray[Any]) -> None:
        with closing(cached.iter_pixels(backbone, input_size=input_size, margin=False)) as batches:
            extract_features(
                run_cache.networks.source(backbone),
                batches,
                out,
                to_batch=lambda x: run_cache.to_batch(backbone, x),
                device=run_cache.device,
                batch=run_cache.batch_size,
                check_cancelled=check_cancelled,
            )

    key = {
        "additional features": cached.rows_digest,
        "view": view_of(facts.config, input_size=input_size).key,
        "weights": facts.digest,
    }
    shape = len(images.dataset), facts.features
    return torch.from_numpy(run_cache.store.array(key, shape, np.float32, fill))

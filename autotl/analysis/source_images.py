"""Prepare a sample of the user's source images for a backbone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from autotl.api import Backbone
from autotl.data import failure_reason, render_images, view_of, without_pillow_warnings
from autotl.errors import DataError
from autotl.seeds import derive

MIN_IMAGES, MAX_IMAGES = 32, 2000
"""Source images that are needed, and the most that are used."""
BROKEN_SHARE = 0.05
"""The fraction of unreadable source images above which the source is refused."""


def source_pixels(openers: Sequence[Any], backbone: Backbone, seed: int) -> torch.Tensor:
    """Return a sample of the source images, prepared for the backbone.

    Args:
        openers: Functions that open the source images.
        backbone: The backbone.
        seed: The seed of the sample.

    Returns:
        uint8 (n, 3, side, side).

    Raises:
        DataError: There are too few images, or too many cannot be read.
    """
    if len(openers) < MIN_IMAGES:
        raise DataError(
            f"source must have at least {MIN_IMAGES} images (got {len(openers)}). Give some hundred."
        )
    chosen = np.random.default_rng(derive(seed, "source")).permutation(len(openers))[:MAX_IMAGES]
    view = view_of(backbone.config, input_size=backbone.input_size)
    images, broken = [], list[str]()
    with without_pillow_warnings():
        for i in sorted(chosen):
            try:
                images.append(render_images([openers[int(i)]()], view))
            except Exception as error:  # decoders raise anything at files that are no images
                broken.append(failure_reason(error))
    if len(images) < MIN_IMAGES or len(broken) > BROKEN_SHARE * len(chosen):
        raise DataError(
            f"{len(broken)} of {len(chosen)} source images cannot be read, the first: {broken[0]}."
        )
    return torch.from_numpy(np.concatenate(images))

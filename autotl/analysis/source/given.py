"""Prepare the user's source images or texts for a backbone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from autotl.api import Backbone
from autotl.data import failure_reason, upright_rgb, view_of, without_pillow_warnings
from autotl.errors import DataError
from autotl.modalities import modality_of
from autotl.seeds import derive

MIN_IMAGES, MAX_IMAGES = 32, 2000
"""Source images that are needed, and the most that are used."""
BROKEN_SHARE = 0.05
"""The fraction of unreadable source images above which the source is refused."""


def source_pixels(openers: Sequence[Any], backbone: Backbone, seed: int) -> torch.Tensor:
    """Return a sample of the source inputs, encoded for the backbone.

    Args:
        openers: Functions that open the source images or texts.
        backbone: The backbone.
        seed: The seed of the sample.

    Returns:
        Images, uint8 (n, 3, side, side), or texts, int32 (n, tokens).

    Raises:
        DataError: There are too few images, or too many cannot be read.
    """
    nouns = f"{modality_of(backbone.config).noun}s"
    if len(openers) < MIN_IMAGES:
        raise DataError(
            f"source must have at least {MIN_IMAGES} {nouns} (got {len(openers)}). Give some hundred."
        )
    chosen = np.random.default_rng(derive(seed, "source")).permutation(len(openers))[:MAX_IMAGES]
    encode = view_of(backbone.config, input_size=backbone.input_size).transform()
    encoded, broken = [], list[str]()
    with without_pillow_warnings():
        for i in sorted(chosen):
            try:
                encoded.append(encode(_upright(openers[int(i)]())))
            except Exception as error:  # decoders raise anything at files that are no images
                broken.append(failure_reason(error))
    if len(encoded) < MIN_IMAGES or len(broken) > BROKEN_SHARE * len(chosen):
        raise DataError(
            f"{len(broken)} of {len(chosen)} source {nouns} cannot be read, the first: {broken[0]}."
        )
    return torch.from_numpy(np.stack(encoded))


def _upright(value: Any) -> Any:
    """Return an image as upright RGB, and another input as it is."""
    return upright_rgb(value) if isinstance(value, Image.Image) else value

"""Images as a modality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.api import DataConfig, Weights
from autotl.modalities.image.normalise import Normalise
from autotl.modalities.image.view import View

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

MAX_ENLARGEMENT = 8
"""The largest size of a view, in sizes of the images: more pixels show no more detail."""
_MIN_LARGE_SIZE = 96
"""The native size in pixels from which candidate sizes are multiples of 32, not 16."""


class ImageModality:
    """Images of any size, which networks take as squares of pixels."""

    name = "image"
    noun = "image"
    augmentations: tuple[str, ...] = ("none", "shift", "mirror", "strong")
    cost_power = 2.0
    backbones: tuple[str, ...] = ()

    def view(self, config: DataConfig, *, input_size: int, margin: bool = False) -> View:
        """See :class:`autotl.api.Modality`.

        Args:
            config: The configuration of the weights.
            input_size: The size in pixels.
            margin: Whether to keep a margin for random crops.
        """
        fill = tuple(round(255 * value) for value in config.mean)
        return View(input_size, config.interpolation, config.crop_pct, config.crop_mode, margin, fill)

    def to_batch(self, config: DataConfig, device: str) -> Normalise:
        """See :class:`autotl.api.Modality`."""
        return Normalise(config.mean, config.std, device)

    def input_sizes(self, config: DataConfig, typical_size: int) -> tuple[int, ...]:
        """Return the image sizes that are worth trying, ascending.

        Sizes that enlarge typical images much are left out.
        """
        if config.fixed:
            return (config.input_size,)
        step = 32 if config.input_size >= _MIN_LARGE_SIZE else 16
        smaller = {max(round(config.input_size * k / 7 / step), 1) * step for k in (3, 4, 5)}
        sizes = sorted({each for each in smaller if each < config.input_size} | {config.input_size})
        return tuple(each for each in sizes if each <= MAX_ENLARGEMENT * typical_size) or (sizes[0],)

    def typical_size(self, table: pd.DataFrame) -> int:
        """Return the median shorter side of the images, in pixels."""
        return int(table[["height", "width"]].min(axis=1).median())

    def create(self, weights: Weights, *, pretrained: bool) -> nn.Module | None:
        """Return None: timm creates the networks."""
        return None

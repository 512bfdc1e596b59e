"""Images as a modality."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import (
    VERSION,
    DataConfig,
    Dataset,
    DeliveredNetwork,
    InputConfig,
    InputWords,
    Listing,
    NamedInput,
    PixelScale,
    Reader,
    ReadingBudget,
    Weights,
)
from autotl.modalities import Normalise, View, image_view, noise_images

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray
    from torch import nn

MAX_ENLARGEMENT = 8
"""The largest size of a view, in sizes of the images: more pixels show no more detail."""
_MIN_LARGE_SIZE = 96
"""The native size in pixels from which candidate sizes are multiples of 32, not 16."""


class Images:
    """Images of any size, which networks take as squares of pixels."""

    api = VERSION
    name = "image"
    summary = "images of any size, as squares of pixels"
    noun = "image"
    augmentations: tuple[str, ...] = ("none", "shift", "mirror", "strong")
    cost_power = 2.0
    backbones: tuple[str, ...] = ()
    supports: tuple[str, ...] = ("additional", "explain", "export", "serve")
    words = InputWords(
        unit="pixels",
        symbol="px",
        size="median shorter side",
        copies="pixel by pixel",
        python='"photo.jpg"',
        shell="photos/",
    )

    def read(self, source: object, listing: Listing, budget: ReadingBudget) -> Dataset:
        """Decode the images once; see :func:`autotl.data.read`.

        Args:
            source: The source, for errors.
            listing: The images with their targets.
            budget: How many to read.
        """
        from autotl.data import read_images

        return read_images(source, listing, budget)

    def list_inputs(
        self,
        given: Any,
        *,
        readers: Callable[[], Mapping[str, Reader]],
        column: str | None,
        scale: PixelScale | None,
    ) -> Iterator[NamedInput]:
        """Yield images that open upright and in RGB.

        Args:
            given: The images, as for :func:`autotl.data.prediction_images`.
            readers: Returns the readers by name.
            column: The column of a table that holds the images.
            scale: The pixel scale of the model.
        """
        from autotl.data import prediction_images

        for each in prediction_images(given, readers=readers, image=column, scale=scale):
            yield NamedInput(each.name, partial(_upright, each.open, scale))

    def view(self, config: DataConfig, *, input_size: int, margin: bool = False) -> View:
        """See :class:`autotl.api.Modality`.

        Args:
            config: The configuration of the weights.
            input_size: The size in pixels.
            margin: Whether to keep a margin for random crops.
        """
        return image_view(config, input_size=input_size, margin=margin)

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

    def noise(self, config: DataConfig, like: NDArray[Any], *, seed: int) -> NDArray[Any]:
        """Return images of uniform noise; see :class:`autotl.api.MakesNoise`.

        Args:
            config: The configuration of the weights.
            like: Encoded images, (n, 3, side, side).
            seed: The seed.
        """
        found: NDArray[Any] = noise_images(len(like), like.shape[-1], seed).numpy()
        return found

    def write_network(self, folder: Path, network: DeliveredNetwork) -> None:
        """Write a folder that timm opens."""
        from autotl.results.images.folder import write_image_network

        write_image_network(folder, network)

    def load_network(self, folder: Path) -> tuple[dict[str, Any], nn.Module, InputConfig]:
        """Return the configuration, timm's network and its view."""
        from autotl.results.images.folder import load_image_network

        return load_image_network(folder)


def _upright(opener: Callable[[], Any], scale: PixelScale | None) -> Any:
    from autotl.data import upright_rgb

    return upright_rgb(opener(), scale)


@hookimpl
def autotl_modalities() -> list[Any]:
    return [Images()]

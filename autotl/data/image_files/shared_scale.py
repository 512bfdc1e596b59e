"""Bring all images of one prediction to one pixel scale."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from autotl.api import PixelScale
from autotl.data.image_files.bit_depth import deep_values_of
from autotl.data.image_files.decode import upright_rgb
from autotl.data.image_files.pixel_scaling import (
    Extremes,
    choose_scale,
    complete_scale,
    extremes_of,
    scale_notes,
    span_for,
)
from autotl.errors import DataError, PixelScaleWarning

Opener = Callable[[], Image.Image]


class SharedScale:
    """The pixel scale of a model, completed from all given images.

    A model that learned from 8-bit images only has no scale for images of more bits. If such an image is
    opened, all images are decoded once to choose a scale, and a warning states it. Otherwise no image is
    decoded twice.
    """

    def __init__(
        self,
        known: PixelScale,
        openers: Callable[[], Iterable[Opener]] | None,
        *,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """Start with the scale of a model.

        Args:
            known: The scale that the model learned from.
            openers: Returns an opener for each image; None if the images can be read only once.
            say: Gets the note on a chosen scale; None for a warning.
        """
        self._scale, self._openers, self._say = known, openers, say or _warn

    def open(self, opener: Opener) -> Image.Image:
        """Open an image at the shared scale.

        Raises:
            DataError: The image needs a scale that cannot be chosen.
        """
        image = opener()
        values = deep_values_of(image)
        if values is not None and self._lacks(values):
            self._complete()
            if self._lacks(values):
                raise DataError(
                    "its pixels have more than 8 bits, but the model learned from images of 8 bits, and the "
                    "scale cannot be chosen from a generator. Give a folder or a list of all images"
                )
        return upright_rgb(image, self._scale)

    def _lacks(self, values: NDArray[Any]) -> bool:
        return span_for(values, self._scale) is None

    def _complete(self) -> None:
        """Choose the missing spans from all images that can be read."""
        extremes: list[Extremes] = []
        for opener in self._openers() if self._openers else ():
            try:
                values = deep_values_of(opener())
            except Exception:  # an unreadable image gets its own error when it is predicted
                continue
            if values is not None and self._lacks(values):
                extremes.append(extremes_of(values))
        chosen = choose_scale(extremes)
        self._scale = complete_scale(self._scale, chosen)
        for note in scale_notes(chosen, extremes):
            self._say(f"The model learned from images of 8 bits. {note}")


def open_alone(opener: Opener, scale: PixelScale | None) -> tuple[Image.Image, list[str]]:
    """Open an image as a prediction of this image alone does.

    Args:
        opener: Opens the image.
        scale: The pixel scale of the model; None if the model was saved without one.

    Returns:
        The upright RGB image, and notes on a scale that was chosen for it.

    Raises:
        Exception: The opener raised it.
    """
    if scale is None:
        return upright_rgb(opener()), []
    notes: list[str] = []
    shared = SharedScale(scale, lambda: (opener,), say=notes.append)
    return upright_rgb(shared.open(opener), scale), notes


def _warn(text: str) -> None:
    warnings.warn(text, PixelScaleWarning, stacklevel=3)

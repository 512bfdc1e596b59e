"""Decode each image once and record the facts that a dataset needs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import Item, PixelScale
from autotl.clock import Clock, WallClock
from autotl.data.image_files.bit_depth import deep_values_of
from autotl.data.image_files.decode import failure_reason, pixel_digest, upright_rgb
from autotl.data.image_files.exif import captured
from autotl.data.image_files.perceptual_hash import thumbnail
from autotl.data.image_files.pixel_scaling import Extremes, choose_scale, complete_scale, extremes_of
from autotl.data.splits.reading_sample import MIN_IMAGES_READ, pace_sample, stratified_sample
from autotl.data.threads import map_in_threads
from autotl.progress import report_progress

_CHECKPOINTS = (0.25, 0.5, 1.0)
"""Shares of the planned images after which the clock is checked."""
_MAX_OVERRUN = 1.5
"""Multiple of the time limit after which no further images are read."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Facts of a decoded image.

    Attributes:
        digest: The digest of the RGB pixels.
        height: The height in pixels.
        width: The width in pixels.
        thumbnail: The image in grey, uint8 (32, 32).
        taken: The camera and the capture time in seconds; None if unknown.
        extremes: The extreme pixel values of an image of more than 8 bits; None for other images.
    """

    digest: str
    height: int
    width: int
    thumbnail: NDArray[np.uint8]
    taken: tuple[str, float] | None
    extremes: Extremes | None


@dataclass(frozen=True, slots=True)
class UprightOpener:
    """Opens an image and converts it to RGB at a scale."""

    open: Callable[[], Image.Image]
    scale: PixelScale | None

    def __call__(self) -> Image.Image:
        return upright_rgb(self.open(), self.scale)


@dataclass(frozen=True, slots=True)
class ScannedImages:
    """The images that were decoded.

    Attributes:
        items: The items, in the order of the listing.
        facts: The facts of each item, or the reason why it cannot be decoded.
        scale: The pixel scale of all images of more than 8 bits.
        extremes: The extreme pixel values of these images.
    """

    items: list[Item]
    facts: list[ImageFacts | str]
    scale: PixelScale
    extremes: list[Extremes]


class ImageScanner:
    """Decodes listed images in threads and keeps their facts."""

    def __init__(self, items: Sequence[Item], strata: Sequence[Hashable], *, threads: int | None) -> None:
        self._items, self._strata, self._threads = items, strata, threads
        self._facts: dict[int, ImageFacts | str] = {}

    def read(self, numbers: Sequence[int], *, total: int) -> None:
        """Decode the items with these numbers that are not decoded yet.

        Args:
            numbers: Positions in the listing.
            total: How many images will be read in all, for the progress.
        """
        new = [number for number in numbers if number not in self._facts]
        items = [self._items[number] for number in new]
        for number, facts in zip(new, map_in_threads(_read_facts, items, threads=self._threads), strict=True):
            self._facts[number] = facts
            report_progress("reading images", len(self._facts), total)

    def read_within(self, seconds: float, *, clock: Clock | None, seed: int) -> int | None:
        """Decode as many images as the time allows.

        The pace is measured on a sample. If the machine becomes slower, reading stops after a quarter or half
        of the planned images.

        Args:
            seconds: The time limit.
            clock: The clock; None for the wall clock.
            seed: The seed of the sample.

        Returns:
            How many images to keep; None for all.
        """
        count = len(self._items)
        clock = clock or WallClock()
        start = clock.now()
        self.read(pace_sample(count), total=count)
        decoded_twice = len(self.deep()) / len(self._facts)  # deep images are decoded again at their scale
        elapsed = (clock.now() - start) * (1 + decoded_twice)
        if not elapsed:
            return None
        limit = max(MIN_IMAGES_READ, int(seconds / elapsed * len(self._facts)))
        deadline = start + _MAX_OVERRUN * seconds
        planned = min(limit, count)
        for size in sorted({max(MIN_IMAGES_READ, int(share * planned)) for share in _CHECKPOINTS}):
            self.read(self._sample(size, seed=seed), total=planned)
            if clock.now() > deadline:
                return min(limit, size)
        return limit

    def _sample(self, size: int, *, seed: int) -> Sequence[int]:
        return stratified_sample(self._items, size, seed=seed, strata=self._strata)

    def finish(self, numbers: Sequence[int], *, total: int, known: PixelScale | None = None) -> ScannedImages:
        """Decode the remaining images and bring deep images to one scale.

        Args:
            numbers: Positions in the listing of the images to keep.
            total: How many images are read in all, for the progress.
            known: The scale of a data set that these images are added to; None to choose one.

        Raises:
            DataError: The floats are on another usual scale than ``known``.
        """
        self.read(numbers, total=total)
        deep = self.deep(numbers)
        scale = complete_scale(known, choose_scale(deep.values()))
        items = [self._items[number] for number in deep]
        rescaled = map_in_threads(partial(_read_facts, scale=scale), items, threads=self._threads)
        self._facts.update(zip(deep, rescaled, strict=True))
        return ScannedImages(
            [self._items[number] for number in numbers],
            [self._facts[number] for number in numbers],
            scale,
            list(deep.values()),
        )

    def deep(self, numbers: Sequence[int] | None = None) -> Mapping[int, Extremes]:
        """Return the extremes of the deep images, by number."""
        return {
            number: facts.extremes
            for number in (self._facts if numbers is None else numbers)
            if isinstance(facts := self._facts[number], ImageFacts) and facts.extremes is not None
        }


def read_image_facts(opener: Callable[[], Image.Image], scale: PixelScale | None = None) -> ImageFacts | str:
    """Return the facts of an image, or why it is unreadable."""
    try:
        image = upright_rgb(opener(), scale)
        values = deep_values_of(image)
        return ImageFacts(
            pixel_digest(image),
            image.height,
            image.width,
            thumbnail(image),
            captured(image),
            None if values is None else extremes_of(values),
        )
    except Exception as error:  # a plugin may raise anything; one bad image must not end the reading
        return failure_reason(error)


def _read_facts(item: Item, scale: PixelScale | None = None) -> ImageFacts | str:
    return read_image_facts(item.open, scale)

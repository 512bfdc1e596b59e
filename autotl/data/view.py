"""Resize and crop images as a network expects them, without normalisation."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import DataConfig, Dataset
from autotl.data.image_files.decode import failure_reason, upright_rgb, without_pillow_warnings
from autotl.data.threads import map_in_threads
from autotl.errors import DataError, UnknownName
from autotl.importing.vision import timm

if TYPE_CHECKING:
    from autotl.api.dataset import Rows

Transform = Callable[[Image.Image], NDArray[np.uint8]]

_INTERPOLATIONS = ("bicubic", "bilinear", "box", "hamming", "lanczos", "nearest")
_CROP_MODES = ("border", "center", "squash")
_MAX_ASPECT_RATIO = 16
"""Aspect ratio above which the ends of an image are cut off before its shorter side is resized."""
_MARGIN = 8 / 7  # 256 pixels for crops of 224 pixels, the usual size for random crops


@dataclass(frozen=True, slots=True)
class View:
    """A fixed preprocessing of images, with or without a margin.

    Without a margin it is timm's preprocessing for evaluation. A margin serves random crops.

    >>> view = View(input_size=32, interpolation="bicubic", crop_pct=1.0, crop_mode="center")
    >>> view.transform()(Image.new("RGB", (48, 64))).shape
    (3, 32, 32)

    Attributes:
        input_size: The input size of the network in pixels, above 0.
        interpolation: The name of the interpolation, such as ``"bicubic"``.
        crop_pct: The share of the image inside the crop, above 0.
        crop_mode: ``"center"``, ``"squash"`` or ``"border"``, as in timm.
        margin: Whether the shorter side becomes ``input_size`` × 8/7 and the central square is kept.
        fill: The colour beside a narrow image, for the crop mode ``"border"``.
    """

    input_size: int
    interpolation: str
    crop_pct: float
    crop_mode: str
    margin: bool = False
    fill: tuple[int, ...] = (124, 116, 104)

    def __post_init__(self) -> None:
        if self.interpolation not in _INTERPOLATIONS:
            raise UnknownName("interpolation", self.interpolation, _INTERPOLATIONS)
        if self.crop_mode not in _CROP_MODES:
            raise UnknownName("crop mode", self.crop_mode, _CROP_MODES)
        if self.input_size < 1 or self.crop_pct <= 0:
            raise DataError(
                f"side and crop_pct must be above 0 (got {self.input_size} pixels and {self.crop_pct}). "
                "Give larger values."
            )

    @property
    def pixels(self) -> int:
        """Height and width of the output in pixels, including the margin."""
        return round(self.input_size * _MARGIN) if self.margin else self.input_size

    @property
    def key(self) -> str:
        """Name of the view in cache keys; equal views have equal keys."""
        if self.margin:
            return f"{self.input_size}+margin-{self.interpolation}"
        fill = "-" + "-".join(map(str, self.fill)) if self.crop_mode == "border" else ""
        return f"{self.input_size}-{self.interpolation}-{self.crop_pct!r}-{self.crop_mode}{fill}"

    def transform(self) -> Transform:
        """Return a function from an RGB image to its pixels.

        The pixels are uint8 (3, pixels, pixels).
        """
        factory: Any = timm.data  # typed in part
        steps = factory.create_transform(
            input_size=self.pixels,
            is_training=False,
            use_prefetcher=True,  # keeps the pixels as uint8
            interpolation=self.interpolation,
            mean=tuple(value / 255 for value in self.fill),  # timm derives the border colour from it
            crop_pct=1.0 if self.margin else self.crop_pct,
            crop_mode="center" if self.margin else self.crop_mode,
        )

        # an image that is resized by its longer side does not grow, but its width must not become 0
        mode = "center" if self.margin else self.crop_mode
        max_ratio = {"center": _MAX_ASPECT_RATIO, "border": self.pixels}.get(mode)

        def transform(image: Image.Image) -> NDArray[np.uint8]:
            pixels: NDArray[np.uint8] = steps(_cut_ends(image, max_ratio) if max_ratio else image).numpy()
            return pixels

        return transform


def view_of(config: DataConfig, *, input_size: int, margin: bool = False) -> View:
    """Return the view that matches the data configuration of pretrained weights.

    Args:
        config: The data configuration.
        input_size: The input size in pixels.
        margin: Whether to keep a margin for random crops.
    """
    fill = tuple(round(255 * value) for value in config.mean)
    return View(input_size, config.interpolation, config.crop_pct, config.crop_mode, margin, fill)


def _cut_ends(image: Image.Image, max_ratio: int) -> Image.Image:
    """Cut an image at both ends to at most this aspect ratio."""
    short, long = sorted(image.size)
    if long <= max_ratio * short:
        return image
    cut = (long - max_ratio * short) // 2
    if image.width > image.height:
        return image.crop((cut, 0, image.width - cut, image.height))
    return image.crop((0, cut, image.width, image.height - cut))


def render(
    dataset: Dataset,
    rows: Rows,
    view: View,
    *,
    threads: int | None = None,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Return the images of some rows, uint8 (rows, 3, h, w).

    Args:
        dataset: The images.
        rows: The rows to decode.
        view: The preprocessing.
        threads: The number of threads; None for one per usable core.
        out: The array to fill, for example a memory-mapped one; None for a new array.

    Raises:
        DataError: ``out`` has another shape or type, or an image has changed since it was read.
    """
    shape = (len(rows), 3, view.pixels, view.pixels)
    pixels = np.empty(shape, dtype=np.uint8) if out is None else out
    if pixels.shape != shape or pixels.dtype != np.uint8:
        raise DataError(f"out must be uint8 {shape} (got {pixels.dtype} {pixels.shape}). Give such an array.")
    for _ in render_parts(dataset, rows, view, [slice(0, len(rows))], pixels, threads=threads):
        pass
    return pixels


def render_parts(
    dataset: Dataset,
    rows: Rows,
    view: View,
    parts: Sequence[slice],
    out: NDArray[np.uint8],
    *,
    threads: int | None = None,
) -> Generator[slice, None, None]:
    """Fill an array with images and yield each filled part.

    Decoding continues in threads while the caller works on a part.

    Args:
        dataset: The images.
        rows: The rows to decode.
        view: The preprocessing.
        parts: Adjacent slices of ``rows``, in order.
        out: The array to fill, uint8 (rows, 3, h, w).
        threads: The number of threads; None for one per usable core.

    Raises:
        DataError: An image has changed since it was read.
    """
    transform = view.transform()
    heights, widths = (dataset.table[name].to_numpy() for name in ("height", "width"))

    def fill(position: int) -> None:
        row = int(rows[position])
        out[position] = transform(_reopen(dataset, row, (int(widths[row]), int(heights[row]))))

    with without_pillow_warnings():
        filled = map_in_threads(fill, range(len(rows)), threads=threads)
        for part in parts:
            for _ in range(part.start, part.stop):
                next(filled)
            yield part
        for _ in filled:  # lets the threads end
            pass


def render_images(images: Sequence[Image.Image], view: View) -> NDArray[np.uint8]:
    """Return images of any mode, uint8 (images, 3, h, w)."""
    transform = view.transform()
    pixels = np.empty((len(images), 3, view.pixels, view.pixels), dtype=np.uint8)
    for position, image in enumerate(images):
        pixels[position] = transform(upright_rgb(image))
    return pixels


def _reopen(dataset: Dataset, row: int, size: tuple[int, int]) -> Image.Image:
    """Open a row's image again; refuse it if it changed."""
    try:
        image = dataset.openers[row]()
    except Exception as error:  # a plugin's opener may raise anything
        raise DataError(_changed(dataset, row, failure_reason(error).removesuffix("."))) from error
    if image.size != size:
        before, now = ("{} × {}".format(*each) for each in (size, image.size))
        raise DataError(_changed(dataset, row, f"it had {before} pixels and has {now}"))
    return image


def _changed(dataset: Dataset, row: int, why: str) -> str:
    name = dataset.table["item"].iloc[row]
    return f"{name} has changed since the data was read: {why}. Restore the file."

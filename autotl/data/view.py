"""Show images as a network wants to see them: resized and cropped, not yet normalised."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import DataConfig, Dataset
from autotl.data.image_files.decode import quietly, reason, upright_rgb
from autotl.data.threads import in_threads
from autotl.errors import DataError, UnknownName
from autotl.importing.vision import timm

if TYPE_CHECKING:
    from autotl.api.dataset import Rows

Look = Callable[[Image.Image], NDArray[np.uint8]]

_INTERPOLATIONS = ("bicubic", "bilinear", "box", "hamming", "lanczos", "nearest")
_CROPS = ("border", "center", "squash")
_NARROW = 16
"""Times as long as wide, above which the ends are cut off first: an image is resized by its shorter side."""
_MARGIN = 8 / 7  # 256 pixels for crops of 224: what random crops are commonly taken from


@dataclass(frozen=True, slots=True)
class View:
    """A fixed way to look at an image: as timm does in evaluation, or with a ``margin`` for random crops.

    With the margin, the shorter side comes to ``side`` × 8/7 and the centre square of that size is kept.
    ``fill`` is the colour beside a narrow image, seen where ``crop_mode`` is ``"border"`` alone.

    >>> view = View(side=32, interpolation="bicubic", crop_pct=1.0, crop_mode="center")
    >>> view.transform()(Image.new("RGB", (48, 64))).shape
    (3, 32, 32)
    """

    side: int
    interpolation: str
    crop_pct: float
    crop_mode: str
    margin: bool = False
    fill: tuple[int, ...] = (124, 116, 104)

    def __post_init__(self) -> None:
        if self.interpolation not in _INTERPOLATIONS:
            raise UnknownName("interpolation", self.interpolation, _INTERPOLATIONS)
        if self.crop_mode not in _CROPS:
            raise UnknownName("crop mode", self.crop_mode, _CROPS)
        if self.side < 1 or self.crop_pct <= 0:
            raise DataError(
                f"A view of {self.side} pixels cropped to {self.crop_pct} is empty. Give more than 0."
            )

    @property
    def pixels(self) -> int:
        """Height and width of what is seen: ``side``, and the margin if there is one."""
        return round(self.side * _MARGIN) if self.margin else self.side

    @property
    def key(self) -> str:
        """Names the view in the keys of caches: equal where the pixels are."""
        if self.margin:
            return f"{self.side}+margin-{self.interpolation}"
        fill = "-" + "-".join(map(str, self.fill)) if self.crop_mode == "border" else ""
        return f"{self.side}-{self.interpolation}-{self.crop_pct!r}-{self.crop_mode}{fill}"

    def transform(self) -> Look:
        """What turns an upright RGB image into uint8 (3, pixels, pixels), exactly as timm does."""
        factory: Any = timm.data  # it is typed in part
        steps = factory.create_transform(
            input_size=self.pixels,
            is_training=False,
            use_prefetcher=True,  # leaves the pixels as uint8
            interpolation=self.interpolation,
            mean=tuple(value / 255 for value in self.fill),  # timm takes the border's colour from it
            crop_pct=1.0 if self.margin else self.crop_pct,
            crop_mode="center" if self.margin else self.crop_mode,
        )

        # an image that is resized by its longer side does not grow, but its width must not come to nothing
        most = {"center": _NARROW, "border": self.pixels}.get("center" if self.margin else self.crop_mode)

        def look(image: Image.Image) -> NDArray[np.uint8]:
            seen: NDArray[np.uint8] = steps(_shortened(image, most) if most else image).numpy()
            return seen

        return look


def view_of(config: DataConfig, *, side: int, margin: bool = False) -> View:
    """How weights with this data config are shown images at ``side`` pixels."""
    fill = tuple(round(255 * value) for value in config.mean)
    return View(side, config.interpolation, config.crop_pct, config.crop_mode, margin, fill)


def _shortened(image: Image.Image, most: int) -> Image.Image:
    """The middle of an image that is more than ``most`` times as long as wide; any other as it is."""
    short, long = sorted(image.size)
    if long <= most * short:
        return image
    spare = (long - most * short) // 2  # the same at both ends: the middle stays the middle
    wide = image.width > image.height
    box = (
        (spare, 0, image.width - spare, image.height)
        if wide
        else (0, spare, image.width, image.height - spare)
    )
    return image.crop(box)


def render(
    dataset: Dataset,
    rows: Rows,
    view: View,
    *,
    threads: int | None = None,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """The rows' images through the view, uint8 (rows, 3, height, width), decoded in threads.

    They go into ``out`` where it is given, a memory-mapped array for instance: then no more than a few are in
    memory.
    """
    shape = (len(rows), 3, view.pixels, view.pixels)
    seen = np.empty(shape, dtype=np.uint8) if out is None else out
    if seen.shape != shape or seen.dtype != np.uint8:
        raise DataError(f"The images take uint8 {shape}, but out is {seen.dtype} {seen.shape}.")
    for _ in render_parts(dataset, rows, view, [slice(0, len(rows))], seen, threads=threads):
        pass
    return seen


def render_parts(
    dataset: Dataset,
    rows: Rows,
    view: View,
    parts: Sequence[slice],
    out: NDArray[np.uint8],
    *,
    threads: int | None = None,
) -> Generator[slice, None, None]:
    """Render the rows into ``out``; yields each of the ``parts``, in order, as soon as it is there.

    Decoding goes on while whoever reads the parts is busy.
    """
    look = view.transform()
    heights, widths = (dataset.table[name].to_numpy() for name in ("height", "width"))

    def show(place: int) -> None:
        row = int(rows[place])
        out[place] = look(_opened_again(dataset, row, (int(widths[row]), int(heights[row]))))

    with quietly():
        shown = in_threads(show, range(len(rows)), threads=threads)
        for part in parts:
            for _ in range(part.start, part.stop):
                next(shown)
            yield part
        for _ in shown:  # lets the threads end
            pass


def _opened_again(dataset: Dataset, row: int, size: tuple[int, int]) -> Image.Image:
    """A row's image. Raises DataError if it is no longer there, or no longer the same."""
    try:
        image = dataset.openers[row]()
    except Exception as error:  # a stranger's code on a stranger's file, which had been read before
        raise DataError(_changed(dataset, row, reason(error).removesuffix("."))) from error
    if image.size != size:
        was, now = ("{} × {}".format(*each) for each in (size, image.size))
        raise DataError(_changed(dataset, row, f"it had {was} pixels and has {now}"))
    return image


def _changed(dataset: Dataset, row: int, why: str) -> str:
    name = dataset.table["item"].iloc[row]
    return f"{name} has changed since the data was read: {why}. Put it back as it was."


def render_images(images: Sequence[Image.Image], view: View) -> NDArray[np.uint8]:
    """Images of any mode through the view, uint8 (images, 3, height, width), as in :func:`render`."""
    look = view.transform()
    seen = np.empty((len(images), 3, view.pixels, view.pixels), dtype=np.uint8)
    for place, image in enumerate(images):
        seen[place] = look(upright_rgb(image))
    return seen

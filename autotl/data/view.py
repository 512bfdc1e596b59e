"""Encode the inputs of a data set as a network expects them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import Dataset, InputConfig, InputView
from autotl.data.image_files.decode import failure_reason, upright_rgb, without_pillow_warnings
from autotl.data.threads import map_in_threads
from autotl.errors import DataError
from autotl.modalities import modality_of

if TYPE_CHECKING:
    from autotl.api.dataset import Rows


def view_of(config: InputConfig, *, input_size: int, margin: bool = False) -> InputView:
    """Return the view that matches the configuration of pretrained weights.

    Args:
        config: The configuration.
        input_size: The input size in pixels or tokens.
        margin: Whether to keep a margin for random crops.
    """
    return modality_of(config).view(config, input_size=input_size, margin=margin)


def render(
    dataset: Dataset,
    rows: Rows,
    view: InputView,
    *,
    threads: int | None = None,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Return the encoded inputs of some rows.

    Images are uint8 (rows, 3, h, w), texts int32 (rows, tokens).

    Args:
        dataset: The images or texts.
        rows: The rows to decode.
        view: The preprocessing.
        threads: The number of threads; None for one per usable core.
        out: The array to fill, for example a memory-mapped one; None for a new array.

    Raises:
        DataError: ``out`` has another shape or type, or an input has changed since it was read.
    """
    shape = (len(rows), *view.shape)
    pixels = np.empty(shape, dtype=view.dtype) if out is None else out
    if pixels.shape != shape or pixels.dtype != view.dtype:
        raise DataError(
            f"out must be {view.dtype} {shape} (got {pixels.dtype} {pixels.shape}). Give such an array."
        )
    for _ in render_parts(dataset, rows, view, [slice(0, len(rows))], pixels, threads=threads):
        pass
    return pixels


def render_parts(
    dataset: Dataset,
    rows: Rows,
    view: InputView,
    parts: Sequence[slice],
    out: NDArray[Any],
    *,
    threads: int | None = None,
) -> Generator[slice, None, None]:
    """Fill an array with encoded inputs and yield each filled part.

    Decoding continues in threads while the caller works on a part.

    Args:
        dataset: The images.
        rows: The rows to decode.
        view: The preprocessing.
        parts: Adjacent slices of ``rows``, in order.
        out: The array to fill, (rows, *view.shape).
        threads: The number of threads; None for one per usable core.

    Raises:
        DataError: An image has changed since it was read.
    """
    transform = view.transform()
    sizes = [dataset.table[name].to_numpy() for name in ("width", "height") if name in dataset.table]

    def fill(position: int) -> None:
        row = int(rows[position])
        out[position] = transform(_reopen(dataset, row, tuple(int(each[row]) for each in sizes)))

    with without_pillow_warnings():
        filled = map_in_threads(fill, range(len(rows)), threads=threads)
        for part in parts:
            for _ in range(part.start, part.stop):
                next(filled)
            yield part
        for _ in filled:  # lets the threads end
            pass


def render_images(images: Sequence[Image.Image], view: InputView) -> NDArray[Any]:
    """Return images of any mode, uint8 (images, 3, h, w)."""
    transform = view.transform()
    pixels = np.empty((len(images), *view.shape), dtype=view.dtype)
    for position, image in enumerate(images):
        pixels[position] = transform(upright_rgb(image))
    return pixels


def _reopen(dataset: Dataset, row: int, size: tuple[int, ...]) -> Any:
    """Open a row's input again; refuse an image of another width and height, if these are known."""
    try:
        image = dataset.openers[row]()
    except Exception as error:  # a plugin's opener may raise anything
        raise DataError(_changed(dataset, row, failure_reason(error).removesuffix("."))) from error
    if size and image.size != size:
        before, now = ("{} × {}".format(*each) for each in (size, image.size))
        raise DataError(_changed(dataset, row, f"it had {before} pixels and has {now}"))
    return image


def _changed(dataset: Dataset, row: int, why: str) -> str:
    name = dataset.table["item"].iloc[row]
    return f"{name} has changed since the data was read: {why}. Restore the file."

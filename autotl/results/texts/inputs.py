"""List and open the inputs of a prediction, by the model's modality."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from autotl.api import PixelScale
from autotl.data import UnlabelledImage, UnlabelledText, prediction_images, prediction_texts, upright_rgb
from autotl.errors import DataError
from autotl.results.by_target.prediction_rows import PredictionOptions

Unlabelled = UnlabelledImage | UnlabelledText
"""An image or a text, with its name and its opener."""
ListInputs = Callable[[Any, PredictionOptions, PixelScale | None], Iterator[Unlabelled]]
OpenInput = Callable[[Unlabelled, PixelScale | None], Any]


def list_inputs(
    given: Any, modality: str, options: PredictionOptions, scale: PixelScale | None
) -> Iterator[Unlabelled]:
    """Yield the given images or texts, one at a time.

    Args:
        given: The images or texts.
        modality: The kind of inputs that the model takes.
        options: The readers, and the column of a table.
        scale: The pixel scale of a model for images.
    """
    return _LIST[modality](given, options, scale)


def open_input(each: Unlabelled, modality: str, scale: PixelScale | None) -> Any:
    """Return an upright RGB image, or a text.

    It raises any error of the opener.

    Args:
        each: The image or text.
        modality: The kind of inputs that the model takes.
        scale: The pixel scale of a model for images.
    """
    return _OPEN[modality](each, scale)


def _images(given: Any, options: PredictionOptions, scale: PixelScale | None) -> Iterator[Unlabelled]:
    return prediction_images(given, readers=options.readers, image=options.image, scale=scale)


def _texts(given: Any, options: PredictionOptions, scale: PixelScale | None) -> Iterator[Unlabelled]:
    return prediction_texts(given, readers=options.readers, text=options.image)


def _image(each: Unlabelled, scale: PixelScale | None) -> Any:
    image: Any = each.open()
    return upright_rgb(image, scale)


def _text(each: Unlabelled, scale: PixelScale | None) -> Any:
    text: Any = each.open()
    if not text.strip():
        raise DataError("the text is empty")
    return text


_LIST: Mapping[str, ListInputs] = {"image": _images, "text": _texts}
_OPEN: Mapping[str, OpenInput] = {"image": _image, "text": _text}

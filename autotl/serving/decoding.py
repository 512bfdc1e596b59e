"""Decode uploaded images as a prediction from files does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from autotl.data import failure_reason, header_size, open_alone, open_image, why_unreadable
from autotl.results import ImageModel
from autotl.serving.limits import ServingLimits
from autotl.serving.refusal import Refusal, shown
from autotl.serving.uploads import Upload

IMAGES = "the file must be an image: JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or JPEG 2000"


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image as the network gets it, or why there is none.

    Attributes:
        name: The file's name.
        views: The pixels in each view of the model, uint8 (3, h, w).
        notes: Notes on the scale of its pixels.
        refusal: Why the file cannot be predicted; None if it can.
    """

    name: str
    views: tuple[NDArray[np.uint8], ...] = ()
    notes: tuple[str, ...] = ()
    refusal: Refusal | None = None


class Decoder:
    """Decodes images for a model; safe to use from several threads."""

    def __init__(self, model: ImageModel, limits: ServingLimits) -> None:
        self._transforms = [view.transform() for view in model.views]
        self._scale, self._limits = model.scale, limits

    def decode(self, upload: Upload) -> Decoded:
        """Return an image in the model's views, or the reason without one."""
        try:
            self._check_header(upload)
            image, notes = open_alone(partial(open_image, upload.content), self._scale)
            views = tuple(transform(image) for transform in self._transforms)
        except Refusal as refusal:
            return Decoded(upload.name, refusal=refusal)
        except Exception as error:  # decoders raise anything for damaged files
            reason = shown(failure_reason(error).removesuffix("."))
            given, must = f"{upload.name}: {reason}", "the file must be a whole, undamaged image"
            return Decoded(upload.name, refusal=Refusal(422, "damaged_image", given=given, must=must))
        return Decoded(upload.name, views, tuple(map(shown, notes)))

    def _check_header(self, upload: Upload) -> None:
        """Refuse files that are empty, of other kinds, or too large when decoded."""
        name = upload.name
        if not upload.content:
            raise Refusal(422, "no_image", given=f"{name}: an empty file", must=IMAGES)
        if why := why_unreadable(name):
            raise Refusal(415, "unsupported_format", given=f"{name}: {why}", must=IMAGES)
        most = f"an image must have at most {self._limits.pixels:,} pixels; make it smaller"
        try:
            width, height = header_size(upload.content)
        except UnidentifiedImageError as error:
            given = f"{name}: not an image of a known format"
            raise Refusal(415, "unsupported_format", given=given, must=IMAGES) from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            given = f"{name}: {failure_reason(error)}"
            raise Refusal(413, "too_many_pixels", given=given, must=most) from error
        if width * height > self._limits.pixels:
            given = f"{name}: {width} × {height} pixels"
            raise Refusal(413, "too_many_pixels", given=given, must=most)

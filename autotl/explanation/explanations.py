"""Explained predictions, as files or in a notebook."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path

from PIL import Image, features

from autotl.explanation.new_folder import check_new_folder
from autotl.files import raising_write_error, write_bytes

MAX_NAME = 90
"""Bytes of an image's name, and of a label, in the name of a file: file systems allow 255 for both."""
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Explanation:
    """An image with the positions that raise the predicted output.

    Attributes:
        name: The name of the image.
        label: The predicted class, the most probable label, or the number with its value.
        probability: The probability of the label, in [0, 1]; None for numbers.
        overlay: The image as the network gets it, with the heat of its positions.
    """

    name: str
    label: str
    probability: float | None
    overlay: Image.Image

    @property
    def caption(self) -> str:
        """The label with its probability."""
        return self.label if self.probability is None else f"{self.label} {100 * self.probability:.1f}%"


@dataclass(frozen=True, slots=True)
class Explanations:
    """Explained predictions, which a notebook shows as pictures.

    Attributes:
        items: The explanations.
        method: The method, such as "Grad-CAM".
        layer: The layer whose positions are shown.
        notes: Sentences on the limits of the pictures.
        unreadable: Names of images that could not be read.
    """

    items: tuple[Explanation, ...]
    method: str
    layer: str
    notes: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Explanation]:
        return iter(self.items)

    def __getitem__(self, place: int) -> Explanation:
        return self.items[place]

    @property
    def sentence(self) -> str:
        """The method, the layer and the notes."""
        return " ".join((f"{self.method} at the layer {self.layer}.", *self.notes))

    def write(self, folder: str | Path) -> list[Path]:
        """Write each overlay to a folder; its label is in the name.

        Raises:
            RunError: The folder is not empty, or cannot be written.
        """
        folder = Path(folder)
        check_new_folder(folder)
        with raising_write_error(folder):
            folder.mkdir(parents=True, exist_ok=True)
            written = []
            for number, each in enumerate(self.items):
                suffix, content = _encoded(each.overlay)
                stem, label = _plain(Path(each.name).stem), _plain(each.label)
                written.append(folder / f"{number:04d}-{stem}-{label}{suffix}")
                write_bytes(written[-1], content)
        return written

    def _repr_html_(self) -> str:
        shown = "".join(map(_figure, self.items))
        return (
            f'<div style="display:flex;flex-wrap:wrap;gap:12px">{shown}</div><p>{escape(self.sentence)}</p>'
        )


def _figure(each: Explanation) -> str:
    suffix, content = _encoded(each.overlay)
    kind = suffix.removeprefix(".")
    uri = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    return (
        f'<figure style="margin:0;width:200px"><img src="{uri}" alt="" style="width:200px">'
        f"<figcaption>{escape(each.caption)}<br><small>{escape(each.name)}</small></figcaption></figure>"
    )


def _encoded(image: Image.Image) -> tuple[str, bytes]:
    """Return the suffix and the bytes of an image: WebP, or PNG if Pillow lacks it."""
    stream = BytesIO()
    if features.check("webp"):
        image.save(stream, "WEBP", quality=85)
        return ".webp", stream.getvalue()
    image.save(stream, "PNG")
    return ".png", stream.getvalue()


def _plain(text: str) -> str:
    """Return text that is safe in the name of a file."""
    valid = text.encode("utf-8", "replace").decode("utf-8")
    plain = _UNSAFE.sub("_", valid).strip("._")
    return plain.encode()[:MAX_NAME].decode(errors="ignore") or "_"  # a letter may have several bytes

"""Decode each image once: its size, its digest and its perceptual hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from autotl import jsonio
from autotl.api import PixelScale
from autotl.data import (
    Extremes,
    ImageFacts,
    UnlabelledImage,
    choose_scale,
    map_in_threads,
    perceptual_hashes,
    read_image_facts,
    scale_notes,
    without_pillow_warnings,
)
from autotl.exploration.images.listing import stamp_of
from autotl.progress import report_progress

BLOCK = 1024
"""Images that are decoded before their facts are kept; an interruption loses at most one block."""


@dataclass(frozen=True, slots=True)
class Fact:
    """The facts of one image, as the work folder keeps them.

    Attributes:
        digest: The digest of the RGB pixels; "" if the image is unreadable.
        height: The height in pixels.
        width: The width in pixels.
        look: The perceptual hash in hexadecimal digits.
        deep: The extreme values of an image of more than 8 bits; None for other images.
        error: Why the image is unreadable; "" if it is readable.
    """

    digest: str = ""
    height: int = 0
    width: int = 0
    look: str = "0"
    deep: Extremes | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Block:
    """The facts of a block, with a digest of the files that they were read from."""

    stamp: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """The distinct readable images.

    Row i of all later arrays is the image ``numbers[i]`` of the listing.

    Attributes:
        numbers: The first image of each content, as positions in the listing.
        digests: Their pixel digests.
        looks: Their perceptual hashes, uint64 (rows,).
        copies: The row of each exact copy, by its position in the listing.
        unreadable: Why an image is unreadable, by its position in the listing.
        typical_size: The median of the shorter sides in pixels; 0 without images.
        scale: The pixel scale of images of more than 8 bits.
        notes: Sentences for the user.
    """

    numbers: Sequence[int]
    digests: Sequence[str]
    looks: NDArray[np.uint64]
    copies: dict[int, int]
    unreadable: dict[int, str]
    typical_size: int
    scale: PixelScale
    notes: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The digest of all distinct images and their scale."""
        found = hashlib.blake2b(repr(self.scale).encode(), digest_size=16)
        for each in self.digests:
            found.update(each.encode())
        return found.hexdigest()


def scan_images(images: Sequence[UnlabelledImage], folder: Path) -> Scan:
    """Decode all images in blocks; read known blocks from the work folder.

    Args:
        images: The images.
        folder: The folder of unfinished work.
    """
    facts: list[Fact] = []
    with without_pillow_warnings():
        for start in range(0, len(images), BLOCK):
            report_progress("reading images", start, len(images))
            facts += _block(images[start : start + BLOCK], folder / f"scan-{start}.json")
        deep = {number: each.deep for number, each in enumerate(facts) if each.deep is not None}
        scale = choose_scale(deep.values())
        numbers = list(deep)
        for start in range(0, len(numbers), BLOCK):  # their digests are those of pixels at the common scale
            report_progress("scaling images of more than 8 bits", start, len(numbers))
            part = numbers[start : start + BLOCK]
            scaled = _block([images[number] for number in part], folder / f"scan-deep-{start}.json", scale)
            for number, fact in zip(part, scaled, strict=True):
                facts[number] = fact
    return _assembled(facts, scale, tuple(scale_notes(scale, list(deep.values()))))


def _block(
    images: Sequence[UnlabelledImage], file: Path, scale: PixelScale | None = None
) -> tuple[Fact, ...]:
    """Return the facts of a block, from its file if nothing has changed.

    Args:
        images: The images of the block.
        file: The file that keeps the facts.
        scale: The pixel scale; None before it is known.
    """
    stamp = _stamp(images, scale)
    if stamp and (known := _read(file)) and known.stamp == stamp and len(known.facts) == len(images):
        return known.facts
    facts = tuple(_facts(list(map_in_threads(lambda image: read_image_facts(image.open, scale), images))))
    if stamp:
        jsonio.write(file, _Block(stamp, facts))
    return facts


def _stamp(images: Sequence[UnlabelledImage], scale: PixelScale | None) -> str:
    """Return a digest of the files of the images and the scale; "" if an image has no file."""
    stamps = [stamp_of(image) for image in images]
    if None in stamps:
        return ""
    text = "\n".join(map(str, [scale, *stamps]))
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape")).hexdigest()


def _read(file: Path) -> _Block | None:
    try:
        return jsonio.as_type(jsonio.read(file), _Block)
    except (OSError, ValueError):  # not computed yet, or damaged
        return None


def _facts(found: Sequence[ImageFacts | str]) -> list[Fact]:
    """Return the facts to keep; the hashes of a block are computed together."""
    readable = [each for each in found if isinstance(each, ImageFacts)]
    looks = iter(perceptual_hashes(np.stack([each.thumbnail for each in readable])) if readable else ())
    return [
        Fact(error=each)
        if isinstance(each, str)
        else Fact(each.digest, each.height, each.width, f"{int(next(looks)):x}", each.extremes)
        for each in found
    ]


def _assembled(facts: Sequence[Fact], scale: PixelScale, notes: tuple[str, ...]) -> Scan:
    rows: dict[str, int] = {}
    numbers: list[int] = []
    copies: dict[int, int] = {}
    for number, each in enumerate(facts):
        if each.error:
            continue
        if each.digest in rows:
            copies[number] = rows[each.digest]
        else:
            rows[each.digest] = len(numbers)
            numbers.append(number)
    sizes = [min(facts[number].height, facts[number].width) for number in numbers]
    return Scan(
        numbers=numbers,
        digests=list(rows),
        looks=np.array([int(facts[number].look, 16) for number in numbers], dtype=np.uint64),
        copies=copies,
        unreadable={number: each.error for number, each in enumerate(facts) if each.error},
        typical_size=int(median(sizes)) if sizes else 0,
        scale=scale,
        notes=notes,
    )

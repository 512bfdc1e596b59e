"""Make a Dataset of whatever a reader can list, with one look at every image."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from autotl.api import NO_GROUPS, Applies, Columns, Dataset, Item, Listing, PixelScale, Reader
from autotl.clock import Clock, WallClock
from autotl.data.arguments import check_path
from autotl.data.conventions import as_path, class_order, some
from autotl.data.image_files.capture import captured
from autotl.data.image_files.decode import digest, quietly, reason, upright_rgb
from autotl.data.image_files.depth import depth_of
from autotl.data.image_files.fingerprint import perceptual_hashes, thumbnail
from autotl.data.image_files.scaling import Extremes, completed, decide, extremes_of, notes_on
from autotl.data.splits.sampling import LEAST, draw, probe
from autotl.data.threads import in_threads
from autotl.errors import FAILURES, AutotlError, DataError, UnknownName, described
from autotl.progress import report_progress

UNNAMED = Columns()
_UNREADABLE = 0.05
"""The share of unreadable images above which the data, and not a few files, is at fault."""
_LONGEST = 300
"""Letters of a class name: no folder has a longer one."""
_PARTS = (0.25, 0.5, 1.0)
"""Shares of the planned images after which the clock is checked."""
_SLACK = 1.5
"""Times the seconds given, after which no further part is read."""


@dataclass(frozen=True, slots=True)
class _Seen:
    digest: str
    height: int
    width: int
    thumbnail: NDArray[np.uint8]
    taken: tuple[str, float] | None
    extremes: Extremes | None


@dataclass(frozen=True, slots=True)
class _Upright:
    """A reader's ``open``, whatever mode its image has."""

    open: Callable[[], Image.Image]
    scale: PixelScale | None

    def __call__(self) -> Image.Image:
        return upright_rgb(self.open(), self.scale)


def read(
    source: object,
    *,
    readers: Mapping[str, Reader],
    columns: Columns = UNNAMED,
    threads: int | None = None,
    seconds: float | None = None,
    clock: Clock | None = None,
    most: int | None = None,
    seed: int = 0,
) -> Dataset:
    """The labelled images in ``source``, read by the first of the readers, by name, that reads its form.

    Every image is decoded once, in threads, for its size and the digest of its pixels. Those that cannot be
    are left out and listed. Where reading them all would take more than ``seconds``, or they are more than
    ``most``, some of each class are drawn from the seed. They are fewer if the machine is slower than the
    first images say. Raises DataError where nothing can be learned: no
    reader for it, no images, one class, more than 5 % of the images or a whole class unreadable.

    Images of more than 8 bits are all brought to one scale, which is decided from those that were read; they
    are decoded a second time for it.
    """
    report_progress("listing images")
    listing = _listing(source, readers, columns)
    listed = listing.items
    if not listed:
        raise DataError(f"{_named(source)} holds no images.")
    if len(labels := {item.label for item in listed}) < 2:
        raise DataError(
            f"All {len(listed)} images in {_named(source)} have the one label {labels.pop()!r}. "
            "At least two classes are due."
        )
    _check_lengths(listed)
    looks: dict[int, _Seen | str] = {}

    def look(numbers: Sequence[int]) -> None:
        new = [number for number in numbers if number not in looks]
        for number, seen in zip(
            new, in_threads(_look, [listed[i] for i in new], threads=threads), strict=True
        ):
            looks[number] = seen
            report_progress("reading images", len(looks), min(most or len(listed), len(listed)))

    with quietly():
        if most is None and seconds is not None and len(listed) > LEAST:
            clock = clock or WallClock()
            began = clock.now()
            look(probe(len(listed)))
            twice = len(_deep(looks)) / len(looks)  # those are decoded again when the scale is known
            if took := (clock.now() - began) * (1 + twice):
                most = max(LEAST, int(seconds / took * len(looks)))
                until = began + _SLACK * seconds
                for size in sorted({max(LEAST, int(part * min(most, len(listed)))) for part in _PARTS}):
                    look(draw(listed, size, seed=seed))
                    if clock.now() > until:
                        most = min(most, size)
                        break
        look(numbers := range(len(listed)) if most is None else draw(listed, most, seed=seed))
        deep = _deep({number: looks[number] for number in numbers})
        scale = decide(deep.values())
        again = partial(_look, scale=scale)
        looks.update(zip(deep, in_threads(again, [listed[i] for i in deep], threads=threads), strict=True))
    items, seen = [listed[i] for i in numbers], [looks[i] for i in numbers]
    left_out = len(listed) - len(items)
    unreadable = {item.name: why for item, why in zip(items, seen, strict=True) if isinstance(why, str)}
    found = [(item, look) for item, look in zip(items, seen, strict=True) if isinstance(look, _Seen)]
    _check(source, items, found, unreadable)
    classes = class_order(item.label for item, _ in found)
    index = {name: number for number, name in enumerate(classes)}
    found.sort(key=lambda pair: (pair[1].digest, index[pair[0].label], pair[0].name))
    table = pd.DataFrame(
        {
            "item": pd.Series(
                [item.name for item, _ in found], dtype=object
            ),  # of any bytes, not of UTF-8 alone
            "label": pd.Series([index[item.label] for item, _ in found], dtype="int64"),
            "group": pd.Series([item.group for item, _ in found], dtype=object),
            "digest": [look.digest for _, look in found],
            "part": pd.Series([item.part for item, _ in found], dtype=object),
            "height": pd.Series([look.height for _, look in found], dtype="int64"),
            "width": pd.Series([look.width for _, look in found], dtype="int64"),
            "taken": pd.Series([look.taken for _, look in found], dtype=object),
            "looks": perceptual_hashes(np.stack([look.thumbnail for _, look in found])),
        }
    )
    content = hashlib.blake2b(repr(classes).encode(), digest_size=16)
    for row_digest, label in zip(table["digest"], table["label"], strict=True):
        content.update(f"{row_digest} {label}\n".encode())
    openers = [_Upright(item.open, scale) for item, _ in found]
    notes = (*listing.notes, *notes_on(scale, list(deep.values())))
    return Dataset(table, openers, classes, content.hexdigest(), notes, unreadable, left_out, scale)


def at_scale(dataset: Dataset, scale: PixelScale | None) -> Dataset:
    """The same images as a model sees them: at the scale it was saved with, or at none if it has none.

    What the scale leaves open, floats for instance, is as the data set itself decided it. Raises DataError as
    :func:`autotl.data.image_files.scaling.completed` does.
    """
    if scale is not None and dataset.scale is not None:
        scale = completed(scale, dataset.scale)
    openers = [replace(each, scale=scale) if isinstance(each, _Upright) else each for each in dataset.openers]
    return replace(dataset, openers=openers, scale=scale)


def _deep(looks: Mapping[int, _Seen | str]) -> dict[int, Extremes]:
    """The extremes of the images of more than 8 bits, by the images' numbers."""
    return {
        number: seen.extremes
        for number, seen in looks.items()
        if isinstance(seen, _Seen) and seen.extremes is not None
    }


def _look(item: Item, scale: PixelScale | None = None) -> _Seen | str:
    """What is known of a picture once it has been decoded, or why it cannot be."""
    try:
        image = upright_rgb(item.open(), scale)
        values = depth_of(image)
        return _Seen(
            digest(image),
            image.height,
            image.width,
            thumbnail(image),
            captured(image),
            None if values is None else extremes_of(values),
        )
    except (
        Exception
    ) as error:  # a stranger's code on a stranger's file: one bad image must not end the reading
        return reason(error)


def _listing(source: object, readers: Mapping[str, Reader], columns: Columns) -> Listing:
    check_path(source)
    refusals = []
    for name in sorted(readers):
        reader = readers[name]
        try:
            answer = reader.reads(source)
            if not isinstance(answer, Applies):
                raise TypeError(f"reads() gave a {type(answer).__name__}, and an Applies is expected")
            if answer:
                found = _read(reader, source, columns)
                if not isinstance(found, Listing):
                    raise TypeError(f"read() gave a {type(found).__name__}, and a Listing is expected")
                return found
        except AutotlError:
            raise
        except FAILURES as error:  # a stranger's code
            raise DataError(f"The reader {name} broke on {_named(source)}: {described(error)}") from error
        refusals.append(f"\n  {name}: {reader.summary} ({answer.why})")
    raise DataError(f"Nothing reads {_named(source)}. What can be read:{''.join(refusals) or ' nothing.'}")


def _read(reader: Reader, source: object, columns: Columns) -> Listing:
    """List the images. ``NO_GROUPS`` names a column only if the data has one of that name."""
    if columns.group == NO_GROUPS:
        with suppress(DataError, UnknownName):
            return reader.read(source, columns)
        columns = replace(columns, group=None)
    return reader.read(source, columns)


def _check_lengths(listed: Sequence[Item]) -> None:
    longest = max(listed, key=lambda item: len(item.label))
    if len(longest.label) > _LONGEST:
        raise DataError(
            f"The label of {longest.name} has {len(longest.label):,} characters ({longest.label[:40]}…). "
            f"A class name has {_LONGEST} at most. Name another column (label=, --label) or shorten them."
        )


def _check(
    source: object, items: Sequence[Item], found: Sequence[tuple[Item, _Seen]], unreadable: Mapping[str, str]
) -> None:
    lost = len(items) - len(found)
    examples = some((f"{name} ({why})" for name, why in unreadable.items()), most=3)
    if lost > _UNREADABLE * len(items):
        raise DataError(
            f"{lost} of {len(items)} images in {_named(source)} cannot be read, more than {_UNREADABLE:.0%}: "
            f"{examples}. Repair the files or the paths, or take them out."
        )
    gone = Counter(item.label for item in items).keys() - {item.label for item, _ in found}
    if gone:
        raise DataError(
            f"No image of the class {some(sorted(gone))} in {_named(source)} can be read: {examples}."
        )


def _named(source: object) -> str:
    path = as_path(source)
    if path is not None:
        return str(path)
    inside = f" of {len(source)}" if isinstance(source, tuple | list) else ""
    return f"the {type(source).__name__}{inside} given"

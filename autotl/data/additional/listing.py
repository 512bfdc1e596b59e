"""List the images that a user has besides the labelled ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from autotl.api import DEPLOY, ROLES, SOURCE, UNLABELLED, Columns, Item, Reader
from autotl.data.arguments import path_or_none
from autotl.data.image_files.array_images import as_array, image_from_array, is_array
from autotl.data.prediction_inputs import prediction_images
from autotl.data.unlabelled_images import is_read, unlabelled_images
from autotl.errors import FAILURES, AutotlError, DataError, described

MIN_GIVEN = 10
"""Images that a set must have: fewer teach nothing that a test could show."""
NO_COLUMNS = Columns()
_CHANNELS = (1, 3, 4)


@dataclass(frozen=True, slots=True)
class AdditionalListing:
    """The images of one role, before any is read.

    Attributes:
        role: The role, such as ``"unlabelled"``.
        items: The images. Without labels, their targets are "". Labels of the place of use are class names.
        labelled: Whether the targets are classes to learn from.
        by_folder: Whether the targets are names of folders.
        notes: Sentences for the user.
    """

    role: str
    items: Sequence[Item]
    labelled: bool = False
    by_folder: bool = False
    notes: tuple[str, ...] = ()


def list_additional(
    role: str, source: object, *, readers: Mapping[str, Reader], columns: Columns = NO_COLUMNS
) -> AdditionalListing:
    """List the images that a user gave in a role.

    Source images keep their classes if they have two or more. Labels of unlabelled images are ignored. Images
    of the place of use keep the labels that they have. No strategy learns from these labels.

    Args:
        role: The role.
        source: A folder, a ZIP file, a table, arrays, a data set, or a list of paths or images.
        readers: The readers by name.
        columns: The columns of the labelled images. A table of the place of use may have the same.

    Raises:
        DataError: There are no images, too few, or no reader reads the form.
    """
    if role == SOURCE and isinstance(source, Iterator):  # they are measured and learned from
        raise DataError(f"{role} must be images that can be read twice (got a generator). Give a list.")
    known, why = _known(role, source, readers, columns)
    classes = len({item.target for item in known})
    labelled = role == SOURCE and classes > 1
    items = known if labelled or (known and role == DEPLOY) else _unlabelled(role, source, readers)
    if len(items) < MIN_GIVEN:
        raise DataError(
            f"{role} must have at least {MIN_GIVEN} images (got {len(items)}). "
            "Give more images, or leave it out."
        )
    return AdditionalListing(role, items, labelled, _is_tree(source), _notes(role, source, classes, why))


def _is_tree(source: object) -> bool:
    """Return whether the source is a folder or a ZIP file."""
    path = path_or_none(source)
    return path is not None and (path.is_dir() or path.suffix.lower() == ".zip")


def _notes(role: str, source: object, classes: int, why: str) -> tuple[str, ...]:
    """Return a sentence on labels that are ignored, that cannot be read, or that a source lacks."""
    if role == DEPLOY and why and not _is_tree(source):  # a folder of images has no labels
        return (f"The {ROLES[role]} are used without labels, which cannot be read: {why}",)
    if role == UNLABELLED and classes > 1:
        return (f"The labels of the unlabelled images ({classes} classes) are ignored.",)
    if role == SOURCE and classes < 2:
        return ("The source images have no classes.",)
    return ()


def _known(
    role: str, source: object, readers: Mapping[str, Reader], columns: Columns
) -> tuple[Sequence[Item], str]:
    """Return the images with their classes; none if the form has no labels, and why."""
    if role != DEPLOY:
        return _labelled(source, readers, NO_COLUMNS)
    found_by_reader = Columns(target="single_label", blank_labels=True)
    label = columns.label if isinstance(columns.label, str) else None
    named = replace(found_by_reader, image=columns.image, label=label)
    first = _labelled(source, readers, named)
    return first if first[0] else _labelled(source, readers, found_by_reader)


def _labelled(source: object, readers: Mapping[str, Reader], columns: Columns) -> tuple[Sequence[Item], str]:
    """Return the images with their classes; none if the form has no labels, and why."""
    for name in sorted(readers):
        try:
            if readers[name].reads(source):
                items = readers[name].read(source, columns).items
                return (items, "") if all(isinstance(item.target, str) for item in items) else ((), "")
        except (
            FAILURES
        ) as error:  # a form without labels is refused, and a plugin's reader may raise anything
            return (), str(error) if isinstance(error, AutotlError) else described(error)
    return (), ""


def _unlabelled(role: str, source: object, readers: Mapping[str, Reader]) -> Sequence[Item]:
    # readers come first: a pair of grey images and labels is a list of two arrays as well
    known = path_or_none(source) is not None or is_read(source, readers)
    if not known and (arrays := _arrays(role, source)) is not None:
        return [Item(f"image {i}", "", partial(image_from_array, each)) for i, each in enumerate(arrays)]
    try:
        found = (
            unlabelled_images(source, readers=readers)
            if known
            else list(prediction_images(source, readers=lambda: readers))
        )
    except DataError as error:
        raise DataError(f"The {ROLES[role]} cannot be listed: {error}") from error
    # names within a folder or ZIP file: the same sample is drawn however the path is given
    path = path_or_none(source) if _is_tree(source) else None
    return [Item(each.name if path is None else _within(path, each.name), "", each.open) for each in found]


def _within(path: Path, name: str) -> str:
    """Return the name of an image within a folder or ZIP file."""
    return Path(name).relative_to(path).as_posix()


def _arrays(role: str, source: Any) -> Sequence[Any] | None:
    """Return arrays of single images; None if the source is no array and no list of arrays."""
    if is_array(source):
        if as_array(source).dtype.kind in "OUST":
            return None
        shape = tuple(source.shape)
        if len(shape) not in (3, 4) or (len(shape) == 3 and shape[-1] in _CHANNELS):
            raise DataError(
                f"{role} must have the shape (n, h, w), (n, h, w, c) or (n, c, h, w) (got {shape}). "
                "Give an array of several images."
            )
        return [source[i] for i in range(shape[0])]
    if isinstance(source, list | tuple) and all(is_array(each) and each.ndim in (2, 3) for each in source):
        return source
    return None

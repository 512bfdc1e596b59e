"""List a user's images or texts besides the labelled ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from autotl.api import DEPLOY, ROLES, SOURCE, UNLABELLED, Columns, Item, Listing, ModalityName, Reader
from autotl.data.arguments import path_or_none
from autotl.data.image_files.array_images import as_array, image_from_array, is_array
from autotl.data.prediction_inputs import prediction_images
from autotl.data.texts.prediction import UnlabelledText, prediction_texts
from autotl.data.unlabelled_images import is_read, unlabelled_images
from autotl.errors import FAILURES, AutotlError, DataError, UnknownName, described
from autotl.modalities import modality_named

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
        modality: The kind of the inputs.
    """

    role: str
    items: Sequence[Item]
    labelled: bool = False
    by_folder: bool = False
    notes: tuple[str, ...] = ()
    modality: ModalityName = "image"


def list_additional(
    role: str,
    source: object,
    *,
    readers: Mapping[str, Reader],
    columns: Columns = NO_COLUMNS,
    modality: ModalityName = "image",
) -> AdditionalListing:
    """List the images or texts that a user gave in a role.

    Source images keep their classes if they have two or more. Labels of unlabelled images are ignored. Images
    of the place of use keep the labels that they have. No strategy learns from these labels.

    Args:
        role: The role.
        source: A folder, a ZIP file, a table, arrays, a data set, or a list of paths or images.
        readers: The readers by name.
        columns: The columns of the labelled images. A table of the place of use may have the same.
        modality: The kind of the labelled inputs, which these must share.

    Raises:
        DataError: There are no images, too few, those of another kind, or no reader reads the form.
    """
    nouns = f"{modality_named(modality).noun}s"
    if role == SOURCE and isinstance(source, Iterator):  # they are measured and learned from
        raise DataError(f"{role} must be {nouns} that can be read twice (got a generator). Give a list.")
    known, why = _known(role, source, readers, columns)
    if known is not None and known.modality != modality:
        raise DataError(f"{role} must hold {nouns}, as your data does (got {known.modality}s). Give {nouns}.")
    items: Sequence[Item] = () if known is None else known.items
    classes = len({item.target for item in items})
    labelled = role == SOURCE and classes > 1
    if not labelled and not (items and role == DEPLOY):
        items = _UNLABELLED[modality](role, source, readers, columns)
    if len(items) < MIN_GIVEN:
        raise DataError(
            f"{role} must have at least {MIN_GIVEN} {nouns} (got {len(items)}). "
            f"Give more {nouns}, or leave it out."
        )
    notes = _notes(role, source, classes, why)
    return AdditionalListing(role, items, labelled, _is_tree(source), notes, modality)


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
) -> tuple[Listing | None, str]:
    """Return the images with their classes; None if the form has no labels, and why."""
    if role != DEPLOY:
        named = [Columns(text=columns.text)] if columns.text is not None else []
        attempts = [*named, NO_COLUMNS]
    else:
        found_by_reader = Columns(target="single_label", blank_labels=True)
        label = columns.label if isinstance(columns.label, str) else None
        attempts = [
            replace(found_by_reader, image=columns.image, text=columns.text, label=label),
            found_by_reader,
        ]
    found, why = None, ""
    for each in attempts:
        found, why = _labelled(source, readers, each)
        if found is not None:
            break
    return found, why


def _labelled(source: object, readers: Mapping[str, Reader], columns: Columns) -> tuple[Listing | None, str]:
    """Return the images with their classes; None if the form has no labels, and why."""
    for name in sorted(readers):
        try:
            if readers[name].reads(source):
                found = readers[name].read(source, columns)
                usable = bool(found.items) and all(isinstance(item.target, str) for item in found.items)
                return (found if usable else None), ""
        except (
            FAILURES
        ) as error:  # a form without labels is refused, and a plugin's reader may raise anything
            return None, str(error) if isinstance(error, AutotlError) else described(error)
    return None, ""


def _unlabelled_images(
    role: str, source: object, readers: Mapping[str, Reader], columns: Columns
) -> Sequence[Item]:
    """List images without labels; their column in a table is found."""
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
    return [Item(_name(source, each.name), "", each.open) for each in found]


def _unlabelled_texts(
    role: str, source: object, readers: Mapping[str, Reader], columns: Columns
) -> Sequence[Item]:
    """List texts without their labels, from the column of the labelled texts if a table has it."""
    known, _ = _known(role, source, readers, columns)
    if known is not None:
        return [replace(item, target="") for item in known.items]
    found: list[UnlabelledText] = []
    for text in dict.fromkeys((columns.text, None)):
        try:
            found = list(prediction_texts(source, readers=lambda: readers, text=text))
            break
        except UnknownName:  # a table of other texts may have other columns
            continue
        except DataError as error:
            raise DataError(f"The texts of {role} cannot be listed: {error}") from error
    return [Item(_name(source, each.name), "", each.open) for each in found]


_UNLABELLED: Mapping[str, Callable[[str, object, Mapping[str, Reader], Columns], Sequence[Item]]] = {
    "image": _unlabelled_images,
    "text": _unlabelled_texts,
}
"""How inputs without labels are listed, by modality."""


def _name(source: object, name: str) -> str:
    """Return a name within a folder or ZIP file: the same sample is drawn however the path is given."""
    path = path_or_none(source) if _is_tree(source) else None
    return name if path is None else Path(name).relative_to(path).as_posix()


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

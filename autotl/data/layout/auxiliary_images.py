"""Find thumbnails, masks and recycled files among images."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from posixpath import splitext

from autotl.data.name_lists import join_counts

Steps = tuple[str, ...]
"""The folders of a file and its name."""

_SYSTEM_FOLDERS = frozenset(
    {"@eadir", "#recycle", "@recycle", "$recycle.bin", "system volume information", "lost+found"}
    | {"#snapshot", "@recently-snapshot"}
)
_AUXILIARY = (
    "masks?|segmentations?|seg|labels?|annotations?|annot|gt|ground[ _-]?truth|thumbs?|thumbnails?|previews?"
)
_AUXILIARY_FOLDER = re.compile(rf"({_AUXILIARY})", re.IGNORECASE)
_IMAGE_FOLDERS = frozenset(
    {"image", "images", "img", "imgs", "photo", "photos", "picture", "pictures", "raw", "original"}
)
_AFFIX = re.compile(rf"^({_AUXILIARY})[ _.-]+|[ _.-]+({_AUXILIARY})([ _.-]?\d+)?$", re.IGNORECASE)


def in_system_folder(steps: Steps) -> bool:
    """Return whether a file is in a folder such as ``@eaDir``."""
    return any(folder.lower() in _SYSTEM_FOLDERS for folder in steps[:-1])


def auxiliary_images(images: Mapping[str, Steps]) -> tuple[set[str], list[str]]:
    """Find masks and thumbnails of other images.

    Either they are in a folder with such a name, beside images with the same stems. Or they are beside their
    image, with a word such as ``mask`` added to its stem. A folder ``mask`` of other images is a class.

    Returns:
        The names of the images, and notes with their counts.
    """
    stems = _stems_by_folder(images.values())
    in_folders: dict[Steps, list[str]] = defaultdict(list)
    beside: set[str] = set()
    for name, steps in images.items():
        level = next((i for i, folder in enumerate(steps[:-1]) if _AUXILIARY_FOLDER.fullmatch(folder)), None)
        if level is not None:
            in_folders[steps[: level + 1]].append(name)
        elif (core := _core_stem(steps)) != _stem(steps) and core in stems[steps[:-1]]:
            beside.add(name)
    folders = {
        name: folder[-1]
        for folder, names in in_folders.items()
        if sum(_core_stem(images[name]) in stems[folder[:-1]] for name in names) > len(names) / 2
        for name in names
    }
    counts = Counter(f"folder {folder}" for folder in folders.values())
    counts.update(f"files *{_suffix_word(images[name])}" for name in beside)
    if not counts:
        return set(), []
    return {*folders, *beside}, [
        f"Left out masks and thumbnails, which belong to other images: {join_counts(counts)}."
    ]


def in_system_folders(paths: Mapping[str, Steps]) -> tuple[set[str], list[str]]:
    """Find the files in folders of the operating system.

    Returns:
        The names of the files, and notes with their counts by folder.
    """
    found = {name: steps for name, steps in paths.items() if in_system_folder(steps)}
    counts = Counter(next(f for f in steps if f.lower() in _SYSTEM_FOLDERS) for steps in found.values())
    if not counts:
        return set(), []
    return set(found), [f"Left out the files in system folders: {join_counts(counts)}."]


def _stems_by_folder(paths: Iterable[Steps]) -> dict[Steps, set[str]]:
    """Return the stems of the images in each folder.

    Images in a folder ``images`` count for its parent as well.
    """
    stems: dict[Steps, set[str]] = defaultdict(set)
    for steps in paths:
        if any(_AUXILIARY_FOLDER.fullmatch(folder) for folder in steps[:-1]):
            continue
        stems[steps[:-1]].add(_stem(steps))
        for level, folder in enumerate(steps[:-1]):
            if folder.lower() in _IMAGE_FOLDERS:
                stems[steps[:level]].add(_stem(steps))
    return stems


def _stem(steps: Steps) -> str:
    return splitext(steps[-1])[0].casefold()


def _core_stem(steps: Steps) -> str:
    """Return the stem without a word such as ``mask``."""
    return _AFFIX.sub("", _stem(steps))


def _suffix_word(steps: Steps) -> str:
    stem = splitext(steps[-1])[0]
    found = _AFFIX.search(stem)
    word = next((group for group in found.groups()[:2] if group), "") if found else ""
    return f"_{word.lower()}"

"""Find images in a tree that show no object: thumbnails, recycled files, and masks beside images."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from posixpath import splitext

from autotl.data.conventions import counted

Path = tuple[str, ...]
"""The folders of a file and its name."""

_SYSTEM = frozenset(
    {"@eadir", "#recycle", "@recycle", "$recycle.bin", "system volume information", "lost+found"}
    | {"#snapshot", "@recently-snapshot"}
)
_WORD = (
    "masks?|segmentations?|seg|labels?|annotations?|annot|gt|ground[ _-]?truth|thumbs?|thumbnails?|previews?"
)
_FOLDER = re.compile(rf"({_WORD})", re.IGNORECASE)
_IMAGES = frozenset(
    {"image", "images", "img", "imgs", "photo", "photos", "picture", "pictures", "raw", "original"}
)
_ADDED = re.compile(rf"^({_WORD})[ _.-]+|[ _.-]+({_WORD})([ _.-]?\d+)?$", re.IGNORECASE)


def in_system_folder(path: Path) -> bool:
    """Whether a file lies in a folder that a system keeps for itself, such as ``@eaDir``."""
    return any(folder.lower() in _SYSTEM for folder in path[:-1])


def leftovers(images: Mapping[str, Path]) -> tuple[set[str], list[str]]:
    """The names of images that belong to other images, and a note that counts them.

    A mask or thumbnail lies in a folder called so beside images with the same stems, or beside its image with
    a word added to the stem. A folder called ``mask`` with images of its own is a class like any other.
    """
    stems = _stems(images.values())
    inside: dict[Path, list[str]] = defaultdict(list)
    files: set[str] = set()
    for name, path in images.items():
        place = next((i for i, folder in enumerate(path[:-1]) if _FOLDER.fullmatch(folder)), None)
        if place is not None:
            inside[path[: place + 1]].append(name)
        elif (core := _core(path)) != _stem(path) and core in stems[path[:-1]]:
            files.add(name)
    folders = {
        name: folder[-1]
        for folder, names in inside.items()
        if sum(_core(images[name]) in stems[folder[:-1]] for name in names) > len(names) / 2
        for name in names
    }
    found = Counter(f"folder {folder}" for folder in folders.values())
    found.update(f"files *{_ending(images[name])}" for name in files)
    if not found:
        return set(), []
    notes = [f"Left out masks, thumbnails and the like, which belong to other images: {counted(found)}."]
    return {*folders, *files}, notes


def in_system_folders(paths: Mapping[str, Path]) -> tuple[set[str], list[str]]:
    """The names of files in folders that a system keeps for itself, and a note that counts the folders."""
    found = {name: path for name, path in paths.items() if in_system_folder(path)}
    counts = Counter(next(f for f in path if f.lower() in _SYSTEM) for path in found.values())
    if not counts:
        return set(), []
    return set(found), [f"Left out the files in folders that a system keeps for itself: {counted(counts)}."]


def _stems(paths: Iterable[Path]) -> dict[Path, set[str]]:
    """By folder, the stems of the images in it and in a folder ``images`` inside it."""
    stems: dict[Path, set[str]] = defaultdict(set)
    for path in paths:
        if any(_FOLDER.fullmatch(folder) for folder in path[:-1]):
            continue
        stems[path[:-1]].add(_stem(path))
        for place, folder in enumerate(path[:-1]):
            if folder.lower() in _IMAGES:
                stems[path[:place]].add(_stem(path))
    return stems


def _stem(path: Path) -> str:
    return splitext(path[-1])[0].casefold()


def _core(path: Path) -> str:
    return _ADDED.sub("", _stem(path))


def _ending(path: Path) -> str:
    stem = splitext(path[-1])[0]
    found = _ADDED.search(stem)
    word = next((each for each in found.groups()[:2] if each), "") if found else ""
    return f"_{word.lower()}"

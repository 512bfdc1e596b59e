"""Find the image files that the cells of a table name."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import splitext

from autotl.data.image_files.suffixes import READABLE_SUFFIXES, is_image_name, suffix_of
from autotl.data.layout.auxiliary_images import in_system_folder
from autotl.data.layout.part_names import parse_name
from autotl.data.name_lists import join_counts
from autotl.errors import DataError

_MAX_DEPTH = 5
"""Levels of folders below that of the table that are searched."""
_MAX_ENTRIES = 500_000
"""Files and folders that are listed: a table may lie in a very large folder."""

Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocatedImages:
    """The file of each cell, or None, and notes."""

    paths: tuple[Path | None, ...]
    notes: tuple[str, ...]


class ImageLocator:
    """Finds image files near a table or the current folder."""

    def __init__(self, root: Path, *, table: str = "") -> None:
        """Search from a folder.

        Args:
            root: The folder of the table.
            table: The name of the table, which may name a part of a split, such as ``train``.
        """
        self._root, self._table = root, table
        self._current = Path.cwd()
        self._below: list[Steps] | None = None
        self._by_name: dict[str, list[Steps]] = defaultdict(list)
        self._by_stem: dict[str, list[Steps]] = defaultdict(list)

    @property
    def where(self) -> str:
        """The searched folders, for errors."""
        current = "" if self._is_current_folder() else f" or in {self._current}"
        return f"in {self._root} and the folders below it{current}"

    def hint(self) -> str:
        """Return a sentence on the images below the folder.

        It is "" if there are none.
        """
        below = self._images()
        if not below:
            return ""
        return f" Below {self._root} are {len(below):,} images, such as {'/'.join(below[0])}."

    def finds_most(self, values: Iterable[str]) -> bool:
        """Return whether most values name images below the folder."""
        given = [value for value in values if value]
        return sum(bool(self._candidates(value)) for value in given) > len(given) / 2

    def locate(self, values: Sequence[str]) -> LocatedImages:
        """Find the file of each value.

        Raises:
            DataError: Two files fit a value equally well.
        """
        found = [self._at_path(value) for value in values]
        from_current = sum(path is not None and current for path, current in found)
        paths = [path for path, _ in found]
        notes = []
        if from_current:
            notes.append(f"{from_current:,} paths of images start from the current folder, {self._current}.")
        missing = [row for row, path in enumerate(paths) if path is None]
        names = Counter(_steps(value)[-1:] for value in values) if missing else Counter[Steps]()
        folders: Counter[str] = Counter()
        for row in missing:
            steps = self._best_match(values[row], is_unique=names[_steps(values[row])[-1:]] == 1)
            if steps:
                paths[row] = self._root.joinpath(*steps)
                folders["/".join(steps[:-1]) or "the folder itself"] += 1
        if folders:
            notes.append(f"Found images that the table names below {self._root}: {join_counts(folders)}.")
        return LocatedImages(tuple(paths), tuple(notes))

    def _at_path(self, value: str) -> tuple[Path | None, bool]:
        """Return the file at a path.

        The second value is whether the path starts from the current folder.
        """
        stem, suffix = splitext(value)
        spellings = dict.fromkeys((value, stem + suffix.lower(), stem + suffix.upper()))
        for base in (self._root,) if self._is_current_folder() else (self._root, self._current):
            for spelling in spellings:
                if _is_file(path := base / spelling):
                    return path, base is self._current
        if _is_absolute(value) and not self._is_current_folder():
            steps = _steps(value)
            for start in range(1, len(steps) - 1):  # a file name alone is too weak a match
                if _is_file(path := self._current.joinpath(*steps[start:])):
                    return path, True
        return None, False

    def _best_match(self, value: str, *, is_unique: bool) -> Steps | None:
        """Return the file whose path shares its end with the value.

        Args:
            value: The path in a cell.
            is_unique: Whether no other cell has this file name. The file name alone is then enough.
        """
        own = tuple(step.casefold() for step in _steps(value))
        without_suffix = not is_image_name(value)
        matches, same_name = [], []
        for steps in self._candidates(value):
            theirs = tuple(step.casefold() for step in steps)
            if without_suffix:
                theirs = (*theirs[:-1], splitext(theirs[-1])[0])
            shared = min(len(own), len(theirs))
            if own[-shared:] == theirs[-shared:] and (is_unique or shared > 1 or len(own) == 1):
                matches.append(steps)
            elif is_unique and _is_absolute(value):
                same_name.append(steps)
        best = _preferred(matches or same_name, table=self._table)
        if len(best) > 1:
            files = " or ".join("/".join(steps) for steps in sorted(best)[:3])
            raise DataError(
                f"The path {value!r} must name one file below {self._root} (it may be {files}). Write the "
                "folder into the table's paths."
            )
        return best[0] if best else None

    def _candidates(self, value: str) -> list[Steps]:
        """Return the images with the same file name or stem."""
        steps = _steps(value)
        if not steps:
            return []
        self._images()
        index = self._by_name if is_image_name(value) else self._by_stem
        return index.get(steps[-1].casefold(), [])

    def _images(self) -> list[Steps]:
        if self._below is None:
            self._below = list(_images_below(self._root))
            for steps in self._below:
                self._by_name[steps[-1].casefold()].append(steps)
                self._by_stem[splitext(steps[-1])[0].casefold()].append(steps)
        return self._below

    def _is_current_folder(self) -> bool:
        return self._root.absolute() == self._current


def _preferred(candidates: list[Steps], *, table: str) -> list[Steps]:
    """Prefer readable files, and folders of the table's part."""
    readable = [steps for steps in candidates if suffix_of(steps[-1]) in READABLE_SUFFIXES]
    candidates = readable or candidates
    part = parse_name(table).part
    if part is None or len(candidates) < 2:
        return candidates
    of_part = [steps for steps in candidates if any(parse_name(folder).part == part for folder in steps[:-1])]
    return of_part or candidates


def _steps(value: str) -> Steps:
    return tuple(step for step in value.replace("\\", "/").split("/") if step not in ("", ".", ".."))


def _is_absolute(value: str) -> bool:
    return value.startswith(("/", "\\")) or value[1:2] == ":"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # the name is too long, or holds a null byte
        return False


def _images_below(root: Path) -> Iterator[Steps]:
    """Yield the images below a folder, nearest folders first."""
    entries = 0
    entered = {os.path.realpath(root)}
    level: list[Steps] = [()]
    for _ in range(_MAX_DEPTH):
        next_level: list[Steps] = []
        for steps, entry in _visible_entries(root, level):
            entries += 1
            if entries > _MAX_ENTRIES:
                return
            if entry is None:
                continue
            try:
                is_folder, is_file = entry.is_dir(), entry.is_file()
            except OSError:  # a link that leads to itself
                continue
            if is_folder:
                if (target := os.path.realpath(entry.path)) not in entered:
                    entered.add(target)
                    next_level.append(steps)
            elif is_file and is_image_name(entry.name):
                yield steps
        level = next_level


def _visible_entries(root: Path, folders: Iterable[Steps]) -> Iterator[tuple[Steps, os.DirEntry[str] | None]]:
    """Yield the entries of folders, None for hidden ones."""
    for folder in folders:
        try:
            entries = sorted(os.scandir(root.joinpath(*folder)), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            steps = (*folder, entry.name)
            hidden = entry.name.startswith(".") or in_system_folder((*steps, ""))
            yield steps, None if hidden else entry

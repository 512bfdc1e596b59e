"""Find the image files that the cells of a table name, wherever their paths start."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import splitext

from autotl.data.conventions import counted
from autotl.data.image_files.endings import SUFFIXES, is_image_name, suffix_of
from autotl.data.layout.leftovers import in_system_folder
from autotl.data.layout.parts import wording
from autotl.errors import DataError

_DEEPEST = 5
"""Folders below that of the table into which a file is looked for."""
_MOST = 500_000
"""Files that are looked at: a table may lie in a folder of everything."""

Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Located:
    """The file of each cell, None where there is none, and what to tell of where they were found."""

    paths: tuple[Path | None, ...]
    notes: tuple[str, ...]


class Files:
    """The image files near a table: in its folder and those below, and from the current folder."""

    def __init__(self, root: Path, *, table: str = "") -> None:
        self._root, self._table = root, table
        self._here = Path.cwd()
        self._below: list[Steps] | None = None
        self._by_name: dict[str, list[Steps]] = defaultdict(list)
        self._by_stem: dict[str, list[Steps]] = defaultdict(list)

    @property
    def where(self) -> str:
        """Where files are looked for, for an error."""
        here = "" if self._same() else f" or in {self._here}"
        return f"in {self._root} and the folders below it{here}"

    def told(self) -> str:
        """What lies below the folder of the table, for an error; nothing if there are no images."""
        below = self._images()
        if not below:
            return ""
        return f" Below {self._root} are {len(below):,} images, such as {'/'.join(below[0])}."

    def know(self, values: Iterable[str]) -> bool:
        """Whether most of the values are names of images below the table's folder, with or without ending."""
        given = [value for value in values if value]
        return sum(bool(self._candidates(value)) for value in given) > len(given) / 2

    def locate(self, values: Sequence[str]) -> Located:
        """The files of the cells. Raises DataError if two files fit one cell equally well."""
        found = [self._directly(value) for value in values]
        from_here = sum(path is not None and here for path, here in found)
        paths = [path for path, _ in found]
        notes = []
        if from_here:
            notes.append(f"{from_here:,} paths of images start from the current folder, {self._here}.")
        missing = [row for row, path in enumerate(paths) if path is None]
        names = Counter(_steps(value)[-1:] for value in values) if missing else Counter[Steps]()
        folders: Counter[str] = Counter()
        for row in missing:
            steps = self._nearest(values[row], once=names[_steps(values[row])[-1:]] == 1)
            if steps:
                paths[row] = self._root.joinpath(*steps)
                folders["/".join(steps[:-1]) or "the folder itself"] += 1
        if folders:
            notes.append(f"Found images that the table names below {self._root}: {counted(folders)}.")
        return Located(tuple(paths), tuple(notes))

    def _directly(self, value: str) -> tuple[Path | None, bool]:
        """The file at the path, and whether the path starts from the current folder."""
        stem, ending = splitext(value)
        spelled = dict.fromkeys((value, stem + ending.lower(), stem + ending.upper()))
        for base in (self._root,) if self._same() else (self._root, self._here):
            for each in spelled:
                if _is_file(path := base / each):
                    return path, base is self._here
        if _is_absolute(value) and not self._same():
            steps = _steps(value)
            for start in range(1, len(steps) - 1):  # a name alone says too little
                if _is_file(path := self._here.joinpath(*steps[start:])):
                    return path, True
        return None, False

    def _nearest(self, value: str, *, once: bool) -> Steps | None:
        """The file whose path ends as the value does, or the other way round.

        A path may share only the file's name if no other cell has that name (``once``).
        """
        own = tuple(step.casefold() for step in _steps(value))
        stemmed = not is_image_name(value)
        candidates, namesakes = [], []
        for steps in self._candidates(value):
            theirs = tuple(step.casefold() for step in steps)
            if stemmed:
                theirs = (*theirs[:-1], splitext(theirs[-1])[0])
            shared = min(len(own), len(theirs))
            if own[-shared:] == theirs[-shared:] and (once or shared > 1 or len(own) == 1):
                candidates.append(steps)
            elif once and _is_absolute(value):
                namesakes.append(steps)
        best = _preferred(candidates or namesakes, part=self._table)
        if len(best) > 1:
            raise DataError(
                f"{value!r} may be {' or '.join('/'.join(steps) for steps in sorted(best)[:3])}, "
                f"below {self._root}. Write the folder into the table's paths."
            )
        return best[0] if best else None

    def _candidates(self, value: str) -> list[Steps]:
        steps = _steps(value)
        if not steps:
            return []
        self._images()
        by = self._by_name if is_image_name(value) else self._by_stem
        return by.get(steps[-1].casefold(), [])

    def _images(self) -> list[Steps]:
        if self._below is None:
            self._below = list(_images_below(self._root))
            for steps in self._below:
                self._by_name[steps[-1].casefold()].append(steps)
                self._by_stem[splitext(steps[-1])[0].casefold()].append(steps)
        return self._below

    def _same(self) -> bool:
        return self._root.absolute() == self._here


def _preferred(candidates: list[Steps], *, part: str) -> list[Steps]:
    """Of several files the readable ones; of those the ones in a folder of the part that names the table."""
    readable = [steps for steps in candidates if suffix_of(steps[-1]) in SUFFIXES]
    candidates = readable or candidates
    wanted = wording(part).part
    if wanted is None or len(candidates) < 2:
        return candidates
    return [
        steps for steps in candidates if any(wording(folder).part == wanted for folder in steps[:-1])
    ] or candidates


def _steps(value: str) -> Steps:
    return tuple(step for step in value.replace("\\", "/").split("/") if step not in ("", ".", ".."))


def _is_absolute(value: str) -> bool:
    return value.startswith(("/", "\\")) or value[1:2] == ":"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, or with a zero in it, is that of no file
        return False


def _images_below(root: Path) -> Iterator[Steps]:
    """The images in the folders below, the nearest folders first; no folder is entered twice over links."""
    seen, entered = 0, {os.path.realpath(root)}
    level: list[Steps] = [()]
    for _ in range(_DEEPEST):
        deeper: list[Steps] = []
        for folder in level:
            try:
                entries = sorted(os.scandir(root.joinpath(*folder)), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                seen += 1
                steps = (*folder, entry.name)
                if seen > _MOST or entry.name.startswith(".") or in_system_folder((*steps, "")):
                    continue
                if entry.is_dir():
                    if (real := os.path.realpath(entry.path)) not in entered:
                        entered.add(real)
                        deeper.append(steps)
                elif is_image_name(entry.name) and entry.is_file():
                    yield steps
        if seen > _MOST or not deeper:
            return
        level = deeper

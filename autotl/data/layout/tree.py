"""Read labels and parts from where images lie in a tree of folders."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import splitext
from typing import get_args

from autotl.api import Part
from autotl.data.conventions import counted, label_text, some
from autotl.data.image_files.endings import IMAGE_SUFFIXES, SUFFIXES, is_image_name, suffix_of
from autotl.data.layout.leftovers import in_system_folder, in_system_folders, leftovers
from autotl.data.layout.parts import is_filler, part_of, wording
from autotl.data.layout.tops import Top, container_of, parts_among
from autotl.errors import DataError

_TABLES = frozenset({".csv", ".tsv", ".parquet", ".pq"})
_PAPERS = frozenset(
    {
        ".txt",
        ".md",
        ".rst",
        ".csv",
        ".tsv",
        ".json",
        ".jsonl",
        ".xml",
        ".yaml",
        ".yml",
        ".toml",
        ".html",
        ".htm",
    }
    | {
        ".pdf",
        ".doc",
        ".docx",
        ".odt",
        ".xls",
        ".xlsx",
        ".py",
        ".ipynb",
        ".sh",
        ".m",
        ".r",
        ".db",
        ".ini",
        ".log",
    }
)
"""Endings of what describes images: a folder of these is no class that lost its images."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An image by its name in the tree, and what its place there says of it."""

    name: str
    label: str
    part: Part | None


def place(names: Iterable[str], *, where: str) -> tuple[list[Placed], tuple[str, ...]]:
    """The images among ``names`` (of files, ``/`` between folders) with their labels, and what was inferred.

    Three layouts are understood: ``class/…``, ``train|val|test/class/…`` and ``class/train|val|test/…``, each
    inside any number of single wrapping folders. Hidden files are passed over. Raises DataError where no
    labels can be read; ``where`` is what errors call the tree.
    """
    visible = {name: folders for name in names if (folders := _folders(name))}
    dropped, notes = in_system_folders(visible)
    images, others = _sorted_out({name: f for name, f in visible.items() if name not in dropped}, notes)
    tables = [name for name in others if suffix_of(name) in _TABLES]
    hint = _hint(tables)
    if not images:
        raise DataError(
            f"{where} holds no images ({len(others)} other files). Put each class in a folder.{hint}"
        )
    depth, tops = _tops(images.values())
    if container := container_of(tops, where=where):
        strays = Counter(f[depth] for f in images.values() if len(f) > depth + 1 and f[depth] != container)
        notes.append(f"Left out the folders beside {container}, which holds the classes: {counted(strays)}.")
        images = {name: f for name, f in images.items() if len(f) > depth + 1 and f[depth] == container}
        depth, tops = _tops(images.values())
    deep = {name: folders for name, folders in images.items() if len(folders) > depth + 1}
    if not deep:
        raise DataError(
            f"{where} holds {len(images)} images in no class folder, so they have no labels. "
            f"Put each class in a folder of its own, or give a table of images and labels.{hint}"
        )
    if parts := parts_among(tops, where=where):
        if strange := sorted(tops.keys() - parts.keys()):
            notes.append(f"Left out the folders that are neither train, val nor test: {some(strange)}.")
        levels = {top: tops[top].level for top in parts}
        found = {
            name: Placed(name, label_text(f[levels[f[depth]]]), parts[f[depth]])
            for name, f in deep.items()
            if f[depth] in parts and len(f) > levels[f[depth]] + 1
        }
        if not found:
            raise DataError(
                f"In {where} the images in {some(sorted(tops))} are in no class folder: they have no labels. "
                f"Put each class in a folder of its own inside them.{hint}"
            )
        outside = [f for name, f in images.items() if name not in found and f[depth] not in strange]
        at = {name: levels[deep[name][depth]] for name in found}
    elif all(len(f) > depth + 2 and part_of(f[depth + 1]) for f in deep.values()):
        found = {n: Placed(n, label_text(f[depth]), part_of(f[depth + 1])) for n, f in deep.items()}
        outside, at = [f for name, f in images.items() if name not in deep], {}
    else:
        found = {name: Placed(name, label_text(f[depth]), None) for name, f in deep.items()}
        outside, at = [f for name, f in images.items() if name not in deep], dict.fromkeys(found, depth)
    if len(labels := {item.label for item in found.values()}) < 2:
        raise DataError(
            f"{where} holds one folder of images, {labels.pop()!r}: if it is a class, another is due; "
            f"if it is not, put each class in a folder of its own.{hint}"
        )
    if outside:
        notes.append(f"Left out {len(outside)} images that are in no class folder.")
    notes += _without_images(others, images, at, where=where)
    notes += _inside(images, at)
    counts = Counter(item.part for item in found.values())
    if None not in counts:
        named = {part: sorted(top for top, of in parts.items() if of == part) for part in counts}
        notes.append(f"The folders' own split is kept: {_split(counts, named)}.")
    return list(found.values()), tuple(notes)


def images_among(names: Iterable[str]) -> list[str]:
    """Those of the names that are images by their ending and not hidden, in their order."""
    return [
        name
        for name in names
        if (folders := _folders(name)) and is_image_name(folders[-1]) and not in_system_folder(folders)
    ]


def _sorted_out(
    files: Mapping[str, tuple[str, ...]], notes: list[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """The images that show objects, and the files that are no images; the notes get what is left out."""
    images = {name: f for name, f in files.items() if suffix_of(f[-1]) in IMAGE_SUFFIXES}
    others = {name: f for name, f in files.items() if name not in images}
    readable = {(*f[:-1], splitext(f[-1])[0]) for f in images.values() if suffix_of(f[-1]) in SUFFIXES}
    twins = {
        name: suffix_of(f[-1])
        for name, f in images.items()
        if suffix_of(f[-1]) not in SUFFIXES and (*f[:-1], splitext(f[-1])[0]) in readable
    }
    if twins:
        counts = counted(Counter(twins.values()))
        notes.append(f"Left out files beside an image of the same name that can be read: {counts}.")
    images = {name: f for name, f in images.items() if name not in twins}
    dropped, said = leftovers(images)
    notes += said
    return {name: f for name, f in images.items() if name not in dropped}, others


def _folders(name: str) -> tuple[str, ...]:
    """The folders and the file in a name; none for what is hidden. Steps out of the tree are no folders."""
    steps = [step for step in name.replace("\\", "/").split("/") if step not in ("", ".", "..")]
    hidden = any(step.startswith(".") or step == "__MACOSX" for step in steps)
    return () if hidden else tuple(steps)


def _tops(paths: Iterable[tuple[str, ...]]) -> tuple[int, dict[str, Top]]:
    """How many single folders lie around the folders that mean something, and those."""
    paths = list(paths)
    depth = _wrapping(paths)
    below: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for path in paths:
        if len(path) > depth + 1:
            below[path[depth]].append(path)
    return depth, {top: _top(each, top, depth) for top, each in below.items()}


def _wrapping(paths: Iterable[tuple[str, ...]]) -> int:
    """How many single folders lie around the folders that mean something."""
    depth = 0
    inside = [path for path in paths if len(path) > 1]
    while inside:
        tops = {path[depth] for path in inside}
        below = [path for path in inside if len(path) > depth + 2]
        if len(tops) > 1 or part_of(next(iter(tops))) or not below:
            return depth
        inside, depth = below, depth + 1
    return depth


def _top(paths: list[tuple[str, ...]], name: str, depth: int) -> Top:
    """An upper folder by what lies in it, below the folders that wrap all of it.

    A folder wraps the others if it is the only one and its name says so: ``seg_train/seg_train/forest``.
    """
    level = depth + 1
    while True:
        inside = {path[level] for path in paths if len(path) > level + 1}
        only = next(iter(inside)) if len(inside) == 1 else None
        if only is None or (only != name and not is_filler(only) and wording(only).part is None):
            return Top(frozenset(inside), any(len(path) == level + 1 for path in paths), level)
        level += 1


def _hint(tables: list[str]) -> str:
    if not tables:
        return ""
    return f" If {'one of ' if len(tables) > 1 else ''}{some(tables)} says the labels, give that file."


def _without_images(
    others: Mapping[str, tuple[str, ...]],
    images: Mapping[str, tuple[str, ...]],
    at: Mapping[str, int],
    *,
    where: str,
) -> list[str]:
    """A note on files that are no images. Raises DataError for a folder of them among the class folders."""
    classes = {images[name][: level + 1] for name, level in at.items()}
    levels = {folder[:-1] for folder in classes}
    lost: dict[str, list[str]] = defaultdict(list)
    for folders in others.values():
        for level in range(1, len(folders)):
            if folders[: level - 1] in levels and folders[:level] not in classes:
                lost["/".join(folders[:level])].append(suffix_of(folders[-1]) or "no ending")
    lost = {folder: endings for folder, endings in lost.items() if not _PAPERS.issuperset(endings)}
    if lost:
        folder, endings = min(lost.items())
        raise DataError(
            f"In {where} the folder {folder} lies among the class folders and holds no image, but "
            f"{len(endings)} other files ({counted(Counter(endings))}). Convert them to PNG or JPEG, or take "
            "the folder out."
        )
    if not others:
        return []
    return [f"Ignored {len(others)} files that are not images: {some(others, most=3)}."]


def _inside(images: Mapping[str, tuple[str, ...]], at: Mapping[str, int]) -> list[str]:
    """A note on the folders inside the class folders, whose images are those of the class."""
    counts = Counter(images[name][level + 1] for name, level in at.items() if len(images[name]) > level + 2)
    if not counts:
        return []
    return [
        f"Took {counts.total():,} images in folders inside the class folders for images of the class: "
        f"{counted(counts)}. If these folders are classes, put them side by side."
    ]


def _split(counts: Mapping[Part | None, int], named: Mapping[Part | None, list[str]]) -> str:
    """The images of each part, with the names of its folders where they are others."""

    def of(part: Part | None) -> str:
        folders = named.get(part, [])
        return "" if folders in ([], [part]) else f" ({some(folders)})"

    return ", ".join(f"{part} {counts[part]}{of(part)}" for part in get_args(Part) if part in counts)

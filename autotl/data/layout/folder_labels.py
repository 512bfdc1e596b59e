"""Derive labels and parts from the folders in which images lie."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from autotl.api import Part
from autotl.data.image_files.suffixes import suffix_of
from autotl.data.labels import label_text
from autotl.data.layout.auxiliary_images import Steps
from autotl.data.layout.part_names import is_filler_name, parse_name, part_of
from autotl.data.layout.sort_files import sort_files
from autotl.data.layout.top_folders import TopFolder, check_parts_inside, container_of, parts_among
from autotl.data.name_lists import join_counts, join_names
from autotl.errors import DataError

_TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".parquet", ".pq"})
_DOCUMENT_SUFFIXES = frozenset(
    {".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml", ".html"}
    | {".htm", ".pdf", ".doc", ".docx", ".odt", ".xls", ".xlsx", ".py", ".ipynb", ".sh", ".m", ".r", ".db"}
    | {".ini", ".log"}
)
"""Suffixes of files that describe images. A folder of such files is no class that lost its images."""
_MAX_OTHER_FILES = 3  # named in a note


@dataclass(frozen=True, slots=True)
class LabelledPath:
    """An image, with the label and the part that its folders state.

    Attributes:
        name: The path of the image in the tree.
        label: The name of its class.
        part: Its part of a split; None if the folders state none.
    """

    name: str
    label: str
    part: Part | None


@dataclass(frozen=True, slots=True)
class _Labelling:
    """The labels of the images in a tree.

    Attributes:
        items: The labelled images by name.
        levels: The position of the class folder in each path, by name; empty if parts are inside classes.
        outside: The number of images in no class folder.
        parts: The part of each top folder that is one.
        notes: Notes for the user.
    """

    items: dict[str, LabelledPath]
    levels: Mapping[str, int]
    outside: int
    parts: Mapping[str, Part] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def label_paths(names: Iterable[str], *, where: str) -> tuple[list[LabelledPath], tuple[str, ...]]:
    """Label the images of a folder tree.

    The layouts ``class/…``, ``train|val|test/class/…`` and ``class/train|val|test/…`` are supported, inside
    any number of single folders. Hidden files are skipped.

    Args:
        names: The names of all files, with ``/`` between folders.
        where: The name of the tree, for errors.

    Returns:
        The labelled images, and notes for the user.

    Raises:
        DataError: The folders state no labels, or only one class.
    """
    images, others, notes = sort_files(names)
    hint = _table_hint(others)
    if not images:
        raise DataError(
            f"{where} holds no images ({len(others)} other files). Put each class in a folder.{hint}"
        )
    depth, tops = _top_folders(images.values())
    if container := container_of(tops, where=where):
        inside = {name: s for name, s in images.items() if len(s) > depth + 1 and s[depth] == container}
        stray = Counter(s[depth] for s in images.values() if len(s) > depth + 1 and s[depth] != container)
        counts = join_counts(stray)
        notes.append(f"Left out the folders beside {container}, which holds the classes: {counts}.")
        images = inside
        depth, tops = _top_folders(images.values())
    labelling = _label(images, depth, tops, where=where, hint=hint)
    items = labelling.items
    if len(labels := {item.label for item in items.values()}) < 2:
        raise DataError(
            f"{where} must hold two class folders or more (got only {labels.pop()!r}). Add another class. "
            f"If this folder is no class, put each class in a separate folder.{hint}"
        )
    notes += labelling.notes
    if labelling.outside:
        notes.append(f"Left out {labelling.outside} images that are in no class folder.")
    notes += _other_files_notes(others, images, labelling.levels, where=where)
    notes += _subfolder_notes(images, labelling.levels)
    counts_by_part = Counter(item.part for item in items.values())
    if None not in counts_by_part:
        notes.append(f"The folders' own split is kept: {_part_counts(counts_by_part, labelling.parts)}.")
    return list(items.values()), tuple(notes)


def _label(
    images: Mapping[str, Steps], depth: int, tops: Mapping[str, TopFolder], *, where: str, hint: str
) -> _Labelling:
    """Label the images by the first layout that fits.

    Args:
        images: The steps of each image.
        depth: The number of single folders around the top folders.
        tops: The top folders.
        where: The name of the tree, for errors.
        hint: Advice for errors.
    """
    deep = {name: steps for name, steps in images.items() if len(steps) > depth + 1}
    if not deep:
        raise DataError(
            f"Images must be in class folders (got {len(images)} images in no class folder of {where}). Put "
            f"each class in a separate folder, or give a table of images and labels.{hint}"
        )
    if parts := parts_among(tops, where=where):
        labelling = _label_in_parts(images, deep, depth, tops, parts)
        if not labelling.items:
            raise DataError(
                f"Images must be in class folders (got images in no class folder of "
                f"{join_names(sorted(tops))} in {where}). Put each class in a separate folder inside "
                f"them.{hint}"
            )
        return labelling
    outside = len(images) - len(deep)
    if all(len(steps) > depth + 2 and part_of(steps[depth + 1]) for steps in deep.values()):
        items = {n: LabelledPath(n, label_text(s[depth]), part_of(s[depth + 1])) for n, s in deep.items()}
        return _Labelling(items, {}, outside)
    check_parts_inside(tops, where=where)
    items = {name: LabelledPath(name, label_text(steps[depth]), None) for name, steps in deep.items()}
    return _Labelling(items, dict.fromkeys(items, depth), outside)


def _label_in_parts(
    images: Mapping[str, Steps],
    deep: Mapping[str, Steps],
    depth: int,
    tops: Mapping[str, TopFolder],
    parts: Mapping[str, Part],
) -> _Labelling:
    """Label the images of class folders inside parts of a split."""
    other_folders = sorted(tops.keys() - parts.keys())
    levels = {top: tops[top].level for top in parts}
    items = {
        name: LabelledPath(name, label_text(steps[levels[steps[depth]]]), parts[steps[depth]])
        for name, steps in deep.items()
        if steps[depth] in parts and len(steps) > levels[steps[depth]] + 1
    }
    outside = sum(
        name not in items and not _is_in(steps, depth, other_folders) for name, steps in images.items()
    )
    others = join_names(other_folders)
    note = f"Left out the folders that are neither train, val nor test: {others}."
    levels_by_name = {name: levels[deep[name][depth]] for name in items}
    return _Labelling(items, levels_by_name, outside, parts, (note,) if other_folders else ())


def _is_in(steps: Steps, depth: int, folders: Sequence[str]) -> bool:
    return len(steps) > depth and steps[depth] in folders


def _top_folders(paths: Iterable[Steps]) -> tuple[int, dict[str, TopFolder]]:
    """Return the number of wrapping folders, and the top folders."""
    paths = list(paths)
    depth = _count_wrappers(paths)
    below: dict[str, list[Steps]] = defaultdict(list)
    for steps in paths:
        if len(steps) > depth + 1:
            below[steps[depth]].append(steps)
    return depth, {name: _top_folder(inside, name, depth) for name, inside in below.items()}


def _count_wrappers(paths: Sequence[Steps]) -> int:
    """Return the number of single folders around the top folders."""
    depth = 0
    inside = [steps for steps in paths if len(steps) > 1]
    while inside:
        tops = {steps[depth] for steps in inside}
        below = [steps for steps in inside if len(steps) > depth + 2]
        if len(tops) > 1 or part_of(next(iter(tops))) or not below:
            return depth
        inside, depth = below, depth + 1
    return depth


def _top_folder(paths: Sequence[Steps], name: str, depth: int) -> TopFolder:
    """Describe a top folder, without folders that wrap its content.

    A folder inside is such a wrapper if it is the only one and its name has no other meaning, as in
    ``seg_train/seg_train/forest``.
    """
    level = depth + 1
    while True:
        subfolders = {steps[level] for steps in paths if len(steps) > level + 1}
        only = next(iter(subfolders)) if len(subfolders) == 1 else None
        if only is None or (only != name and not is_filler_name(only) and parse_name(only).part is None):
            return TopFolder(frozenset(subfolders), any(len(steps) == level + 1 for steps in paths), level)
        level += 1


def _table_hint(others: Iterable[str]) -> str:
    """Suggest tables among the files; they may hold the labels."""
    tables = [name for name in others if suffix_of(name) in _TABLE_SUFFIXES]
    if not tables:
        return ""
    one_of = "one of " if len(tables) > 1 else ""
    return f" If {one_of}{join_names(tables)} holds the labels, give that file."


def _other_files_notes(
    others: Mapping[str, Steps], images: Mapping[str, Steps], levels: Mapping[str, int], *, where: str
) -> list[str]:
    """Note other files; refuse class folders without images."""
    classes = {images[name][: level + 1] for name, level in levels.items()}
    parents = {folder[:-1] for folder in classes}
    without_images: dict[str, list[str]] = defaultdict(list)
    for steps in others.values():
        for level in range(1, len(steps)):
            if steps[: level - 1] in parents and steps[:level] not in classes:
                without_images["/".join(steps[:level])].append(suffix_of(steps[-1]) or "no suffix")
    unreadable = {
        folder: suffixes
        for folder, suffixes in without_images.items()
        if not _DOCUMENT_SUFFIXES.issuperset(suffixes)
    }
    if unreadable:
        folder, suffixes = min(unreadable.items())
        raise DataError(
            f"Class folders of {where} must hold images (got the folder {folder} with no image, but "
            f"{len(suffixes)} other files: {join_counts(Counter(suffixes))}). Convert them to PNG or JPEG, "
            "or remove the folder."
        )
    if not others:
        return []
    examples = join_names(others, limit=_MAX_OTHER_FILES)
    return [f"Ignored {len(others)} files that are not images: {examples}."]


def _subfolder_notes(images: Mapping[str, Steps], levels: Mapping[str, int]) -> list[str]:
    """Note the folders inside the class folders."""
    counts = Counter(
        images[name][level + 1] for name, level in levels.items() if len(images[name]) > level + 2
    )
    if not counts:
        return []
    return [
        f"Used {counts.total():,} images in folders inside the class folders as images of the class: "
        f"{join_counts(counts)}. If these folders are classes, put them side by side."
    ]


def _part_counts(counts: Mapping[Part | None, int], parts: Mapping[str, Part]) -> str:
    """List the number of images and the folders of each part."""

    def folders_of(part: Part) -> str:
        folders = sorted(top for top, of in parts.items() if of == part)
        return "" if folders in ([], [part]) else f" ({join_names(folders)})"

    return ", ".join(f"{part} {counts[part]}{folders_of(part)}" for part in get_args(Part) if part in counts)

"""Read labels and parts from where images lie in a tree of folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from posixpath import splitext

from autotl.api import Part
from autotl.data.decode import SUFFIXES
from autotl.data.forms import label_text, part_of, some
from autotl.errors import DataError

_TABLES = frozenset({".csv", ".tsv", ".parquet"})


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
    visible = [(name, folders) for name in names if (folders := _folders(name))]
    images = {name: folders for name, folders in visible if _suffix(folders) in SUFFIXES}
    others = [name for name, folders in visible if _suffix(folders) not in SUFFIXES]
    tables = [name for name in others if splitext(name)[1].lower() in _TABLES]
    hint = f" If {tables[0]} says the labels, give that file." if tables else ""
    if not images:
        raise DataError(
            f"{where} holds no images ({len(others)} other files). Put each class in a folder.{hint}"
        )
    depth = _wrapping(images.values())
    deep = {name: folders for name, folders in images.items() if len(folders) > depth + 1}
    notes = []
    if not deep:
        raise DataError(
            f"{where} holds {len(images)} images in no class folder, so they have no labels. "
            f"Put each class in a folder of its own, or give a table of images and labels.{hint}"
        )
    tops = {folders[depth] for folders in deep.values()}
    parts = {part_of(top) for top in tops}
    if parts <= {"train", "val", "test"} or parts >= {"train", "test"} or parts >= {"train", "val"}:
        if strange := sorted(top for top in tops if part_of(top) is None):
            notes.append(f"Left out the folders that are neither train, val nor test: {some(strange)}.")
        deep = {
            name: folders
            for name, folders in deep.items()
            if part_of(folders[depth]) and len(folders) > depth + 2
        }
        if not deep:
            raise DataError(
                f"In {where} the images in {some(sorted(tops))} are in no class folder: they have no labels. "
                f"Put each class in a folder of its own inside them.{hint}"
            )
        found = [Placed(name, label_text(f[depth + 1]), part_of(f[depth])) for name, f in deep.items()]
        outside = [f for f in images.values() if len(f) <= depth + 2 and f[depth] not in strange]
    elif all(len(folders) > depth + 2 and part_of(folders[depth + 1]) for folders in deep.values()):
        found = [Placed(name, label_text(f[depth]), part_of(f[depth + 1])) for name, f in deep.items()]
        outside = [f for name, f in images.items() if name not in deep]
    else:
        found = [Placed(name, label_text(f[depth]), None) for name, f in deep.items()]
        outside = [f for name, f in images.items() if name not in deep]
    if len(labels := {item.label for item in found}) < 2:
        raise DataError(
            f"{where} holds one folder of images, {labels.pop()!r}: if it is a class, another is due; "
            f"if it is not, put each class in a folder of its own.{hint}"
        )
    if outside:
        notes.append(f"Left out {len(outside)} images that are in no class folder.")
    if others:
        notes.append(f"Ignored {len(others)} files that are not images: {some(others, most=3)}.")
    counts = Counter(item.part for item in found)
    if None not in counts:
        notes.append(
            "The folders' own split is kept: " + ", ".join(f"{p} {n}" for p, n in counts.items()) + "."
        )
    return found, tuple(notes)


def images_among(names: Iterable[str]) -> list[str]:
    """Those of the names that are images by their ending and not hidden, in their order."""
    return [name for name in names if (folders := _folders(name)) and _suffix(folders) in SUFFIXES]


def _folders(name: str) -> tuple[str, ...]:
    """The folders and the file in a name; none for what is hidden. Steps out of the tree are no folders."""
    steps = [step for step in name.replace("\\", "/").split("/") if step not in ("", ".", "..")]
    hidden = any(step.startswith(".") or step == "__MACOSX" for step in steps)
    return () if hidden else tuple(steps)


def _suffix(folders: tuple[str, ...]) -> str:
    return splitext(folders[-1])[1].lower()


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

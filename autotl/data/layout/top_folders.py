"""Decide which top folders of a tree are parts of a split."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from autotl.api import Part
from autotl.data.layout.part_names import (
    ParsedName,
    is_filler_name,
    is_fold_name,
    is_unlabelled_name,
    parse_name,
    part_of,
)
from autotl.data.name_lists import join_names
from autotl.errors import DataError

_STRAY_FOLDER = re.compile(
    r"docs?|documentation|examples?|figures?|assets?|screenshots?|readme|plots?|results?|outputs?|logs?|demo|papers?",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4,}([-_. ]\d+)*")


@dataclass(frozen=True, slots=True)
class TopFolder:
    """A top folder of a tree.

    Attributes:
        subfolders: The folders in it that hold images.
        has_images: Whether it also holds images directly.
        level: The position of the subfolders in a path.
    """

    subfolders: frozenset[str]
    has_images: bool
    level: int


def container_of(tops: Mapping[str, TopFolder], *, where: str) -> str | None:
    """Return the top folder that holds the class folders, or None.

    The other top folders must be stray folders. For example ``imgs`` with a folder for each class, beside
    ``docs``. A class ``dog`` with a folder for each breed, beside a class ``cat``, is no such folder.

    Args:
        tops: The top folders by name.
        where: The name of the tree, for errors.

    Raises:
        DataError: Only the name of one folder suggests that it holds the classes.
    """
    holding = [name for name, top in tops.items() if len(top.subfolders) > 1 and not top.has_images]
    others = sorted(name for name in tops if name not in holding)
    if len(holding) != 1 or not others or any(tops[name].subfolders or part_of(name) for name in others):
        return None
    name = holding[0]
    if all(
        _STRAY_FOLDER.fullmatch(other) or is_filler_name(other) or is_unlabelled_name(other)
        for other in others
    ):
        return name
    if part_of(name) == "train" or is_filler_name(name):
        raise DataError(
            f"The class folders of {where} must be side by side (got a folder {name} with folders "
            f"({join_names(sorted(tops[name].subfolders))}), beside {join_names(others)} with images). "
            f"Give the folder {name} alone, or move all class folders side by side."
        )
    return None


def parts_among(tops: Mapping[str, TopFolder], *, where: str) -> dict[str, Part]:
    """Return the part of each top folder, if they are parts.

    It is empty if the top folders are the classes.

    Args:
        tops: The top folders by name.
        where: The name of the tree, for errors.

    Raises:
        DataError: The folders are folds, or it is unclear which level of folders holds the classes.
    """
    exact = {name: part for name in tops if (part := part_of(name))}
    if _is_split(exact, tops):
        return exact
    parsed = {name: parse_name(name) for name in tops}
    loose = {name: each.part for name, each in parsed.items() if each.part}
    has_several_parts = {"train"} < set(loose.values())
    other_words = {tuple(sorted(parsed[name].rest)) for name in loose}
    rest_is_unlabelled = all(name in loose or is_unlabelled_name(name) for name in tops)
    if has_several_parts and len(other_words) == 1 and rest_is_unlabelled:
        return loose
    _refuse_unclear_names(tops, parsed, where=where)
    if shared := _shared_subfolders(tops):
        if has_several_parts and rest_is_unlabelled:
            return loose
        raise DataError(
            f"A single level of folders in {where} must hold the classes (got {join_names(sorted(tops))}, "
            f"which hold folders of the same names: {join_names(shared)}). If the inner folders are the "
            "classes, rename the upper folders to train, val and test, or merge the folders of each class. "
            "If the upper folders are the classes, move the images out of the inner folders. A table of "
            "images and labels can state either."
        )
    return {}


def check_parts_inside(tops: Mapping[str, TopFolder], *, where: str) -> None:
    """Refuse class folders with parts of a split beside other images.

    Args:
        tops: The top folders by name, which are classes.
        where: The name of the tree, for errors.

    Raises:
        DataError: A folder holds a part ``train`` and another part.
    """
    held = {name: {part_of(inside) for inside in top.subfolders} - {None} for name, top in tops.items()}
    if split := sorted(name for name, parts in held.items() if "train" in parts and len(parts) > 1):
        raise DataError(
            f"All images in {where} must be in parts of the split (got the parts in {join_names(split)}, but "
            "images outside of them). Put the class folders inside folders train, val and test, or move all "
            "images of each class into one folder."
        )


def _refuse_unclear_names(
    tops: Mapping[str, TopFolder], parsed: Mapping[str, ParsedName], *, where: str
) -> None:
    """Refuse folders that are folds, or parts and classes at once."""
    if all(is_fold_name(name) for name in tops):
        raise DataError(
            f"The folders of {where} must be classes or parts of a split (got folds of cross-validation: "
            f"{join_names(sorted(tops))}). Rename them to train, val and test, or move the images of each "
            "class into one folder."
        )
    loose = {name: each.part for name, each in parsed.items() if each.part}
    other_words = {tuple(sorted(parsed[name].rest)) for name in loose}
    has_several_parts = {"train"} < set(loose.values())
    if has_several_parts and len(other_words) < len(loose) and len(loose) == len(tops):
        raise DataError(
            f"A folder of {where} must name a part of a split or a class (got both in "
            f"{join_names(sorted(tops))}). Put the class folders inside folders train, val and test."
        )


def _is_split(exact: Mapping[str, Part], tops: Mapping[str, TopFolder]) -> bool:
    parts = set(exact.values())
    if len(exact) == len(tops) or parts >= {"train", "test"} or parts >= {"train", "val"}:
        return True
    return "train" in parts and all(name in exact or is_unlabelled_name(name) for name in tops)


def _shared_subfolders(tops: Mapping[str, TopFolder]) -> list[str]:
    """Return subfolder names that most top folders share."""
    counts = Counter(name for top in tops.values() for name in top.subfolders)
    minimum = max(2, len(tops) / 2)
    shared = sorted(
        name
        for name, n in counts.items()
        if n >= minimum and not is_filler_name(name) and part_of(name) is None and not _DATE.fullmatch(name)
    )
    total = sum(counts[name] for name in shared)
    return shared if len(shared) > 1 and total > sum(counts.values()) / 2 else []

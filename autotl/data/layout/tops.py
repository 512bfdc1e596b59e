"""Find out which upper folders of a tree are parts of a split, and refuse those that cannot be told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from autotl.api import Part
from autotl.data.conventions import some
from autotl.data.layout.parts import is_filler, is_fold, is_unlabelled, part_of, wording
from autotl.errors import DataError

_STRAY = re.compile(
    r"docs?|documentation|examples?|figures?|assets?|screenshots?|readme|plots?|results?|outputs?|logs?|demo|papers?",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4,}([-_. ]\d+)*")


@dataclass(frozen=True, slots=True)
class Top:
    """An upper folder: the folders in it that hold images, and whether images lie beside these.

    ``level`` says where in a path the folders in it are.
    """

    inside: frozenset[str]
    flat: bool
    level: int


def container_of(tops: Mapping[str, Top], *, where: str) -> str | None:
    """The only folder that holds class folders while the others are strays beside it, if the names say so.

    ``imgs`` with a folder for each class is one beside ``docs``; a class ``dog`` with folders of breeds is
    none beside a class ``cat``. Raises DataError if only the name of the folder says that it is one.
    """
    holding = [name for name, top in tops.items() if len(top.inside) > 1 and not top.flat]
    others = sorted(name for name in tops if name not in holding)
    if len(holding) != 1 or not others or any(tops[name].inside or part_of(name) for name in others):
        return None
    name = holding[0]
    if all(_STRAY.fullmatch(each) or is_filler(each) or is_unlabelled(each) for each in others):
        return name
    if part_of(name) == "train" or is_filler(name):
        raise DataError(
            f"In {where} the folder {name} holds folders ({some(sorted(tops[name].inside))}), and beside it "
            f"are {some(others)}, which hold images. It cannot be told which of them are the classes. "
            f"Give the folder {name} alone, or put all class folders side by side."
        )
    return None


def parts_among(tops: Mapping[str, Top], *, where: str) -> dict[str, Part]:
    """The upper folders that are parts of a split; none where the upper folders are the classes.

    Raises DataError that names the folders if they are folds, or if they hold folders of the same names and
    it cannot be told which of both are the classes.
    """
    strict = {name: part for name in tops if (part := part_of(name))}
    if _is_split(strict, tops):
        return strict
    said = {name: wording(name) for name in tops}
    loose = {name: each.part for name, each in said.items() if each.part}
    alike = {tuple(sorted(said[name].rest)) for name in loose}
    several = {"train"} < set(loose.values())
    if several and len(alike) == 1 and all(name in loose or is_unlabelled(name) for name in tops):
        return loose
    if all(is_fold(name) for name in tops):
        raise DataError(
            f"{where} holds folds of cross-validation: {some(sorted(tops))}. They are no classes. "
            "Rename them to train, val and test, or put the images of each class into one folder."
        )
    if several and len(alike) < len(loose) and len(loose) == len(tops):
        raise DataError(
            f"In {where} the folders {some(sorted(tops))} name both a part of a split and a class. "
            "Put the class folders inside folders train, val and test."
        )
    if common := _common(tops):
        if several and all(name in loose or is_unlabelled(name) for name in tops):
            return loose
        raise DataError(
            f"In {where} the folders {some(sorted(tops))} hold folders of the same names: {some(common)}. "
            "If these are the classes, rename the upper folders to train, val and test, or put the images of "
            "each class into one folder. If the upper folders are the classes, move the images out of the "
            "folders inside them. A table of images and labels can say either."
        )
    return {}


def _is_split(strict: Mapping[str, Part], tops: Mapping[str, Top]) -> bool:
    parts = set(strict.values())
    if len(strict) == len(tops) or parts >= {"train", "test"} or parts >= {"train", "val"}:
        return True
    return "train" in parts and all(name in strict or is_unlabelled(name) for name in tops)


def _common(tops: Mapping[str, Top]) -> list[str]:
    """The names that folders have inside at least half of the upper folders, if most inside have them."""
    counts = Counter(name for top in tops.values() for name in top.inside)
    least = max(2, len(tops) / 2)
    common = sorted(
        name
        for name, n in counts.items()
        if n >= least and not is_filler(name) and part_of(name) is None and not _DATE.fullmatch(name)
    )
    shared = sum(counts[name] for name in common)
    return common if len(common) > 1 and shared > sum(counts.values()) / 2 else []

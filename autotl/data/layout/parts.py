"""Tell the names of the parts of a split from other names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autotl.api import Part

_WORDS: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "trn", "trainval"), "train"),
    **dict.fromkeys(
        ("val", "valid", "validate", "validation", "dev", "eval", "evaluate", "evaluation"), "val"
    ),
    **dict.fromkeys(("test", "testing", "tst", "holdout"), "test"),
}
_FILLERS = frozenset(
    {"set", "sets", "data", "dataset", "datasets", "image", "images", "img", "imgs", "pic", "pics", "picture"}
    | {
        "pictures",
        "photo",
        "photos",
        "sample",
        "samples",
        "split",
        "splits",
        "part",
        "subset",
        "folder",
        "dir",
    }
    | {"public", "private", "final"}
)
"""Words that say nothing about a name beside the name of a part, or alone."""
_COMPOUND = re.compile(
    r"(train|training|trn|val|valid|validation|eval|test|testing|tst)(set|data|images|imgs|img)"
)
_HOLD_OUT = re.compile(r"hold[ _-]?out", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LETTERS = re.compile(r"[^\W\d_]+")
_FOLD = re.compile(r"(k[ _-]?)?(fold|cv)s?[ _-]*\d+", re.IGNORECASE)
_UNLABELLED = frozenset(
    {"unlabeled", "unlabelled", "pred", "preds", "predict", "prediction", "predictions", "inference"}
)


@dataclass(frozen=True, slots=True)
class Wording:
    """What a name says: the part it stands for, if any, and the other words that mean something."""

    part: Part | None
    rest: tuple[str, ...]


def wording(name: str) -> Wording:
    """Take a name apart: ``seg_train2`` names the part ``train`` and leaves the word ``seg``."""
    text = _CAMEL.sub(" ", _HOLD_OUT.sub("holdout", name))
    words = [word for each in _LETTERS.findall(text) for word in _parted(each.lower())]
    parts = {_WORDS[word] for word in words if word in _WORDS}
    rest = tuple(word for word in words if word not in _WORDS and word not in _FILLERS)
    if parts == {"train", "val"}:  # what is left of a test part
        return Wording("train", rest)
    return Wording(parts.pop() if len(parts) == 1 else None, rest)


def part_of(name: object) -> Part | None:
    """The part of a split that a folder, a column's value or a split's name stands for."""
    if not isinstance(name, str):
        return None
    said = wording(name)
    return None if said.rest else said.part


def is_fold(name: str) -> bool:
    """Whether a name is that of a fold of cross-validation, such as ``fold_0``."""
    return _FOLD.fullmatch(name.strip()) is not None


def is_unlabelled(name: str) -> bool:
    """Whether a name says that what it holds has no labels, as ``unlabeled`` and ``seg_pred`` do."""
    return not _UNLABELLED.isdisjoint(wording(name).rest)


def is_filler(name: str) -> bool:
    """Whether a name says only that it holds images or data."""
    said = wording(name)
    return said.part is None and not said.rest and _LETTERS.search(name) is not None


def _parted(word: str) -> tuple[str, ...]:
    found = _COMPOUND.fullmatch(word)
    return found.groups() if found else (word,)

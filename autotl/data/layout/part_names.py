"""Recognise names of the parts of a split."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autotl.api import Part

_PART_WORDS: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "trn", "trainval"), "train"),
    **dict.fromkeys(
        ("val", "valid", "validate", "validation", "dev", "eval", "evaluate", "evaluation"), "val"
    ),
    **dict.fromkeys(("test", "testing", "tst", "holdout"), "test"),
}
_FILLER_WORDS = frozenset(
    {"set", "sets", "data", "dataset", "datasets", "image", "images", "img", "imgs", "pic", "pics", "picture"}
    | {"pictures", "photo", "photos", "sample", "samples", "split", "splits", "part", "subset", "folder"}
    | {"dir", "public", "private", "final"}
)
"""Words without meaning, alone or beside the name of a part."""
_COMPOUND = re.compile(
    r"(train|training|trn|val|valid|validation|eval|test|testing|tst)(set|data|images|imgs|img)"
)
_HOLD_OUT = re.compile(r"hold[ _-]?out", re.IGNORECASE)
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
_FOLD = re.compile(r"(k[ _-]?)?(fold|cv)s?[ _-]*\d+", re.IGNORECASE)
_UNLABELLED_WORDS = frozenset(
    {"unlabeled", "unlabelled", "pred", "preds", "predict", "prediction", "predictions", "inference"}
)


@dataclass(frozen=True, slots=True)
class ParsedName:
    """The part in a name, if any, and its other words."""

    part: Part | None
    rest: tuple[str, ...]


def parse_name(name: str) -> ParsedName:
    """Split a name into the name of a part and other words.

    >>> parse_name("seg_train2")
    ParsedName(part='train', rest=('seg',))
    """
    text = _CAMEL_CASE.sub(" ", _HOLD_OUT.sub("holdout", name))
    words = [word for found in _WORD.findall(text) for word in _split_compound(found.lower())]
    parts = {_PART_WORDS[word] for word in words if word in _PART_WORDS}
    rest = tuple(word for word in words if word not in _PART_WORDS and word not in _FILLER_WORDS)
    if parts == {"train", "val"}:  # everything but the test set, for example "trainval"
        return ParsedName("train", rest)
    return ParsedName(parts.pop() if len(parts) == 1 else None, rest)


def part_of(name: object) -> Part | None:
    """Return the part that a name stands for, or None.

    The name is that of a folder, a split or a cell.
    """
    if not isinstance(name, str):
        return None
    parsed = parse_name(name)
    return None if parsed.rest else parsed.part


def is_fold_name(name: str) -> bool:
    """Return whether a name is that of a fold, such as ``fold_0``."""
    return _FOLD.fullmatch(name.strip()) is not None


def is_unlabelled_name(name: str) -> bool:
    """Return whether a name stands for images without labels, such as ``seg_pred``."""
    return not _UNLABELLED_WORDS.isdisjoint(parse_name(name).rest)


def is_filler_name(name: str) -> bool:
    """Return whether a name means only images or data, such as ``imgs``."""
    parsed = parse_name(name)
    return parsed.part is None and not parsed.rest and _WORD.search(name) is not None


def _split_compound(word: str) -> tuple[str, ...]:
    found = _COMPOUND.fullmatch(word)
    return found.groups() if found else (word,)

"""Find the target's classes among those a source head knows, by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from autotl.api import SourceClass


def match_classes(targets: Sequence[str], known: Sequence[SourceClass]) -> Mapping[str, tuple[int, ...]]:
    """For each target class the source classes, by index, that go by its name or id; often none or one.

    Names are compared without case, accents, punctuation and a plural ending, and a source class goes by each
    of the synonyms in its label string ("tench, Tinca tinca").
    """
    index: dict[str, list[int]] = {}
    for position, each in enumerate(known):
        for name in {_normal(name) for name in (each.id, *each.names)}:
            index.setdefault(name, []).append(position)
    return {target: tuple(index.get(_normal(target), ())) for target in targets}


def _normal(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    words = re.findall(r"[a-z0-9]+", bare) or [name.casefold().strip()]
    return " ".join(_singular(word) for word in words)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and re.search(r"(ss|x|ch|sh)es$", word):
        return word[:-2]
    return (
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
    )

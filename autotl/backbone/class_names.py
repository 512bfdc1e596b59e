"""Match target classes with the classes of a source head, by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from autotl.api import SourceClass

_MIN_PLURAL_LENGTH = 4  # letters of a word that may be a plural


def match_classes(targets: Sequence[str], known: Sequence[SourceClass]) -> Mapping[str, tuple[int, ...]]:
    """Return the source classes with the name of each target.

    Case, accents, punctuation and plural endings are ignored. A source class has all the synonyms in its
    label string, such as "tench, Tinca tinca".

    Args:
        targets: The names of the target classes.
        known: The source classes.
    """
    index: dict[str, list[int]] = {}
    for position, source in enumerate(known):
        for name in {_normalised(name) for name in (source.id, *source.names)}:
            index.setdefault(name, []).append(position)
    return {target: tuple(index.get(_normalised(target), ())) for target in targets}


def _normalised(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    words = re.findall(r"[a-z0-9]+", ascii_name) or [name.casefold().strip()]
    return " ".join(_singular(word) for word in words)


def _singular(word: str) -> str:
    if len(word) > _MIN_PLURAL_LENGTH and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > _MIN_PLURAL_LENGTH and re.search(r"(ss|x|ch|sh)es$", word):
        return word[:-2]
    is_plural = len(word) >= _MIN_PLURAL_LENGTH and word.endswith("s")
    return word[:-1] if is_plural and not word.endswith(("ss", "us", "is")) else word

"""Put the noun of a run's inputs in the place of images."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape

from autotl.errors import AutotlError

IMAGE = "image"
"""The noun that sentences are written with."""
_CODE = re.compile(r"(`[^`]*`)")
# paths, options, quoted names and "image inputs" stay, and so do mirror images, which no other modality has
_NOUN = re.compile(
    r"(?<![\w./\\'\"=-])(?<!mirror )(?:(an|An) )?(image|Image|picture|Picture|photograph)(s?)"
    r"(?! inputs\b)(?![\w/\\'\"=]|[.]\w)( sizes?\b)?"
)
_COUNT = re.compile(r"(?<=\d )image(s?)\b")


def worded(text: str, noun: str) -> str:
    """Return a sentence about images as one about other inputs.

    Names in backticks stay.

    >>> worded("An image of `my image` is one of 3 images.", "text")
    'A text of `my image` is one of 3 texts.'

    Args:
        text: The sentence.
        noun: One input in words, such as ``"text"``.
    """
    if noun == IMAGE:
        return text
    parts = _CODE.split(text)
    return "".join(part if part.startswith("`") else _NOUN.sub(_replacement(noun), part) for part in parts)


def counted(svg: str, noun: str) -> str:
    """Return a drawing with the noun after numbers.

    Other words may be the user's names.
    """
    own = escape(noun)
    return _COUNT.sub(lambda found: own + found[1], svg)


@contextmanager
def errors_about(noun: str) -> Iterator[None]:
    """Let errors of autotl in this block name the inputs."""
    try:
        yield
    except AutotlError as error:
        error.args = tuple(worded(each, noun) if isinstance(each, str) else each for each in error.args)
        raise


def _replacement(noun: str) -> Callable[[re.Match[str]], str]:
    def replaced(match: re.Match[str]) -> str:
        article, word, plural, size = match.groups()
        own = "input" if size else noun  # the size of a text is that of the network's input
        own = (own.capitalize() if word[0].isupper() else own) + plural + (size or "")
        if not article:
            return own
        return f"{article if own[0] in 'aeiouAEIOU' else article[0]} {own}"

    return replaced

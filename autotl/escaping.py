"""Show text from outside harmlessly: names of files and classes, in any terminal and log."""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

PLAIN = {
    "−": "-", "–": "-", "—": "-", "‑": "-", "×": "x", "·": "|", "…": "...", "★": "*", "▸": ">", "≥": ">=",
    "≤": "<=", "±": "+-", "→": "->", "’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "\u202f": " ",
}  # fmt: skip
"""What stands for a sign that a stream cannot hold; any other is written as a question mark."""
_PLAINLY = "autotl.plainly"
# What a terminal obeys (C0 but tab and line feed, DEL, C1), what changes the order of letters, what ends a
# line, and halves of letters, which stand for bytes that are no Unicode.
_ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def safe(text: str, *, lines: bool = False) -> str:
    """Return ``text`` with each character that a terminal may obey as a backslash and its number.

    Args:
        text: what comes from outside, or holds such names.
        lines: whether line feeds and tabs stay, as in text of several lines.
    """
    shown = _ACTIVE.sub(_number, text)
    return shown if lines else shown.replace("\n", "\\n").replace("\t", "\\t")


def safe_json(text: str) -> str:
    """Return a JSON document with such characters escaped; its content stays the same."""
    return _ACTIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class SafeConsole(Console):
    """A console of rich that shows each piece of text by :func:`safe`; the styles are its own."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """See ``rich.console.Console.render``."""
        for each in super().render(renderable, options):
            yield each if each.control else Segment(safe(each.text, lines=True), each.style)

    def render_str(self, text: str, **options: Any) -> Any:
        """See ``rich.console.Console.render_str``."""
        return super().render_str(safe(text, lines=True), **options)


def console(**options: Any) -> Console:
    """Return a console for text that may come from outside, without rich's highlighting."""
    return SafeConsole(**{"highlight": False, "emoji": False, **options})


def write_out(text: str) -> None:
    """Write text of several lines to standard output, harmlessly. A closed output takes nothing."""
    if sys.stdout is not None:
        sys.stdout.write(safe(text, lines=True))


def prepare_streams() -> None:
    """Let standard output and error take any text, and be there.

    A sign that the encoding of a stream lacks is written plainly. A stream that was closed before the start
    leads nowhere: otherwise the next file that is opened would get its number, and what libraries print.
    """
    codecs.register_error(_PLAINLY, _plainly)
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    sys.stdout, sys.stderr = (_opened(each) for each in (sys.stdout, sys.stderr))


def _opened(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - it lives as long as the process
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_PLAINLY)
    return stream


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(PLAIN.get(each) or _replaced(each) for each in letters), error.end


def _replaced(letter: str) -> str:
    return f"\\x{ord(letter) - 0xDC00:02x}" if "\udc80" <= letter <= "\udcff" else "?"


def _number(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"

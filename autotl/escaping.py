"""Escape control characters in file and class names before they are printed."""

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

ASCII_REPLACEMENTS = {
    "−": "-", "–": "-", "—": "-", "‑": "-", "×": "x", "·": "|", "…": "...", "★": "*", "▸": ">", "≥": ">=",
    "≤": "<=", "±": "+-", "→": "->", "’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "\u202f": " ",
}  # fmt: skip
"""Replacements for characters that a stream cannot encode; any other becomes a question mark."""
_ERROR_HANDLER = "autotl.ascii"
# Control characters (C0 except tab and line feed, DEL, C1), changes of the writing direction, line ends of
# Unicode, and lone surrogates, which stand for bytes that are not valid Unicode.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def safe(text: str, *, lines: bool = False) -> str:
    """Replace each character that could control a terminal by its escape sequence.

    Args:
        text: Text that may contain names from files or data.
        lines: Whether to keep line feeds and tabs.
    """
    shown = _UNSAFE.sub(_escape_sequence, text)
    return shown if lines else shown.replace("\n", "\\n").replace("\t", "\\t")


def safe_json(text: str) -> str:
    """Escape such characters in a JSON document; its content stays the same."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class SafeConsole(Console):
    """A rich console that prints all text through :func:`safe`."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """See ``rich.console.Console.render``."""
        for each in super().render(renderable, options):
            yield each if each.control else Segment(safe(each.text, lines=True), each.style)

    def render_str(self, text: str, **options: Any) -> Any:
        """See ``rich.console.Console.render_str``."""
        return super().render_str(safe(text, lines=True), **options)


def console(**options: Any) -> Console:
    """Return a :class:`SafeConsole` without highlighting and emoji.

    Args:
        **options: Further arguments of ``rich.console.Console``.
    """
    return SafeConsole(**{"highlight": False, "emoji": False, **options})


def write_out(text: str) -> None:
    """Write escaped text to standard output, unless it is closed."""
    if sys.stdout is not None:
        sys.stdout.write(safe(text, lines=True))


def prepare_streams() -> None:
    """Make standard output and error accept any text.

    Characters that a stream cannot encode are replaced. A stream that was closed before the start is
    redirected to the null device. Otherwise the next file that is opened would get its descriptor, and the
    output of libraries would end up in that file.
    """
    codecs.register_error(_ERROR_HANDLER, _replace_unencodable)
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free descriptor: this one
    sys.stdout, sys.stderr = (_tolerant(each) for each in (sys.stdout, sys.stderr))


def _tolerant(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - it lives as long as the process
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_ERROR_HANDLER)
    return stream


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(ASCII_REPLACEMENTS.get(each) or _replacement(each) for each in characters), error.end


def _replacement(character: str) -> str:
    return f"\\x{ord(character) - 0xDC00:02x}" if "\udc80" <= character <= "\udcff" else "?"


def _escape_sequence(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"

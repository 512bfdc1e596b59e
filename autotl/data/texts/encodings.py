"""Guess the encoding of a text file."""

from __future__ import annotations

import codecs
from pathlib import Path

from autotl.errors import DataError

UTF_8 = "utf-8-sig"
FALLBACK = "cp1252"
"""The encoding of bytes that are not UTF-8: the usual one of Western European files, as Latin-1."""
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def encoding_of(content: bytes) -> str:
    """Return the encoding of a file's bytes.

    It is that of the file's mark, UTF-8 if that is possible, or else ``FALLBACK``.
    """
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return name
    try:
        content.decode(UTF_8)
    except UnicodeDecodeError:
        return FALLBACK
    return UTF_8


def encoding_note(encoding: str, where: str) -> str:
    """Return a note on an encoding other than UTF-8; "" for UTF-8.

    Args:
        encoding: The encoding.
        where: The file or files, for the note.
    """
    if encoding == UTF_8:
        return ""
    name = "Windows-1252 (Latin-1)" if encoding == FALLBACK else encoding.upper()
    return f"{where} was read as {name}, because it is not UTF-8. If letters look wrong, save it as UTF-8."


def read_text_file(path: Path) -> str:
    """Return the content of a text file in any usual encoding.

    Raises:
        DataError: The file holds bytes that are no text.
        OSError: The file cannot be read.
    """
    content = path.read_bytes()
    encoding = encoding_of(content)
    try:
        text = content.decode(encoding, "replace" if encoding == FALLBACK else "strict")
    except UnicodeDecodeError as error:
        raise DataError(f"it is not {encoding.upper()} text") from error
    if "\0" in text:
        raise DataError("it holds zero bytes, and so is no text")
    return text

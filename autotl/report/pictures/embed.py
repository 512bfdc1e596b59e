"""Embed kept thumbnails in a page."""

from __future__ import annotations

import base64
import re
from pathlib import Path

FOLDER = "pictures"
"""The folder of thumbnails in a run folder."""
MAX_BYTES = 8_000
"""The size of a thumbnail."""
MAX_EMBEDDED = 2_000_000
"""Characters of all embedded thumbnails on a page."""
FILE = re.compile(r"[0-9a-f]{16}\.webp")
"""The names that ``keep`` gives; an edited report cannot name other files."""


class ThumbnailFolder:
    """The thumbnails of a run, up to a total size."""

    def __init__(self, run: Path | None) -> None:
        """``run`` is the run folder; without one, there are no thumbnails."""
        self._run, self._left = run, MAX_EMBEDDED

    def uri(self, file: str) -> str:
        """Return a thumbnail as a data URI.

        It is empty if the file is missing, is damaged, or exceeds the total size.
        """
        content = self._read(file)
        uri = f"data:image/webp;base64,{base64.b64encode(content).decode()}" if content else ""
        if len(uri) > self._left:
            return ""
        self._left -= len(uri)
        return uri

    def _read(self, file: str) -> bytes:
        if self._run is None or not FILE.fullmatch(file):
            return b""
        path = self._run / FOLDER / file
        try:
            if path.is_symlink() or not path.is_file():  # a pipe would block forever
                return b""
            with path.open("rb") as opened:
                content = opened.read(MAX_BYTES + 1)
        except OSError:
            return b""
        return content if len(content) <= MAX_BYTES and _is_whole(content) else b""


def _is_whole(content: bytes) -> bool:
    """Return whether the content has the header and the length of a WebP file."""
    size = int.from_bytes(content[4:8], "little") + 8  # RIFF <size> WEBP; the size is even
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP" and size == len(content)

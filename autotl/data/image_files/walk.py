"""Walk through the files below a folder, links included."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path


def files_below(root: Path) -> Iterator[str]:
    """The names of all regular files below ``root``, with ``/`` between folders; links are followed.

    Named pipes, sockets and devices are passed over: whoever opened a pipe would wait for ever.
    """
    seen = {os.path.realpath(root)}
    for folder, below, files in os.walk(root, followlinks=True):
        # A link back to a folder above would otherwise be walked for ever.
        real = {name: os.path.realpath(Path(folder, name)) for name in below}
        below[:] = [name for name in sorted(below) if real[name] not in seen]
        seen.update(real.values())
        inside = Path(folder).relative_to(root)
        for file in files:
            if not is_special(Path(folder, file)):
                yield (inside / file).as_posix()


def is_special(path: Path) -> bool:
    """Whether a pipe, a socket or a device is there; a link that leads nowhere is none."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))

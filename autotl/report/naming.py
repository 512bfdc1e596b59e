"""What a run is called in its report: the command that began it, and its data."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from autotl.masking import masked
from autotl.report import format


def command_line() -> str:
    """The command that started this process, without the folder of the script or a password."""
    return " ".join([Path(sys.argv[0]).name, *map(masked, sys.argv[1:])]) if sys.argv else ""


def data_name(data: object) -> str:
    """What to call the data in a report: the file's or folder's name, or the kind of thing it is."""
    if isinstance(data, str | Path):
        return Path(data).name or str(data)
    return "images" if isinstance(data, tuple | list) else type(data).__name__


def marked(sentence: str, *names: object) -> str:
    """``sentence`` with these names in it marked as names."""
    for name in filter(None, names):
        sentence = re.sub(
            rf"(?<![\w.`-]){re.escape(str(name))}(?![\w`-])", lambda found: format.name(found[0]), sentence
        )
    return sentence

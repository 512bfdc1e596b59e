"""Let a reporter write its form of the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autotl.api import Reporter, Watch
from autotl.disk import is_full


def write(reporter: Reporter, document: Mapping[str, Any], folder: Path, *, watch: Watch) -> list[Path]:
    """Write one form below ``folder``; a reporter that fails is told of, and the others still write
    theirs.
    """
    try:
        return list(reporter.write(document, folder))
    except Exception as error:  # a stranger's code: the model and the other reports must not be lost
        if is_full(error):
            raise
        watch.say(f"The reporter {reporter.name} failed: {type(error).__name__}: {error}")
        return []

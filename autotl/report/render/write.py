"""Let a reporter write its form of the report."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from autotl.api import Reporter, Watch
from autotl.errors import FAILURES, described
from autotl.files import is_full


def write(reporter: Reporter, document: Mapping[str, Any], folder: Path, *, watch: Watch) -> list[Path]:
    """Write one form below ``folder``, of a copy of the document.

    A reporter that fails is told of, and the others still write theirs.
    """
    try:
        return [Path(each) for each in reporter.write(deepcopy(dict(document)), folder)]
    except FAILURES as error:  # a stranger's code: the model and the other reports must not be lost
        if is_full(error):
            raise
        watch.say(f"The reporter {reporter.name} failed: {described(error)}")
        return []

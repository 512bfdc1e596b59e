"""Run a reporter on the content of report.json."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from autotl.api import Reporter, Watch
from autotl.errors import FAILURES, described
from autotl.files import is_full


def write(reporter: Reporter, document: Mapping[str, Any], folder: Path, *, watch: Watch) -> list[Path]:
    """Write one form of the report.

    A failure is shown by the watch, so that other reporters still write their forms.

    Args:
        reporter: The reporter; it receives a copy of the document.
        document: The content of ``report.json``.
        folder: The run folder.
        watch: Shows failures.

    Returns:
        The files written; empty if the reporter failed.
    """
    try:
        return [Path(each) for each in reporter.write(deepcopy(dict(document)), folder)]
    except FAILURES as error:  # a plugin's error must not lose the model and the other reports
        if is_full(error):
            raise
        watch.say(f"The reporter {reporter.name} failed: {described(error)}")
        return []

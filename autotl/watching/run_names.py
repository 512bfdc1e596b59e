"""Name a run and find its report, from its folder."""

from __future__ import annotations

from pathlib import Path

from autotl.report import data_name
from autotl.results import RunFile

REPORT = "report.html"


def name_of(file: RunFile, folder: Path) -> str:
    """Return the name of the data, or else of the folder.

    Args:
        file: The content of ``run.json``.
        folder: The run folder.
    """
    data = file.arguments.get("data")
    return data_name(data) if isinstance(data, str) and data else folder.resolve().name


def report_of(folder: Path) -> Path | None:
    """Return the page of the report; None if there is none."""
    path = folder / REPORT
    return path if path.is_file() else None

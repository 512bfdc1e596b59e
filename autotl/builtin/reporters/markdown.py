"""Write report.md: the report as a comment or a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl, jsonio
from autotl.api import Reporter
from autotl.report import markdown


class MarkdownReport:
    """The report's sentences and tables, compact enough for a pull request."""

    name = "md"
    summary = "report.md, the findings in Markdown for a comment or a notebook"

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write report.md below ``folder``."""
        path = folder / "report.md"
        jsonio.write_text(path, markdown(report))
        return [path]


@hookimpl
def autotl_reporters() -> Iterable[Reporter]:
    return [MarkdownReport()]

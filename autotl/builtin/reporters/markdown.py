"""Write report.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl, jsonio
from autotl import report as reports  # imports its parts on first use, so that loading plugins is fast
from autotl.api import Reporter


class MarkdownReport:
    """Sentences and tables of the report, short enough for a pull request."""

    name = "md"
    summary = "report.md, the findings in Markdown for a comment or a notebook"

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write report.md below ``folder``."""
        path = folder / "report.md"
        jsonio.write_text(path, reports.markdown(reports.parse(report)))
        return [path]


@hookimpl
def autotl_reporters() -> Iterable[Reporter]:
    return [MarkdownReport()]

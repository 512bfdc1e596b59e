"""Write report.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl, jsonio
from autotl.api import Reporter
from autotl.report import markdown, parse


class MarkdownReport:
    """Sentences and tables of the report, short enough for a pull request."""

    name = "md"
    summary = "report.md, the findings in Markdown for a comment or a notebook"

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write report.md below ``folder``."""
        path = folder / "report.md"
        jsonio.write_text(path, markdown(parse(report)))
        return [path]


@hookimpl
def autotl_reporters() -> Iterable[Reporter]:
    return [MarkdownReport()]

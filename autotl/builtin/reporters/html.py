"""Write report.html and its figures: the report as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl, jsonio
from autotl.api import Reporter
from autotl.report import drawings, html


class HtmlReport:
    """One page that needs nothing beside itself, and its figures as files for papers and slides."""

    name = "html"
    summary = "report.html, one self-contained page with figures, and figures/*.svg"

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write report.html and figures/*.svg below ``folder``; figures of an earlier report go."""
        drawn = {folder / "figures" / f"{name}.svg": svg for name, svg in drawings(report).items()}
        for old in (folder / "figures").glob("*.svg"):
            if old not in drawn:
                old.unlink()
        for path, text in {folder / "report.html": html(report), **drawn}.items():
            jsonio.write_text(path, text)
        return [folder / "report.html", *drawn]


@hookimpl
def autotl_reporters() -> Iterable[Reporter]:
    return [HtmlReport()]

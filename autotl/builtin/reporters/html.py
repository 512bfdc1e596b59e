"""Write report.html and its figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl, jsonio
from autotl.api import Reporter
from autotl.report import figure_files, html, parse


class HtmlReport:
    """Self-contained page, with its figures as files for papers and slides."""

    name = "html"
    summary = "report.html, one self-contained page with figures, and figures/*.svg"

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write report.html and figures/*.svg, and delete figures of an earlier report."""
        document = parse(report)
        drawn = {folder / "figures" / f"{name}.svg": svg for name, svg in figure_files(document).items()}
        for old in (folder / "figures").glob("*.svg"):
            if old not in drawn:
                old.unlink()
        for path, text in {folder / "report.html": html(document, folder), **drawn}.items():
            jsonio.write_text(path, text)
        return [folder / "report.html", *drawn]


@hookimpl
def autotl_reporters() -> Iterable[Reporter]:
    return [HtmlReport()]

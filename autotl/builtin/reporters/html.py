"""Write report.html and its figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl, jsonio
from autotl import report as reports  # imports its parts on first use, so that loading plugins is fast
from autotl.api import Reporter


class HtmlReport:
    """Self-contained page, with its figures as files for papers and slides."""

    name = "html"
    summary = "report.html, one self-contained page with figures, and figures/*.svg"

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write report.html and figures/*.svg, and delete figures of an earlier report."""
        document = reports.parse(report)
        drawn = {
            folder / "figures" / f"{name}.svg": svg for name, svg in reports.figure_files(document).items()
        }
        for old in (folder / "figures").glob("*.svg"):
            if old not in drawn:
                old.unlink()
        for path, text in {folder / "report.html": reports.html(document, folder), **drawn}.items():
            jsonio.write_text(path, text)
        return [folder / "report.html", *drawn]


@hookimpl
def autotl_reporters() -> Iterable[Reporter]:
    return [HtmlReport()]

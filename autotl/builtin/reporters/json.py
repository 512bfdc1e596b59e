"""Write report.json: the report as programs read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl, jsonio
from autotl.api import Reporter


class JsonReport:
    """The whole report, key by key as docs/report.md describes it."""

    name = "json"
    summary = "report.json, every number of the run for programs"

    def write(self, report: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Write report.json below ``folder``."""
        path = folder / "report.json"
        jsonio.write(path, {"format": jsonio.FORMAT, **report})
        return [path]


@hookimpl
def autotl_reporters() -> Iterable[Reporter]:
    return [JsonReport()]

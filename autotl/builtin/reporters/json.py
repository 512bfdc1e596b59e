"""Write report.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl, jsonio
from autotl.api import Reporter


class JsonReport:
    """Content of the report for programs; docs/report.md describes each key."""

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

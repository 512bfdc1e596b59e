"""Read the content of report.json as typed records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.report.document.parse import parse
    from autotl.report.document.report import Report

__all__ = ["Report", "parse"]

lazy_package(__name__)

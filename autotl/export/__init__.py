"""Export a model for other runtimes, and verify the exported file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.export.calls import export_run, push_run
    from autotl.export.formats import FORMATS

__all__ = ["FORMATS", "export_run", "push_run"]

lazy_package(__name__)

"""Validate the content of report.json once, as a typed record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autotl import jsonio
from autotl.report.document.report import Report

_FREE = frozenset({"params"})
"""Keys of mappings whose nulls are values: a setting may be null."""


def parse(document: Mapping[str, Any]) -> Report:
    """Validate the content of ``report.json``.

    Null and absent keys become None or an empty part. Unknown keys are ignored, so reports of other versions
    are accepted.

    Raises:
        ValueError: A value has another type; the message names its place.
    """
    return jsonio.as_type(_without_nulls(jsonio.plain(document)), Report)


def _without_nulls(value: Any) -> Any:
    """The value without nulls; None for a list of numbers with a null."""
    if isinstance(value, Mapping):
        return {
            key: kept
            for key, each in value.items()
            if (kept := each if key in _FREE else _without_nulls(each)) is not None
        }
    if not isinstance(value, list):
        return value
    kept = [each for each in map(_without_nulls, value) if each is not None]
    # half an interval, and a row of counts with a gap, were not measured
    return None if len(kept) < len(value) and all(isinstance(each, int | float) for each in kept) else kept

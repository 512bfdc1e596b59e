"""Describe the target in the JSON files of a model folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autotl import jsonio
from autotl.api import PredictionIntervals, TargetSpec
from autotl.targets import TARGETS

_KIND, _NAMES, _MEANS, _SCALES = "target", "label_names", "target_means", "target_scales"
_INTERVALS = "prediction_intervals"


@dataclass(frozen=True, slots=True)
class _Intervals:
    half_widths: tuple[float, ...]
    coverage: float


def target_entries(target: TargetSpec) -> dict[str, Any]:
    """Return the entries of a target.

    Means and scales are among them only if the network's outputs are standardised numbers.
    """
    standardised = {_MEANS: list(target.means), _SCALES: list(target.scales)} if target.means else {}
    return {_KIND: target.kind, _NAMES: list(target.names), **standardised}


def read_target(document: Mapping[str, Any]) -> TargetSpec:
    """Return the target of a document.

    Folders of version 0.1 have single labels, and name no kind.

    Raises:
        ValueError: The document was edited.
    """
    names = jsonio.as_type(document[_NAMES], tuple[str, ...])
    kind = document.get(_KIND, "single_label")
    if kind not in TARGETS:
        raise ValueError(f"{_KIND} must be one of {', '.join(TARGETS)} (got {kind!r})")
    means, scales = (jsonio.as_type(document.get(key, []), tuple[float, ...]) for key in (_MEANS, _SCALES))
    if kind == "regression" and means:
        whole = len(means) == len(scales) == len(names) and all(map(math.isfinite, (*means, *scales)))
        if not whole or min(scales) <= 0:
            raise ValueError(f"{_MEANS} and {_SCALES} must have a number for each name, scales above 0")
        return TargetSpec(kind, names, means, scales)
    return TargetSpec(kind, names)


def interval_entries(intervals: PredictionIntervals | None) -> dict[str, Any]:
    """Return the entry of prediction intervals; empty if there are none."""
    if intervals is None or not intervals.kept:
        return {}
    return {_INTERVALS: {"half_widths": list(intervals.half_widths), "coverage": intervals.coverage}}


def read_intervals(document: Mapping[str, Any], target: TargetSpec) -> PredictionIntervals | None:
    """Return the prediction intervals of a document; None if there are none.

    Raises:
        ValueError: The document was edited.
    """
    entry = document.get(_INTERVALS)
    if entry is None:
        return None
    found = jsonio.as_type(entry, _Intervals)
    if len(found.half_widths) != target.outputs or not all(
        0 <= each < math.inf for each in found.half_widths
    ):
        raise ValueError(f"{_INTERVALS} must have a half-width of 0 or more for each name (got {entry!r})")
    if not 0 < found.coverage < 1:
        raise ValueError(f"the coverage of {_INTERVALS} must be between 0 and 1 (got {found.coverage})")
    return PredictionIntervals(found.half_widths, found.coverage)

"""The kinds of targets, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autotl.api import Target, TargetKind, TargetSpec
from autotl.targets.multi_label import MultiLabel
from autotl.targets.regression import Regression
from autotl.targets.single_label import SingleLabel

TARGETS: Mapping[TargetKind, Callable[[TargetSpec], Target]] = {
    "single_label": SingleLabel,
    "multi_label": MultiLabel,
    "regression": Regression,
}
"""The mathematics of each kind."""


def target_of(spec: TargetSpec) -> Target:
    """Return the mathematics of a target."""
    return TARGETS[spec.kind](spec)

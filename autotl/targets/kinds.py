"""The kinds of targets, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autotl.api import Target, TargetKind, TargetSpec
from autotl.errors import UnknownName
from autotl.targets.multi_label import MultiLabel
from autotl.targets.regression import Regression
from autotl.targets.single_label import SingleLabel

TARGETS: Mapping[TargetKind, Callable[[TargetSpec], Target]] = {
    "single_label": SingleLabel,
    "multi_label": MultiLabel,
    "regression": Regression,
}
"""The mathematics of each kind."""
TARGET_NAMES: Mapping[str, TargetKind] = {
    "single": "single_label",
    "multi": "multi_label",
    "number": "regression",
}
"""The short names of the kinds, for options."""


def kind_named(name: str) -> TargetKind:
    """Return the kind of a short or full name. Raises UnknownName."""
    if name in TARGET_NAMES:
        return TARGET_NAMES[name]
    for kind in TARGETS:
        if kind == name:
            return kind
    raise UnknownName("target", name, [*TARGET_NAMES, *TARGETS])


def target_of(spec: TargetSpec) -> Target:
    """Return the mathematics of a target."""
    return TARGETS[spec.kind](spec)

"""Kinds of targets: what a network predicts, and the mathematics of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.targets.chance import chance_level
    from autotl.targets.correctness import correctness, numbered_classes
    from autotl.targets.kinds import TARGET_NAMES, TARGETS, kind_named, target_of
    from autotl.targets.multi_label import MultiLabel
    from autotl.targets.regression import Regression
    from autotl.targets.single_label import SingleLabel

__all__ = [
    "TARGETS",
    "TARGET_NAMES",
    "MultiLabel",
    "Regression",
    "SingleLabel",
    "chance_level",
    "correctness",
    "kind_named",
    "numbered_classes",
    "target_of",
]

lazy_package(__name__)

"""Kinds of targets: what a network predicts, and the mathematics of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.targets.chance import chance_level
    from autotl.targets.kinds import TARGETS, target_of
    from autotl.targets.multi_label import MultiLabel
    from autotl.targets.regression import Regression
    from autotl.targets.single_label import SingleLabel

__all__ = ["TARGETS", "MultiLabel", "Regression", "SingleLabel", "chance_level", "target_of"]

lazy_package(__name__)

"""Heads that are not linear: described, built and attached to a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.heads.attach import attach_head, attached_head, check_classifier, detach_head
    from autotl.heads.form import HeadForm, check_spec
    from autotl.heads.kinds import HeadKinds
    from autotl.heads.loader import is_portable, loader_code
    from autotl.heads.module import Head
    from autotl.heads.stage_outputs import StageShape, channel_axis, stage_pass, stage_shapes

__all__ = [
    "Head",
    "HeadForm",
    "HeadKinds",
    "StageShape",
    "attach_head",
    "attached_head",
    "channel_axis",
    "check_classifier",
    "check_spec",
    "detach_head",
    "is_portable",
    "loader_code",
    "stage_pass",
    "stage_shapes",
]

lazy_package(__name__)

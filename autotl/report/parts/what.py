"""Build the part of report.json about the transferred layers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from autotl.api import roles_of
from autotl.report.evidence import Evidence


def what(e: Evidence) -> dict[str, Any]:
    """Return the ``what`` part."""
    backbone, moved = e.backbones[e.findings.winner.arm.backbone], e.findings.transfer_summary
    return {
        "backbone": backbone.name,
        "source": backbone.origin,
        "architecture": backbone.architecture,
        "parameters": backbone.parameters,
        "transferred_stages": moved.transferred,
        "frozen_stages": moved.frozen,
        "kept_weights": moved.kept,
        "stages": [asdict(each) for each in moved.stages],
        "new_parameters": moved.new,
        "replaced": [f"classifier ({backbone.features} → {len(e.dataset.classes)})"],
        "bn_policy": moved.norm,
        "heads": e.findings.heads,
        "plugin_heads": e.findings.plugin_heads,
        "kind": e.verdict.kind,
        "additional": roles_of(e.strategy),
    }

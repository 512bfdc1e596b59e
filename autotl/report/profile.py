"""Collect the parts of a report that are known before training."""

from __future__ import annotations

from typing import Any

from autotl import jsonio
from autotl.report.contributions import kinds
from autotl.report.evidence import ProfileEvidence
from autotl.report.kinds.target_data import target_facts
from autotl.report.parts.inputs import inputs


def profile(evidence: ProfileEvidence) -> dict[str, Any]:
    """Return the ``inputs``, ``target``, ``when`` and ``quality`` parts that need no training."""
    e = evidence
    when = {
        "n_train": len(e.splits.train),
        "n_test": len(e.splits.test),
        "n_classes": len(e.task.target.names),
        "min_per_class": e.task.smallest_stratum,
        "image_side": e.task.typical_size,
        "similarity": e.likeness,
        "label_overlap": e.overlap,
        "source_copies": e.copies,
        "transferability": e.ranking.scores,
        "choice": {
            "by": e.ranking.by or None,
            "order": e.ranking.order,
            "kept": e.ranking.kept,
            "aside": e.ranking.aside,
            "sentence": e.ranking.sentence,
        },
        "learning_curve": e.outlook,
        "rule_of_thumb": {
            "advice": e.advice.strategy,
            "freezes": e.advice.freezes,
            "sentence": e.advice.sentence,
        },
        "kinds": kinds(e.task, can_adapt=e.can_adapt),
    }
    target = e.task.target
    known: dict[str, Any] = jsonio.plain(
        {
            **inputs(e.task.modality),
            "target": {"kind": target.kind, "names": target.names},
            "when": when,
            "quality": e.quality,
        }
    )
    known["quality"] |= jsonio.plain({**e.examined, "targets": target_facts(target, e.targets)})
    return known

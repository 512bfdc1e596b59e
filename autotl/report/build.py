"""Gather what a run found into the one document every report is made from."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from autotl import jsonio
from autotl.api import Arm, Likeness, Record, Splits, Task
from autotl.report.costs import cost_of
from autotl.report.evidence import Evidence
from autotl.report.naming import command_line
from autotl.report.rule import came_true

if TYPE_CHECKING:  # a reporter must not cost the time it takes to import torch
    from autotl.evaluation import Findings, Gain


def profile(
    *,
    task: Task,
    splits: Splits,
    likeness: Mapping[str, Mapping[str, Likeness]],
    overlap: Any,
    copies: Any,
    ranking: Any,
    outlook: Any,
    advice: Any,
    quality: Any,
    examined: Mapping[str, Any],
) -> dict[str, Any]:
    """The ``when`` and ``quality`` parts, as far as they are known before training."""
    when = {
        "n_train": len(splits.train),
        "n_test": len(splits.test),
        "n_classes": len(task.classes),
        "min_per_class": task.min_per_class,
        "image_side": task.side,
        "similarity": likeness,
        "label_overlap": overlap,
        "source_copies": copies,
        "transferability": ranking.scores,
        "choice": {
            "by": ranking.by or None,
            "order": ranking.order,
            "kept": ranking.kept,
            "aside": ranking.aside,
            "sentence": ranking.sentence,
        },
        "learning_curve": outlook,
        "rule_of_thumb": {
            "advice": advice.strategy,
            "freezes": advice.freezes,
            "sentence": advice.sentence,
        },
    }
    known: dict[str, Any] = jsonio.plain({"when": when, "quality": quality})
    known["quality"] |= jsonio.plain(examined)
    return known


def collect(evidence: Evidence) -> dict[str, Any]:
    """The content of ``report.json``; every key is described in ``docs/report.md``."""
    e, found = evidence, evidence.findings
    winner, measured = found.winner, e.verdict.transfer is not None
    when = {
        **e.profile["when"],
        "rule_agreed": _rule_agreed(e),
        "experience": e.experience,
        "catch_up": e.catch_up,
        "transfer_gain": _transfer_gain(found) if measured else None,
        "plateau": found.plateau,
        "negative_transfer_classes": [
            {"class": each.name, **_interval(each.gain)}
            for each in (found.negative_transfer_classes if measured else ())
        ],
    }
    document = {
        "format": jsonio.FORMAT,
        "name": e.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "classes": e.dataset.classes,
        "verdict": asdict(e.verdict),
        "what": _what(e),
        "when": when,
        "how": {
            "strategy": winner.arm.strategy,
            "params": winner.params,
            "phases": _phases(e),
            "epochs": winner.epochs,
            "augmentation": winner.params.get("augment"),
            "image_size": found.side,
            "soup": found.soup,
            "ensemble": found.ensemble,
            "temperature": found.temperature,
            "precision": e.precision,
            "device": e.machine.device,
        },
        "test": _test(found),
        "quality": e.profile["quality"],
        "arms": _arms(e),
        "search": _search(e),
        "cost": cost_of(e),
        "trials": [_trial(e, record) for record in e.records],
        "split": {
            "hash": e.splits.hash,
            "train": len(e.splits.train),
            "val": len(e.splits.folds[0].val),
            "test": len(e.splits.test),
            "kind": e.splits.kind,
            "folds": len(e.splits.first),
            "repeats": e.splits.repeats,
        },
        "environment": {
            "autotl": version("autotl"),
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "torchvision", "timm", "optuna")},
            "device": e.machine.device,
            "threads": e.machine.threads,
            "platform": platform.platform(),
            "plugins": e.plugins,
        },
        "command": command_line(),
        "seed": e.seed,
        "notes": e.notes,
    }
    plain: dict[str, Any] = jsonio.plain(document)
    return plain


def _rule_agreed(e: Evidence) -> bool | None:
    return came_true(
        e.profile["when"]["rule_of_thumb"],
        tried={arm.strategy for arm in e.findings.arms},
        winner=e.findings.winner.arm.strategy,
        froze=bool(e.findings.transfer_summary.frozen),
    )


def _what(e: Evidence) -> dict[str, Any]:
    backbone, moved = e.backbones[e.findings.winner.arm.backbone], e.findings.transfer_summary
    return {
        "backbone": backbone.name,
        "source": backbone.origin,
        "architecture": backbone.architecture,
        "parameters": backbone.parameters,
        "transferred_stages": moved.transferred,
        "frozen_stages": moved.frozen,
        "replaced": [f"classifier ({backbone.features} → {len(e.dataset.classes)})"],
        "bn_policy": moved.norm,
    }


def _transfer_gain(found: Findings) -> dict[str, Any] | None:
    if found.transfer_gain is None or found.baseline is None:
        return None
    return {
        **_interval(found.transfer_gain),
        "baseline": f"{found.baseline.arm.strategy} trial {found.baseline.number}",
        "metric": found.test.metric,
        "n": found.transfer_gain.n,
        "p": found.transfer_gain.p,
        "trainings": found.transfer_gain.trainings,
    }


def _interval(gain: Gain) -> dict[str, Any]:
    return {"value": gain.value, "ci95": gain.ci95}


def _phases(e: Evidence) -> list[str]:
    folds, repeats = len(e.splits.folds), e.splits.repeats
    of = f"{folds} folds" if repeats == 1 else f"{folds} folds ({repeats} × {folds // repeats}-fold)"
    trained = (
        f"validated by {e.findings.winner.folds} of {of}"
        if folds > 1
        else "validated on one held-out part of the training images"
    )
    end = (
        "then trained again on all training images with the same settings"
        if e.findings.refit
        else "delivered with other trials that it answers together with, each as trained for the first "
        "validation"
        if e.findings.ensemble and e.findings.ensemble.kept
        else "delivered as trained for the first validation"
        if not e.findings.soup.kept
        else "averaged with other trials as trained for the first validation"
    )
    return [trained, end]


def _test(found: Findings) -> dict[str, Any]:
    test = asdict(found.test)
    test["calibration_error_before"] = found.calibration_error_before
    test["per_class"] = [{"class": each.pop("name"), **each} for each in map(dict, test["per_class"])]
    return test


def _arms(e: Evidence) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for arm in e.plan.arms:
        own = [record for record in e.records if record.arm == arm]
        finding = e.findings.arms.get(arm)
        best = finding.best if finding else None
        states = {record.state for record in own}
        failed = next((record.why for record in own if record.state == "failed"), "")
        rows.append(
            {
                "strategy": arm.strategy,
                "backbone": arm.backbone,
                "trials": len(own),
                "best_val": _shown(e, best.score) if best else None,
                "best_val_default": _shown(e, finding.default_score) if finding else None,
                "folds": best.folds if best else 0,
                "test": finding.test.value if finding else None,
                "ci95": finding.test.ci95 if finding else None,
                "seconds": sum(record.seconds for record in own),
                "state": best.state if best else "failed" if states == {"failed"} else "not reached",
                "reason": (best.why or finding.stop_reason)
                if best and finding
                else failed or "the budget ended before it was scored",
                "params": best.params if best else None,
            }
        )
    won = e.findings.winner.arm
    rows.sort(
        key=lambda row: (
            (row["strategy"], row["backbone"]) == (won.strategy, won.backbone),
            row["best_val"] is not None,
            _shown(e, row["best_val"]) or 0.0,
        ),
        reverse=True,
    )
    rows += [_skipped(arm, why) for arm, why in e.plan.skipped.items()]
    return rows


def _skipped(arm: Arm, why: str) -> dict[str, Any]:
    empty = dict.fromkeys(("best_val", "best_val_default", "test", "ci95", "params"))
    return {
        "strategy": arm.strategy, "backbone": arm.backbone, "trials": 0, "folds": 0, "seconds": 0.0,
        "state": "skipped", "reason": why, **empty,
    }  # fmt: skip


def _search(e: Evidence) -> dict[str, Any]:
    def count(state: str) -> int:
        return sum(record.state == state for record in e.records)

    gained, optimism = e.findings.search_gain, e.findings.selection_bias
    return {
        "gain_over_best_default": _interval(gained) if gained else None,
        "winner_is_default": e.findings.winner.default,
        "optimism": optimism.value if optimism else None,
        "optimism_se": optimism.se if optimism else None,
        "optimism_ci95": optimism.ci95 if optimism else None,
        "optimism_reasons": e.findings.gap_reasons,
        "trials": len(e.records),
        "failed": count("failed"),
        "pruned": count("pruned"),
        "stopped": count("stopped"),
        "gone_on": sum(record.gone_on for record in e.records),
    }


def _shown(e: Evidence, score: float | None) -> float | None:
    """A score of the search, where higher is better, as people read the metric; and back."""
    return score if score is None or e.findings.test.higher_is_better else -score


def _trial(e: Evidence, record: Record) -> dict[str, Any]:
    row = {**asdict(record), "score": _shown(e, record.score)}
    arm = row.pop("arm")
    return {"number": row.pop("number"), "strategy": arm["strategy"], "backbone": arm["backbone"], **row}

"""Build the content of report.json from the results of a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from autotl import jsonio
from autotl.api import Arm
from autotl.modalities import noun_of
from autotl.report.adaptation import adaptation
from autotl.report.contributions import contributions
from autotl.report.document.parse import parse
from autotl.report.environment import command_line, environment, peak_memory
from autotl.report.evidence import Evidence
from autotl.report.forecasts import compared
from autotl.report.next_data import next_data
from autotl.report.parts.importance import importances
from autotl.report.parts.inputs import inputs
from autotl.report.parts.trials import trial_rows
from autotl.report.parts.what import what
from autotl.report.wording import document_about

if TYPE_CHECKING:  # writing a report must not import torch
    from autotl.evaluation import Findings, Gain


def build_report(evidence: Evidence) -> dict[str, Any]:
    """Return the content of ``report.json``; ``docs/report.md`` describes each key."""
    e, found = evidence, evidence.findings
    document = {
        "format": jsonio.FORMAT,
        "name": e.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "target": {"kind": e.dataset.target.kind, "names": e.dataset.target.names},
        "classes": e.dataset.classes,
        **inputs(e.dataset.modality),
        "verdict": asdict(e.verdict),
        "what": what(e),
        "when": _when(e),
        "how": _how(e),
        "test": _test(found),
        "contributions": contributions(e),
        "adaptation": adaptation(e),
        "quality": e.profile["quality"],
        "pictures": e.pictures,
        "arms": _arms(e),
        "search": _search(e),
        "cost": _cost(e),
        "trials": trial_rows(e),
        "split": _split(e),
        "environment": environment(e.machine, e.plugins),
        "command": command_line(),
        "seed": e.seed,
        "notes": e.notes,
    }
    plain: dict[str, Any] = jsonio.plain(document)
    plain["next"] = [asdict(each) for each in next_data(parse(plain))]
    return document_about(plain, noun_of(e.dataset))


def rule_agreed(rule: Mapping[str, Any], *, tried: Collection[str], winner: str, frozen: bool) -> bool | None:
    """Compare the rule of thumb with the result.

    Args:
        rule: The ``rule_of_thumb`` part of a report.
        tried: Strategies with a score.
        winner: Strategy of the final model.
        frozen: Whether the final model has frozen stages.

    Returns:
        Whether strategy and freezing agree; None if the advised strategy was not tried.
    """
    if rule["advice"] not in tried:
        return None
    return bool(rule["advice"] == winner and rule.get("freezes") in (None, frozen))


def _when(e: Evidence) -> dict[str, Any]:
    found, measured = e.findings, e.verdict.transfer is not None
    return {
        **e.profile["when"],
        "rule_agreed": rule_agreed(
            e.profile["when"]["rule_of_thumb"],
            tried={arm.strategy for arm in found.arms},
            winner=_searched(e),
            frozen=bool(found.transfer_summary.frozen),
        ),
        "experience": e.experience,
        "catch_up": e.catch_up,
        "transfer_gain": _transfer_gain(found) if measured else None,
        "plateau": found.plateau,
        "negative_transfer_classes": [
            {"class": each.name, "gain": each.gain.value, **_interval(each.gain)}
            for each in (found.negative_transfer_classes if measured else ())
        ],
        "class_gains": [
            {
                "class": each.name,
                "gain": each.gain.value,
                "ci95": each.gain.ci95,
                "significant": each.significant,
            }
            for each in (found.class_gains if measured else ())
        ],
    }


def _searched(e: Evidence) -> str:
    """Return the strategy that the search chose: an adaptation is chosen after it."""
    found = e.adaptation
    if found is None or found.chosen is None or found.unadapted is None:
        return e.findings.winner.arm.strategy
    return found.unadapted.strategy


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


def _how(e: Evidence) -> dict[str, Any]:
    found, winner = e.findings, e.findings.winner
    return {
        "strategy": winner.arm.strategy,
        "params": winner.params,
        "summary": None if e.strategy is None else e.strategy.summary,
        "reference": None if e.strategy is None else e.strategy.reference,
        "phases": [*winner.notes, _validation(e), _final_training(found)],
        "epochs": winner.epochs,
        "augmentation": winner.params.get("augment"),
        "image_size": found.input_size,
        "soup": found.soup,
        "tta": found.tta,
        "ensemble": found.ensemble,
        "temperature": found.temperature,
        "intervals": found.intervals,
        "precision": e.precision,
        "device": e.machine.device,
    }


def _validation(e: Evidence) -> str:
    folds, repeats = len(e.splits.folds), e.splits.repeats
    if folds == 1:
        return "validated on one held-out part of the training images"
    of = f"{folds} folds" if repeats == 1 else f"{folds} folds ({repeats} × {folds // repeats}-fold)"
    return f"validated by {e.findings.winner.folds} of {of}"


def _final_training(found: Findings) -> str:
    if found.refit:
        return "then trained again on all training images with the same settings"
    if found.ensemble and found.ensemble.kept:
        return "combined with other trials in an ensemble, each as trained for the first validation"
    if found.soup.kept:
        several = len(set(found.soup.trials)) > 1
        how = "averaged with other trials" if several else "interpolated with the pretrained network"
        return f"{how} as trained for the first validation"
    delivered = "delivered as trained for the first validation"
    if found.refit_failure:
        return f"{delivered}, because the training on all images failed ({found.refit_failure})"
    return delivered


def _test(found: Findings) -> dict[str, Any]:
    test = found.test.document()
    for key, name in (("per_class", "class"), ("per_label", "label"), ("per_column", "column")):
        test[key] = [{name: each["name"], **_without_name(each)} for each in test[key]]
    return {
        **test,
        "calibration_error_before": found.calibration_error_before,
        "reliability": [asdict(each) for each in found.reliability],
        "reliability_before": [asdict(each) for each in found.reliability_before],
    }


def _without_name(scores: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in scores.items() if key != "name"}


def _arms(e: Evidence) -> list[dict[str, Any]]:
    winner = e.findings.winner.arm

    def rank(row: Mapping[str, Any]) -> tuple[bool, bool, float]:
        is_winner = (row["strategy"], row["backbone"]) == (winner.strategy, winner.backbone)
        return is_winner, row["best_val"] is not None, _shown(e, row["best_val"]) or 0.0

    ran = dict.fromkeys((*e.plan.arms, winner))  # an adaptation is no arm of the search
    rows = sorted((_arm(e, arm) for arm in ran), key=rank, reverse=True)
    return rows + [_skipped(arm, why) for arm, why in e.plan.skipped.items()]


def _arm(e: Evidence, arm: Arm) -> dict[str, Any]:
    own = [record for record in e.records if record.arm == arm]
    finding = e.findings.arms.get(arm)
    best = finding.best if finding else None
    failed = next((record.why for record in own if record.state == "failed"), "")
    all_failed = {record.state for record in own} == {"failed"}
    return {
        "strategy": arm.strategy,
        "backbone": arm.backbone,
        "trials": len(own) or int(best is not None),
        "best_val": _shown(e, best.score) if best else None,
        "best_val_default": _shown(e, finding.default_score) if finding else None,
        "folds": best.folds if best else 0,
        "test": finding.test.value if finding else None,
        "ci95": finding.test.ci95 if finding else None,
        "seconds": sum(record.seconds for record in own or filter(None, [best])),
        "state": best.state if best else "failed" if all_failed else "not reached",
        "reason": (best.why or finding.stop_reason)
        if best and finding
        else failed or "the budget ended before it was scored",
        "params": best.params if best else None,
    }


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
    winner = e.findings.winner
    return {
        "gain_over_best_default": _interval(gained) if gained else None,
        "winner_is_default": winner.default if _searched(e) == winner.arm.strategy else None,
        "optimism": optimism.value if optimism else None,
        "optimism_se": optimism.se if optimism else None,
        "optimism_ci95": optimism.ci95 if optimism else None,
        "optimism_reasons": e.findings.gap_reasons,
        "trials": len(e.records),
        "failed": count("failed"),
        "pruned": count("pruned"),
        "stopped": count("stopped"),
        "gone_on": sum(record.gone_on for record in e.records),
        "forecasts": compared(e),
        "importances": importances(e.records, seed=e.seed),
    }


def _cost(e: Evidence) -> dict[str, Any]:
    found, trials = e.findings, sum(record.seconds for record in e.records)
    return {
        "seconds": e.seconds,
        "search_seconds": e.search_seconds,
        "overhead_fraction": max(0.0, 1 - trials / max(e.search_seconds, 1e-9)),
        "images_per_second": found.images_per_second,
        "latency_ms": None if found.latency is None else 1e3 * found.latency,
        "size_mb": None if found.size is None else found.size / 1e6,
        "peak_memory_mb": peak_memory(),
        "budget_seconds": e.plan.seconds,
        "plan": e.time_plan,
        "timeline": [asdict(part) for part in e.timeline],
    }


def _split(e: Evidence) -> dict[str, Any]:
    return {
        "hash": e.splits.hash,
        "train": len(e.splits.train),
        "val": len(e.splits.folds[0].val),
        "test": len(e.splits.test),
        "kind": e.splits.kind,
        "folds": len(e.splits.first),
        "repeats": e.splits.repeats,
    }


def _shown(e: Evidence, score: float | None) -> float | None:
    """Convert between a score of the search, where higher is better, and the metric's own score."""
    return score if score is None or e.findings.test.higher_is_better else -score
